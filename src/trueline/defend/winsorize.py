"""Winsorize: pull what lies outside back to the edge."""

from __future__ import annotations

from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..errors import OptionError
from ..maths.scaling import quantile_bounds
from ..models.gate import matrix_of, names_of, weights_of
from ..models.options import is_number
from ..rows import table
from ..rows.domain import Domain

__all__ = ["Winsorize"]

Array = NDArray[np.float64]


class Winsorize(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Clip every feature at two of its quantiles, at given bounds, or at those of a Domain.

    It bounds what one row can claim in X, its leverage; it does not look at y, so a row inside the bounds pulls as
    hard as ever. Quantiles are learnt in `fit` from values that occur, and a poisoner who owns more than
    ``quantiles[0]`` of the rows moves them; bounds from outside the data cannot be moved.

    Parameters
    ----------
    quantiles : (float, float)
        Lower and upper, 0 <= low < high <= 1. Not used where `bounds` or `domain` is given.
    bounds : (low, high), optional
        Each a number or one per feature, in the units of the data.
    domain : Domain, optional
        Its bounds are used.

    Attributes
    ----------
    low_, high_ : ndarray (n_features,)
        In the units of each column.
    clipped_ : ndarray of int (n_features,)
        How many training cells lay outside.

    Raises
    ------
    OptionError
        Not two quantiles, bounds that cross or are too many, or both `bounds` and `domain`.
    DataError
        Cells that are not finite numbers, or other columns than in `fit`.

    Notes
    -----
    Dixon (1960), Simplified estimation from censored normal samples, Annals of Mathematical Statistics 31.

    Examples
    --------
    >>> clip = Winsorize(quantiles=(0.0, 0.75)).fit([[0.0], [1.0], [2.0], [900.0]])
    >>> clip.transform([[5.0], [-1.0]]).ravel(), clip.clipped_
    (array([2., 0.]), array([1]))
    """

    low_: Array
    high_: Array
    clipped_: NDArray[np.intp]

    def __init__(self, quantiles: tuple[float, float] = (0.01, 0.99), *, bounds: Any = None,
                 domain: Domain | None = None) -> None:  # fmt: skip
        self.quantiles = quantiles
        self.bounds = bounds
        self.domain = domain

    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Learn where to clip.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
        y : ignored
        sample_weight : array (n_samples,), optional
            How often each row counts in a quantile.

        Returns
        -------
        self
        """
        matrix = self._numbers(X, reset=True)
        weights = weights_of(sample_weight, len(matrix))
        if self.bounds is not None and self.domain is not None:
            raise OptionError("give bounds or a domain, not both")
        if self.bounds is None and self.domain is None:
            self.low_, self.high_ = quantile_bounds(matrix.T, _two_quantiles(self.quantiles), weights)
        else:
            domain = self.domain if self.domain is not None else _as_domain(self.bounds)
            self.low_, self.high_ = domain.bounds(matrix.shape[1])
        self.clipped_ = np.count_nonzero((matrix < self.low_) | (matrix > self.high_), axis=0)
        return self

    def transform(self, X: ArrayLike) -> Any:
        """The rows with every feature inside its bounds.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)

        Returns
        -------
        ndarray (n_samples, n_features), or the frame asked for with ``set_output``
        """
        check_is_fitted(self, "low_")
        matrix = self._numbers(X, reset=False)
        return np.clip(matrix, self.low_.astype(matrix.dtype), self.high_.astype(matrix.dtype))

    def _numbers(self, X: Any, *, reset: bool) -> Any:
        model = cast(Any, self)
        matrix = matrix_of(model, X, reset=reset)
        table.check_finite(matrix, names_of(model), "X")
        return matrix


def _two_quantiles(quantiles: Any) -> tuple[float, float]:
    try:
        low, high = quantiles
    except (TypeError, ValueError):
        low = high = None
    if not (is_number(low, least=0) and is_number(high, above=low) and high <= 1):
        raise OptionError(f"quantiles must be two numbers with 0 <= low < high <= 1, got {quantiles!r}")
    return float(low), float(high)


def _as_domain(bounds: Any) -> Domain:
    try:
        low, high = bounds
    except (TypeError, ValueError):
        raise OptionError(f"bounds must be (low, high), each a number or one per feature, got {bounds!r}") from None
    return Domain(low=low, high=high)
