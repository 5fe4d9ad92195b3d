"""Coefficients of least squares from moments: the cheapest road that the conditioning of the data allows.

===================  ==========================================================================
solver               taken when
===================  ==========================================================================
``cholesky``         well conditioned: normal equations on centred, equilibrated moments
``refined``          middling: then one more read of the rows for a residual and a corrected solve
``qr``               ill conditioned: a triangular factor of the rows themselves (TSQR)
``minimum-norm``     columns determine each other, or there are fewer rows than columns
===================  ==========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpocon, dpotrf

from .moments import Moments

__all__ = ["Rows", "Solution", "least_squares"]

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
WELL = 1e4  # condition numbers of the scatter: below, normal equations lose at most 4 of 16 digits
MIDDLING = 1e11  # below, the correction contracts and ends where a backward stable solver would


class Rows(Protocol):
    """The rows themselves, for the roads that need another look at them."""

    def residual_gradient(self, coef: Array, intercept: float, shift: Array, factor: Array) -> tuple[Array, float]:
        """Σωz·r and Σωr with z = (x - shift)·factor and residual r = y - (x·coef + intercept)."""

    def triangle(self, shift: Array, factor: Array, y_shift: float) -> Array:
        """R with RᵀR = ZᵀΩZ of the rows Z = [(x - shift)·factor, y - y_shift]; the rows themselves where few."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A least-squares answer and how far it can be trusted.

    `condition` is that of the centred, equilibrated columns; `digits` the decimal digits vouched for, relative to
    the largest coefficient in equilibrated units; `dependent` the numbers of columns that determine each other.
    """

    coef: Array
    intercept: float
    rank: int
    condition: float
    solver: str
    digits: float
    dependent: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class _Centre:
    """The coordinates everything is solved in: z = (x - shift)·factor, factors powers of two (exact)."""

    shift: Array
    factor: Array
    y_shift: float

    @classmethod
    def of(cls, moments: Moments, intercept: bool, diagonal: Array) -> _Centre:
        scale = np.sqrt(np.maximum(diagonal, 0.0))
        factor = np.exp2(-np.round(np.log2(scale, out=np.zeros_like(scale), where=scale > 0)))
        factor[scale == 0] = 0.0
        mean = moments.mean if intercept else np.zeros_like(moments.mean)
        return cls(mean[:-1], factor, float(mean[-1]))

    def undo(self, u: Array, offset: float = 0.0) -> tuple[Array, float]:
        """coef and intercept in the units of the data."""
        coef = u * self.factor
        products = coef * self.shift
        return coef, self.y_shift + offset - float(np.sum(products[np.argsort(np.abs(products))]))


def least_squares(moments: Moments, reg_lambda: float, intercept: bool, rows: Rows | None) -> Solution:
    """Minimise the mean of r²/2 + reg_lambda/2·‖w‖², b free.

    Parameters
    ----------
    moments : Moments
        Of all rows.
    reg_lambda : float
        Penalty on the averaged loss; scikit-learn's ``Ridge(alpha)`` has alpha = Σweights·reg_lambda.
    intercept : bool
    rows : Rows, optional
        Without them only the moments' own accuracy is reached.

    Notes
    -----
    Equilibration by powers of two: van der Sluis (1969). The corrected solve is Björck's corrected semi-normal
    equations (1987), §3. TSQR: Demmel, Grigori, Hoemmen and Langou (2012), §3.1.

    Examples
    --------
    >>> X, y = np.array([[1.0], [2.0], [4.0]]), np.array([3.0, 5.0, 9.0])
    >>> solution = least_squares(Moments.of(X, y), 0.0, True, None)
    >>> solution.coef, round(solution.intercept, 12), solution.solver
    (array([2.]), 1.0, 'cholesky')
    """
    gram = (moments.covariance if intercept else moments.second).copy()
    A, c = gram[:-1, :-1], gram[:-1, -1]
    A[np.diag_indices_from(A)] += reg_lambda
    alive = _alive(A, moments, intercept, reg_lambda)
    centre = _Centre.of(moments, intercept, np.where(alive, np.diag(A), 0.0))
    K = A * np.outer(centre.factor, centre.factor)
    K[~alive, ~alive] = 1.0
    factor, failed = dpotrf(K, lower=1)
    reciprocal = 0.0 if failed else dpocon(factor, np.abs(K).sum(axis=0).max(initial=0.0), uplo="L")[0]
    condition = 1 / reciprocal if reciprocal > 0 else np.inf
    if condition <= MIDDLING:
        u = cho_solve((factor, True), c * centre.factor)
        coef, b = centre.undo(u)
        if condition > WELL and rows is not None:
            u, coef, b = _corrected(u, coef, b, centre, moments, reg_lambda, factor, rows, intercept)
            road, digits = "refined", _digits(np.sqrt(condition), _misfit(gram, coef, reg_lambda))
        else:
            road, digits = "cholesky", -np.log10(EPS * max(condition, 1.0))
        dead = tuple(int(j) for j in np.flatnonzero(~alive))
        b = b if intercept else 0.0
        return Solution(coef, b, int(alive.sum()), float(np.sqrt(condition)), road, max(digits, 0.0), dead)
    triangle = _triangle_of_moments(gram, centre, moments) if rows is None else rows.triangle(
        centre.shift, centre.factor, centre.y_shift)  # fmt: skip
    return _from_triangle(triangle, centre, moments, reg_lambda, intercept, from_rows=rows is not None)


def _alive(A: Array, moments: Moments, intercept: bool, reg_lambda: float) -> NDArray[np.bool_]:
    """Columns that carry something: not constant beside an intercept, not all zero."""
    from .scaling import constant_columns

    nonzero = np.diag(A) > reg_lambda
    return nonzero & ~constant_columns(moments) if intercept else nonzero


def _corrected(
    u: Array, coef: Array, b: float, centre: _Centre, moments: Moments, reg_lambda: float, factor: Array,
    rows: Rows, intercept: bool,
) -> tuple[Array, Array, float]:  # fmt: skip
    """One residual read and a corrected solve; the offset of the residual corrects the intercept."""
    gradient, residual = rows.residual_gradient(coef, b if intercept else 0.0, centre.shift, centre.factor)
    pull = gradient / moments.weight - reg_lambda * centre.factor * coef
    u = u + cho_solve((factor, True), np.where(centre.factor > 0, pull, 0.0))
    coef, b = centre.undo(u, residual / moments.weight if intercept else 0.0)
    return u, coef, b


def _misfit(gram: Array, coef: Array, reg_lambda: float) -> float:
    """tan θ between y and its fit: how much of the condition enters twice."""
    A, c, s = gram[:-1, :-1], gram[:-1, -1], gram[-1, -1]
    explained = float(coef @ (A @ coef))
    left = max(float(s - 2 * (c @ coef)) + explained - reg_lambda * float(coef @ coef), 0.0)
    return float(np.sqrt(left / explained)) if explained > 0 else 1.0


def _digits(condition: float, misfit: float) -> float:
    return float(-np.log10(EPS * condition * (1.0 + condition * min(misfit, 1.0 / (EPS * condition)))))


def _triangle_of_moments(gram: Array, centre: _Centre, moments: Moments) -> Array:
    """A square root of the scatter, for when the rows are gone; half of the digits are lost by then."""
    scale = np.append(centre.factor, 1.0)
    values, vectors = np.linalg.eigh(gram * np.outer(scale, scale))
    return np.sqrt(np.maximum(values, 0.0) * moments.weight)[:, None] * vectors.T


def _from_triangle(
    triangle: Array, centre: _Centre, moments: Moments, reg_lambda: float, intercept: bool, *, from_rows: bool
) -> Solution:
    """Singular values of the factor decide the rank; among all minima the one of smallest ‖coef‖ is taken."""
    T, t = triangle[:, :-1], triangle[:, -1]
    alive = centre.factor > 0
    if reg_lambda > 0:
        T = np.vstack([T, np.sqrt(moments.weight * reg_lambda) * np.diag(centre.factor)])
        t = np.append(t, np.zeros(len(centre.factor)))
    T = T[:, alive]
    U, values, Vt = np.linalg.svd(T, full_matrices=False)
    grain = EPS * max(moments.rows, T.shape[1]) if from_rows else np.sqrt(EPS * T.shape[1])
    kept = values > grain * values.max(initial=0.0)
    rank = int(kept.sum())
    full = rank == T.shape[1]
    V = Vt[kept].T
    u = V @ ((U[:, kept].T @ t) / values[kept])
    coef = centre.factor[alive] * u
    if not full:
        basis = np.linalg.qr(V / centre.factor[alive, None])[0]
        coef = basis @ (basis.T @ coef)
    shadow = 1.0 - np.square(V).sum(axis=1) > 1e-8
    everything = np.zeros(len(alive))
    everything[alive] = coef / centre.factor[alive]
    coef, b = centre.undo(everything)
    condition = float(values[kept].max(initial=1.0) / values[kept].min(initial=1.0)) if full else np.inf
    fit = T @ u
    misfit = float(np.linalg.norm(t - fit) / max(np.linalg.norm(fit), np.finfo(float).tiny))
    effective = float(values[kept].max(initial=1.0) / values[kept].min(initial=1.0))
    digits = _digits(effective, misfit) if from_rows else -np.log10(EPS * effective**2)
    dependent = () if full else tuple(int(j) for j in np.flatnonzero(alive)[shadow])
    dead = tuple(int(j) for j in np.flatnonzero(~alive))
    road = "qr" if full else "minimum-norm"
    return Solution(coef, b if intercept else 0.0, rank, condition, road, max(float(digits), 0.0), dependent + dead)
