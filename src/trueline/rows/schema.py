"""Schema: what the columns of a table were in training, and the numbers that any such table becomes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, ColumnsError, OptionError, Problem
from .columns import Column
from .encoding import EncodedRows
from .learning import Plan, learn_columns
from .policies import with_policies
from .request_schema import row_schema
from .stream import open as open_stream
from .violations import SchemaCheck

__all__ = ["Column", "Schema", "SchemaCheck"]

NULLS = ("refuse", "drop")
EXTRA = ("refuse", "warn")


@dataclass(frozen=True)
class Schema:
    """The columns that a model was trained on; other tables are matched to it by name, never by position.

    Parameters
    ----------
    columns : tuple of Column
        The features' columns in the order of training: name, kind, levels, smallest and largest value.
    target : str, optional
        The column to be predicted.
    dropped : tuple of str
        Columns that were left out on purpose; they may be there or not.
    nulls : str
        What training does with a row that has a blank: ``"refuse"`` or ``"drop"``. Prediction always refuses it.
    extra : str
        What prediction does with a column that is none of these: ``"refuse"``, or ``"warn"`` and leave it out.

    Examples
    --------
    >>> import pyarrow as pa
    >>> flats = pa.table({"region": ["north", "south", "north"], "rooms": [2, 3, 4], "price": [310.0, 405.0, 500.0]})
    >>> schema = Schema.learn(flats, "price", one_hot=["region"])
    >>> schema.feature_names
    ('region=south', 'rooms')
    >>> schema.encode(pa.table({"rooms": [5], "region": ["south"]}))
    (array([[1., 5.]]), array([0]))
    """

    columns: tuple[Column, ...]
    target: str | None = None
    dropped: tuple[str, ...] = ()
    nulls: str = "refuse"
    extra: str = "refuse"

    def __post_init__(self) -> None:
        for policy, allowed in (("nulls", NULLS), ("extra", EXTRA)):
            if getattr(self, policy) not in allowed:
                raise OptionError(f"{policy} must be one of {allowed}, got {getattr(self, policy)!r}")
        raw = [*self.names, *self.dropped, *([] if self.target is None else [self.target])]
        problems = [Problem("named more than once", name) for name, count in Counter(raw).items() if count > 1]
        problems += [Problem("two features would have this name", name)
                     for name, count in Counter(self.feature_names).items() if count > 1]  # fmt: skip
        if problems:
            raise ColumnsError("schema", problems=problems)

    @classmethod
    def learn(
        cls,
        table: Any,
        target: str | None = None,
        *,
        one_hot: Iterable[str] = (),
        drop: Iterable[str] = (),
        drop_missing: bool = False,
    ) -> Schema:
        """Read a table once and learn what its columns are.

        Parameters
        ----------
        table : frame, or what `rows.open` gives
        target : str, optional
            The column to be predicted.
        one_hot : iterable of str
            Columns to encode: one feature of 0 and 1 for every level but the first.
        drop : iterable of str
            Columns to leave out.
        drop_missing : bool
            Leave out rows with a blank in training, instead of refusing them.

        Raises
        ------
        ColumnsError, CellsError
            Everything in the way, found in one read; each problem's `fix` is the command-line flag that removes it.
        DataError
            There are no rows, or none without blanks.

        Examples
        --------
        >>> import pyarrow as pa
        >>> flats = pa.table({"region": ["n", "s", "n", "s"], "price": [1, 2, 3, 4]})
        >>> Schema.learn(flats, "price")
        Traceback (most recent call last):
            ...
        trueline.errors.CellsError: the table: 1 problem: region: text, not numbers (first 'n') (4 rows, ...
        >>> Schema.learn(flats, "price", one_hot=["region"]).feature_names
        ('region=s',)
        """
        plan = Plan(target, _names(one_hot, "one_hot"), _names(drop, "drop"), drop_missing)
        columns = learn_columns(open_stream(table), plan)
        return cls(columns, target, tuple(sorted(set(plan.drop))), "drop" if drop_missing else "refuse")

    @property
    def names(self) -> tuple[str, ...]:
        """The features' columns as they are in the table."""
        return tuple(column.name for column in self.columns)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features as a model sees them: encoded columns as ``region=north``."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def dropped_levels(self) -> dict[str, str]:
        """The reference level of every encoded column: the one without a feature of its own."""
        return {column.name: column.levels[0] for column in self.columns if column.levels}

    def source(self, stream: Any) -> EncodedRows:
        """A stream's rows as X and y for training, blanks treated as `nulls` says.

        Parameters
        ----------
        stream : frame, or what `rows.open` gives

        Raises
        ------
        OptionError
            The schema was learnt without a target.
        """
        if self.target is None:
            raise OptionError("this schema has no target, so there is no y", advice="Schema.learn(table, target)")
        return EncodedRows(open_stream(stream), self.columns, self.target, self.nulls == "drop", self.dropped)

    def features(self, table: Any, *, drop_blanks: bool = False) -> EncodedRows:
        """A table's features for prediction, to be read piece by piece (`EncodedRows.pieces`); a target may be absent.

        What the policies clip or warn of is in `EncodedRows.found` once all was read.

        Parameters
        ----------
        table : frame, or what `rows.open` gives
        drop_blanks : bool
            Leave out rows with a blank instead of refusing them.
        """
        rows = self._rows(table, drop_blanks)
        rows.judged, rows.extra = True, self.extra
        return rows

    def check(self, table: Any) -> SchemaCheck:
        """Every violation of a table at once, whatever becomes of it: missing and extra columns, cells, all counted.

        Parameters
        ----------
        table : frame, or what `rows.open` gives
            Its columns in any order; the target and dropped columns may be there.

        Raises
        ------
        DataError, ReadError
            Not a table, one without rows, or a header that cannot be used.

        Examples
        --------
        >>> import pyarrow as pa
        >>> schema = Schema.learn(pa.table({"rooms": [2, 3, 4], "price": [310.0, 405.0, 500.0]}), "price")
        >>> print(schema.check(pa.table({"rooms": [3, 9, 7], "tax": [1, 2, 3]})))
        3 rows, 2 violations:
          refuse: tax: not a column of the schema
          warn: rooms: outside 2 to 4, the range of training (first '9') (2 rows: 2, 3)
        """
        return self.features(table).check()

    def apply(self, table: Any) -> tuple[NDArray[np.float64], SchemaCheck]:
        """A table's features as numbers under the policies, and what they clipped or warn of.

        Parameters
        ----------
        table : frame, or what `rows.open` gives

        Returns
        -------
        X : ndarray (n_rows, n_features), row by row in memory
        check : SchemaCheck

        Raises
        ------
        ColumnsError, CellsError
            What is refused, all of it named.

        Examples
        --------
        >>> import pyarrow as pa
        >>> schema = Schema.learn(pa.table({"rooms": [2, 3, 4], "price": [310.0, 405.0, 500.0]}), "price")
        >>> X, check = schema.with_policies(["rooms"], out_of_range="clip").apply(pa.table({"rooms": [3, 9]}))
        >>> X.ravel().tolist(), check.notes()
        ([3.0, 4.0], ("rooms: outside 2 to 4, the range of training (first '9') (1 row: 2; clipped)",))
        """
        rows = self.features(table)
        pieces = [piece.X for piece in rows.pieces()]
        return (pieces[0] if len(pieces) == 1 else np.concatenate(pieces)), rows.found

    def with_policies(
        self, columns: Iterable[str] | None = None, *, out_of_range: str | None = None,
        unknown_level: str | None = None, extra: str | None = None,
    ) -> Schema:  # fmt: skip
        """The same schema with other policies for prediction.

        Parameters
        ----------
        columns : iterable of str, optional
            Whose; all that have such a policy by default.
        out_of_range : str, optional
            ``"warn"``, ``"clip"`` or ``"refuse"``, for columns of numbers.
        unknown_level : str, optional
            ``"refuse"`` or ``"warn"``, for categories.
        extra : str, optional
            ``"refuse"`` or ``"warn"``: columns that the schema does not know.

        Raises
        ------
        ColumnsError
            No such column, or one without such a policy.
        OptionError
            No such policy.
        """
        wanted = {"out_of_range": out_of_range, "unknown_level": unknown_level}
        chosen = None if columns is None else _names(columns, "columns")
        changed = with_policies(
            self.columns, chosen, {name: value for name, value in wanted.items() if value is not None}
        )
        return replace(self, columns=changed, extra=self.extra if extra is None else extra)

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of one row as an object: what prediction takes over HTTP.

        Strict where the policies are: limits and lists of levels only where other cells are refused.

        Examples
        --------
        >>> import pyarrow as pa
        >>> schema = Schema.learn(pa.table({"rooms": [2, 3, 4], "price": [310.0, 405.0, 500.0]}), "price")
        >>> schema.with_policies(out_of_range="refuse").json_schema()["properties"]
        {'rooms': {'type': 'integer', 'minimum': 2.0, 'maximum': 4.0}}
        """
        return row_schema(self.columns, self.extra)

    def encode(self, table: Any, *, drop_blanks: bool = False) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """A table's features as the numbers that are written there: no policy of prediction applies (see `apply`).

        Parameters
        ----------
        table : frame, or what `rows.open` gives
            Its columns in any order; the target and dropped columns may be there.
        drop_blanks : bool
            Leave out rows with a blank instead of refusing them.

        Returns
        -------
        X : ndarray (n_rows, n_features), row by row in memory
        rows : ndarray (n_rows,)
            The row numbers kept, counted from 0.

        Raises
        ------
        ColumnsError
            Columns are missing, or there are others; all of them are named.
        CellsError
            Levels not seen in training, blanks, text in a numeric column; all of them, with column, row and count.
        """
        pieces = list(self._rows(table, drop_blanks).pieces())
        return np.concatenate([piece.X for piece in pieces]), np.concatenate([piece.rows for piece in pieces])

    def _rows(self, table: Any, drop_blanks: bool) -> EncodedRows:
        ignored = self.dropped if self.target is None else (*self.dropped, self.target)
        return EncodedRows(open_stream(table), self.columns, None, drop_blanks, ignored)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "columns": [column.to_dict() for column in self.columns],
            "target": self.target,
            "dropped": list(self.dropped),
            "nulls": self.nulls,
            "extra": self.extra,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Schema:
        """The schema that `to_dict` wrote.

        Parameters
        ----------
        values : dict

        Raises
        ------
        ArtifactError
            A field is missing, unknown, of the wrong type, or contradicts another.
        """
        fields = {"columns", "target", "dropped", "nulls", "extra"}
        if not isinstance(values, Mapping) or set(values) != fields:
            raise ArtifactError(f"schema: must have exactly the fields {sorted(fields)}, got {values!r:.200}")
        columns, target, dropped = (values[name] for name in ("columns", "target", "dropped"))
        if not isinstance(columns, list) or not columns:
            raise ArtifactError("schema: columns must be a list of at least one column")
        if not (target is None or isinstance(target, str)):
            raise ArtifactError(f"schema: target must be a name or null, got {target!r:.200}")
        if not isinstance(dropped, list) or not all(isinstance(name, str) for name in dropped):
            raise ArtifactError(f"schema: dropped must be a list of names, got {dropped!r:.200}")
        try:
            known = tuple(Column.from_dict(column) for column in columns)
            return cls(known, target, tuple(dropped), values["nulls"], values["extra"])
        except (ColumnsError, OptionError) as error:
            raise ArtifactError(f"schema: {error}") from None

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of `to_dict`: sorted keys, no blanks, floats in their shortest exact form."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _names(names: Iterable[str], option: str) -> tuple[str, ...]:
    if isinstance(names, str):
        raise OptionError(f"{option} must be a list of names, got the text {names!r}", advice=f"Write [{names!r}]")
    return tuple(names)
