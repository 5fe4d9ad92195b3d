"""What every model of trueline shares: predict, its one gate, and fits that fail without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ..errors import OptionError, ShapeError
from ..maths.scaling import Scaling
from ..rows import table
from ..rows.source import ArraySource, Source
from .gate import matrix_of, names_of, target_of, weights_of

__all__ = ["LinearModel", "all_or_nothing"]

Array = NDArray[np.float64]


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
        return np.asarray(self.scaling_.clip(matrix_of(self, X, reset=False)) @ self.coef_ + self.intercept_)

    def _source(self, X: Any, y: Any, sample_weight: Any) -> Source:
        """The one gate: rows that are named, numeric and of equal length; finiteness is left to the first read."""
        if isinstance(y, str):
            return self._named_source(X, y, sample_weight)
        if y is None:
            raise ShapeError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        self.__dict__.pop("schema_", None)
        matrix = matrix_of(self, X, reset=True)
        source = ArraySource(matrix, target_of(y, len(matrix)), weights_of(sample_weight, len(matrix)), names_of(self))
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
