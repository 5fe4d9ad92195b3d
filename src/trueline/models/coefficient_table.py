"""A printed model: names and values of coefficients, from a mapping or a CSV file, and how many digits were written."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ColumnsError, DataError, Problem, ReadError
from ..maths.losses import Squared
from ..maths.scaling import Scaling
from .foreign import Line

__all__ = ["CoefficientTable", "half_units", "read_coefficients"]

Array = NDArray[np.float64]

INTERCEPTS = {"intercept", "(intercept)", "intercept_", "const", "constant", "(constant)", "_cons", "bias"}
VALUES = ("coefficient", "coefficients", "coef", "coef_", "estimate", "estimates", "value", "weight", "beta", "b")
FULL = 13  # significant digits from which a number counts as written in full
LARGEST_FILE = 2**24  # bytes; a larger file is no table of coefficients


@dataclass(frozen=True, eq=False)
class CoefficientTable:
    """Coefficients by name.

    Parameters
    ----------
    values : dict of str to float
        In the units of the data; without the intercept.
    intercept : float or None
        In the units of y; None where the table has no such row.
    halves : dict of str to float
        Half a unit of the last digit that was written, by name ("" for the intercept); 0 where all digits were given.
    """

    values: dict[str, float]
    intercept: float | None
    halves: dict[str, float]

    def line(self, names: tuple[str, ...] | None) -> Line:
        """The table as a model of columns called `names`, in their order; by position where they have no names.

        Raises
        ------
        ColumnsError
            Names that only one side has: all of them are told.
        """
        mine = tuple(self.values)
        if names is None:
            if len(mine) < 1:
                raise ColumnsError("the table holds no coefficient but the intercept")
            names = mine
        problems = [Problem("not in the table", name) for name in names if name not in self.values]
        problems += [Problem("in the table, not in X", name) for name in mine if name not in names]
        if problems:
            raise ColumnsError("the coefficients do not belong to these columns", problems=problems,
                               advice=f"The table has {', '.join(mine)[:200]}")  # fmt: skip
        w = np.array([self.values[name] for name in names])
        return Line(w, self.intercept or 0.0, Scaling.none(len(w)), Squared(), 0.0, self.intercept is not None,
                    "a table of coefficients")  # fmt: skip

    def half_units(self, names: tuple[str, ...]) -> Array:
        """Half a unit of the last digit for these columns, the intercept last, (n_features + 1,)."""
        return np.array([self.halves.get(name, 0.0) for name in (*names, "")])


def read_coefficients(table: Mapping[str, Any] | str | os.PathLike[str]) -> CoefficientTable:
    """A mapping of names to numbers, or a CSV file with one coefficient per line.

    Parameters
    ----------
    table : mapping, or path of a CSV file
        The file's first column holds names; its values stand in the column called coefficient, coef, estimate, value,
        weight, beta or b, else in the second. A row called intercept, (Intercept), const or bias is the intercept.

    Raises
    ------
    ReadError
        A file that is no such table; names file and line.
    DataError
        Values that are no finite numbers, names given twice.

    Examples
    --------
    >>> table = read_coefficients({"(Intercept)": 1.5, "size": 20.25})
    >>> table.values, table.intercept
    ({'size': 20.25}, 1.5)
    """
    if isinstance(table, Mapping):
        pairs = [(str(name), value, str(name)) for name, value in table.items()]
        return _table(pairs)
    path = Path(table)
    if path.stat().st_size > LARGEST_FILE:
        raise ReadError(f"{path}: larger than {LARGEST_FILE >> 20} MB, which no table of coefficients is")
    try:
        lines = [line for line in csv.reader(path.read_text(encoding="utf-8-sig").splitlines()) if any(line)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReadError(f"{path}: not a CSV file ({error})") from None
    if not lines or any(len(line) < 2 for line in lines):
        short = next((number for number, line in enumerate(lines, 1) if len(line) < 2), 1)
        raise ReadError(f"{path}, line {short}: a coefficient needs a name and a value")
    start, column = _header(lines[0])
    body = list(enumerate(lines, 1))[start:]
    return _table([(line[0].strip(), _cell(line, column), f"{path}, line {number}") for number, line in body])


def _header(first: list[str]) -> tuple[int, int]:
    """How many lines to pass over, and the column of the values."""
    words = [cell.strip().lower() for cell in first]
    for name in VALUES:
        if name in words[1:]:
            return 1, words.index(name, 1)
    return (0, 1) if _number(words[1]) is not None else (1, 1)


def _cell(line: list[str], column: int) -> str:
    return line[column].strip() if column < len(line) else ""


def _table(pairs: Iterable[tuple[str, Any, str]]) -> CoefficientTable:
    """From (name, value, where it stands)."""
    values: dict[str, float] = {}
    intercept, written = None, {}
    for name, value, where in pairs:
        number = _number(value)
        free = name.lower() in INTERCEPTS
        if number is None:
            raise DataError(f"{where}: {value!r} is no finite number")
        if name in values or (free and intercept is not None):
            raise DataError(f"{where}: {name!r} is given twice")
        written["" if free else name] = str(value)
        if free:
            intercept = number
        else:
            values[name] = number
    return CoefficientTable(values, intercept, half_units(written))


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def half_units(written: Mapping[str, str]) -> dict[str, float]:
    """Half a unit of the last digit written, by name; nothing where numbers have all their digits.

    Decimals or significant digits may have been fixed, and zeros at the end dropped: the coarser of both is taken.

    Examples
    --------
    >>> half_units({"a": "1.25", "b": "103.1"})
    {'a': 0.005, 'b': 0.05}
    """
    try:
        numbers = {name: Decimal(text) for name, text in written.items()}
    except InvalidOperation:
        return {}
    ends = {name: int(number.as_tuple().exponent) for name, number in numbers.items()}
    if not ends or max(len(number.as_tuple().digits) for number in numbers.values()) >= FULL:
        return {}
    if len(set(ends.values())) == 1:
        return {name: 0.5 * 10.0**end for name, end in ends.items()}
    digits = max(len(number.as_tuple().digits) for number in numbers.values())
    last = min(ends.values())
    return {name: 0.5 * 10.0 ** max(last, number.adjusted() + 1 - digits) for name, number in numbers.items()}
