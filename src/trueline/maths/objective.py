"""What descent asks of the data: the loss and its gradient at a point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .moments import Moments

__all__ = ["MomentsObjective", "Objective", "QuadraticGap", "largest_curvature", "smallest_curvature"]

Array = NDArray[np.float64]


class Objective(Protocol):
    """A loss over all rows, penalty included, as a function of the line."""

    def value_and_gradient(self, w: Array, b: float) -> tuple[float, Array, float]:
        """Loss, dw (n_features,), db."""


@dataclass(frozen=True, eq=False)
class MomentsObjective:
    """The squared loss over any number of rows in O(d²), from their moments alone.

    With centred moments the loss splits in two: ½(wᵀCw - 2cᵀw + s) + ½(m·w + b - ȳ)², so offsets cost no digits.

    Parameters
    ----------
    moments : Moments
        Of the rows as the fit sees them.
    slope : float
        1 for "half_mse", 2 for "mse"; multiplies loss and penalty alike.
    reg_lambda : float
        Penalty reg_lambda/2·‖w‖², times `slope`.
    intercept : bool
        Whether b moves.
    """

    moments: Moments
    slope: float = 1.0
    reg_lambda: float = 0.0
    intercept: bool = True

    @cached_property
    def _parts(self) -> tuple[Array, Array, float]:
        """[C, m] below each other, so that one product gives both Cw and m·w; [c, ȳ]; s."""
        covariance, mean = self.moments.covariance, self.moments.mean
        table, side = np.vstack([covariance[:-1], mean]), np.append(covariance[:-1, -1], mean[-1])
        return np.ascontiguousarray(table[:, :-1]), side, float(covariance[-1, -1])

    def value_and_gradient(self, w: Array, b: float) -> tuple[float, Array, float]:
        table, side, s = self._parts
        left = table @ w - side
        e, pull = float(left[-1]) + b, left[:-1]
        spread = max(float(w @ (pull - side[:-1])) + s, 0.0)
        value, dw = 0.5 * spread + 0.5 * e * e, pull + e * table[-1]
        if self.reg_lambda:
            value += 0.5 * self.reg_lambda * float(w @ w)
            dw += self.reg_lambda * w
        return self.slope * value, self.slope * dw, self.slope * e if self.intercept else 0.0


@dataclass(frozen=True, eq=False)
class QuadraticGap:
    """How far the squared loss lies above its minimum, exactly: ½gᵀH⁺g, from the gradient g alone.

    Solved in centred and equilibrated coordinates, where b separates from w; H⁺ leaves out only directions that
    float64 cannot tell from none.
    """

    moments: Moments
    slope: float = 1.0
    reg_lambda: float = 0.0
    intercept: bool = True

    @cached_property
    def roots(self) -> tuple[Array, Array]:
        """Rows v_i with gap = ½Σ(v_i·g)² + ½db² over the centred gradient g = dw - mean·db, and that mean."""
        C = (self.moments.covariance if self.intercept else self.moments.second)[:-1, :-1]
        C = C + self.reg_lambda * np.eye(len(C))
        scale = np.sqrt(np.maximum(np.diag(C), 0.0))
        scale = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
        values, vectors = np.linalg.eigh(C * np.outer(scale, scale))
        kept = values > len(C) * np.finfo(np.float64).eps * max(values[-1], 0.0) if len(C) else values > 0
        return (vectors[:, kept] / np.sqrt(values[kept])).T * scale, self.moments.mean[:-1]

    def __call__(self, dw: Array, db: float) -> float:
        """The gap, in the units of the loss."""
        roots, mean = self.roots
        along = roots @ (dw - mean * db if self.intercept else dw)
        return 0.5 * (float(along @ along) + db * db) / self.slope


def largest_curvature(moments: Moments, slope: float, reg_lambda: float, intercept: bool) -> float:
    """L, the largest eigenvalue of the Hessian of a loss whose curvature is at most `slope`, penalty included."""
    second = moments.second[:-1, :-1] + reg_lambda * np.eye(moments.n_features)
    if intercept:
        mean = moments.mean[:-1, None]
        second = np.block([[second, mean], [mean.T, np.ones((1, 1))]])
    return slope * float(np.linalg.eigvalsh(second)[-1]) if second.size else slope


def smallest_curvature(moments: Moments, slope: float, reg_lambda: float, intercept: bool) -> float:
    """μ, the smallest eigenvalue of the same Hessian that is not zero, to full precision also beside a huge L.

    From a root R of its inverse, μ = 1/σ_max(R)²; an eigenvalue solver would lose μ below eps·L.
    """
    roots, mean = QuadraticGap(moments, slope, reg_lambda, intercept).roots
    if intercept:
        roots = np.block([[roots, -(roots @ mean)[:, None]], [np.zeros((1, len(mean))), np.ones((1, 1))]])
    return slope / float(np.linalg.norm(roots, 2)) ** 2 if roots.size else slope
