"""Huber's line and its scale together: Newton steps for the line, a secant for the scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..maths.losses import Ramp
from ..maths.newton import RampDescent, solve_positive
from ..maths.robust_scale import scale_estimator
from .robust_status import FitStatus, RobustStart

__all__ = ["HuberFit", "fit_huber"]

Array = NDArray[np.float64]

STEADY = 1e-10  # relative change of the scale that counts as none
ROUGH = 0.05  # changes above this are followed at once, without waiting for the line of the old scale
SHARP = 1e-12  # of the scale: residuals known no better are computed anew before they count
VANISHED = 8.0  # times what rounding makes of residuals: a scale no larger is none


@dataclass(frozen=True, eq=False)
class HuberFit:
    """theta in the design's coordinates, scale in the units of y, mean loss and its proven gap, how it ended."""

    theta: Array
    scale: float
    loss: float
    gap: float
    steps: int
    status: FitStatus


def fit_huber(
    start: RobustStart, delta: float, kind: str | None, penalty: float, tol: float, max_iter: int
) -> HuberFit:
    """Minimise Σω·huber(r) at the scale of its own residuals.

    Parameters
    ----------
    start : RobustStart
    delta : float
        In scales, or in the units of y without a `kind`.
    kind : "mad", "proposal2" or None
        What makes a scale of residuals.
    penalty : float
        reg_lambda.
    tol : float
        Largest gap, as a share of the loss.
    max_iter : int
        Newton steps at most.
    """
    design = start.design
    estimate = None if kind is None else scale_estimator(kind, design.weights, start.freedom)
    r = design.along(start.theta) - design.y
    descent = RampDescent(design, start.theta, r, design.gram(), design.penalty(penalty))
    scale = 1.0 if estimate is None else estimate(r)
    if estimate is not None and scale <= start.noise(start.theta):
        return _exact(descent, start, 0.0, 0)
    return _steps(descent, start, delta, estimate, scale, tol, max_iter)


def _steps(
    descent: RampDescent, start: RobustStart, delta: float, estimate: Callable[[Array], float] | None, scale: float,
    tol: float, max_iter: int,
) -> HuberFit:  # fmt: skip
    design, search, gap = start.design, _ScaleSearch(), float("inf")
    stale = start.noise(start.theta)  # what residuals that began there may have lost
    for steps in range(1, max_iter + 1):
        ramp = Ramp(1.0, -delta * scale, delta * scale)
        gap = descent.step(ramp)
        noise = start.noise(descent.theta)
        near = gap <= tol * descent.value(ramp) or gap <= design.weight * noise**2
        if near and stale > max(4 * noise, SHARP * scale):
            descent.r, stale, near = design.along(descent.theta) - design.y, noise, False
        now = scale if estimate is None else estimate(descent.r)
        if near and abs(now - scale) <= STEADY * scale:
            return _finished(descent, ramp, now, gap, steps, FitStatus.CONVERGED)
        if estimate is not None and near and now <= scale <= VANISHED * noise:
            return _exact(descent, start, delta * scale, steps)
        scale = scale if estimate is None else max(search.next(scale, now, near), VANISHED * noise)
    return _finished(descent, ramp, scale, gap, max_iter, FitStatus.STEPS_USED_UP)


def _finished(descent: RampDescent, ramp: Ramp, scale: float, gap: float, steps: int, status: FitStatus) -> HuberFit:
    weight = float(len(descent.r) if descent.walk.weights is None else descent.walk.weights.sum())
    return HuberFit(descent.theta, scale, descent.value(ramp) / weight, gap / weight, steps, status)


def _exact(descent: RampDescent, start: RobustStart, height: float, steps: int) -> HuberFit:
    """The line through the rows that lie on one: least squares among the rows within `height`, until it holds."""
    design, status = start.design, FitStatus.SETTLED if height else FitStatus.EXACT_FIT
    for _ in range(30 if height else 0):
        steps += 1
        descent.step(Ramp(1.0, -height, height))
        rows = np.flatnonzero(np.abs(descent.r) <= height)
        push = np.zeros(len(descent.r))
        push[rows] = descent.r[rows] if design.weights is None else (design.weights * descent.r)[rows]
        move = solve_positive(design.gram(rows), -design.pull(push))
        if move is None:
            continue
        theta = descent.theta + move
        r = design.along(theta) - design.y
        on_line = np.abs(r) <= start.noise(theta)
        counted = float(on_line.sum() if design.weights is None else design.weights[on_line].sum())
        if counted >= design.weight / 2:
            descent.theta, descent.r, status = theta, r, FitStatus.EXACT_FIT
            break
    noise = max(start.noise(descent.theta), float(np.finfo(np.float64).tiny))
    tiny = Ramp(1.0, -noise, noise)
    return _finished(descent, tiny, 0.0, float("inf"), steps, status)


@dataclass(eq=False)
class _ScaleSearch:
    """The scale that reproduces itself: estimate(residuals at s) = s.

    Lines depend on s piecewise linearly, and the estimates nearly so; a secant through the last two reaches the zero of
    their difference in a few steps. It is kept between a scale that was too small and one that was too large; where no
    scale was too small yet, ever bolder steps go down.
    """

    low: float = field(default=0.0, init=False)
    high: float = field(default=float("inf"), init=False)
    last: tuple[float, float] | None = field(default=None, init=False)
    bold: float = field(default=8.0, init=False)

    def next(self, scale: float, estimate: float, solved: bool) -> float:
        """The scale to try after `scale` gave `estimate`; `solved` says the line was that of `scale`."""
        excess = estimate - scale
        if not solved:
            return estimate if abs(excess) > ROUGH * scale else scale
        if excess > 0:
            self.low = max(self.low, scale)
        else:
            self.high = min(self.high, scale)
        guess = estimate
        if self.last is not None and self.last[1] != excess:
            guess = scale - excess * (scale - self.last[0]) / (excess - self.last[1])
        self.last = (scale, excess)
        if self.low < guess < self.high and (self.low > 0 or guess > scale / 100):
            return guess
        if self.low == 0.0:
            self.bold = min(self.bold**2, 1e30)
            return scale / self.bold
        if self.high == float("inf"):
            return 2 * scale
        return float(np.sqrt(self.low * self.high)) if self.high > 4 * self.low else (self.low + self.high) / 2
