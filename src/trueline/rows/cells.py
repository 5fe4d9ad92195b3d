"""One column of cells as numbers, or as names of levels; whatever is neither is counted and located."""

from __future__ import annotations

import datetime
import numbers
from dataclasses import replace
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .troubles import Cells, Kind, Mask, Tally, Trouble, locate

__all__ = ["BLANK_SPELLINGS", "Kind", "Tally", "level_cells", "number_cells", "object_cells"]

# In a text file these spell "no value", in any case; nothing else does.
BLANK_SPELLINGS = ("", "?", "na", "n/a", "nan", "null", "none", "<na>", "#n/a")
EXACT_LIMIT = 2.0**53  # beyond it float64 skips whole numbers

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
WHOLE = r"^[+-]?[0-9]+$"
INFINITY = r"^[+-]?(inf|infinity)$"


def number_cells(series: nw.Series[Any], spelled: bool = False) -> Cells:
    """A column's cells as numbers.

    Parameters
    ----------
    series : narwhals Series (rows,)
    spelled : bool
        Cells are the spellings of a text file, so ``"3.5"`` is a number; otherwise text is trouble.
    """
    array = _arrow(series)
    return _arrow_cells(array, spelled) if isinstance(array, pa.Array) else object_cells(array)


def _arrow(series: nw.Series[Any]) -> pa.Array[Any] | NDArray[Any]:
    """The column as an Arrow array, or as numpy objects where no Arrow type fits all of its cells."""
    if series.dtype in (nw.Int128, nw.UInt128):
        return _objects(series.to_list())
    try:
        if series.dtype not in (nw.Object, nw.Unknown):
            return _decoded(series.to_arrow())
        return _fitted(series.to_numpy())
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _objects(series.to_list())


def _fitted(values: NDArray[Any]) -> pa.Array[Any] | NDArray[Any]:
    """Numpy cells (rows,) in the Arrow type that fits all of them, if there is one."""
    try:
        return values if values.dtype.kind == "c" else _decoded(pa.array(values, from_pandas=True))
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _objects(values.tolist())


def _objects(values: list[Any]) -> NDArray[Any]:
    return np.array([*values, None], dtype=object)[:-1]  # the None keeps lists of one length from being stacked


def _decoded(array: Any) -> pa.Array[Any]:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    decoded: pa.Array[Any] = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
    return decoded


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _arrow_cells(array: pa.Array[Any], spelled: bool) -> Cells:
    kind = array.type
    if _is_text(kind):
        return _spelled_cells(array) if spelled else _refused(array, Kind.TEXT)
    if pa.types.is_integer(kind):
        return _integer_cells(array)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return _float_cells(_to_numpy(pc.cast(array, pa.float64())))
    if pa.types.is_boolean(kind):
        return _float_cells(_to_numpy(pc.cast(array, pa.int8())).astype(np.float64))
    if pa.types.is_temporal(kind):
        return _refused(array, Kind.DATE)
    return _refused(array, Kind.NESTED if pa.types.is_nested(kind) else Kind.OBJECT)


def _to_numpy(array: Any) -> NDArray[np.float64]:
    values: NDArray[np.float64] = array.to_numpy(zero_copy_only=False)
    return values


def _refused(array: pa.Array[Any], kind: Kind) -> Cells:
    """Not one number in the whole column."""
    blank = np.asarray(array.is_null())
    first = int(np.argmin(blank)) if len(blank) else 0
    value = str(array[first].as_py()) if len(blank) else ""
    numbers_ = np.full(len(blank), np.nan)
    found = [(Kind.BLANK, blank, ""), (kind, ~blank, value)]
    return Cells(numbers_, locate(found), blank if blank.any() else None)


def _float_cells(values: NDArray[np.float64]) -> Cells:
    if np.isfinite(values).all():
        return Cells(values)
    blank, infinite = np.isnan(values), np.isinf(values)
    value = str(values[np.argmax(infinite)])
    found = [(Kind.BLANK, blank, ""), (Kind.INFINITE, infinite, value)]
    return Cells(values, locate(found), blank if blank.any() else None)


def _integer_cells(array: pa.Array[Any]) -> Cells:
    cells = _float_cells(_to_numpy(pc.cast(array, pa.float64(), safe=False)))
    too_big = np.abs(cells.numbers) >= EXACT_LIMIT
    if not too_big.any():
        return cells
    for row in np.flatnonzero(too_big):  # few, and only Python's integers compare exactly
        too_big[row] = abs(array[int(row)].as_py()) > int(EXACT_LIMIT)
    value = str(array[int(np.argmax(too_big))].as_py())
    return replace(cells, troubles=cells.troubles + locate([(Kind.INEXACT, too_big, value)]))


def _spelled_cells(array: pa.Array[Any]) -> Cells:
    try:
        values = _to_numpy(pc.cast(array, pa.float64()))
    except pa.ArrowInvalid:
        return _strange_cells(array)
    largest = np.max(np.abs(values), initial=0.0)  # NaN where any is
    return Cells(values) if largest < EXACT_LIMIT else _strange_cells(array)


