"""Few labels whose change reaches a goal: exact for the sign, greedy for the test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .fit import Fit
from .goal import TIE, Aim, Goal

__all__ = ["best_labels", "relabel_for_sign", "relabel_for_test"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def best_labels(fit: Fit, y: Array, labels: tuple[float, float], way: float) -> tuple[Array, Array]:
    """For each row the label that lowers way·cᵀβ the most, and by how much: cᵀβ is linear in y.

    Parameters
    ----------
    fit : Fit
    y : ndarray (n_samples,)
        In the units of the data, as `labels`.
    labels : (low, high)
        Where labels may move.
    way : float
        1 or -1.
    """
    slope = way * fit.a
    best = np.where(slope > 0, labels[0], labels[1])
    return best, slope * (y - best)


def relabel_for_sign(fit: Fit, y: Array, labels: tuple[float, float]) -> tuple[Index, Array] | None:
    """The fewest labels that turn the sign, exactly; None where all together do not.

    Changing the labels of S lowers the coefficient by Σ_S a_i(y_i - y_i'), so the k rows with the largest own effect do
    the most that k can.

    Parameters
    ----------
    fit : Fit
    y : ndarray (n_samples,)
    labels : (low, high)

    Returns
    -------
    rows : ndarray of int (k,)
    labels : ndarray (k,)
    """
    best, gains = best_labels(fit, y, labels, 1.0)
    order = np.argsort(-gains, kind="stable")
    order = order[gains[order] > 0]
    beyond = np.cumsum(gains[order]) > fit.coef * (1 + 2 * TIE) + fit.design.noise
    if not beyond.any():
        return None
    rows = order[: int(np.argmax(beyond)) + 1]
    return rows, best[rows]


def relabel_for_test(fit: Fit, y: Array, labels: tuple[float, float], goal: Goal,
                     aim: Aim) -> tuple[Index, Array] | None:  # fmt: skip
    """Labels changed one after the other, each time the one that brings t nearest to the aim; None where none helps.

    Parameters
    ----------
    fit : Fit
        Of an unpenalised design. It is not changed.
    y : ndarray (n_samples,)
    labels : (low, high)
    goal : Goal
    aim : Aim
    """
    now, r, coef = y.copy(), fit.r.copy(), fit.coef
    changed: dict[int, float] = {}
    crit = float(goal.crit(fit.df))
    distance = float(aim.distance(coef, _error(fit, goal, r), crit))
    while distance >= 0 and len(changed) < len(y):
        rows, new = _candidates(fit, now, r, coef, labels)
        free = ~np.isin(rows, list(changed))
        rows, new = rows[free], new[free]
        delta = new - now[rows]
        row_coef = coef + fit.a[rows] * delta
        square = float(r @ r) + 2 * r[rows] * delta + (1 - fit.h[rows]) * np.square(delta)
        scale = _error(fit, goal, r) / max(_error(fit, Goal("significance"), r), 1e-300)  # 1 for classical errors
        error = scale * np.sqrt(np.maximum(square, 1e-300) * fit.spread / max(fit.df, 1))
        order = np.argsort(aim.distance(row_coef, error, crit), kind="stable")[: 1 if goal.cov == "classical" else 16]
        tried = [_changed(fit, goal, aim, r, coef, int(rows[k]), float(delta[k])) for k in order]
        best = min(range(len(tried)), key=lambda k: tried[k][0])
        if tried[best][0] >= distance:
            return None
        (distance, r, coef), row = tried[best], int(rows[order[best]])
        now[row] = changed[row] = float(new[order[best]])
    if distance >= 0:
        return None
    return np.array(list(changed), dtype=np.intp), np.array(list(changed.values()))


def _candidates(fit: Fit, y: Array, r: Array, coef: float, labels: tuple[float, float]) -> tuple[Index, Array]:
    """Rows and labels worth a look: both ends, and where t of the one changed row turns, t' = 0."""
    n, squares = len(y), float(r @ r)
    with np.errstate(divide="ignore", invalid="ignore"):
        # (coef + aδ)/√(Σr² + 2rδ + (1-h)δ²) has its one turning point at
        turn = (fit.a * squares - coef * r) / (coef * (1 - fit.h) - fit.a * r)
    turning = np.clip(np.nan_to_num(y + turn, nan=labels[0], posinf=labels[1], neginf=labels[0]), *labels)
    return np.tile(np.arange(n), 3), np.concatenate([np.full(n, labels[0]), np.full(n, labels[1]), turning])


def _changed(fit: Fit, goal: Goal, aim: Aim, r: Array, coef: float, row: int,
             delta: float) -> tuple[float, Array, float]:  # fmt: skip
    """Distance, residuals and coefficient after one label moved by `delta`."""
    g = fit.design.Z @ (fit.inverse @ fit.design.Z[row])
    after = r - delta * g
    after[row] += delta
    coef = coef + float(fit.a[row]) * delta
    return float(aim.distance(coef, _error(fit, goal, after), float(goal.crit(fit.df)))), after, coef


def _error(fit: Fit, goal: Goal, r: Array) -> float:
    if goal.cov == "classical":
        return max(float(fit.errors(float(r @ r), fit.spread, fit.df)), 1e-300)
    return max(fit.sandwich_error(goal, r, fit.a, fit.h, fit.kept), 1e-300)
