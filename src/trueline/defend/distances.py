"""How far a row stands out: leverage, studentised residual, robust distance. Numbers in, numbers out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import MinCovDet

from ..errors import ShapeError

__all__ = ["Hat", "robust_distance", "robust_scale"]

Array = NDArray[np.float64]

RANK = 1e-9  # singular values below this share of the largest are rounding


@dataclass(frozen=True, eq=False)
class Hat:
    """The plane of the columns and an intercept, from which leverages and residuals are read.

    Parameters
    ----------
    Q : ndarray (n_samples, size)
        Coordinates of each row, orthonormal under the weights: QᵀΩQ = I.
    omega : ndarray (n_samples,)
        How often each row counts.
    """

    Q: Array
    omega: Array

    @classmethod
    def of(cls, X: Array, omega: Array) -> Hat:
        """From the rows, by singular values of the centred and scaled columns; constant ones are idle."""
        total = omega.sum()
        centred = X - (omega @ X) / total
        spread = np.sqrt(omega @ np.square(centred) / total)
        alive = spread > 1e-12 * np.abs(X).max(axis=0, initial=0.0)
        Z = centred[:, alive] / spread[alive]
        _, s, Vt = np.linalg.svd(np.sqrt(omega)[:, None] * Z, full_matrices=False)
        big = s > RANK * s.max(initial=0.0)
        Q = (Z @ Vt[big].T) / s[big]
        return cls(np.column_stack([np.full(len(X), 1 / np.sqrt(total)), Q]), omega)

    @property
    def size(self) -> int:
        """Unknowns that the rows determine, the intercept among them."""
        return int(self.Q.shape[1])

    @property
    def leverage(self) -> Array:
        """h = xᵀ(XᵀΩX)⁻¹x of one copy of each row; Σωh = size."""
        return np.asarray(np.square(self.Q).sum(axis=1))

    def studentized(self, y: Array) -> Array:
        """e / (s₍ᵢ₎√(1-h)), s without one copy of the row; 0 where e is 0 to rounding, inf where the rest fit exactly.

        Belsley, Kuh and Welsch (1980), eq. 2.26.
        """
        freedom = float(self.omega.sum()) - self.size
        if freedom < 2:
            raise ShapeError(f"{self.omega.sum():g} rows leave no residual to judge by: {self.size} unknowns",
                             advice="Give more rows, or screen by something else than residuals")  # fmt: skip
        centred = y - (self.omega @ y) / self.omega.sum()
        e = centred - self.Q @ (self.Q.T @ (self.omega * centred))
        noise = 64 * np.finfo(np.float64).eps * np.abs(y).max(initial=0.0)
        e = np.where(np.abs(e) <= noise, 0.0, e)
        left = np.maximum(1 - self.leverage, 1e-12)
        rest = np.maximum(float(self.omega @ np.square(e)) - np.square(e) / left, 0.0) / (freedom - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(e == 0, 0.0, e / np.sqrt(rest * left)))


def robust_scale(X: Array) -> tuple[Array, Array]:
    """Centre and spread of each column that few rows cannot move; 0 spread where the middle half is one value.

    Median, and interquartile range over 1.349: the standard deviation of normal values.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)

    Returns
    -------
    centre, spread : ndarray (n_features,)
        In the units of each column.
    """
    low, centre, high = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
    spread = (high - low) / 1.3489795003921634
    return np.asarray(centre), np.where(spread > 1e-12 * np.abs(centre), spread, 0.0)


def robust_distance(X: Array, seed: int) -> tuple[Array, int]:
    """Mahalanobis distance of each row to the centre of the tightest half: the reweighted MCD.

    Columns whose middle half is one value (most dummies, constants) have no robust spread and are left out. Columns
    that determine each other in the central half count once, and a row further out that breaks the tie is infinitely
    far.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
    seed : int
        Of the subsets that the search starts from.

    Returns
    -------
    distance : ndarray (n_samples,)
        Without unit; about a chi variable with `dimensions` degrees of freedom where rows are normal.
    dimensions : int

    Raises
    ------
    ShapeError
        No column can be used, or not above two rows per dimension.

    Notes
    -----
    Rousseeuw and van Driessen (1999), A fast algorithm for the minimum covariance determinant estimator, by
    scikit-learn's ``MinCovDet``. It holds while fewer than about half of the rows are bad.
    """
    centre, spread = robust_scale(X)
    alive = spread > 0
    if not alive.any():
        raise ShapeError("no column has a spread in its middle half, so there is no robust distance",
                         advice="Screen by leverage or residual")  # fmt: skip
    Z, outside = _plane((X[:, alive] - centre[alive]) / spread[alive])
    rows, dimensions = Z.shape
    if rows <= 2 * dimensions + 1:
        raise ShapeError(f"a robust distance in {dimensions} dimensions needs more than {2 * dimensions + 1} rows, "
                         f"got {rows}", advice="Five rows per column is a good start")  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # halves in a smaller plane: their pseudo-inverse is used
        squared = MinCovDet(random_state=seed).fit(Z).mahalanobis(Z)
    return np.where(outside, np.inf, np.sqrt(np.maximum(squared, 0.0))), dimensions


def _plane(Z: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Rows within the plane of their central half, and which rows leave it."""
    size = np.abs(Z).max(axis=1)
    half = Z[np.argsort(size, kind="stable")[: len(Z) // 2 + 1]]  # far rows must not decide what is rounding
    Z = Z - half.mean(axis=0)  # medians of tied columns are not tied
    _, s, Vt = np.linalg.svd(half - half.mean(axis=0), full_matrices=False)
    V = Vt[s > RANK * s.max()].T
    inside = Z @ V
    return inside, np.asarray(np.linalg.norm(Z - inside @ V.T, axis=1) > 1e-6 * (1 + size))
