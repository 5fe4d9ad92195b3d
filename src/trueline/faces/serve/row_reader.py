"""From JSON to numbers for one schema: a short way for the usual body, and for all others the schema itself.

The short way is taken only where `Schema.apply` would change nothing and have nothing to say: every column there,
numbers that are numbers, known levels, all within the ranges of training. It then gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np

from ...rows.cells import EXACT_LIMIT
from ...rows.columns import Column
from ...rows.schema import Schema
from .refusals import RefusedError
from .taken import Array, Taken
from .unusual import UnusualRows

__all__ = ["RowReader"]

NUMBERS = {int, float}
EXACT = float(np.nextafter(EXACT_LIMIT, 0))  # a whole number that is read as this or less was read exactly


@dataclass(frozen=True)
class Coded:
    """A column of few known cells: levels, or true and false.

    Parameters
    ----------
    name : str
    place : int
        Among the columns.
    feature : int
        Its first feature.
    codes : dict
        From a cell as JSON gives it to the number of its level, or to 0 and 1.
    one_hot : bool
    """

    name: str
    place: int
    feature: int
    codes: Mapping[Any, int]
    one_hot: bool

    def write(self, cells: Sequence[Any], X: Array, raw: Array) -> bool:
        """Write the column's features, zero so far, and codes; False where a cell is none of the known ones."""
        try:
            codes = np.array([self.codes[cell] for cell in cells])
        except (KeyError, TypeError):  # a list is no key
            return False
        raw[:, self.place] = codes
        if self.one_hot:
            rows = np.flatnonzero(codes)
            X[rows, self.feature + codes[rows] - 1] = 1.0
        else:
            X[:, self.feature] = codes
        return True


class RowReader:
    """Reads rows of one schema, compiled once.

    Parameters
    ----------
    schema : Schema
    max_rows : int
        Of one request.

    Examples
    --------
    >>> reader = RowReader(Schema((Column("rooms", "integer", (), 1.0, 9.0), Column("region", "category", ("n", "s")))))
    >>> reader.read({"rows": [{"region": "s", "rooms": 3}]}).X
    array([[3., 1.]])
    """

    def __init__(self, schema: Schema, max_rows: int = 10_000) -> None:
        self.schema, self.max_rows = schema, max_rows
        self.unusual = UnusualRows(schema)
        starts = np.cumsum([0, *(len(column.feature_names) for column in schema.columns)])
        self._shape = len(schema.columns), int(starts[-1])
        measured = [j for j, column in enumerate(schema.columns) if column.kind in ("numeric", "integer")]
        columns = [schema.columns[j] for j in measured]
        self._measured = tuple(column.name for column in columns)
        self._cells = _getter(self._measured)
        self._places, self._features = np.array(measured, dtype=int), starts[measured]
        self._low = np.array([-EXACT if column.low is None else max(column.low, -EXACT) for column in columns])
        self._high = np.array([EXACT if column.high is None else min(column.high, EXACT) for column in columns])
        self._whole = [i for i, column in enumerate(columns) if column.kind == "integer"]
        self._coded = [Coded(column.name, j, int(starts[j]), _codes(column), column.kind == "category")
                       for j, column in enumerate(schema.columns) if j not in measured]  # fmt: skip

    def read(self, body: Any) -> Taken:
        """The rows of a parsed body.

        Raises
        ------
        RefusedError
            Neither rows nor columns, too many of them, or what the schema refuses.
        """
        if isinstance(body, dict) and len(body) == 1:
            if "rows" in body:
                return self._read_rows(body["rows"])
            if "columns" in body:
                return self.read_columns(body["columns"])
        raise RefusedError("wrong_shape", 'the body must be {"rows": [{...}, ...]} or {"columns": {...}}')

    def read_columns(self, columns: Any) -> Taken:
        """The rows of columns side by side.

        Raises
        ------
        RefusedError
            As `read`.
        """
        lists = isinstance(columns, dict) and columns and set(map(type, columns.values())) == {list}
        lengths = set(map(len, columns.values())) if lists else {0}
        if len(lengths) != 1 or 0 in lengths:
            raise RefusedError("wrong_shape", '"columns" must be an object of lists, all as long, of at least one cell')
        n_rows = lengths.pop()
        self._check_length(n_rows)
        taken = None
        if columns.keys() == set(self.schema.names):
            measured = [columns[name] for name in self._measured]
            numbers = _numbers(measured, list(chain.from_iterable(measured)))
            if numbers is not None:
                taken = self._usual(numbers.reshape(-1, n_rows).T.copy(), [columns[c.name] for c in self._coded])
        return self.unusual.columns(columns, n_rows) if taken is None else taken

    def _read_rows(self, rows: Any) -> Taken:
        if not isinstance(rows, list) or not rows:
            raise RefusedError("wrong_shape", '"rows" must be a list of at least one object')
        self._check_length(len(rows))
        for place, row in enumerate(rows):
            if type(row) is not dict:
                found = {"rows": [place + 1], "what": "no object"}
                raise RefusedError("wrong_shape", f"row {place + 1} is no object", [found])
        taken = self._usual_rows(rows)
        return self.unusual.rows(rows) if taken is None else taken

    def _usual_rows(self, rows: list[dict[str, Any]]) -> Taken | None:
        if sum(map(len, rows)) != len(rows) * self._shape[0]:
            return None
        try:
            cells = list(chain.from_iterable(map(self._cells, rows)))
            coded = [[row[column.name] for row in rows] for column in self._coded]
        except KeyError:
            return None
        numbers = _numbers(cells, cells)
        return None if numbers is None else self._usual(numbers.reshape(len(rows), -1), coded)

    def _usual(self, numbers: Array, coded: list[list[Any]]) -> Taken | None:
        """None where the schema must have a look."""
        if not ((numbers >= self._low) & (numbers <= self._high)).all():
            return None
        if self._whole and (numbers[:, self._whole] % 1).any():
            return None
        if not coded:
            return Taken(numbers, numbers)
        X, raw = np.zeros((len(coded[0]), self._shape[1])), np.empty((len(coded[0]), self._shape[0]))
        X[:, self._features], raw[:, self._places] = numbers, numbers
        known = all(column.write(cells, X, raw) for column, cells in zip(self._coded, coded, strict=True))
        return Taken(X, raw) if known else None

    def _check_length(self, n_rows: int) -> None:
        if n_rows > self.max_rows:
            raise RefusedError("too_large", f"{n_rows} rows, and one request may have {self.max_rows}")


def _numbers(values: Any, cells: list[Any]) -> Array | None:
    """`values` as float64 where all of the `cells` in them are numbers."""
    if not set(map(type, cells)) <= NUMBERS:
        return None
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:  # a whole number of hundreds of digits
        return None


def _getter(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """From a row to its cells of these names."""
    if len(names) > 1:
        return itemgetter(*names)
    return (lambda row: (row[names[0]],)) if names else (lambda row: ())


def _codes(column: Column) -> dict[Any, int]:
    if column.kind == "category":
        return {level: code for code, level in enumerate(column.levels)}
    low, high = (0.0, 1.0) if column.low is None or column.high is None else (column.low, column.high)
    return {truth: int(truth) for truth in (False, True) if low <= truth <= high}  # 0 and 1 are the same keys