def _strange_cells(array: pa.Array[Any]) -> Cells:
    """Spellings of which at least one needs a closer look."""
    text = pc.utf8_trim_whitespace(array)
    lower = pc.ascii_lower(text)
    spells_number = pc.match_substring_regex(text, NUMBER)
    values = _to_numpy(pc.cast(pc.if_else(spells_number, text, None), pa.float64()))
    blank = _mask(pc.is_in(lower, value_set=pa.array([*BLANK_SPELLINGS, None], lower.type)))
    logical = _mask(pc.is_in(lower, value_set=pa.array(["true", "false"], lower.type)))
    infinite = np.isinf(values) | _mask(pc.match_substring_regex(lower, INFINITY))
    inexact = (np.abs(values) >= EXACT_LIMIT) & _mask(pc.match_substring_regex(text, WHOLE)) & ~infinite
    for row in np.flatnonzero(inexact):  # Python's integers tell the limit from its neighbours
        inexact[row] = int(text[int(row)].as_py().lstrip("+-0")) > int(EXACT_LIMIT)
    other = ~(blank | logical | infinite | _mask(spells_number))
    values = np.where(logical, _mask(pc.is_in(lower, value_set=pa.array(["true"], lower.type))), values)
    kinds = (Kind.BLANK, Kind.LOGICAL, Kind.INFINITE, Kind.INEXACT, Kind.TEXT)
    masks = (blank, logical, infinite, inexact, other)
    found = [(kind, mask, _first(array, mask)) for kind, mask in zip(kinds, masks, strict=True)]
    return Cells(values, locate(found), blank if blank.any() else None)


def _mask(array: Any) -> Mask:
    """Arrow's booleans as numpy's; null counts as false."""
    mask: Mask = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return mask


def _first(array: pa.Array[Any], mask: Mask) -> str:
    return (array[int(np.argmax(mask))].as_py() or "") if mask.any() else ""


def object_cells(values: NDArray[Any]) -> Cells:
    """Cell by cell, for columns that mix kinds."""
    kinds = [_kind_of(value) for value in values]
    numbers_ = np.array(
        [float(value) if kind is None else np.nan for value, kind in zip(values, kinds, strict=True)], dtype=np.float64
    )
    found = []
    for kind in dict.fromkeys(kinds):
        if kind is not None:
            mask = np.array([other is kind for other in kinds], dtype=bool)
            found.append((kind, mask, "" if kind is Kind.BLANK else str(values[np.argmax(mask)])))
    blank = np.array([kind is Kind.BLANK for kind in kinds], dtype=bool)
    return Cells(numbers_, locate(found), blank if blank.any() else None)


def _kind_of(value: object) -> Kind | None:
    """What keeps `value` from being a finite number; None where nothing does."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return Kind.BLANK
    if isinstance(value, numbers.Real | np.bool_):
        return _kind_of_real(value)
    if isinstance(value, numbers.Complex):
        return Kind.COMPLEX
    for types, kind in _KINDS:
        if isinstance(value, types):
            return kind
    return Kind.OBJECT


_KINDS: tuple[tuple[tuple[type, ...], Kind], ...] = (
    ((str,), Kind.TEXT),
    ((datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64), Kind.DATE),
    ((list, tuple, set, dict, np.ndarray), Kind.NESTED),
)


def _kind_of_real(value: Any) -> Kind | None:
    if isinstance(value, numbers.Integral):
        return Kind.INEXACT if abs(int(value)) > int(EXACT_LIMIT) else None
    number = float(value)
    if np.isnan(number):
        return Kind.BLANK
    return Kind.INFINITE if np.isinf(number) else None


def level_cells(series: nw.Series[Any], spelled: bool = False) -> tuple[pa.Array[Any], tuple[Trouble, ...]]:
    """A column's cells as the names of levels; null where blank, and a trouble that says so.

    Parameters
    ----------
    series : narwhals Series (rows,)
    spelled : bool
        Cells are the spellings of a text file, so ``"NA"`` is blank; otherwise only the empty text is.

    Returns
    -------
    levels : pyarrow string array (rows,)
    troubles : tuple of Trouble
        The blanks, and everything that names no level (lists, structs).
    """
    array = _arrow(series)
    if isinstance(array, np.ndarray):
        array = pa.array([None if _kind_of(value) is Kind.BLANK else str(value) for value in array], pa.string())
    if pa.types.is_nested(array.type):
        return pa.nulls(len(array), pa.string()), _refused(array, Kind.NESTED).troubles
    text = _level_names(array)
    spellings = BLANK_SPELLINGS if spelled else ("",)
    trimmed = pc.ascii_lower(pc.utf8_trim_whitespace(text))
    blank = pc.is_in(trimmed, value_set=pa.array([*spellings, None], pa.string()))
    first = _first(text, _mask(blank))
    return pc.if_else(blank, None, text), locate([(Kind.BLANK, _mask(blank), first)])


def _level_names(array: pa.Array[Any]) -> pa.Array[Any]:
    """Text as it is; numbers and truth values as Python spells them."""
    if pa.types.is_floating(array.type):
        values = array.to_pylist()
        return pa.array([None if value is None or value != value else repr(value) for value in values], pa.string())
    if pa.types.is_boolean(array.type):
        spelled: pa.Array[Any] = pc.if_else(array, "True", "False")
        return spelled
    names: pa.Array[Any] = pc.cast(array, pa.string())
    return names
