"""Coefficients of least squares from moments: the cheapest road that the conditioning of the data allows.

===================  ==========================================================================
solver               taken when
===================  ==========================================================================
``cholesky``         well conditioned: normal equations on centred, equilibrated moments
``refined``          middling: then one more read of the rows for a residual and a corrected solve
``qr``               ill conditioned: a triangular factor of the rows themselves (TSQR)
``minimum-norm``     columns determine each other, or there are fewer rows than columns
``doubled``          of full rank, and those vouch for less than 6 digits: normal equations in doubled precision
===================  ==========================================================================
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve

from . import doubled
from .moments import Moments
from .normal_equations import MIDDLING, WELL, NormalEquations

__all__ = ["Rows", "Solution", "least_squares"]

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
ENOUGH = 6.0  # digits that need no further road
FEW = 64  # columns up to which doubled precision is worth its time


class Rows(Protocol):
    """The rows themselves, for the roads that need another look at them."""

    def residual_gradient(self, coef: Array, intercept: float, shift: Array, factor: Array) -> tuple[Array, float]:
        """Means of ωz·r and ωr with z = (x - shift)·factor and residual r = y - (x·coef + intercept)."""

    def triangle(self, shift: Array, factor: Array, y_shift: float, intercept: bool) -> Array:
        """R with RᵀR = ZᵀΩZ of the rows Z = [(x - shift)·factor, y - y_shift], centred beside an intercept."""

    def doubled_gram(self, shift: Array, factor: Array, y_shift: float) -> doubled.Pair:
        """ZᵀΩZ in doubled precision, of the rows Z = [1, (x - shift)·factor, y - y_shift]."""


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
    middling = condition <= MIDDLING
    plain = _by_normal_equations(problem, factor, condition, rows) if middling else _by_triangle(problem, rows)
    short = plain.rank < problem.alive.sum()
    if rows is None or short or plain.rank > FEW or plain.digits >= ENOUGH:
        return plain
    return _doubled(problem, plain, rows)


def _by_normal_equations(problem: NormalEquations, factor: Array, condition: float, rows: Rows | None) -> Solution:
    """Cholesky; where that lost digits, one residual read and a corrected solve win them back."""
    u = cho_solve((factor, True), problem.gram[:-1, -1] * problem.factor)
    coef, b = problem.undo(u)
    misfit = problem.misfit(coef)
    road, growth = "cholesky", condition * (1 + misfit)
    if condition > WELL and rows is not None:
        pull, residual = rows.residual_gradient(coef, b, problem.centre[:-1], problem.factor)
        pull -= problem.left_of_centre * residual
        pull = np.where(problem.alive, pull - problem.reg_lambda * problem.factor * coef, 0.0)
        coef, b = problem.undo(u + cho_solve((factor, True), pull), residual)
        road, growth = "refined", _backward_stable(np.sqrt(condition), misfit)
    rank = int(problem.alive.sum())
    return Solution(coef, b, rank, float(np.sqrt(condition)), road, _digits(growth, len(u)), problem.dead)


def _by_triangle(problem: NormalEquations, rows: Rows | None) -> Solution:
    """Singular values of a factor of the rows decide the rank; of all minima the one of smallest ‖coef‖ is taken."""
    alive = problem.alive
    T, t = _augmented(problem, rows)
    T = T[:, alive]
    U, values, Vt = np.linalg.svd(T, full_matrices=False)
    grain = np.sqrt(EPS * T.shape[1]) if rows is None else EPS * max(problem.moments.rows, T.shape[1])
    kept = values > grain * values.max(initial=0.0)
    V, rank = Vt[kept].T, int(kept.sum())
    u = np.zeros(len(alive))
    u[alive] = V @ ((U[:, kept].T @ t) / values[kept])
    condition = float(values[0] / values[kept][-1]) if rank else 1.0
    fitted = float(np.linalg.norm(T @ u[alive]))
    misfit = float(np.linalg.norm(t - T @ u[alive])) / max(fitted, 1e-300)
    growth = condition**2 * (1 + misfit) if rows is None else _backward_stable(condition, misfit)
    digits = _digits(growth, rank)
    if rank == T.shape[1]:
        coef, b = problem.undo(u)
        return Solution(coef, b, rank, condition, "qr", digits, problem.dead)
    u[alive] = _smallest(u[alive], V, problem.factor[alive])
    tangled = tuple(int(j) for j in np.flatnonzero(alive)[1.0 - np.square(V).sum(axis=1) > 1e-8])
    coef, b = problem.undo(u)
    return Solution(coef, b, rank, float("inf"), "minimum-norm", digits, tangled + problem.dead)


def _augmented(problem: NormalEquations, rows: Rows | None) -> tuple[Array, Array]:
    """T and t whose least squares Tu = t is that of the penalised rows."""
    if rows is None:
        triangle = _root(problem)
    else:
        triangle = rows.triangle(problem.centre[:-1], problem.factor, float(problem.centre[-1]), problem.intercept)
    T, t = triangle[:, :-1], triangle[:, -1]
    if problem.reg_lambda > 0:
        T = np.vstack([T, np.sqrt(problem.moments.weight * problem.reg_lambda) * np.diag(problem.factor)])
        t = np.append(t, np.zeros(T.shape[1]))
    return T, t


def _doubled(problem: NormalEquations, plain: Solution, rows: Rows) -> Solution:
    """The same fit with twice the digits; `plain` where even these do not suffice."""
    shift, factor = problem.centre, problem.factor
    alive = np.flatnonzero(problem.alive)
    hi, lo = rows.doubled_gram(shift[:-1], factor, float(shift[-1]))
    penalty = doubled.multiply(doubled.pair(np.square(factor[alive]) * problem.reg_lambda), (hi[0, 0], lo[0, 0]))
    square = 1 + alive, 1 + alive
    hi[square], lo[square] = doubled.add((hi[square], lo[square]), penalty)
    kept = np.concatenate([[0] if problem.intercept else [], 1 + alive, [len(hi) - 1]]).astype(np.intp)
    u = doubled.solve((hi[np.ix_(kept, kept)], lo[np.ix_(kept, kept)]))
    if u is None:
        return plain
    coef, b = np.zeros(len(factor)), 0.0
    slopes = u[0][-len(alive) :], u[1][-len(alive) :]
    coef[alive] = slopes[0] * factor[alive]
    if problem.intercept:
        steps = doubled.multiply(slopes, doubled.two_product(factor[alive], shift[alive]))
        b = math.fsum([shift[-1], u[0][0], u[1][0], *-steps[0], *-steps[1]])
    growth = 1 + plain.condition**2 * (1 + problem.misfit(coef)) * doubled.UNIT / EPS
    digits = _digits(growth, len(alive))
    return replace(plain, coef=coef, intercept=b, solver="doubled", digits=digits) if digits > plain.digits else plain


def _smallest(u: Array, V: Array, factor: Array) -> Array:
    """The solution with the smallest coefficients in the units of the data: its part in the space of the rows.

    Where units are wild, rounding moves it out of the solutions, as far as the columns V can see; that is taken back.
    """
    basis = np.linalg.qr(V / factor[:, None])[0]
    smallest = basis @ (basis.T @ (u * factor)) / factor
    return np.asarray(smallest + V @ (V.T @ (u - smallest)))


def _root(problem: NormalEquations) -> Array:
    """A square root of the scatter, for when the rows are gone; half of the digits are lost by then."""
    spread = float(problem.gram[-1, -1])
    scale = np.append(problem.factor, 1 / np.sqrt(spread) if spread > 0 else 1.0)
    values, vectors = np.linalg.eigh(problem.gram * np.outer(scale, scale))
    root = np.sqrt(np.maximum(values, 0.0) * problem.moments.weight)[:, None] * vectors.T
    root[:, -1] /= scale[-1]
    return np.asarray(root)


def _backward_stable(condition: float, misfit: float) -> float:
    """κ·(1 + κ·tan θ), the growth of an error in the rows: Björck (1996), theorem 1.4.6."""
    return condition * (1.0 + condition * misfit)


def _digits(growth: float, size: int) -> float:
    """Digits left by an error of 4(d+1)·eps·growth."""
    return max(0.0, -math.log10(min(4 * (size + 1) * EPS * growth, 1.0)))
