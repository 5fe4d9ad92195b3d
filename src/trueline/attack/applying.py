"""Rows into arrays and frames of any library, types kept."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..errors import DataError
from ..rows.table import is_frame

__all__ = ["append", "replaced"]

Array = NDArray[np.float64]


def append(X: Any, y: Any, rows: Array, labels: Array) -> tuple[Any, Any]:
    """Poison after the clean rows.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    rows : ndarray (k, n_features)
    labels : ndarray (k,)

    Raises
    ------
    DataError
        A column of whole numbers or truth values that cannot hold the poison's.
    """
    if isinstance(y, str):
        table = nw.from_native(X)
        at = list(table.columns).index(y)
        return _appended(X, np.insert(rows, at, labels, axis=1)), y
    return _appended(X, rows), _appended(y, labels)


def replaced(X: Any, y: Any, rows: Array, labels: Array, at: NDArray[np.intp]) -> tuple[Any, Any]:
    """Poison in the place of the rows numbered `at` (from 0).

    Parameters
    ----------
    X, y : as for `append`
    rows : ndarray (k, n_features)
    labels : ndarray (k,)
    at : ndarray of int (k,)
    """
    count = len(X)
    order = np.arange(count)
    order[at] = count + np.arange(len(at))
    new_X, new_y = append(X, y, rows, labels)
    return _taken(new_X, order), (y if isinstance(y, str) else _taken(new_y, order))


def _appended(values: Any, more: Array) -> Any:
    if is_frame(values):
        seen = nw.from_native(values, eager_only=True)
        columns = {name: _cast(more[:, j], seen.get_column(name).dtype, name) for j, name in enumerate(seen.columns)}
        below = nw.from_dict(columns, backend=seen.implementation).cast(dict(seen.schema))
        return _renumbered(nw.concat([seen, below], how="vertical").to_native())
    if isinstance(values, pa.Array | pa.ChunkedArray):
        chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
        dtype = nw.from_native(pa.chunked_array(chunks), series_only=True).dtype
        new = pa.array(_cast(more, dtype, "y")).cast(values.type)
        together: Any = pa.chunked_array if isinstance(values, pa.ChunkedArray) else pa.concat_arrays
        return together([*chunks, new])
    if hasattr(values, "to_frame"):  # a Series
        seen_one = nw.from_native(values, series_only=True)
        new_one = nw.new_series(seen_one.name, _cast(more, seen_one.dtype, "y"), seen_one.dtype,
                                backend=seen_one.implementation)  # fmt: skip
        both = nw.concat([seen_one.to_frame(), new_one.to_frame()], how="vertical")
        return _renumbered(both.get_column(both.columns[0]).to_native())
    array = np.asarray(values)
    joined = np.concatenate([array, _cast_array(more, array.dtype).reshape(len(more), *array.shape[1:])])
    return joined.tolist() if isinstance(values, list) else joined


def _cast(values: Array, dtype: Any, name: str) -> NDArray[Any]:
    """Values as a column of this type holds them, or an error that names it."""
    if dtype.is_integer():
        return _whole(values, name).astype(np.int64)
    if dtype == nw.Boolean:
        if not np.isin(values, (0.0, 1.0)).all():
            raise DataError(f"{name} holds truth values, the poison {values[~np.isin(values, (0.0, 1.0))][0]:g}",
                            advice="Give domain=Domain.learn(X, y), which keeps whole numbers whole")  # fmt: skip
        return values.astype(bool)
    return values


def _cast_array(values: Array, dtype: np.dtype[Any]) -> NDArray[Any]:
    return _whole(values, "the array").astype(dtype) if dtype.kind in "iub" else values.astype(dtype)


def _whole(values: Array, name: str) -> Array:
    odd = values[values != np.round(values)]
    if odd.size:
        raise DataError(f"{name} holds whole numbers, the poison {odd.ravel()[0]:g}",
                        advice="Give domain=Domain.learn(X, y), which keeps whole numbers whole")  # fmt: skip
    return values


def _taken(values: Any, order: NDArray[np.intp]) -> Any:
    if isinstance(values, list):
        return [values[i] for i in order]
    if isinstance(values, pa.Table | pa.Array | pa.ChunkedArray):
        return values.take(pa.array(order, pa.int64()))
    if hasattr(values, "iloc"):
        return _renumbered(values.iloc[order])
    return values[order]


def _renumbered(native: Any) -> Any:
    return native.reset_index(drop=True) if hasattr(native, "reset_index") else native
