"""k rows together: what they cannot exceed, and rows that come near it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...maths.cone_ratio import largest_ratio
from .choices import Choices
from .one_row import TOL, best_row, upheld
from .state import State

__all__ = ["ManyRows", "best_rows", "rows_bound"]

Array = NDArray[np.float64]

SHARE = 1e-3  # of Σe² that is spent, without intercept, on making the problem strictly convex
SINGLY = 300  # rows x features up to which every row is chosen by itself, given the others
PASSES = 2
FEW_PARTS = 8  # of the domain per row, when rows are improved in turn


@dataclass(frozen=True, eq=False)
class ManyRows:
    """The best k rows found, what they add in the wanted direction, and what no k rows exceed.

    Parameters
    ----------
    X : ndarray (k, n_features)
    y : ndarray (k,)
    shift, bound : float
        In the units of the quantity, positive in the wanted direction.
    """

    X: Array
    y: Array
    shift: float
    bound: float


def best_rows(state: State, choices: Choices, labels: tuple[float, float], sign: float, k: int) -> ManyRows:
    """Rows of the domain that together move the quantity far: copies, two heaps, then one by one in turn.

    Parameters
    ----------
    state, choices, labels, sign
        See `best_row`.
    k : int
        How many rows.
    """
    one = best_row(state, choices, labels, sign, copies=k)
    if k == 1:
        return ManyRows(one.x[None, :], np.array([one.y]), one.shift, one.bound)
    bound, lean, upper = rows_bound(state, choices, labels, sign, k)
    starts = [(np.tile(one.x, (k, 1)), np.full(k, one.y))]
    for above in {int(np.clip(round(k * upper) + step, 0, k)) for step in (-1, 0, 1)}:
        starts.append(_split(choices, labels, k, lean, above))

    def reach(rows: tuple[Array, Array]) -> float:
        return _moved(state, sign, *rows)

    starts.sort(key=reach, reverse=True)
    best, size = starts[0], k * len(state.scale)
    if size <= SINGLY and reach(best) < bound * (1 - TOL):
        tries = starts[: 1 + 2 * (size <= SINGLY // 4)]
        best = max((_in_turn(state, choices, labels, sign, start) for start in tries), key=reach)
    shift = reach(best)
    return ManyRows(*best, shift, upheld(bound, shift))


def rows_bound(
    state: State, choices: Choices, labels: tuple[float, float], sign: float, k: int
) -> tuple[float, Array, float]:
    """What no k rows exceed, and where: rows mid ± half·lean, and the part of them that carries the upper label.

    With e_i the residuals after the fit, the quantity moves by Σ(a·x̃_i)e_i, and ‖Σx̃_i e_i‖² + Σe_i² = Σr_i e_i in the
    norm of S⁻¹. Write D = Σx̃_i e_i and σ = Σ|e_i|: then Σe_i² >= σ²/k, Σr_i e_i <= q·(σ, D), and (σ, D) lies in the
    cone of signed rows, so the shift is at most the largest (p·v)(q·v)/(vᵀMv) of that cone.

    Parameters
    ----------
    state, choices, labels, sign, k
        See `best_rows`.

    Returns
    -------
    bound, lean, upper : float, ndarray (n_features,) in [-1, 1], float in [0, 1]
    """
    m, d, own = len(state.theta), len(state.scale), int(state.intercept)
    head = 1 if state.intercept else 2  # v = (σ, D), or (σ, D_0, D) where no intercept keeps D_0 among D
    root = np.zeros((head + m, head + m))
    root[head:, head:] = state.root
    if state.intercept:
        root[0, 0] = np.sqrt(k)
    else:  # Σe² >= (σ² + D_0²)/2k as well: a little of that instead
        root[0, 0], root[1, 1] = np.sqrt(k / (1 - SHARE / 2)), np.sqrt(2 * k / SHARE)
    normals, low, high = choices.ranges()
    middle, half = (low + high) / 2, (high - low) / 2
    lean = np.zeros((len(low), head + m))  # N·D - middle·D_0, to lie within ± half·σ
    lean[:, 1], lean[:, head + own :] = normals @ state.shift - middle, normals * state.scale
    signs = np.zeros((1, head + m))
    signs[0, 1] = 1.0
    lean, width = np.vstack([signs, lean]), np.append(1.0, half)
    cone = np.vstack([lean, -lean])
    cone[:, 0] += np.tile(width, 2)
    p, q = np.zeros(head + m), np.zeros(head + m)
    p[head:], q[head:] = sign * state.direction, -state.theta
    q[0], q[1] = (labels[1] - labels[0]) / 2, q[1] + (labels[0] + labels[1]) / 2
    found = largest_ratio(root, p, q, cone)
    if found.v[0] <= 0:
        return found.bound, np.zeros(d), 1.0
    along = lean @ found.v / found.v[0] / np.where(width > 0, width, 1.0)
    return found.bound, np.clip(along[1 : d + 1], -1.0, 1.0), float(np.clip((1 + along[0]) / 2, 0.0, 1.0))


def _split(choices: Choices, labels: tuple[float, float], k: int, lean: Array, above: int) -> tuple[Array, Array]:
    """Two heaps of copies, `above` at the upper end of y and the others at the lower."""
    middle, half = (choices.low + choices.high) / 2, (choices.high - choices.low) / 2
    rows = [choices.rounded(middle + half * lean)] * above + [choices.rounded(middle - half * lean)] * (k - above)
    return np.array(rows), np.repeat([labels[1], labels[0]], [above, k - above])


def _in_turn(
    state: State, choices: Choices, labels: tuple[float, float], sign: float, start: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Every row replaced by the best one beside the others, until a round gains nothing."""
    X, y = start[0].copy(), start[1].copy()
    reached = _moved(state, sign, X, y)
    for _ in range(PASSES):
        before = reached
        for i in range(len(y)):
            others = state.with_rows(np.delete(X, i, axis=0), np.delete(y, i))
            one = best_row(others, choices, labels, sign, parts=FEW_PARTS)
            now = sign * (others.value - state.value) + one.shift
            if now > reached:
                X[i], y[i], reached = one.x, one.y, now
        if reached <= before * (1 + TOL):
            break
    return X, y


def _moved(state: State, sign: float, X: Array, y: Array) -> float:
    return sign * (state.with_rows(X, y).value - state.value)
