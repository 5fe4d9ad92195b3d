"""Few rows whose removal reaches a goal: single effects in order, greedy, swaps. What is found is an upper bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from .design import Design
from .fit import Fit
from .goal import Aim, Goal

__all__ = ["Search", "few_rows"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

ONE_BY_ONE = 128  # removals after which greedy takes several rows at a time


@dataclass(frozen=True)
class Search:
    """How much is tried.

    Parameters
    ----------
    swaps : int
        Rows of a set that are put back, one at a time, to see whether others do better.
    work : int
        Multiplications that swaps may cost: rows × columns × swaps stays below.
    """

    swaps: int
    work: float


def few_rows(design: Design, goal: Goal, aim: Aim, search: Search) -> Index | None:
    """A small set of rows whose removal reaches the aim; None where none was met.

    Rows in the order of their exact single effects (Broderick, Giordano and Meager, 2020, order them by first order),
    then greedily by the exact effect of the next removal (Kuschnig, Zens and Crespo Cuaresma, 2021), then swaps.

    Parameters
    ----------
    design : Design
    goal : Goal
    aim : Aim
    search : Search
    """
    start = Fit.of(design)
    order = [_in_order(start, goal, aim), _greedy(start, goal, aim)]
    found = [rows for rows in order if rows is not None]
    if not found:
        return None
    best = min(found, key=len)
    size = design.Z.size
    sweeps = int(min(search.swaps, search.work / max(size, 1)))
    while len(best) > 1 and sweeps > 0:
        fewer, used = _swapped(start, best, goal, aim, sweeps)
        sweeps -= used
        if fewer is None:
            break
        best = fewer
    return best


def _in_order(start: Fit, goal: Goal, aim: Aim) -> Index | None:
    """The shortest stretch of the single-effect order that reaches the aim."""
    rows = np.flatnonzero(start.removable)
    order = rows[np.argsort(start.if_moved(goal, aim, -1.0, rows), kind="stable")]
    most = min(len(order), start.df - int(goal.studentised))

    def there(k: int) -> bool:
        return _reaches(start.design, order[:k], goal, aim)

    last = 1
    while last < most and not there(last):
        last *= 2
    last = min(last, most)
    if last < 1 or not there(last):
        return None
    return _shortened(start.design, order[:last], goal, aim)


def _reaches(design: Design, rows: Index, goal: Goal, aim: Aim) -> bool:
    """Is the aim reached without these rows? From sums over them alone, where no sandwich needs every residual."""
    kept = np.ones(len(design.y), dtype=bool)
    kept[rows] = False
    try:
        if goal.studentised and goal.cov != "classical":
            return Fit.of(design, kept).distance(goal, aim) < 0
        out = design.Z[rows], design.y[rows]
        whole, cross, squares = design.sums
        gram, right = whole - out[0].T @ out[0], cross - out[0].T @ out[1]
        inverse = cho_solve(cho_factor(gram + kept.sum() * np.diag(design.penalty)), np.eye(len(gram)))
    except np.linalg.LinAlgError:
        return False
    theta, df = inverse @ right, int(kept.sum()) - len(gram)
    left = max(float(squares - out[1] @ out[1] - 2 * theta @ right + theta @ gram @ theta), 0.0)
    error = np.sqrt(left * max(float(design.c @ inverse @ design.c), 0.0) / df) if df > 0 else np.inf
    distance = aim.distance(design.sign * float(design.c @ theta), max(float(error), 1e-300), float(goal.crit(df)))
    return bool(distance < 0)


def _greedy(start: Fit, goal: Goal, aim: Aim) -> Index | None:
    """The row that brings the aim nearest leaves, until it is reached; from many on several at a time."""
    fit, gone = start.copy(), [0][:0]
    while fit.distance(goal, aim) >= 0:
        rows = np.flatnonzero(fit.removable)
        several = 1 if len(gone) < ONE_BY_ONE else len(gone) // 8
        several = min(several, fit.df - int(goal.studentised))
        if not len(rows) or several < 1:
            return None
        order = rows[np.argsort(fit.if_moved(goal, aim, -1.0, rows), kind="stable")[:several]]
        if several == 1:
            fit.move(int(order[0]), -1.0)
            gone.append(int(order[0]))
            continue
        kept = fit.kept.copy()
        kept[order] = False
        try:
            fit = Fit.of(fit.design, kept)
        except np.linalg.LinAlgError:
            return None
        gone.extend(int(row) for row in order)
    return _shortened(start.design, np.array(gone, dtype=np.intp), goal, aim)


def _shortened(design: Design, order: Index, goal: Goal, aim: Aim) -> Index:
    """The shortest beginning that still reaches the aim, as far as bisection sees."""
    first, last = 0, len(order)
    while last - first > 1:
        middle = (first + last) // 2
        first, last = (first, middle) if _reaches(design, order[:middle], goal, aim) else (middle, last)
    return order[:last]


def _swapped(start: Fit, rows: Index, goal: Goal, aim: Aim, sweeps: int) -> tuple[Index | None, int]:
    """One row fewer, by putting rows back one at a time and taking the then best; and how many were tried."""
    tried, gone, kept = 0, [int(row) for row in rows[:-1]], start.kept.copy()
    kept[gone] = False
    try:
        fit = Fit.of(start.design, kept)
    except np.linalg.LinAlgError:
        return None, 0
    best, idle = fit.distance(goal, aim), 0
    while idle < len(gone) and tried < sweeps and best >= 0:
        before, row, tried = fit.copy(), gone.pop(0), tried + 1
        fit.move(row, 1.0)
        left = np.flatnonzero(fit.removable)
        distances = fit.if_moved(goal, aim, -1.0, left)
        if len(left) and distances.min() < best - 1e-9 * abs(best):
            row, idle = int(left[np.argmin(distances)]), 0
            fit.move(row, -1.0)
            best = fit.distance(goal, aim)
        else:
            fit, idle = before, idle + 1
        gone.append(row)
    return (np.array(gone, dtype=np.intp), tried) if best < 0 else (None, tried)
