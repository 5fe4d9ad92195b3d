"""The defences of an audit, and what each costs where nothing is wrong: measured, never assumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from ...defend import PartitionedEnsemble, Screen, Sever, Winsorize
from ...models.huber_regression import HuberRegression
from ...models.least_squares import LeastSquares
from ...models.trimmed_fit import EXACT_ROWS
from ...models.trimmed_least_squares import TrimmedLeastSquares
from ..ground import TRIM, Ground, quietly
from ..saying import BEYOND, cost_in_words, growth, percent

__all__ = ["CALLED", "Price", "defences", "price", "price_of"]

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

MOST = 5_000  # rows of a price
MANY = 0.06  # of the rows: more that disagree look like long tails rather than like an attack
WORST_RATE = 0.2  # of poison, which the defences are set for
TRACE = 1e-14
ROUNDING = 1e-12  # of the spread of y: a smaller error is none
PARTS, ROOM = 7, 3  # votes at most, and rows that each has for every unknown
CALLED = {
    "huber": "fit with HuberRegression",
    "trimmed": f"trim {percent(TRIM)} (TrimmedLeastSquares)",
    "winsorize": "clip features at their 1 % and 99 % quantiles (Winsorize)",
    "screen": "drop rows of large leverage or residual (Screen)",
    "sever": f"drop {percent(1.5 * WORST_RATE)} by their gradients (Sever)",
    "partitions": "predict the median of fits to parts (PartitionedEnsemble)",
}


def defences(ground: Ground, rows: int) -> dict[str, Any]:
    """Every defence that so many rows allow, unfitted, by name; each takes rows in the space of the model.

    Parameters
    ----------
    ground : Ground
    rows : int
        Clean rows that they will meet.
    """
    straight, penalty = ground.line.fit_intercept, ground.penalty
    plain = LeastSquares(penalty, straight)
    parts = min(PARTS, (rows // (ROOM * (len(ground.names) + 1)) - 1) // 2 * 2 + 1)
    found = {
        "huber": HuberRegression(reg_lambda=penalty, fit_intercept=straight),
        "trimmed": TrimmedLeastSquares(
            TRIM,
            reg_lambda=penalty or _trace(ground, rows),
            fit_intercept=straight,
            n_starts=ground.siege.starts,
            random_state=ground.seed,
        ),
        "winsorize": make_pipeline(Winsorize(), plain),
        "screen": Screen(plain, max_share=1.25 * WORST_RATE),
        "sever": Sever(plain, share=1.5 * WORST_RATE),  # one and a half times what may be poisoned, as it asks for
    }
    return {**found, "partitions": PartitionedEnsemble(plain, parts=parts)} if parts >= 3 else found


def _trace(ground: Ground, rows: int) -> float:
    """On few rows a penalty too small to matter: it spares hundreds of fits the search that proves them best."""
    spread = ground.Z.var(axis=0)
    return TRACE * float(spread[spread > 0].min(initial=1.0)) if rows <= EXACT_ROWS else 0.0


@dataclass(frozen=True)
class Price:
    """Growth of the mean squared error on clean held-out rows, as a share: mean, least and most over the splits.

    Parameters
    ----------
    cost, low, high : float
        NaN where the rows do not allow the fit.
    aside : float
        Share of the rows that do not count as clean.
    honest : float or None
        The cost if those rows are honest as well; measured where they are many.
    """

    cost: float
    low: float = float("nan")
    high: float = float("nan")
    aside: float = 0.0
    honest: float | None = None

    @property
    def words(self) -> str:
        """After "it costs"."""
        if not np.isfinite(self.cost):
            return "what these rows are too few to measure"
        if max(self.cost, self.honest or 0.0) > BEYOND:
            return cost_in_words(np.inf)
        said = cost_in_words(self.cost)
        if self.honest is None:
            return said
        honest = growth(self.honest) if self.honest > 0.0005 else "none measurable"
        others = f"{honest} if the other {percent(self.aside)} are honest"
        return f"{said.removesuffix('clean rows')}the rows that agree, {others}"

    @property
    def evidence(self) -> dict[str, Any]:
        """For JSON."""
        told = {"remedy_cost": self.cost, "remedy_cost_from": self.low, "remedy_cost_to": self.high}
        return told if self.honest is None else {**told, "remedy_cost_if_all_are_honest": self.honest}


def price(ground: Ground, name: str) -> Price:
    """Of one of `defences`, measured once in an audit.

    Parameters
    ----------
    ground : Ground
    name : str
    """
    known = ground.prices
    if name not in known:
        model = defences(ground, _most(ground) * 3 // 4).get(name)
        known[name] = Price(float("nan")) if model is None else price_of(
            ground, lambda rows: quietly(clone(model), ground.Z[rows], ground.y[rows]).predict
        )  # fmt: skip
    found: Price = known[name]
    return found


def price_of(ground: Ground, fit: Callable[[Rows], Callable[[Array], Array]]) -> Price:
    """What it costs to fit in another way.

    Parameters
    ----------
    ground : Ground
    fit : callable
        From row numbers to what predicts from rows in the space of the model.
    """
    aside = float(ground.suspects.mean())
    try:
        ratios = _ratios(ground, fit, ground.sample[~ground.suspects[ground.sample]])
        honest = float(np.mean(_ratios(ground, fit, ground.sample))) if aside > MANY else None
    except ValueError:
        return Price(float("nan"), aside=aside)
    return Price(float(np.mean(ratios)), min(ratios), max(ratios), aside, honest)


def _ratios(ground: Ground, fit: Callable[[Rows], Callable[[Array], Array]], rows: Rows) -> list[float]:
    """Against least squares on the same rows, split by split."""
    rng = np.random.default_rng(ground.seed)
    least = (ROUNDING * float(ground.y.std())) ** 2
    found = []
    for _ in range(ground.siege.splits):
        order = rng.permutation(rows)[:MOST]
        test, train = order[: len(order) // 4], order[len(order) // 4 :]
        held, plain = (
            float(np.mean((predict(ground.Z[test]) - ground.y[test]) ** 2))
            for predict in (fit(train), ground.fit(train).predict)
        )
        found.append((held - plain) / max(plain, least))
    return found


def _most(ground: Ground) -> int:
    return min(MOST, int((~ground.suspects[ground.sample]).sum()))
