"""Semismooth Newton for losses whose derivative is a ramp: Huber, and the quantile loss once its corner is rounded.

The minimum of Σω·ρ(z̃·θ - y) + θᵀPθ/2 is where Σω·ψ(r)z̃ + Pθ = 0, ψ a line cut off at two heights. Only rows on the
line bend the loss, so a Newton step is a least-squares step on those. Undamped it can run away; an exact search along
the step cannot, since the loss is convex. Qi and Sun (1993), §2; Madsen and Nielsen (1990), §3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .losses import Ramp

__all__ = ["RampDescent", "Walk", "solve_positive"]

Array = NDArray[np.float64]

NO_WEIGHTS: Array = np.empty(0)
FRESH = 0.25  # share of changed rows from which the Gram is summed anew
FADED = 1e-3  # a diagonal cell this far below what was once there has lost too many digits to down-dating
EXACT = 1e-9  # the slope left along a step, as a share of the first


class Walk(Protocol):
    """Rows in coordinates of full rank, as `rows.design.Design` walks over them."""

    @property
    def weights(self) -> Array | None: ...
    def along(self, step: Array) -> Array: ...
    def pull(self, push: Array) -> Array: ...
    def gram(self, rows: NDArray[np.intp] | None = None, weights: Array | None = None) -> Array: ...


@dataclass(eq=False)
class RampDescent:
    """A point, its residuals, and the Newton steps from it.

    Parameters
    ----------
    walk : Walk
    theta : ndarray (size,)
        Where it starts, in the coordinates of `walk`.
    r : ndarray (n_samples,)
        Residuals there, prediction - y; kept up to date.
    total : ndarray (size, size)
        Gram of all rows.
    penalty : ndarray (size, size)
        P.
    linear : ndarray (size,) or 0
        A constant pull, of rows that are not in `walk`.
    """

    walk: Walk
    theta: Array
    r: Array
    total: Array
    penalty: Array
    linear: Array | float = 0.0
    gram_: Array | None = field(default=None, init=False)
    peak_: Array = field(default_factory=lambda: np.empty(0), init=False)
    inside_: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool), init=False)

    def step(self, ramp: Ramp) -> float:
        """One Newton step with an exact search along it.

        Returns
        -------
        float
            By how much the sum of losses lay above its minimum before the step, proven by a feasible point of the
            dual (½gᵀH⁻¹g where no row on the line leaves it under a full step); inf where that proves nothing.
        """
        low, high = float(np.asarray(ramp.low)), float(np.asarray(ramp.high))
        line = self.r if ramp.slope == 1.0 else ramp.slope * self.r
        push = np.clip(line, low, high)
        inside = push == line
        omega = self.walk.weights
        gradient = self.walk.pull(push if omega is None else omega * push) + self.penalty @ self.theta + self.linear
        step, sure = self._newton(inside, ramp.slope, gradient)
        d = self.walk.along(step)
        end = ramp.slope * (self.r[inside] + d[inside])
        proven = sure and bool((end >= low).all() and (end <= high).all())
        gap = -0.5 * float(gradient @ step)
        t = self._length(ramp, step, d, low, high)
        self.theta = self.theta + t * step
        self.r += t * d
        return max(gap, 0.0) if proven else float("inf")

    def value(self, ramp: Ramp) -> float:
        """The sum of the rows' losses, penalty included, where the point stands now."""
        omega = self.walk.weights
        losses = ramp.value(self.r)
        rows = float(losses.sum() if omega is None else omega @ losses)
        return rows + 0.5 * float(self.theta @ self.penalty @ self.theta) + float(np.sum(self.linear * self.theta))

    def _newton(self, inside: NDArray[np.bool_], slope: float, gradient: Array) -> tuple[Array, bool]:
        """-H⁻¹g, and whether H was well enough determined for the gap to be the true one."""
        self._follow(inside)
        assert self.gram_ is not None
        H = slope * self.gram_ + self.penalty
        step, sure = solve_positive(H, -gradient), True
        if step is None:  # too few rows bend the loss: all others lend a little
            step, sure = solve_positive(H + 1e-8 * slope * self.total, -gradient), False
        return (step if step is not None else -gradient / np.maximum(np.diag(self.total) * slope, 1e-300)), sure

    def _follow(self, inside: NDArray[np.bool_]) -> None:
        """The Gram of the rows on the line, from the last one and the rows that changed sides."""
        n = len(inside)
        if self.gram_ is None:
            self._start(inside)
            return
        changed = np.flatnonzero(inside != self.inside_)
        if len(changed) > FRESH * n:
            self._sum(inside)
        elif len(changed):
            self._change(changed, inside)
            if (np.diag(self.gram_) < FADED * self.peak_).any():
                self._sum(inside)
        self.inside_ = inside

    def _start(self, inside: NDArray[np.bool_]) -> None:
        self.gram_, self.peak_, self.inside_ = self.total.copy(), np.diag(self.total).copy(), inside
        out = np.flatnonzero(~inside)
        if len(out) > FRESH * 2 * len(inside):
            self._sum(inside)
        elif len(out):
            self.gram_ -= self.walk.gram(out)
            if (np.diag(self.gram_) < FADED * self.peak_).any():
                self._sum(inside)

    def _change(self, changed: NDArray[np.intp], inside: NDArray[np.bool_]) -> None:
        assert self.gram_ is not None
        came, went = changed[inside[changed]], changed[~inside[changed]]
        if len(came):
            self.gram_ = self.gram_ + self.walk.gram(came)
        if len(went):
            self.gram_ = self.gram_ - self.walk.gram(went)
        self.peak_ = np.maximum(self.peak_, np.diag(self.gram_))

    def _sum(self, inside: NDArray[np.bool_]) -> None:
        self.gram_ = self.walk.gram(np.flatnonzero(inside))
        self.peak_ = np.diag(self.gram_).copy()

    def _length(self, ramp: Ramp, step: Array, d: Array, low: float, high: float) -> float:
        """t where the slope of the loss along r + t·d is 0: Newton in one dimension, kept between brackets.

        The slope is piecewise linear and never falls, so this ends at its zero after a few kinks.
        """
        from .robust_kernels import slope_along

        omega = NO_WEIGHTS if self.walk.weights is None else self.walk.weights
        base = float(step @ (self.penalty @ self.theta)) + float(np.sum(self.linear * step))
        bend = float(step @ self.penalty @ step)

        def slope_at(t: float) -> tuple[float, float]:
            first, second = slope_along(self.r, d, omega, t, ramp.slope, low, high)
            return first + base + t * bend, second + bend

        start = abs(slope_at(0.0)[0])
        t, below, above = 1.0, 0.0, float("inf")
        for _ in range(60):
            slope, curve = slope_at(t)
            if abs(slope) <= EXACT * start:
                break
            below, above = (t, above) if slope < 0 else (below, t)
            guess = t - slope / curve if curve > 0 else float("nan")
            t = guess if below < guess < above else (2 * t if above == float("inf") else (below + above) / 2)
        return t


def solve_positive(H: Array, right: Array) -> Array | None:
    """H⁻¹·right (a vector, or columns) for a positive definite H, equilibrated; None where it is not to ten digits."""
    diagonal = np.diag(H)
    if not (diagonal > 0).all():
        return None
    scale = 1 / np.sqrt(diagonal)
    try:
        factor = cho_factor(H * np.outer(scale, scale), lower=True, check_finite=False)
    except LinAlgError:
        return None
    if not (np.diag(factor[0]) > 1e-5).all():
        return None
    column = scale if right.ndim == 1 else scale[:, None]
    return np.asarray(column * cho_solve(factor, column * right, check_finite=False))
