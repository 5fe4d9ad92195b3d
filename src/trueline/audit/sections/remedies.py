"""Remedies: what a defence costs on clean rows, measured, and what is left of a shift under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ...models.trimmed_least_squares import TrimmedLeastSquares
from ..ground import TRIM, Ground, quietly
from ..saying import amount, percent

__all__ = ["Remedy", "advised", "cost", "left_without", "trimming"]

Array = NDArray[np.float64]

SPLITS, MOST = 4, 5_000
MANY = 0.06  # of the rows: more that disagree look like long tails rather than like an attack


@dataclass(frozen=True)
class Remedy:
    """A defence and its price.

    Parameters
    ----------
    name : str
        What to do, in words.
    cost : float
        How much the mean squared error on clean held-out rows grows, as a share.
    aside : float
        Share of the rows that do not count as clean.
    """

    name: str
    cost: float
    aside: float = 0.0

    @property
    def price(self) -> str:
        """In words."""
        price = f"{percent(self.cost)} MSE" if self.cost > 0.0005 else "no measurable MSE"
        if self.aside <= MANY:
            return f"{price} on clean rows"
        return (
            f"{price} on the rows that agree (if the other {percent(self.aside)} are honest, trimming answers another "
            "question)"
        )


def trimming(ground: Ground) -> Remedy:
    """Trimmed least squares, and what it costs where there is nothing to trim.

    Parameters
    ----------
    ground : Ground
    """
    known = ground.__dict__.get("_trimming")
    if known is None:
        model = TrimmedLeastSquares(
            TRIM,
            reg_lambda=ground.penalty,
            random_state=ground.seed,
            n_starts=50,
            fit_intercept=ground.line.fit_intercept,
        )
        known = ground.__dict__["_trimming"] = Remedy(
            f"trim {percent(TRIM)} (TrimmedLeastSquares)", cost(ground, model), float(ground.suspects.mean())
        )
    found: Remedy = known
    return found


def cost(ground: Ground, defence: Any) -> float:
    """Growth of the MSE on held-out rows that the trimmed fit keeps, against least squares on the same rows.

    Parameters
    ----------
    ground : Ground
    defence : estimator
    """
    clean = ground.sample[~ground.suspects[ground.sample]]
    rng = np.random.default_rng(ground.seed)
    ratios = []
    for _ in range(SPLITS):
        order = rng.permutation(clean)[:MOST]
        test, train = order[: len(order) // 4], order[len(order) // 4 :]
        plain = ground.fit(train)
        held = quietly(clone(defence), ground.Z[train], ground.y[train])
        errors = [float(np.mean((model.predict(ground.Z[test]) - ground.y[test]) ** 2)) for model in (held, plain)]
        ratios.append(errors[0] / errors[1] if errors[1] > 0 else 1.0)
    return float(np.mean(ratios)) - 1.0


def advised(ground: Ground, rows: Array, labels: Array, feature: str | None, before: float) -> str:
    """Trimming against rows that were added: what they still move, and what it costs; empty where it does not help.

    Parameters
    ----------
    ground : Ground
    rows, labels : ndarray (k, n_features), ndarray (k,)
        In the space of the model.
    feature : str or None
        Whose effect per standard deviation they move; the mean prediction where none is named.
    before : float
        What they move without trimming, in units of y.
    """
    here = ground.sample
    X, y = np.vstack([ground.Z[here], rows]), np.append(ground.y[here], labels)
    model = quietly(clone(ground.trimmed), X, y)
    if feature is None:
        left = float((model.predict(ground.Z[here]) - ground.trimmed.predict(ground.Z[here])).mean())
    else:
        j = ground.names.index(feature)
        left = float((model.coef_[j] - ground.trimmed.coef_[j]) * ground.sd[j] / ground.unit[j])
    if abs(left) > 0.7 * abs(before):
        return ""
    remedy = trimming(ground)
    name = remedy.name[0].upper() + remedy.name[1:]
    return f"{name}: the same rows then move it by {amount(abs(left))}; it costs {remedy.price}"


def left_without(ground: Ground, gone: NDArray[np.bool_], seen: NDArray[np.bool_]) -> float:
    """Mean shift that some rows still cause under trimming, over the rows that are seen, in units of y.

    Parameters
    ----------
    ground : Ground
    gone, seen : ndarray of bool (n_rows,)
    """
    rest = ground.sample[~gone[ground.sample]]
    model = quietly(clone(ground.trimmed), ground.Z[rest], ground.y[rest])
    return float((ground.trimmed.predict(ground.Z[seen]) - model.predict(ground.Z[seen])).mean())
