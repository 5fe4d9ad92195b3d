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

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpocon, dpotrf

from .moments import Moments
from .scaling import constant_columns

__all__ = ["MIDDLING", "WELL", "NormalEquations", "Rows", "Solution", "least_squares"]

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
WELL = 1e4  # condition numbers of the scatter: below, normal equations lose at most 4 of 16 digits
MIDDLING = 1e11  # below, the correction contracts and ends where a backward stable solver would


class Rows(Protocol):
    """The rows themselves, for the roads that need another look at them."""

    def residual_gradient(self, coef: Array, intercept: float, shift: Array, factor: Array) -> tuple[Array, float]:
        """Means of ωz·r and ωr with z = (x - shift)·factor and residual r = y - (x·coef + intercept)."""

    def triangle(self, shift: Array, factor: Array, y_shift: float) -> Array:
        """R with RᵀR = ZᵀΩZ of the rows Z = [(x - shift)·factor, y - y_shift]; the rows themselves where few."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A least-squares answer and how far it can be trusted.

    Parameters
    ----------
    coef, intercept : ndarray (n_features,), float
        In the units of the data.
    rank : int
        Columns that say something of their own.
    condition : float
        Of the centred, equilibrated columns; inf where the rank is short.
    solver : str
        The road taken.
    digits : float
        Decimal digits vouched for, relative to the largest coefficient in equilibrated units.
    dependent : tuple of int
        Columns that determine each other, or never change.
    """

    coef: Array
    intercept: float
    rank: int
    condition: float
    solver: str
    digits: float
    dependent: tuple[int, ...] = ()


def least_squares(moments: Moments, reg_lambda: float, intercept: bool, rows: Rows | None) -> Solution:
    """Minimise the mean of r²/2 + reg_lambda/2·‖w‖², b free.

    Parameters
    ----------
    moments : Moments
        Of all rows.
    reg_lambda : float
        Penalty on the averaged loss; scikit-learn's ``Ridge(alpha)`` has alpha = Σweights·reg_lambda.
    intercept : bool
    rows : Rows or None
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
    problem = NormalEquations(moments, reg_lambda, intercept)
    factor, condition = problem.cholesky()
    if condition <= MIDDLING:
        return _by_normal_equations(problem, factor, condition, rows)
    return _by_triangle(problem, rows)


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Normal equations in the coordinates z = (x - shift)·factor, whose factors are powers of two (exact)."""

    moments: Moments
    reg_lambda: float
    intercept: bool

    @cached_property
    def gram(self) -> Array:
        """Centred second moments of [x, y]; about zero without intercept."""
        return self.moments.covariance if self.intercept else self.moments.second

    @cached_property
    def alive(self) -> NDArray[np.bool_]:
        """Columns that carry something: not all zero, and not constant beside an intercept."""
        nonzero = np.diag(self.gram)[:-1] > 0
        return nonzero & ~constant_columns(self.moments) if self.intercept else nonzero

    @cached_property
    def dead(self) -> tuple[int, ...]:
        return tuple(int(j) for j in np.flatnonzero(~self.alive))

    @cached_property
    def factor(self) -> Array:
        """Powers of two that bring each column near size 1; 0 for columns that carry nothing."""
        scale = np.sqrt(np.where(self.alive, np.diag(self.gram)[:-1] + self.reg_lambda, 1.0))
        return np.where(self.alive, np.exp2(-np.round(np.log2(scale))), 0.0)

    @cached_property
    def centre(self) -> Array:
        """Mean of [x, y]; zero without intercept."""
        return self.moments.mean if self.intercept else np.zeros_like(self.moments.pivot)

    def cholesky(self) -> tuple[Array, float]:
        """The triangular factor of the equilibrated normal matrix, and that matrix's condition number."""
        A = self.gram[:-1, :-1] + self.reg_lambda * np.eye(self.moments.n_features)
        K = A * np.outer(self.factor, self.factor)
        K[~self.alive, ~self.alive] = 1.0
        factor, failed = dpotrf(K, lower=1)
        norm = np.abs(K).sum(axis=0).max(initial=0.0)
        reciprocal = 0.0 if failed else float(dpocon(factor, norm, uplo="L")[0])
        return factor, 1 / reciprocal if reciprocal > 0 else float("inf")

    def undo(self, u: Array, residual: float = 0.0) -> tuple[Array, float]:
        """coef and intercept in the units of the data; the mean residual left is the intercept's correction."""
        coef = u * self.factor
        if not self.intercept:
            return coef, 0.0
        return coef, math.fsum([self.centre[-1], residual, *(-coef * self.centre[:-1])])  # one rounding, not d

    def misfit(self, coef: Array) -> float:
        """tan θ between y and its fit: how much of the condition enters twice."""
        A, c, s = self.gram[:-1, :-1], self.gram[:-1, -1], self.gram[-1, -1]
        explained = float(coef @ (A @ coef))
        left = max(float(s - 2 * (c @ coef)) + explained, 0.0)
        return float(np.sqrt(left / explained)) if explained > 0 else 1.0


