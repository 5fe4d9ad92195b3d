"""Robust fits beside their peers: Huber, the median, least trimmed squares."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trueline import HuberRegression, QuantileRegression, TrimmedLeastSquares

from . import limit
from .descent import contaminated
from .racing import Contestant, Timing, race
from .speed import LIMIT, rows_that_fit

__all__ = ["RobustRace", "robust_fits"]

Array = NDArray[np.floating]


@dataclass(frozen=True)
class RobustRace:
    """One kind of robust fit: ours first, then its peers.

    Parameters
    ----------
    title : str
        What is minimised, and on what.
    rows, columns : int
    timings : dict of str to Timing
    objective : dict of str to float
        What each reached, relative to the lowest; NaN where the peer minimises something else.
    """

    title: str
    rows: int
    columns: int
    timings: dict[str, Timing]
    objective: dict[str, float]


def robust_fits(rows: int, columns: int, repeats: int, budget: float) -> list[RobustRace]:
    """Huber on all rows, the median and least trimmed squares on a fortieth of them."""
    few = max(1000, rows // 40)
    return [
        _huber(rows_that_fit(rows, columns), columns, repeats, budget),
        _median(few, columns, repeats, budget), _trimmed(few, columns, repeats, budget),
    ]  # fmt: skip


def _huber(rows: int, columns: int, repeats: int, budget: float) -> RobustRace:
    """HuberRegressor minimises another scale's loss: both must only be near the line."""
    from sklearn.linear_model import HuberRegressor

    X, y = contaminated(rows, columns)
    fits = {
        "trueline HuberRegression": partial(_line, HuberRegression(), X, y),
        "scikit-learn HuberRegressor": partial(_line, HuberRegressor(alpha=0.0, max_iter=1000), X, y),
    }
    timings = _race(X, fits, _truth(columns), repeats, budget)
    return RobustRace("Huber, scale from the MAD", rows, columns, timings, {})


def _median(rows: int, columns: int, repeats: int, budget: float) -> RobustRace:
    X, y = contaminated(rows, columns)
    fits: dict[str, Callable[[], Array]] = {
        "trueline QuantileRegression": partial(_line, QuantileRegression(), X, y),
        "statsmodels QuantReg": partial(_quantreg, X, y),
    }
    timings = _race(X, fits, _truth(columns), repeats, budget)
    losses = {
        name: float(np.abs(y - X @ fit()[1:] - fit()[0]).sum()) for name, fit in fits.items() if _ran(timings, name)
    }
    return RobustRace("median", rows, columns, timings, _relative(losses))


def _trimmed(rows: int, columns: int, repeats: int, budget: float) -> RobustRace:
    from sklearn.linear_model import RANSACRegressor

    X, y = contaminated(rows, columns)
    h = round(0.75 * rows)
    ours = TrimmedLeastSquares(trim=0.25)

    def raw() -> Array:
        ours.fit(X, y)
        return np.append(ours.raw_intercept_, ours.raw_coef_)

    def ransac() -> Array:
        model = RANSACRegressor(random_state=0).fit(X, y).estimator_
        return np.append(model.intercept_, model.coef_)

    fits: dict[str, Callable[[], Array]] = {"trueline TrimmedLeastSquares": raw, "scikit-learn RANSACRegressor": ransac}
    timings = _race(X, fits, _truth(columns), repeats, budget)
    losses = {name: float(np.sort(np.square(y - X @ fit()[1:] - fit()[0]))[:h].sum())
              for name, fit in fits.items() if _ran(timings, name)}  # fmt: skip
    return RobustRace("least trimmed squares, a quarter dropped", rows, columns, timings, _relative(losses))


def _truth(columns: int) -> Array:
    """The line that the rows follow, intercept first."""
    return np.append(0.0, np.linspace(1.0, 2.0, columns) / np.sqrt(columns))


def _race(
    X: Array, fits: dict[str, Callable[[], Array]], truth: Array, repeats: int, budget: float
) -> dict[str, Timing]:
    """A time counts within half of the largest coefficient of the truth: outliers on one side move any intercept."""
    limit.read(X)
    field = [Contestant(LIMIT, partial(limit.read, X), float(X.sum()))]
    field += [Contestant(name, fit, truth, 0.5) for name, fit in fits.items()]
    return race(field, repeats, budget)


def _line(model: Any, X: Array, y: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    return np.append(model.intercept_, model.coef_)


def _quantreg(X: Array, y: Array) -> Array:
    from statsmodels.regression.quantile_regression import QuantReg

    return np.asarray(QuantReg(y, np.column_stack([np.ones(len(y)), X])).fit(0.5).params)


def _ran(timings: dict[str, Timing], name: str) -> bool:
    return timings[name].seconds is not None


def _relative(losses: dict[str, float]) -> dict[str, float]:
    best = min(losses.values(), default=1.0)
    return {name: loss / best for name, loss in losses.items()}
