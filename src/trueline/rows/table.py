"""The one gate from any frame to named numeric columns, or every problem at once, each naming its cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pyarrow as pa
from narwhals.exceptions import DuplicateError
from numpy.typing import NDArray

from ..errors import CellsError, ColumnsError, DataError, Problem
from .cells import number_cells
from .source import BLOCK_CELLS, Floats
from .troubles import Kind, Tally, Trouble

__all__ = ["check_finite", "column_vector", "eager_frame", "is_frame", "numeric_matrix"]

ADVICE = (
    "Drop or convert these columns, or learn a Schema: "
    "Schema.learn(frame, target, one_hot=[...], drop=[...], drop_missing=True).encode(frame)"
)
# How the first line of the message names each kind; scikit-learn's words where it has them.
WORDS = {
    Kind.BLANK: "NaN",
    Kind.INFINITE: "infinity",
    Kind.TEXT: "text",
    Kind.INEXACT: "too large whole numbers",
    Kind.DATE: "dates",
    Kind.COMPLEX: "complex numbers",
    Kind.NESTED: "lists",
    Kind.OBJECT: "objects",
}


def is_frame(X: object) -> bool:
    """Is `X` a table with named columns (pandas, Polars, PyArrow, anything that narwhals takes)?

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> is_frame(np.eye(2)), is_frame(pa.table({"a": [1.0]}))
    (False, True)
    """
    if X is None or isinstance(X, np.ndarray | list | tuple | str | bytes):
        return False
    try:
        return isinstance(nw.from_native(X, pass_through=True), nw.DataFrame | nw.LazyFrame)
    except DuplicateError:  # a frame, though one that cannot be used
        return True


def eager_frame(frame: Any) -> nw.DataFrame[Any]:
    """`frame` seen through narwhals.

    Raises
    ------
    ColumnsError
        A column name appears twice.
    DataError
        Not a frame, or one that has not been computed yet.
    """
    try:
        seen = nw.from_native(frame, pass_through=True)
    except DuplicateError:
        raise ColumnsError(problems=_repeated(_native_names(frame)), advice="Give each column its own name") from None
    if isinstance(seen, nw.LazyFrame):
        raise DataError(f"{type(frame).__name__} is lazy: it has no rows yet", advice="Call .collect() on it first")
    if not isinstance(seen, nw.DataFrame):
        raise DataError(f"a {type(frame).__name__} is not a table with named columns")
    return seen


def _native_names(frame: Any) -> list[str]:
    names = frame.column_names if hasattr(frame, "column_names") else frame.columns
    return [str(name) for name in names]


def _repeated(names: Sequence[str]) -> list[Problem]:
    counts = {name: names.count(name) for name in names}
    return [Problem(f"{count} columns have this name", column=name) for name, count in counts.items() if count > 1]


def numeric_matrix(frame: Any) -> tuple[tuple[str, ...], Floats]:
    """Names and numbers of a frame whose columns are all numeric (truth values count as 0 and 1).

    Parameters
    ----------
    frame : pandas, Polars or PyArrow table, or any other that narwhals takes

    Returns
    -------
    names : tuple of str (n_columns,)
    matrix : ndarray (n_rows, n_columns), float64, or float32 where every column is
        Row by row in memory.

    Raises
    ------
    ColumnsError
        A column name appears twice.
    CellsError
        Text (numbers written as text too), blanks, infinities, dates, complex numbers, lists, whole numbers
        beyond 2**53: all of them, each with its column, first row and count.

    Examples
    --------
    >>> import pyarrow as pa
    >>> numeric_matrix(pa.table({"rooms": [3, 4], "sold": [True, False]}))
    (('rooms', 'sold'), array([[3., 1.],
           [4., 0.]]))
    """
    seen = eager_frame(frame)
    names = tuple(str(name) for name in seen.columns)
    if repeated := _repeated(names):  # 1 and "1" are two names to pandas
        raise ColumnsError(problems=repeated, advice="Give each column its own name")
    single = bool(names) and all(dtype == nw.Float32 for dtype in seen.schema.values())
    matrix: Floats = np.empty((len(seen), len(names)), dtype=np.float32 if single else np.float64)
    tally = Tally()
    for position, (name, column) in enumerate(zip(names, seen.columns, strict=True)):
        cells = number_cells(seen.get_column(column))
        matrix[:, position] = cells.numbers
        tally.add(name, cells.troubles)
    if tally:
        raise _cells_error("X", tally)
    return names, matrix


def column_vector(y: Any, what: str = "y") -> NDArray[np.float64]:
    """A column of any frame library (or a frame of one column) as numbers.

    Parameters
    ----------
    y : Series, or a frame of exactly one column
    what : str
        How messages name it where it has no name of its own.

    Returns
    -------
    ndarray (n_rows,), float64

    Raises
    ------
    CellsError
        Cells that are not finite numbers; all of them counted.
    ColumnsError
        A frame with other than one column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> column_vector(pa.chunked_array([[1, 2], [3]]))
    array([1., 2., 3.])
    """
    y = pa.chunked_array([y]) if isinstance(y, pa.Array) else y
    seen = nw.from_native(y, pass_through=True, allow_series=True)
    if isinstance(seen, nw.DataFrame):
        if len(seen.columns) != 1:
            names = ", ".join(str(name) for name in seen.columns)
            raise ColumnsError(f"{what} must be one column, got {len(seen.columns)}: {names}")
        seen = seen.get_column(seen.columns[0])
    if not isinstance(seen, nw.Series):
        raise DataError(f"{what} must be a column, got a {type(y).__name__}")
    cells = number_cells(seen)
    if cells.troubles:
        tally = Tally()
        tally.add(str(seen.name or what), cells.troubles)
        raise _cells_error(what, tally)
    return np.array(cells.numbers)  # Arrow's memory is read-only


def check_finite(matrix: Floats, names: Sequence[str] | None = None, what: str = "X") -> None:
    """Refuse NaN and infinity, naming every column that has them.

    Parameters
    ----------
    matrix : ndarray (n_rows, n_columns) or (n_rows,)
    names : sequence of str (n_columns,), optional
        Without them columns are written ``X[:, 3]``.
    what : str
        ``"X"`` or ``"y"``: how the message names the array.

    Raises
    ------
    CellsError
        With each column's first row (from 1) and count, e.g. ``Input X contains NaN: income: NaN (2 rows, ...)``.

    Examples
    --------
    >>> import numpy as np
    >>> check_finite(np.array([[1.0, np.nan]]), names=("rooms", "income"))
    Traceback (most recent call last):
        ...
    trueline.errors.CellsError: Input X contains NaN: income: NaN (1 row, first in row 1)
    """
    if not np.issubdtype(matrix.dtype, np.inexact):
        return
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(matrix.sum()):  # one pass and no temporary; a sum that overflows is looked at closely below
            return
    columns = matrix.reshape(len(matrix), -1)
    if names is None:
        names = [what] if matrix.ndim == 1 else [f"{what}[:, {position}]" for position in range(columns.shape[1])]
    tally = Tally()
    step = max(1, BLOCK_CELLS // max(columns.shape[1], 1))
    for first in range(0, len(columns), step):
        block = columns[first : first + step]
        for kind, mask in ((Kind.BLANK, np.isnan(block)), (Kind.INFINITE, np.isinf(block))):
            for position in np.flatnonzero(mask.any(axis=0)):
                bad = mask[:, position]
                trouble = Trouble(kind, int(np.argmax(bad)), int(np.count_nonzero(bad)))
                tally.add(names[int(position)], [trouble], first)
    if tally:
        problems = [_plain(problem) for problem in tally.problems()]
        raise CellsError(_head(what, tally), problems=problems)


def _plain(problem: Problem) -> Problem:
    """In an array there are no blanks, only NaN."""
    what = "NaN" if problem.what == Kind.BLANK else problem.what
    return Problem(what, problem.column, problem.row, problem.count)


def _head(what: str, tally: Tally) -> str:
    *others, last = [WORDS[kind] for kind in tally.kinds()]
    return f"Input {what} contains " + (f"{', '.join(others)} and {last}" if others else last)


def _cells_error(what: str, tally: Tally) -> CellsError:
    return CellsError(_head(what, tally), problems=tally.problems(), advice=ADVICE)