def _by_normal_equations(problem: NormalEquations, factor: Array, condition: float, rows: Rows | None) -> Solution:
    """Cholesky; where that lost digits, one residual read and a corrected solve win them back."""
    u = cho_solve((factor, True), problem.gram[:-1, -1] * problem.factor)
    coef, b = problem.undo(u)
    road, digits = "cholesky", _digits(condition, 0.0, len(u))
    if condition > WELL and rows is not None:
        pull, residual = rows.residual_gradient(coef, b, problem.centre[:-1], problem.factor)
        pull = np.where(problem.alive, pull - problem.reg_lambda * problem.factor * coef, 0.0)
        coef, b = problem.undo(u + cho_solve((factor, True), pull), residual)
        road, digits = "refined", _digits(np.sqrt(condition), problem.misfit(coef), len(u))
    rank = int(problem.alive.sum())
    return Solution(coef, b, rank, float(np.sqrt(condition)), road, max(0.0, float(digits)), problem.dead)


def _by_triangle(problem: NormalEquations, rows: Rows | None) -> Solution:
    """Singular values of a factor of the rows decide the rank; of all minima the one of smallest ‖coef‖ is taken."""
    moments, alive = problem.moments, problem.alive
    if rows is None:
        triangle = _root(problem)
    else:
        triangle = rows.triangle(problem.centre[:-1], problem.factor, float(problem.centre[-1]))
    T, t = triangle[:, :-1], triangle[:, -1]
    if problem.reg_lambda > 0:
        T = np.vstack([T, np.sqrt(moments.weight * problem.reg_lambda) * np.diag(problem.factor)])
        t = np.append(t, np.zeros(len(alive)))
    T = T[:, alive]
    U, values, Vt = np.linalg.svd(T, full_matrices=False)
    grain = np.sqrt(EPS * T.shape[1]) if rows is None else EPS * max(moments.rows, T.shape[1])
    kept = values > grain * values.max(initial=0.0)
    V, rank = Vt[kept].T, int(kept.sum())
    u = np.zeros(len(alive))
    u[alive] = V @ ((U[:, kept].T @ t) / values[kept])
    left = float(np.linalg.norm(t - T @ u[alive])) / max(float(np.linalg.norm(T @ u[alive])), 1e-300)
    condition = float(values[0] / values[kept][-1]) if rank else 1.0
    digits = _digits(condition**2, 0.0, rank) if rows is None else _digits(condition, left, rank)
    full = rank == T.shape[1]
    if not full:
        u[alive] = _smallest(u[alive], V, problem.factor[alive])
    tangled = () if full else tuple(int(j) for j in np.flatnonzero(alive)[1.0 - np.square(V).sum(axis=1) > 1e-8])
    coef, b = problem.undo(u)
    return Solution(
        coef,
        b,
        rank,
        condition if full else float("inf"),
        "qr" if full else "minimum-norm",
        max(0.0, float(digits)),
        tangled + problem.dead,
    )


def _smallest(u: Array, V: Array, factor: Array) -> Array:
    """The solution with the smallest coefficients in the units of the data: its part in the space of the rows."""
    basis = np.linalg.qr(V / factor[:, None])[0]
    coef = u * factor
    return np.asarray(basis @ (basis.T @ coef) / factor)


def _root(problem: NormalEquations) -> Array:
    """A square root of the scatter, for when the rows are gone; half of the digits are lost by then."""
    scale = np.append(problem.factor, 1.0)
    values, vectors = np.linalg.eigh(problem.gram * np.outer(scale, scale))
    return np.asarray(np.sqrt(np.maximum(values, 0.0) * problem.moments.weight)[:, None] * vectors.T)


def _digits(condition: float, misfit: float, size: int) -> float:
    """Digits left by an error of 4(d+1)·eps·κ·(1 + κ·tan θ), the first-order bound of Björck (1996), theorem 1.4.6."""
    error = 4 * (size + 1) * EPS * condition * (1.0 + condition * misfit)
    return float(-np.log10(min(error, 1.0)))
