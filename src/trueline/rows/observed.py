"""What rows or a schema say that a Domain can be: ranges, whole numbers, one-hot groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ShapeError
from . import table
from .arrays import numbers_only

if TYPE_CHECKING:
    from .schema import Schema

__all__ = ["from_columns", "numbers_of_rows", "observed"]

Array = NDArray[np.float64]


def observed(X: Any, y: Any, schema: Schema | None) -> dict[str, Any]:
    """The fields of the Domain of these rows.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), name of a column of X, or None
    schema : Schema or None

    Raises
    ------
    DataError
        Cells that are not finite numbers, no rows.
    """
    X, y, names = numbers_of_rows(X, y, schema)
    if X.ndim != 2 or not X.size:
        raise ShapeError(f"a Domain is learnt from rows (n_samples, n_features), got shape {X.shape}")
    table.check_finite(X, names)
    fields: dict[str, Any] = {"low": X.min(axis=0), "high": X.max(axis=0), "names": names}
    if schema is None:
        fields["integers"] = [int(j) for j in np.flatnonzero((X % 1 == 0).all(axis=0))]
    else:
        known = from_columns(schema)
        fields |= {key: known[key] for key in ("integers", "one_hot", "names")}
    if y is not None:
        table.check_finite(y, what="y")
        fields |= {"y_low": float(y.min()), "y_high": float(y.max())}
    return fields


def from_columns(schema: Schema) -> dict[str, Any]:
    """Bounds, whole numbers, groups and names that a schema learnt.

    Parameters
    ----------
    schema : Schema
    """
    low: list[float] = []
    high: list[float] = []
    for column in schema.columns:
        width = len(column.feature_names)
        low += [0.0 if column.low is None else column.low] * width
        high += [1.0 if column.high is None else column.high] * width
    return {
        "low": np.array(low), "high": np.array(high), "names": schema.feature_names,
        "integers": [column.name for column in schema.columns if column.kind in ("integer", "boolean")],
        "one_hot": [column.feature_names for column in schema.columns if column.kind == "category"],
    }  # fmt: skip


def numbers_of_rows(X: Any, y: Any, schema: Schema | None) -> tuple[Array, Array | None, tuple[str, ...] | None]:
    """X and y of an array or a frame as float64, a frame of raw columns encoded; and a frame's names."""
    names = None
    if isinstance(y, str):
        frame = table.eager_frame(X)
        X, y = frame.drop(y).to_native(), frame.get_column(y).to_native()
    if table.is_frame(X):
        if schema is not None and tuple(table.eager_frame(X).columns) != schema.feature_names:
            X = schema.encode(X)[0]
        else:
            names, X = table.numeric_matrix(X)
    X = np.asarray(numbers_only(X, "X"), dtype=np.float64)
    if y is not None:
        plain = isinstance(y, np.ndarray | list | tuple)
        y = np.asarray(numbers_only(y, "y"), dtype=np.float64).ravel() if plain else table.column_vector(y)
    return X, y, names
