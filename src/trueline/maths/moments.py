"""Moments: n, mean and scatter of [X y], all that a squared loss needs from the rows. Summaries merge."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import ShapeError

__all__ = ["Moments"]

Array = NDArray[np.float64]

NEAR = 1 / 16  # a pivot that moves by less, in root mean squares, leaves the rounding as it was


@dataclass(frozen=True, eq=False)
class Moments:
    """Weighted moments of the rows z = [x, y], kept relative to a pivot so that offsets cost no digits.

    ``N = Σω``, ``total = Σω(z-p)``, ``scatter = Σω(z-p)(z-p)ᵀ``: the single-pass form of Chan, Golub and LeVeque
    (1983), eq. 1.4. Two summaries merge by adding, once they share a pivot; rows are removed by subtracting.

    Parameters
    ----------
    rows : int
        Number of rows read.
    weight : float
        Σω, equal to `rows` without weights.
    pivot, total : ndarray (n_features + 1,)
        The point p, in the units of the data, y last; and Σω(z-p).
    scatter : ndarray (n_features + 1, n_features + 1)
        Σω(z-p)(z-p)ᵀ, symmetric.
    idle : int
        Rows of weight 0: they are among `rows`, and say nothing.
    log_weight : float
        Σ log ω over the other rows, which the likelihood of a weighted fit needs; 0 without weights.
    peak : ndarray (n_features + 2,), optional
        The largest sums of squares ever held here, of [x, y] about the pivot and of the weight last; the diagonal by
        default. Removing rows shrinks the scatter, but not what its rounding was: entry (i, j) is known to a small
        multiple of eps·√(peak_i·peak_j).
    steps : int
        How often summaries were added to, or taken from, one another: each rounds once more.

    Examples
    --------
    >>> X, y = np.array([[1.0], [2.0], [3.0]]), np.array([2.0, 4.0, 6.0])
    >>> moments = Moments.of(X, y)
    >>> moments.mean, moments.covariance
    (array([2., 4.]), array([[0.66666667, 1.33333333],
           [1.33333333, 2.66666667]]))
    >>> Moments.of(X[:1], y[:1]).merge(Moments.of(X[1:], y[1:])).mean
    array([2., 4.])
    """

    rows: int
    weight: float
    pivot: Array
    total: Array
    scatter: Array
    idle: int = 0
    log_weight: float = 0.0
    peak: Array = field(default_factory=lambda: np.empty(0))
    steps: int = 0

    def __post_init__(self) -> None:
        if not self.peak.size:
            object.__setattr__(self, "peak", self._diagonal)  # frozen, and this is its birth

    @classmethod
    def of(cls, X: NDArray[np.floating], y: NDArray[np.floating], weights: Array | None = None,
           pivot: Array | None = None) -> Moments:  # fmt: skip
        """Summary of a block of rows, in one read.

        Parameters
        ----------
        X : ndarray (n_samples, n_features), float32 or float64
        y : ndarray (n_samples,)
        weights : ndarray (n_samples,), optional
        pivot : ndarray (n_features + 1,), optional
            A point near the rows; their mean by default. Blocks that will be merged should share it.

        Raises
        ------
        ShapeError
            X, y and weights do not have equally many rows.
        """
        from .kernels import add_scatter

        if X.ndim != 2 or y.shape != X.shape[:1] or (weights is not None and weights.shape != y.shape):
            shape = "" if weights is None else f" and weights {weights.shape}"
            raise ShapeError(f"moments need X (n, d) and y (n,), got X {X.shape}, y {y.shape}{shape}")
        if pivot is None:
            pivot = mean_row(X, y)
        size = X.shape[1] + 1
        total, scatter = np.zeros(size), np.zeros((size, size))
        omega = np.empty(0) if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
        add_scatter(np.ascontiguousarray(X), np.ascontiguousarray(y), omega, pivot, total, scatter)
        scatter += np.tril(scatter, -1).T
        if weights is None:
            return cls(X.shape[0], float(X.shape[0]), pivot, total, scatter)
        counting = omega[omega > 0]
        idle, log_weight = len(omega) - len(counting), float(np.log(counting).sum())
        return cls(X.shape[0], float(omega.sum()), pivot, total, scatter, idle, log_weight)

    @property
    def n_features(self) -> int:
        return int(self.pivot.size) - 1

    @property
    def mean(self) -> Array:
        """Mean of [x, y]."""
        return self.pivot + self.total / self.weight

    @property
    def covariance(self) -> Array:
        """Σω(z-z̄)(z-z̄)ᵀ / Σω, the population form."""
        offset = self.total / self.weight
        return self.scatter / self.weight - np.outer(offset, offset)

    @property
    def second(self) -> Array:
        """Σωzzᵀ / Σω, about zero: what a fit without intercept stands on."""
        return self.about(np.zeros_like(self.pivot)).scatter / self.weight

    def about(self, pivot: Array) -> Moments:
        """The same rows seen from another pivot."""
        delta = self.pivot - pivot
        if not delta.any():
            return self
        cross = np.outer(self.total, delta)
        scatter = self.scatter + cross + cross.T + self.weight * np.outer(delta, delta)
        root, shift = np.sqrt(self.peak[:-1]), np.sqrt(self.peak[-1]) * np.abs(delta)
        moved = np.square(np.where(shift > NEAR * root, root + shift, root))
        return replace(
            self, pivot=pivot, total=self.total + self.weight * delta, scatter=scatter,
            peak=np.append(moved, self.peak[-1]), steps=self.steps + 1,
        )  # fmt: skip

    def merge(self, other: Moments) -> Moments:
        """The summary of both sets of rows."""
        other = self._shared(other)
        both = replace(
            self, rows=self.rows + other.rows, weight=self.weight + other.weight,
            total=self.total + other.total, scatter=self.scatter + other.scatter,
            idle=self.idle + other.idle, log_weight=self.log_weight + other.log_weight,
        )  # fmt: skip
        return both._rounded(self, other)

    def remove(self, other: Moments) -> Moments:
        """The summary without `other`'s rows. It cannot know whether they were ever in.

        Raises
        ------
        ShapeError
            Fewer rows or less weight is here than should be taken out.
        """
        other = self._shared(other)
        if other.rows > self.rows or other.weight > self.weight * (1 + 1e-12):
            raise ShapeError(f"cannot remove {other.rows} rows (weight {other.weight:g}) from {self.rows} "
                             f"(weight {self.weight:g})")  # fmt: skip
        rest = replace(
            self, rows=self.rows - other.rows, weight=self.weight - other.weight,
            total=self.total - other.total, scatter=self.scatter - other.scatter,
            idle=self.idle - other.idle, log_weight=self.log_weight - other.log_weight,
        )  # fmt: skip
        return rest._rounded(self, other)

    def scaled(self, shift: Array, factor: Array) -> Moments:
        """The moments of ``[(x - shift)·factor, y]``: what standardised rows would have given."""
        shift, factor = np.append(shift, 0.0), np.append(factor, 1.0)
        return replace(
            self, pivot=(self.pivot - shift) * factor, total=self.total * factor,
            scatter=self.scatter * np.outer(factor, factor), peak=self.peak * np.append(np.square(factor), 1.0),
        )  # fmt: skip

    @property
    def _diagonal(self) -> Array:
        """Squares about the pivot, the weight last."""
        return np.append(np.diag(self.scatter), self.weight)

    def _rounded(self, one: Moments, other: Moments) -> Moments:
        """Remember the largest of what was added up, and that it was one more sum."""
        peak = np.maximum(np.maximum(one.peak, other.peak), self._diagonal)
        return replace(self, peak=peak, steps=max(one.steps, other.steps) + 1)

    def _shared(self, other: Moments) -> Moments:
        if self.pivot.size != other.pivot.size:
            raise ShapeError(f"moments of {self.n_features} and of {other.n_features} features do not go together")
        return other.about(self.pivot)


def mean_row(X: NDArray[np.floating], y: NDArray[np.floating]) -> Array:
    """Mean of [x, y] over a block, as float64: a good pivot."""
    if X.shape[0] == 0:
        return np.zeros(X.shape[1] + 1)
    return np.append(X.mean(axis=0, dtype=np.float64), y.mean(dtype=np.float64))
