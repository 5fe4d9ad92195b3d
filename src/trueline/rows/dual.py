"""How far any ramp loss lies above its minimum, bounded from below by the dual problem in one read of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..maths.losses import Ramp
from .executor import map_merge, single_threaded_blas
from .passes import RowsObjective, penalty_factor, ramp_of
from .source import Block, Source

__all__ = ["dual_gap", "push_limits"]

Array = NDArray[np.float64]

ROUNDING = 1e-13  # of sums of pushes: what is left of equations that hold exactly

ROWS = 4096


@dataclass(frozen=True, eq=False)
class _DualSums:
    """For pushes a: Σω, Σωay, Σωa²/(2·slope), Σω(ρ(r) + ρ*(a) - ar), Σωaz, Σωa, and max a / its bound."""

    weight: float
    label: float
    conjugate: float
    slack: float
    pull: Array
    push: float
    overshoot: float

    def merge(self, other: _DualSums) -> _DualSums:
        return _DualSums(
            self.weight + other.weight, self.label + other.label, self.conjugate + other.conjugate,
            self.slack + other.slack, self.pull + other.pull, self.push + other.push,
            max(self.overshoot, other.overshoot),
        )  # fmt: skip


def dual_gap(objective: RowsObjective, w: Array, b: float) -> float:
    """An upper bound on ``loss(w, b) - minimum``, proven by a feasible point of the dual; inf where none is known.

    The dual of mean ρ(r) + λ/2·‖w‖² is the maximum of -mean(a·y + ρ*(a)) - ‖mean(a·z)‖²/(2λ) over pushes a between
    the ramp's ends with mean(a) = 0, and mean(a·z) = 0 where λ = 0 (Boyd and Vandenberghe (2004), §5.7.1). Today's
    pushes ψ(r) meet these up to the gradient: a Newton step on the rows between the ends takes care of the rest, and
    the pushes are shrunk where one then lies beyond its end. Close to the optimum the bound is the true gap.

    Parameters
    ----------
    objective : RowsObjective
        Its loss must be a ramp.
    w, b : ndarray (n_features,), float
        In the scaled space.
    """
    ramp = ramp_of(objective.loss)
    if ramp is None:
        return float("inf")
    with single_threaded_blas():  # its threads and ours would wait for each other
        return _dual_gap(objective, ramp, w, b)


def _dual_gap(objective: RowsObjective, ramp: Ramp, w: Array, b: float) -> float:
    primal, dw, db = objective.value_and_gradient(w, b)
    penalty = objective.reg_lambda * penalty_factor(objective.loss)
    best = float("inf")
    for active_only in (True, False):  # all rows give a coarser bound, where too few lie between the ends
        reader = _Reader(objective, ramp, w, b, active_only)
        step, spread = reader.newton_step(np.append(dw, db), penalty)
        sums = map_merge(partial(reader.dual_sums, u=step), _slices(objective.source), _DualSums.merge)
        left = _left_over(sums, penalty, objective.intercept)
        rounding = ROUNDING * _push_size(ramp, primal) * spread  # all that is left at the minimum itself
        if (np.abs(left) > np.maximum(1e-6 * np.abs(np.append(dw, db)).max(), rounding)).any():
            continue  # the equations have no solution among these rows, so this is no point of the dual
        if sums.overshoot <= 1.0:
            return min(best, _gap_of_slacks(sums, penalty, w) + 2 * float(np.abs(left * step).sum()))
        shrink = 1.0 / sums.overshoot
        dual = -shrink * sums.label - shrink * shrink * sums.conjugate
        if penalty > 0:
            dual -= shrink * shrink * float(sums.pull @ sums.pull) / (2 * penalty * sums.weight)
        missed = 2 * float(np.abs(left * np.append(w, b)).sum())
        best = min(best, max(primal - dual / sums.weight, 0.0) + missed)
    return best


def _gap_of_slacks(sums: _DualSums, penalty: float, w: Array) -> float:
    """Primal minus dual without their difference: a sum of squares, so no digits cancel where the gap is tiny.

    What the pushes still miss of the equations is multiplied by the distance to the minimum alone.
    """
    gap = sums.slack / sums.weight
    if penalty > 0:
        gap += float(np.square(sums.pull / sums.weight + penalty * w).sum()) / (2 * penalty)
    return max(gap, 0.0)


def _push_size(ramp: Ramp, loss: float) -> float:
    """Root mean square of the pushes, at most: ψ² <= 2·slope·ρ, and no push is beyond its end."""
    end = max(float(np.max(np.abs(ramp.low))), float(np.max(np.abs(ramp.high))))
    return min(end, float(np.sqrt(2 * ramp.slope * max(loss, 0.0))))


def _left_over(sums: _DualSums, penalty: float, intercept: bool) -> Array:
    """By how much the pushes miss the equations of the dual, per coordinate of (w, b)."""
    pull = sums.pull if penalty == 0 else np.zeros_like(sums.pull)
    return np.append(pull, sums.push if intercept else 0.0) / sums.weight


@dataclass(frozen=True, eq=False)
class _Reader:
    """Reads blocks at the line (w, b); `active_only` moves just the rows whose push is not at an end."""

    objective: RowsObjective
    ramp: Ramp
    w: Array
    b: float
    active_only: bool

    def newton_step(self, gradient: Array, penalty: float) -> tuple[Array, Array]:
        """u with (mean of c·z̃z̃ᵀ + λ)u = gradient, c = 1 on the rows that may move; and the size of each z̃."""
        gram, weight = map_merge(self._gram, _slices(self.objective.source), lambda a, b: (a[0] + b[0], a[1] + b[1]))
        gram = gram / weight + penalty * np.diag(np.append(np.ones(len(self.w)), 0.0))
        scale = np.sqrt(np.maximum(np.diag(gram), 0.0))
        inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
        solved = np.linalg.lstsq(gram * np.outer(inverse, inverse), gradient * inverse, rcond=None)[0]
        return np.asarray(solved * inverse), scale

    def _rows(self, block: Block) -> tuple[Array, Array, Ramp, Array, Array]:
        """z̃, weights, the ramp of each row, its residual, and 1 where its push may move."""
        z = self.objective.scaling.apply(block.X)
        omega = np.ones(len(block.y)) if block.weights is None else block.weights
        cut = self.ramp.bounded(push_limits(z, self.objective.row_bound, self.objective.intercept))
        r = z @ self.w + self.b - block.y
        moves = (cut.curvature(r) > 0).astype(np.float64) if self.active_only else np.ones(len(r))
        design = np.column_stack([z, np.full(len(z), 1.0 if self.objective.intercept else 0.0)])
        return design, omega, cut, r, moves

    def _gram(self, block: Block) -> tuple[Array, float]:
        design, omega, _, _, moves = self._rows(block)
        return (design * (omega * moves)[:, None]).T @ design, float(omega.sum())

    def dual_sums(self, block: Block, u: Array) -> _DualSums:
        design, omega, cut, r, moves = self._rows(block)
        push = cut.derivative(r)
        move = moves * (design @ u)
        a = push - move
        with np.errstate(invalid="ignore", divide="ignore"):
            beyond = np.where(a > 0, a / cut.high, np.where(a < 0, a / cut.low, 0.0))[omega > 0]
        slack = move * (r - (push + a) / (2 * self.ramp.slope))  # ρ(r) + ρ*(a) - ar, in factors
        return _DualSums(
            float(omega.sum()), float(omega @ (a * block.y)), float(omega @ (a * a)) / (2 * self.ramp.slope),
            float(omega @ slack), (omega * a) @ design[:, :-1], float((omega * a).sum()),
            float(beyond.max(initial=0.0)),
        )  # fmt: skip


def _slices(source: Source) -> Iterator[Block]:
    """Blocks cut smaller: NumPy's steps each make an array as large as the rows, and these stay in the cache."""
    for block in source.blocks():
        for first in range(0, len(block.y), ROWS):
            part = slice(first, first + ROWS)
            weights = None if block.weights is None else block.weights[part]
            yield Block(block.X[part], block.y[part], weights, block.first + first)


def push_limits(z: Array, row_bound: float, intercept: bool) -> Array:
    """Largest derivative of each row so that ‖ψ·[z, 1]‖ stays within `row_bound`."""
    if not np.isfinite(row_bound):
        return np.full(len(z), np.inf)
    norms = np.sqrt(np.square(z).sum(axis=1) + (1.0 if intercept else 0.0))
    return np.asarray(np.divide(row_bound, norms, out=np.full(len(z), np.inf), where=norms > 0))
