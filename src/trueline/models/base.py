"""What every model of trueline shares: the gate for its input, and predict."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from ..errors import (
    ColumnsError,
    ConstantColumnWarning,
    DataError,
    MagnitudeError,
    OptionError,
    Problem,
    ShapeError,
)
from ..maths.moments import Moments
from ..maths.scaling import Scaling, constant_columns
from ..rows import table
from ..rows.arrays import numbers_only
from ..rows.passes import moments_of
from ..rows.source import ArraySource, Floats, Source

__all__ = ["LinearModel", "Summary", "all_or_nothing", "column_name", "summarise", "warn_constant"]

Array = NDArray[np.float64]

SMALLEST = 1e-140  # squares of smaller numbers are lost to underflow


class LinearModel(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted line: ``clip(X) @ coef_ + intercept_``. Subclasses fit it."""

    coef_: Array
    intercept_: float
    scaling_: Scaling
    schema_: Any  # where fitted on a table with y given by name

    def predict(self, X: ArrayLike) -> Array:
        """The line at each row.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
            With the columns of `fit`, in the same order.

        Returns
        -------
        ndarray (n_samples,)
            In the units of y.

        Raises
        ------
        CellsError
            Cells that are not finite numbers.
        ValueError
            Columns differ from those of `fit` in number, name or order.
        """
        check_is_fitted(self, "coef_")
        return np.asarray(self.scaling_.clip(_matrix(self, X, reset=False)) @ self.coef_ + self.intercept_)

    def _source(self, X: Any, y: Any, sample_weight: Any) -> Source:
        """The one gate: rows that are named, numeric and of equal length; finiteness is left to the first read."""
        if isinstance(y, str):
            return self._named_source(X, y, sample_weight)
        if y is None:
            raise ShapeError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        self.__dict__.pop("schema_", None)
        matrix = _matrix(self, X, reset=True)
        source = ArraySource(matrix, _target(y, len(matrix)), _weights(sample_weight, len(matrix)), _names(self))
        if len(source.y) != len(matrix):
            raise ShapeError(f"X and y must have equally many rows: X has {len(matrix)}, y has {len(source.y)}")
        return source

    def _named_source(self, X: Any, target: str, sample_weight: Any) -> Source:
        """The target is a column of a table or stream."""
        from ..rows import open as open_rows
        from ..rows.schema import Schema

        if sample_weight is not None:
            raise OptionError(
                "sample_weight goes with arrays; with y given by name, pass X, y and sample_weight instead"
            )
        if not (table.is_frame(X) or hasattr(X, "tables")):
            raise OptionError(f"y={target!r} names a column, so X must be a frame or rows.open(...)")
        stream = open_rows(X) if table.is_frame(X) else X
        self.schema_ = Schema.learn(stream, target)
        source: Source = stream.encoded(self.schema_)
        self.n_features_in_ = source.n_features
        self.feature_names_in_ = np.asarray(source.names, dtype=object)
        return source

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")


@contextmanager
def all_or_nothing(model: LinearModel) -> Iterator[None]:
    """A fit that fails leaves the model as it was: unfitted, or with its last good fit."""
    before = dict(model.__dict__)
    try:
        yield
    except BaseException:
        model.__dict__.clear()
        model.__dict__.update(before)
        raise


def _matrix(model: LinearModel, X: Any, *, reset: bool) -> Floats:
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
        table.check_finite(array, _names(model), "X")
    return array


def _validated(model: LinearModel, X: Any, **how: Any) -> Any:
    """scikit-learn's own check of shape and column names, in its words, as an error of ours."""
    try:
        return validate_data(model, X, **how)
    except ValueError as error:
        kind = ColumnsError if "feature names" in str(error) else ShapeError
        raise kind(str(error)) from None


