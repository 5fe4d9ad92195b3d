"""evade: the least-cost change of a row's features that brings the model's output to where somebody wants it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError, ShapeError
from ..models.options import is_number
from ..rows import table
from ..rows.arrays import numbers_only
from ..rows.domain import Domain
from .cheapest import cheapest, farthest
from .evaded import Change, Evasion
from .seen import columns_of, line_of, spread_of
from .setting import Setting

__all__ = ["evade"]

Array = NDArray[np.float64]
Goal = float | tuple[str, float]

EPS = float(np.finfo(np.float64).eps)


def evade(
    model: Any, x: ArrayLike, goal: Goal, *, domain: Domain | None = None, cost: ArrayLike | None = None,
    norm: float = 1, sd: ArrayLike | None = None,
) -> Evasion:  # fmt: skip
    """Find the least-cost change of one row that brings the model's output to a goal.

    The adversary of Lowd and Meek (2005), section 2.2, who pays a weighted norm of the change, Σ cost_j·|x'_j - x_j|
    in their equation for the linear cost function, and knows the model. Exact: for columns that move freely, by sorting
    (a fractional knapsack for L1, a projection onto half-space and box for L2, a corner for L-infinity); for whole
    numbers and one-hot groups by branch and bound, whose bound is the proof.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, what `ship.load` gives, or a fitted scikit-learn linear model or Pipeline
        Its output is ``clip(x) @ coef + intercept``: moves beyond bounds to which it clips win nothing.
    x : array (n_features,)
        The row as it is, in the units of the data. It must lie in the domain.
    goal : float, (">=", float) or ("<=", float)
        In the units of y. A bare number is approached from where the output is now, and may be passed where whole
        numbers or levels do not land on it.
    domain : Domain, optional
        What the row may become; nothing is forbidden by default.
    cost : float or array (n_features,), optional
        Of one unit of each column; positive, infinite for a column that cannot be changed. By default one standard
        deviation costs 1, and where these are not known one unit does.
    norm : 1, 2 or inf
    sd : array (n_features,), optional
        Standard deviations, in the units of each column; by default those of training, where the model knows them.

    Returns
    -------
    Evasion

    Raises
    ------
    OptionError
        No such goal, norm or cost, or nothing can be changed.
    DataError
        The row is not in the domain, has another length, or cells that are not numbers.

    Examples
    --------
    >>> from trueline import Domain, LeastSquares
    >>> model = LeastSquares().fit([[0, 0], [1, 0], [0, 1], [1, 2]], [1, 3, 4, 9])  # 1 + 2 x0 + 3 x1
    >>> found = evade(model, [1, 1], (">=", 10), domain=Domain(0, 2), cost=1)
    >>> found.x_new.round(6), round(found.cost, 6), found.proven
    (array([1.5, 2. ]), 1.5, True)
    """
    line = line_of(model)
    n = len(line.coef)
    row = _row(x, n)
    allowed = (Domain() if domain is None else domain).allowed(n)
    spread = spread_of(model, sd, n)
    if norm not in (1, 2, np.inf):
        raise OptionError(f"norm must be 1, 2 or inf, got {norm!r}")
    free = allowed.free & (line.coef != 0)
    prices, priced_by = _prices(cost, spread, free, n)
    names = columns_of(model, n, None if domain is None else domain.names)
    setting = Setting(line, row, allowed, prices, float(norm))
    wanted = _goal(goal, setting.output(row))
    x_new, bound, reached = _solve(setting, wanted)
    moved = sorted(np.flatnonzero(x_new != row), key=lambda j: -abs(line.coef[j] * (x_new[j] - row[j])))
    changes = tuple(
        Change(names[j], float(row[j]), float(x_new[j]), float(x_new[j] - row[j]),
               float((x_new[j] - row[j]) / spread[j]) if spread is not None and spread[j] > 0 else np.nan)
        for j in moved
    )  # fmt: skip
    return Evasion(row, x_new, setting.output(row), setting.output(x_new), wanted, reached, setting.cost(x_new), bound,
                   float(norm), changes, priced_by)  # fmt: skip


def _solve(setting: Setting, goal: tuple[str, float]) -> tuple[Array, float, bool]:
    """The new row, a bound on the cost, and whether the goal is reached."""
    way = 1.0 if goal[0] == ">=" else -1.0
    before = setting.output(setting.x)
    need = way * (goal[1] - before)
    if need <= 0:
        return setting.x.copy(), 0.0, True
    levers = setting.levers(way)
    reach = sum(lever.gain(lever.top) for lever in levers)
    line = setting.line
    size = np.abs(line.coef) @ np.abs(line.scaling.clip(setting.x)) + abs(line.intercept) + abs(goal[1])
    slack = float(4 * EPS * (len(line.coef) + 2) * size)
    if reach < need - slack:
        return setting.row(levers, farthest(levers)), np.inf, False
    found = cheapest(levers, need, setting.norm, slack)
    return setting.row(levers, found.positions), found.bound, True


def _row(x: ArrayLike, n_features: int) -> Array:
    row = np.asarray(numbers_only(x, "x"), dtype=np.float64)
    if row.shape not in ((n_features,), (1, n_features)):
        raise ShapeError(f"x has shape {row.shape}, this model takes one row of {n_features} features")
    table.check_finite(row.ravel(), what="x")
    return row.ravel().copy()


def _goal(goal: Any, now: float) -> tuple[str, float]:
    if is_number(goal):
        return (">=" if float(goal) >= now else "<="), float(goal)
    if isinstance(goal, tuple | list) and len(goal) == 2 and goal[0] in (">=", "<=") and is_number(goal[1]):
        return str(goal[0]), float(goal[1])
    raise OptionError(f"goal must be a finite number, or ('>=', number), or ('<=', number), got {goal!r}",
                      advice="It is an output of the model, in the units of y")  # fmt: skip


def _prices(cost: Any, spread: Array | None, free: NDArray[np.bool_], n_features: int) -> tuple[Array, str]:
    """Cost of one unit of each column, and what that counts."""
    if cost is None and spread is None:
        return np.ones(n_features), "changes in the columns' own units"
    if cost is None and spread is not None:
        if (free & (spread == 0)).any():
            names = ", ".join(f"X[:, {j}]" for j in np.flatnonzero(free & (spread == 0)))
            raise OptionError(f"{names} never changed, so its standard deviations are no measure of cost",
                              advice="Pass cost= per unit, or freeze the column")  # fmt: skip
        return 1.0 / np.where(spread > 0, spread, 1.0), "changes in standard deviations"
    try:
        prices = np.broadcast_to(np.asarray(cost, dtype=np.float64), (n_features,)).copy()
    except (TypeError, ValueError):
        prices = np.zeros(0)
    if len(prices) != n_features or not (prices > 0).all():
        raise OptionError(f"cost must be positive, one number or {n_features}, one per column, got {cost!r:.200}",
                          advice="inf marks a column that cannot be changed")  # fmt: skip
    return prices, "the costs given"
