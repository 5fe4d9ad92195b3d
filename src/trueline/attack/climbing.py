"""Climb an outer loss with the rows and labels of poison, inside their domain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..rows.domain import Domain
from .victim import Outer, Victim

__all__ = ["Climb", "climb"]

Array = NDArray[np.float64]

GIVE_UP = 1e-4  # steps shorter than this part of the box are not worth a solve


@dataclass(frozen=True, eq=False)
class Climb:
    """Where a climb stands: poison, the outer loss there, and the solves spent."""

    X: Array
    y: Array
    value: float
    solves: int = 0


def climb(victim: Victim, outer: Outer, start: tuple[Array, Array], domain: Domain, steps: int,
          move_labels: bool = True, on_step: Callable[[], None] | None = None) -> Climb:  # fmt: skip
    """Projected gradient ascent in box units, all poison rows at once; no step is taken that does not climb.

    Labels: the outer loss is convex in y (θ is linear in y), so a jump of every label to the end that its slope points
    at never goes down (Frank and Wolfe's step); it is tried first. Rows: a step along the gradient, projected onto
    the domain, its length doubled after success and quartered after failure; where that is stuck, a jump to the
    corners that the gradient points at, which is also how whole numbers and one-hot groups move.

    Parameters
    ----------
    victim : Victim
    outer : Outer
    start : (ndarray (k, n_features), ndarray (k,))
        Allowed rows and labels.
    domain : Domain
    steps : int
        Accepted or refused steps, at most.
    move_labels : bool
    on_step : callable, optional
    """
    allowed = domain.allowed(start[0].shape[1])
    reach = _reach(victim, allowed.low, allowed.high)
    X, y = start
    value, dX, dy = victim.attack_gradient(X, y, outer)
    solves, length = 1, 0.25
    for _ in range(steps):
        moved = False
        for trial in _trials((X, y), (dX, dy), domain, reach, length, move_labels):
            solves += 1
            found = victim.attack_gradient(*trial, outer)
            if found[0] > value + 1e-12 * abs(value):
                (X, y), (value, dX, dy), moved = trial, found, True
                break
        length = min(2 * length, 1.0) if moved else length / 4
        if on_step is not None:
            on_step()
        if length < GIVE_UP:
            break
    return Climb(X, y, value, solves)


def _trials(at: tuple[Array, Array], slope: tuple[Array, Array], domain: Domain, reach: Array, length: float,
            move_labels: bool) -> Iterator[tuple[Array, Array]]:  # fmt: skip
    """Steps worth trying from here, boldest first."""
    (X, y), (dX, dy) = at, slope
    allowed = domain.allowed(X.shape[1])
    far = np.where(dy > 0, domain.y_high, domain.y_low) if move_labels else y
    far = np.where((dy != 0) & np.isfinite(far), far, y)
    scaled = np.where(allowed.frozen, 0.0, dX * reach)
    steepest = np.abs(scaled).max(axis=1, keepdims=True)
    unit = np.divide(scaled, steepest, out=np.zeros_like(scaled), where=steepest > 0)
    stepped = domain.project(X + length * unit * reach)
    yield stepped, far
    if (far != y).any():
        yield X, far
        yield stepped, y
    corner = np.where(scaled > 0, allowed.high, np.where(scaled < 0, allowed.low, X))
    if np.isfinite(corner).all():
        yield domain.project(X + min(4 * length, 1.0) * (corner - X)), far


def _reach(victim: Victim, low: Array, high: Array) -> Array:
    """A full step in every column: the width of its bounds, six standard deviations where there are none."""
    spread = 6 * np.sqrt(np.diag(victim.gram)[:-1] / victim.n)
    width = high - low
    return np.where(np.isfinite(width), width, np.where(spread > 0, spread, 1.0))
