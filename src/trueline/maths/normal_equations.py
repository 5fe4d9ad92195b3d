"""Normal equations on centred columns that powers of two bring near size 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpocon, dpotrf

from .moments import Moments
from .scaling import constant_columns

__all__ = ["MIDDLING", "WELL", "NormalEquations"]

Array = NDArray[np.float64]

WELL = 1e4  # condition numbers of the scatter: below, normal equations lose at most 4 of 16 digits
MIDDLING = 1e11  # below, the correction contracts and ends where a backward stable solver would


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

    @cached_property
    def left_of_centre(self) -> Array:
        """Mean of z: 0 but for the rounding of the centre, which an offset of 1e8 makes felt."""
        offset = self.moments.total / self.moments.weight
        return ((self.moments.pivot - self.centre) + offset)[:-1] * self.factor if self.intercept else 0.0 * offset[:-1]

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
