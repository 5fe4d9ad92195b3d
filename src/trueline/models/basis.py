"""Orthonormal coordinates of a least-squares fit: in them every covariance, leverage and interval is a plain sum.

With z = (x - x̄)·factor and a triangle R, RᵀR = ΣωZZᵀ, a row becomes q = [1/√Σω, z·R⁻¹], so that Σωqqᵀ = I.
Offsets and scales of the columns are gone by then, and what is computed in q loses no digits to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from ..errors import DataError, OptionError, Problem, ShapeError
from ..maths.normal_equations import MIDDLING, WELL, NormalEquations
from ..maths.solve import least_squares
from ..rows.passes import SourceRows
from ..rows.source import Source
from .gate import column_name, names_of

__all__ = ["EPS", "Array", "Basis", "basis_of", "inference_basis"]

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Basis:
    """The map between rows x and their orthonormal coordinates q, and between shifts of q-space and coefficients.

    Parameters
    ----------
    problem : NormalEquations
        Of the fit: its moments, their centre and the columns' factors.
    triangle : ndarray (n_features, n_features)
        R, upper triangular, of the centred and equilibrated columns.
    condition : float
        Condition number of R.
    error : float
        Bound on the relative error of a standard error that comes from `triangle`.
    """

    problem: NormalEquations
    triangle: Array
    condition: float
    error: float

    @cached_property
    def inverse(self) -> Array:
        """R⁻¹."""
        return np.asarray(solve_triangular(self.triangle, np.eye(len(self.triangle))))

    @property
    def intercept(self) -> bool:
        """Whether the first coordinate is that of an intercept."""
        return self.problem.intercept

    @cached_property
    def size(self) -> int:
        """p, the number of coefficients, an intercept included."""
        return len(self.triangle) + self.intercept

    def centred(self, X: NDArray[np.floating]) -> Array:
        """z = (x - x̄)·factor, (rows, n_features): in two steps, so that an offset's rounding drops out."""
        return np.asarray((X - self._pivot[:-1] - self._offset[:-1]) * self.problem.factor)

    def coordinates(self, X: NDArray[np.floating]) -> Array:
        """q of each row, (rows, p)."""
        q = self.centred(X) @ self.inverse
        if not self.intercept:
            return np.asarray(q)
        return np.column_stack([np.full(len(q), 1 / np.sqrt(self.problem.moments.weight)), q])

    def residuals(self, X: NDArray[np.floating], y: Array, coef: Array) -> Array:
        """y - ŷ of each row, in the units of y."""
        return np.asarray((y - self._pivot[-1] - self._offset[-1]) - self.centred(X) @ self.equilibrated(coef))

    def equilibrated(self, coef: Array) -> Array:
        """Coefficients of z."""
        return np.asarray(coef / self.problem.factor)

    def slopes(self, coef: Array) -> Array:
        """Coordinates of the fit without its intercept: ‖slopes‖² is the explained sum of squares."""
        return np.asarray(self.triangle @ self.equilibrated(coef))

    @cached_property
    def lift(self) -> Array:
        """J (p, p): a shift g in q-space moves [intercept, coef] by J·g, so cov(θ) = J·cov(g)·Jᵀ and JJᵀ = (XᵀΩX)⁻¹."""
        slopes = self.problem.factor[:, None] * self.inverse
        if not self.intercept:
            return slopes
        lift = np.zeros((self.size, self.size))
        lift[1:, 1:] = slopes
        lift[0, 0] = 1 / np.sqrt(self.problem.moments.weight)
        lift[0, 1:] = -self.problem.centre[:-1] @ slopes
        return lift

    @property
    def _pivot(self) -> Array:
        return self.problem.moments.pivot if self.intercept else np.zeros_like(self.problem.moments.pivot)

    @property
    def _offset(self) -> Array:
        moments = self.problem.moments
        return moments.total / moments.weight if self.intercept else np.zeros_like(moments.pivot)


def basis_of(problem: NormalEquations, source: Source | None) -> Basis:
    """Coordinates from the moments alone; from the rows themselves where these are given and conditioning asks for it.

    Parameters
    ----------
    problem : NormalEquations
        Of full rank, without a penalty.
    source : Source or None
        The rows of the fit.

    Raises
    ------
    OptionError
        The columns are too nearly dependent for moments, and there are no rows.
    """
    factor, square = problem.cholesky()
    unit = 4 * (problem.moments.n_features + 1) * EPS
    if square <= (WELL if source is not None else MIDDLING):
        triangle = np.sqrt(problem.moments.weight) * np.triu(factor.T)
        return Basis(problem, triangle, float(np.sqrt(square)), unit * square * (1 + _drift(problem)))
    if source is None:
        raise OptionError(
            f"the columns are too nearly dependent (condition {np.sqrt(square):.1e}) for standard errors from moments",
            advice="Pass the rows of the fit: summary(cov, X, y)",
        )
    centre = problem.centre
    rows = SourceRows(source).triangle(centre[:-1], problem.factor, float(centre[-1]), problem.intercept)
    triangle = np.asarray(np.linalg.qr(rows[:, :-1], mode="r"))
    condition = float(np.linalg.cond(triangle))
    return Basis(problem, triangle, condition, unit * condition)


def inference_basis(model: Any, source: Source | None) -> Basis:
    """The basis of a fitted LeastSquares, refused where its coefficients have no standard errors.

    Parameters
    ----------
    model : LeastSquares
    source : Source or None
        The rows of the fit, where they are at hand.

    Raises
    ------
    OptionError
        The fit is penalised.
    ShapeError
        Not more rows than coefficients.
    DataError
        Columns determine each other; they are named.
    """
    if model.reg_lambda > 0:
        raise OptionError(
            f"a penalised fit (reg_lambda={model.reg_lambda:g}) has no valid standard errors: its coefficients are "
            "pulled towards zero, by more than they vary",
            advice="Fit LeastSquares(reg_lambda=0), or resample",
        )
    problem = NormalEquations(model.moments_, 0.0, bool(model.fit_intercept))
    moments, size = problem.moments, problem.moments.n_features + bool(model.fit_intercept)
    if moments.rows - moments.idle <= size:
        raise ShapeError(f"{moments.rows - moments.idle} rows leave no degrees of freedom for {size} coefficients",
                         advice="Standard errors need more rows than coefficients")  # fmt: skip
    if model.rank_ < moments.n_features:
        solution = least_squares(moments, 0.0, problem.intercept, None)
        names = [column_name(names_of(model), j) for j in solution.dependent]
        raise DataError(
            f"rank {model.rank_} of {moments.n_features}: these columns have no standard errors",
            problems=[Problem("never changes" if j in problem.dead else "determined by others", name)
                      for j, name in zip(solution.dependent, names, strict=True)],
            advice="Drop columns until each says something of its own",
        )  # fmt: skip
    return basis_of(problem, source)


def _drift(problem: NormalEquations) -> float:
    """How much larger the squares were that cancelled in the centred moments: the pivot's distance in variances."""
    if not problem.intercept:
        return 0.0
    offset, variance = problem.moments.total / problem.moments.weight, np.diag(problem.gram)
    return float(np.max(np.square(offset[:-1]) / variance[:-1]))
