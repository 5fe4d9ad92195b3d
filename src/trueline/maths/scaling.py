"""Clip, centre and scale features, and undo it exactly: w·z + b in scaled units is coef·x + intercept in the data's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .moments import Moments

__all__ = ["ROUNDING", "Scaling", "constant_columns", "quantile_bounds"]

Array = NDArray[np.float64]

ROUNDING = 64 * float(np.finfo(np.float64).eps)  # a spread this small against the mean is noise of the arithmetic


@dataclass(frozen=True, eq=False)
class Scaling:
    """What happens to a row before the line is applied: z = (clip(x) - mu) / sigma, 0 for constant columns.

    Parameters
    ----------
    mu, sigma : ndarray (n_features,)
        In the units of each column; `sigma` is never 0.
    constant : ndarray (n_features,) of bool
        Columns that never change beside an intercept: their z is 0, so their weight stays 0.
    low, high : ndarray (n_features,), optional
        Clip bounds in the units of each column, applied first.

    Examples
    --------
    >>> scaling = Scaling.none(2).standardized(np.array([1.0, 10.0]), np.array([2.0, 5.0]))
    >>> scaling.apply(np.array([[3.0, 0.0]]))
    array([[ 1., -2.]])
    >>> scaling.undo(np.array([4.0, 5.0]), 1.0)  # coef, intercept in the units of the data
    (array([2., 1.]), -11.0)
    """

    mu: Array
    sigma: Array
    constant: NDArray[np.bool_]
    low: Array | None = None
    high: Array | None = None

    @classmethod
    def none(cls, n_features: int) -> Scaling:
        """The scaling that changes nothing."""
        return cls(np.zeros(n_features), np.ones(n_features), np.zeros(n_features, dtype=bool))

    def standardized(self, mu: Array, sigma: Array) -> Scaling:
        """The same clipping, with this centre and spread."""
        return replace(self, mu=mu, sigma=sigma)

    @property
    def factor(self) -> Array:
        """What (x - mu) is multiplied by: 1/sigma, 0 for constant columns."""
        return np.where(self.constant, 0.0, 1.0 / self.sigma)

    def clip(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """X within the bounds; X itself where there are none."""
        if self.low is None:
            return X
        return np.asarray(np.clip(X, self.low, self.high))

    def apply(self, X: NDArray[np.floating]) -> Array:
        """Rows as the fit sees them, (n_samples, n_features)."""
        return np.where(self.constant, 0.0, (self.clip(X) - self.mu) / self.sigma)

    def undo(self, w: Array, b: float) -> tuple[Array, float]:
        """coef, intercept in the units of the data, from w, b of the scaled rows."""
        coef = w / self.sigma
        return coef, float(b - coef @ self.mu)

    def redo(self, coef: Array, intercept: float) -> tuple[Array, float]:
        """w, b of the scaled rows, from coef, intercept in the units of the data."""
        return coef * self.sigma, float(intercept + coef @ self.mu)

    def moments(self, moments: Moments) -> Moments:
        """Moments of the scaled rows, from those of the (clipped) rows in the units of the data."""
        return moments.scaled(self.mu, self.factor)

    @staticmethod
    def spread(moments: Moments, constant: NDArray[np.bool_], intercept: bool) -> tuple[Array, Array]:
        """mu and sigma of standardising: mean and population deviation; 0 and root mean square without intercept."""
        square = np.diag(moments.covariance if intercept else moments.second)[:-1]
        sigma = np.sqrt(np.maximum(square, 0.0))
        sigma[constant | (sigma == 0)] = 1.0
        return (moments.mean[:-1] if intercept else np.zeros_like(sigma)), sigma


def constant_columns(moments: Moments) -> NDArray[np.bool_]:
    """Features that never change, to rounding: their spread is below what the arithmetic could tell from 0."""
    variance = np.diag(moments.covariance)[:-1]
    return np.asarray(variance <= np.square(ROUNDING * moments.mean[:-1]))


def quantile_bounds(
    columns: Iterable[NDArray[np.floating]], quantiles: tuple[float, float], weights: Array | None
) -> tuple[Array, Array]:
    """Clip bounds of every column at two quantiles: values that occur in the data (inverse of the distribution).

    Equals ``np.quantile(column, q, weights=weights, method="inverted_cdf")``.

    Raises
    ------
    OptionError
        Not two quantiles with 0 <= low < high <= 1.
    """
    try:
        low, high = (float(q) for q in quantiles)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not 0 <= low < high <= 1:
        raise OptionError(f"clip_features takes two quantiles such as (0.01, 0.99), or a Domain, got {quantiles!r}")
    pairs = [np.quantile(c, [low, high], weights=weights, method="inverted_cdf") for c in columns]
    bounds = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    return bounds[:, 0].copy(), bounds[:, 1].copy()
