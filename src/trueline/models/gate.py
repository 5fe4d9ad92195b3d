"""The gate of every model: rows that are named, numeric and of equal length, or what is wrong with them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array, column_or_1d, validate_data

from ..errors import ColumnsError, DataError, Problem, ShapeError
from ..rows import table
from ..rows.arrays import numbers_only
from ..rows.source import Floats

__all__ = ["column_name", "matrix_of", "names_of", "target_of", "weights_of"]

Array = NDArray[np.float64]


def matrix_of(model: Any, X: Any, *, reset: bool) -> Floats:
    """X as a matrix of finite-or-not numbers; text and objects are refused by name."""
    if table.is_frame(X):
        names, matrix = table.numeric_matrix(X)
        _validated(model, X, skip_check_array=True, reset=reset)
        if not len(matrix):
            raise ShapeError(f"there are no rows: Found array with 0 sample(s) (shape={matrix.shape})")
        if not names:
            raise ShapeError(f"0 feature(s) (shape={matrix.shape}) while a minimum of 1 is required.")
        return matrix
    X = numbers_only(X, "X")
    array: Floats = _validated(model, X, reset=reset, dtype=[np.float64, np.float32], ensure_all_finite=False)
    if not reset:
        table.check_finite(array, names_of(model), "X")
    return array


def _validated(model: Any, X: Any, **how: Any) -> Any:
    """scikit-learn's own check of shape and column names, in its words, as an error of ours."""
    try:
        return validate_data(model, X, **how)
    except ValueError as error:
        kind = ColumnsError if "feature names" in str(error) else ShapeError
        raise kind(str(error)) from None


def target_of(y: Any, n_rows: int) -> Array:
    if table.is_frame(y) or hasattr(y, "to_frame") or hasattr(y, "combine_chunks"):
        return table.column_vector(y)
    y = numbers_only(y, "y")
    shape = tuple(y.shape if hasattr(y, "shape") else np.asarray(y).shape)
    if len(shape) != 1 and shape[1:] != (1,):
        raise ShapeError(f"y should be a 1d array of shape ({n_rows},), as X has {n_rows} rows; got shape {shape}")
    values = check_array(y, ensure_2d=False, dtype=None, ensure_all_finite=False, input_name="y")
    return column_or_1d(values, warn=True).astype(np.float64, copy=False)  # type: ignore[no-any-return]


def weights_of(sample_weight: Any, n_rows: int) -> Array | None:
    if sample_weight is None:
        return None
    if np.isscalar(sample_weight):
        sample_weight = np.full(n_rows, sample_weight)
    weights = np.asarray(numbers_only(sample_weight, "sample_weight"), dtype=np.float64)
    if weights.shape != (n_rows,):
        raise ShapeError(f"sample_weight.shape == {weights.shape}, expected {(n_rows,)}: one weight per row")
    table.check_finite(weights, what="sample_weight")
    if (weights < 0).any():
        row = int(np.argmax(weights < 0))
        raise DataError(problems=[Problem("negative", "sample_weight", row + 1, int((weights < 0).sum()))],
                        advice="Weights say how often a row counts; they cannot be negative")  # fmt: skip
    if not weights.any():
        raise DataError("all weights are zero, so no row counts")
    return weights


def names_of(model: Any) -> tuple[str, ...] | None:
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def column_name(names: tuple[str, ...] | None, column: int) -> str:
    """The column's name, or how one would write it for an array."""
    return names[column] if names is not None else f"X[:, {column}]"
