"""The one row that is enough where nothing holds a column or the label."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...rows.domain import Domain
from .design import Design, Rows
from .fit import Fit
from .goal import Estimate, Goal

__all__ = ["unbounded_row"]

Array = NDArray[np.float64]

FAR = (1e2, 1e4, 1e6, 1e8)  # ranges of the column
BEYOND = (1.0, 2.0, 10.0, 100.0)  # times the coefficient


def unbounded_row(
    rows: Rows, design: Design, domain: Domain, goal: Goal, today: Estimate
) -> tuple[Array, float] | None:
    """A row that reaches the goal by itself, confirmed by a refit; None where the open side is no use for it.

    With x_j and y open, a row far out along the feature carries the slope it is given. With y open alone, a row's label
    moves the coefficient by a·e/(1 + h), as far as one likes. With x_j open alone, a row far out with a label on the
    other side of the mean turns the slope, if barely.

    Parameters
    ----------
    rows : Rows
    design : Design
    domain : Domain
    goal : Goal
    today : Estimate
    """
    for x, label in _candidates(rows, design, domain, goal, today):
        row = domain.project(x[None])
        if not domain.contains(row, np.array([label]))[0]:
            continue
        then = rows.beside(row, np.array([label])).estimate(goal)
        if then is not None and goal.reached(today, then):
            return row[0], label
    return None


def _candidates(
    rows: Rows, design: Design, domain: Domain, goal: Goal, today: Estimate
) -> Iterator[tuple[Array, float]]:
    j, fit = rows.feature, Fit.of(design)
    base = rows.X[int(np.argmin(fit.h))]
    slopes = rows.all_coefficients()
    slopes[j] = 0.0 if goal.name == "significance" and today.significant else -today.coef
    level = float((rows.y - rows.X @ slopes).mean()) if rows.intercept else 0.0
    middle = float(rows.y.mean()) if rows.intercept else 0.0
    reach = max(float(np.ptp(rows.X[:, j])), float(np.abs(rows.X[:, j]).max()) * 1e-6)
    frozen = bool(domain.allowed(len(slopes)).frozen[j])
    for far in (way * far * reach for far in FAR for way in (1.0, -1.0) if not frozen):
        x = base.copy()
        x[j] += far
        yield x, float(x @ slopes) + level
        for label in (domain.y_low, domain.y_high):
            if np.isfinite(label) and label != middle:
                yield x, float(label)
    row = int(np.argmax(np.abs(fit.a)))
    exact = -fit.coef * (1 + fit.h[row]) / fit.a[row] + float(rows.y[row] - fit.r[row])  # the coefficient becomes 0
    fitted = float(rows.y[row] - fit.r[row])
    for beyond in BEYOND:
        yield rows.X[row], fitted + beyond * (exact - fitted)
