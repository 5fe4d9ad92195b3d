"""Arrays and lists that may hold anything: numbers pass, the rest is refused with its column and first cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CellsError, NotANumberError
from .cells import EXACT_LIMIT, Kind, Tally, object_cells

__all__ = ["numbers_only"]

ADVICE = "Encode text as numbers first (Schema.learn(frame, one_hot=[...])); nothing is cast silently"


def numbers_only(values: Any, what: str) -> Any:
    """`values` as they are where they are numeric; objects that hold only numbers as float64.

    Parameters
    ----------
    values : array-like (n_samples, n_features) or (n_samples,)
    what : str
        How messages name it, "X" or "y".

    Raises
    ------
    CellsError
        Text, numbers written as text, dates: which column, the first row and cell.
    NotANumberError
        Other objects; also a TypeError, as elsewhere in scientific Python.

    Examples
    --------
    >>> import numpy as np
    >>> numbers_only(np.array([[1, 2.5]], dtype=object), "X")
    array([[1. , 2.5]])
    >>> numbers_only([["3.5"]], "X")
    Traceback (most recent call last):
        ...
    trueline.errors.CellsError: X[:, 0]: text, not numbers (first '3.5') (1 row, first in row 1). Encode text ...
    """
    if hasattr(values, "tocsr"):
        return values  # sparse: scikit-learn's own words are best
    array = np.asarray(values)
    if array.dtype.kind in "SU" and not hasattr(values, "dtype"):
        array = np.asarray(values, dtype=object)  # one text among numbers in a list had made text of them all
    if array.ndim not in (1, 2) or array.size == 0 or not _needs_a_look(array):
        return values
    columns = array.reshape(len(array), -1)
    numbers = np.empty(columns.shape)
    tally = Tally()
    for position in range(columns.shape[1]):
        name = what if array.ndim == 1 else f"{what}[:, {position}]"
        cells = object_cells(columns[:, position].astype(object))
        numbers[:, position] = cells.numbers
        if any(trouble.kind is Kind.INFINITE for trouble in cells.troubles):  # its place there is taken by NaN
            numbers[:, position] = [_number(*pair) for pair in zip(columns[:, position], cells.numbers, strict=True)]
        tally.add(name, [trouble for trouble in cells.troubles if trouble.kind not in (Kind.BLANK, Kind.INFINITE)])
    if not tally:
        return numbers.reshape(array.shape)  # NaN and infinity are found where every array's are
    if Kind.COMPLEX in tally.kinds():
        raise CellsError("Complex data not supported", problems=tally.problems())
    if Kind.NESTED in tally.kinds() or Kind.OBJECT in tally.kinds():
        raise NotANumberError("argument must be a string or a number", problems=tally.problems(), advice=ADVICE)
    raise CellsError(problems=tally.problems(), advice=ADVICE)


def _needs_a_look(array: NDArray[Any]) -> bool:
    """Whether cells may be no numbers, or whole numbers that float64 cannot hold."""
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        return bool(array.max() > int(EXACT_LIMIT) or array.min() < -int(EXACT_LIMIT))
    return array.dtype.kind in "OSUmMc"


def _number(cell: Any, number: float) -> float:
    return float(cell) if isinstance(cell, float | np.floating) else number
