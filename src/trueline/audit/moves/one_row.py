"""The one row that moves a quantity farthest: globally, by branch and bound over convex parts."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from ...maths.cone_ratio import largest_ratio
from .choices import Choices
from .state import State

__all__ = ["TOL", "OneRow", "best_row", "upheld"]

Array = NDArray[np.float64]

TOL = 1e-6  # found and bound within this part of the bound are one number
PARTS = 400  # of the domain, looked at before the search stops and says how far it got


@dataclass(frozen=True, eq=False)
class OneRow:
    """The best row found, what it adds to the quantity in the wanted direction, and what no row exceeds.

    Parameters
    ----------
    x : ndarray (n_features,)
    y : float
    shift, bound : float
        In the units of the quantity, positive in the wanted direction.
    """

    x: Array
    y: float
    shift: float
    bound: float


@dataclass(frozen=True, eq=False)
class _Part:
    """Part of the domain, with the label at one end: the quantity moves by side·(a·x̃) times side·residual."""

    choices: Choices
    y: float
    side: float
    copies: int


def best_row(
    state: State, choices: Choices, labels: tuple[float, float], sign: float, *, copies: int = 1, parts: int = PARTS
) -> OneRow:
    """Maximise sign·(a·x̃)(y - x̃·θ)/(1/copies + x̃ᵀS⁻¹x̃) over the rows of a domain.

    The label goes to an end, for the shift is linear in it: where sign·(a·x̃) > 0 to the upper one, else to the lower.
    Each end leaves a ratio that `largest_ratio` solves globally over a convex set; whole numbers, one-hot groups and
    frozen columns are branched on, the part with the largest bound first.

    Parameters
    ----------
    state : State
    choices : Choices
    labels : (float, float)
        Smallest and largest allowed label.
    sign : float
        1 to move the quantity up, -1 to move it down.
    copies : int
        The row comes so many times.
    parts : int
        At most so many parts are looked at; the bound is valid wherever it stops.
    """
    best = OneRow(choices.rounded((choices.low + choices.high) / 2), labels[1], -np.inf, np.inf)
    order, heap, closed = count(), [], 0.0
    for side, y in ((1.0, labels[1]), (-1.0, labels[0])):
        heap.append((-np.inf, next(order), _Part(choices, y, side, copies)))
    looked = 0
    while heap and (looked < parts) and -heap[0][0] > best.shift * (1 + TOL / 4):
        part = heapq.heappop(heap)[2]
        bound, x = _relaxed(state, part, sign)
        looked += 1
        best = _better(state, part, x, sign, best)
        halves = part.choices.split(x) if bound > best.shift * (1 + TOL / 4) else None
        if halves is None:
            closed = max(closed, bound)
            continue
        for half in halves:
            heapq.heappush(heap, (-bound, next(order), replace(part, choices=half)))
    bound = max([closed, *(-key for key, _, _ in heap)])
    return OneRow(best.x, best.y, best.shift, upheld(bound, best.shift))


def upheld(bound: float, found: float) -> float:
    """The bound; none at all where a row was found beyond it, which only rounding gone wrong can do."""
    return bound if found <= bound * (1 + TOL / 4) else float(np.inf)


def _relaxed(state: State, part: _Part, sign: float) -> tuple[float, Array]:
    """The bound over the relaxed part, and the row it is attained at."""
    choices, m = part.choices, len(state.theta)
    root = np.zeros((m + 1, m + 1))  # v = (σ, σ·x̃): vᵀMv = σ²/copies + σ²·x̃ᵀS⁻¹x̃
    root[0, 0], root[1:, 1:] = np.sqrt(part.copies), state.root
    normals, low, high = choices.ranges()
    at, slopes, ones = normals @ state.shift, normals * state.scale, np.zeros((len(low), int(state.intercept)))
    cone = np.vstack([np.column_stack([at - low, ones, slopes]), np.column_stack([high - at, ones, -slopes])])
    p = part.side * sign * np.concatenate([[0.0], state.direction])
    q = part.side * np.concatenate([[part.y], -state.theta])
    tied = np.concatenate([[1.0, -1.0], np.zeros(m - 1)]) if state.intercept else None
    found = largest_ratio(root, p, q, cone, tied)
    if found.v[0] <= 0:
        return found.bound, choices.rounded((choices.low + choices.high) / 2)
    x = state.shift + state.scale * found.v[-len(state.scale) :] / found.v[0]
    return found.bound, np.clip(x, choices.low, choices.high)


def _better(state: State, part: _Part, x: Array, sign: float, best: OneRow) -> OneRow:
    """The rounded row, its neighbours, and the best continuous columns beside them."""
    start = part.choices.rounded(x)
    rows = part.choices.neighbours(start)
    shifts = sign * state.shifts(rows, part.y, part.copies)
    best = _kept(best, rows, shifts, part)
    if (start != x).any():
        inner = part.choices.fixed(rows[int(np.argmax(shifts))])
        if (inner.low < inner.high).any():
            row = inner.rounded(_relaxed(state, replace(part, choices=inner), sign)[1])
            best = _kept(best, row[None, :], sign * state.shifts(row, part.y, part.copies), part)
    return best


def _kept(best: OneRow, rows: Array, shifts: Array, part: _Part) -> OneRow:
    top = int(np.argmax(shifts))
    return OneRow(rows[top], part.y, float(shifts[top]), np.inf) if shifts[top] > best.shift else best