def _target(y: Any, n_rows: int) -> Array:
    if table.is_frame(y) or hasattr(y, "to_frame") or hasattr(y, "combine_chunks"):
        return table.column_vector(y)
    y = numbers_only(y, "y")
    shape = tuple(y.shape if hasattr(y, "shape") else np.asarray(y).shape)
    if len(shape) != 1 and shape[1:] != (1,):
        raise ShapeError(f"y should be a 1d array of shape ({n_rows},), as X has {n_rows} rows; got shape {shape}")
    values = check_array(y, ensure_2d=False, dtype=None, ensure_all_finite=False, input_name="y")
    return column_or_1d(values, warn=True).astype(np.float64, copy=False)  # type: ignore[no-any-return]


def _weights(sample_weight: Any, n_rows: int) -> Array | None:
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


def _names(model: LinearModel) -> tuple[str, ...] | None:
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def column_name(names: tuple[str, ...] | None, column: int) -> str:
    """The column's name, or how one would write it for an array."""
    return names[column] if names is not None else f"X[:, {column}]"


@dataclass(frozen=True, eq=False)
class Summary:
    """What the first read of the rows gives: their moments, and the columns that never change."""

    source: Source
    moments: Moments
    constant: NDArray[np.bool_]


def summarise(source: Source, scaling: Scaling | None, intercept: bool) -> Summary:
    """Moments of the (clipped) rows, refused where a cell is not finite or too large or small to be squared.

    Raises
    ------
    CellsError
        NaN or infinity, with column, first row and count.
    MagnitudeError
        A column whose squares overflow or underflow.
    ShapeError
        A single row.
    """
    if scaling is not None and scaling.low is not None:
        _refuse_cells(source)  # clipping would make a number of infinity
    with np.errstate(over="ignore", invalid="ignore"):
        moments = moments_of(source, scaling)
        scatter_finite = np.isfinite(np.diag(moments.scatter)) & np.isfinite(moments.total)
    if not scatter_finite.all():
        _refuse_cells(source)
        _refuse_magnitude(source, ~scatter_finite, "squares of its values overflow float64")
    if moments.rows < 2:
        raise ShapeError(f"one row (1 sample, n_samples = {moments.rows}) cannot determine a line",
                         advice="Give at least two rows")  # fmt: skip
    if moments.weight <= 0:
        raise DataError("all weights are zero, so no row counts")
    spread = np.diag(moments.scatter) + moments.weight * np.square(moments.pivot)
    suspects = spread < SMALLEST**2 * moments.weight
    if suspects.any():
        suspects &= _largest(source) > 0
        _refuse_magnitude(source, suspects, "values so small that their squares vanish in float64")
    constant = constant_columns(moments) if intercept else np.diag(moments.second)[:-1] == 0
    return Summary(source, moments, np.asarray(constant))


def warn_constant(summary: Summary) -> None:
    """Name the columns that get coefficient 0 because they never change."""
    if summary.constant.any():
        names = ", ".join(column_name(summary.source.names, int(j)) for j in np.flatnonzero(summary.constant))
        warnings.warn(
            f"constant column{'s' if summary.constant.sum() > 1 else ''}: {names}. Coefficient 0 is used; "
            "drop what never changes, the intercept already holds it",
            ConstantColumnWarning, stacklevel=4,
        )  # fmt: skip


def _refuse_cells(source: Source) -> None:
    """Name every cell that is not finite; silent where all are."""
    if isinstance(source, ArraySource):
        table.check_finite(source.X, source.names, "X")
        table.check_finite(source.y, what="y")
        return
    for block in source.blocks():
        table.check_finite(block.X, source.names, "X")
        table.check_finite(block.y, what="y")


def _refuse_magnitude(source: Source, columns: NDArray[np.bool_], what: str) -> None:
    names = [column_name(source.names, j) for j in range(source.n_features)] + ["y"]
    problems = [Problem(what, names[int(j)]) for j in np.flatnonzero(columns)]
    if problems:
        raise MagnitudeError(problems=problems, advice="Measure it in another unit (multiply by a constant)")


def _largest(source: Source) -> Array:
    """Largest magnitude of every column, y last."""
    return np.max([np.append(np.abs(block.X).max(axis=0), np.abs(block.y).max()) for block in source.blocks()], axis=0)  # type: ignore[no-any-return]
