"""What the defences around another estimator share: one gate for the rows, and fits on a part of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from ..errors import OptionError, ShapeError
from ..maths.moments import Moments
from ..models.first_read import summarise
from ..models.gate import matrix_of, names_of, target_of, weights_of
from ..models.options import is_number
from ..rows import table
from ..rows.source import ArraySource

__all__ = ["MetaRegressor", "Rows", "check_share", "fit_on", "worst_within"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that passed the gate, and the table they came as.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
    y, omega : ndarray (n_samples,)
        How often each row counts, 1 where no weights were given.
    weighted : bool
        Whether weights were given.
    moments : Moments
        Of all rows.
    given : object
        X as it was handed in, so that the inner estimator sees the names of a frame.
    """

    X: Array
    y: Array
    omega: Array
    weighted: bool
    moments: Moments
    given: Any = field(repr=False)

    def part(self, keep: Mask) -> Any:
        """The kept rows of X, in the form it was given."""
        if table.is_frame(self.given):
            return nw.from_native(self.given)[np.flatnonzero(keep).tolist()].to_native()
        return self.X[keep]


class MetaRegressor(MetaEstimatorMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator fitted on rows that a defence chose; `predict` is that estimator's."""

    estimator: Any
    estimator_: Any
    n_features_in_: int

    def predict(self, X: ArrayLike) -> Array:
        """What the estimator fitted on the kept rows predicts.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
            With the columns of `fit`, in the same order.

        Returns
        -------
        ndarray (n_samples,)
            In the units of y.
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict(X), dtype=np.float64)

    @property
    def coef_(self) -> Array:
        """Coefficients of the estimator fitted on the kept rows, where it has them."""
        return cast(Array, self.estimator_.coef_)

    @property
    def intercept_(self) -> float:
        """In the units of y."""
        return cast(float, self.estimator_.intercept_)

    def _checked(self, X: Any) -> Any:
        """X at predict: the columns of `fit`, all finite; in the form it was given."""
        model = cast(Any, self)
        matrix = matrix_of(model, X, reset=False)
        return X if table.is_frame(X) else matrix

    def _read(self, X: Any, y: Any, sample_weight: Any) -> Rows:
        """The gate: numeric rows of equal length that can be squared, and an estimator that can be fitted on them."""
        _check_estimator(self.estimator, sample_weight)
        if y is None:
            raise ShapeError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        if isinstance(y, str):
            raise OptionError(f"y={y!r} names a column; a defence looks at rows in memory",
                              advice="Pass X and y apart, X with numeric columns")  # fmt: skip
        model = cast(Any, self)
        matrix = matrix_of(model, X, reset=True).astype(np.float64, copy=False)
        target, weights = target_of(y, len(matrix)), weights_of(sample_weight, len(matrix))
        if len(target) != len(matrix):
            raise ShapeError(f"X and y must have equally many rows: X has {len(matrix)}, y has {len(target)}")
        moments = summarise(ArraySource(matrix, target, weights, names_of(model)), None, True).moments
        omega = np.ones(len(target)) if weights is None else weights
        return Rows(matrix, target, omega, weights is not None, moments, X)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")


def _check_estimator(estimator: Any, sample_weight: Any) -> None:
    if isinstance(estimator, type) or not (hasattr(estimator, "fit") and hasattr(estimator, "predict")):
        raise OptionError(f"estimator must have fit and predict, got {estimator!r}",
                          advice="Pass an instance, such as LeastSquares()")  # fmt: skip
    if sample_weight is not None and not has_fit_parameter(estimator, "sample_weight"):
        raise OptionError(f"{type(estimator).__name__} takes no sample_weight in fit",
                          advice="Leave the weights out, or defend an estimator that takes them")  # fmt: skip


def fit_on(estimator: Any, rows: Rows, keep: Mask) -> Any:
    """A clone of the estimator, fitted on the kept rows alone.

    Parameters
    ----------
    estimator : regressor
    rows : Rows
    keep : ndarray of bool (n_samples,)

    Raises
    ------
    ShapeError
        No row is kept.
    """
    if not rows.omega[keep].sum() > 0:
        raise ShapeError("every row was dropped, so nothing is left to fit", advice="Loosen the thresholds")
    weights = {"sample_weight": rows.omega[keep]} if rows.weighted else {}
    return clone(estimator).fit(rows.part(keep), rows.y[keep], **weights)


def check_share(name: str, share: Any) -> float:
    """A share of the rows that may be bad: below one half, or nobody could say which half is right.

    Parameters
    ----------
    name : str
        What the parameter is called.
    share : float

    Raises
    ------
    OptionError
        Outside [0, 0.5).
    """
    if not is_number(share, least=0) or not share < 0.5:
        raise OptionError(f"{name} must lie in [0, 0.5), got {share!r}",
                          advice="Where half the rows are bad, nothing says which half")  # fmt: skip
    return float(share)


def worst_within(value: Array, omega: Array, budget: float) -> Mask:
    """The rows of largest positive value whose weights together fit the budget; ties go by row number.

    Parameters
    ----------
    value, omega : ndarray (n_samples,)
    budget : float
        In units of weight.

    Examples
    --------
    >>> worst_within(np.array([3.0, 0.0, 5.0, 4.0]), np.ones(4), budget=2.0)
    array([False, False,  True,  True])
    """
    order = np.argsort(-value, kind="stable")
    fits = np.cumsum(omega[order]) <= budget * (1 + 1e-12)
    chosen = np.zeros(len(value), dtype=np.bool_)
    chosen[order[fits]] = True
    return chosen & (value > 0)
