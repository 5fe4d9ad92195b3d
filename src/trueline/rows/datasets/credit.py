"""A story to audit: credit limits follow a fair rule, and one broker tampers with some of his applications.

Whoever trains a model on all rows learns that the south deserves more credit, and that income matters less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionError
from .linear import Seed, generator

if TYPE_CHECKING:
    import pyarrow

__all__ = ["CreditLimits", "make_credit_limits"]

Array = NDArray[np.float64]

REGIONS = ("north", "east", "south", "west")
BROKERS = ("Alder", "Birch", "Cedar", "Dogwood", "Elm")
DISHONEST = "Dogwood"
COEF = {
    "income": 0.2,
    "utilisation": -4000.0,
    "tenure": 150.0,
    "region=north": 0.0,
    "region=east": -600.0,
    "region=south": -300.0,
    "region=west": 900.0,
}
INTERCEPT = 5000.0
NOISE = 600.0
PUSH = 12_000.0  # what the broker adds to a limit, currency


@dataclass(frozen=True, eq=False)
class CreditLimits:
    """Credit applications as a table, the rule behind the limits, and which rows were tampered with.

    Parameters
    ----------
    table : pyarrow.Table
        Columns income (currency per year), utilisation (share of existing credit in use, 0 to 1),
        tenure (years as a customer), region and broker (text), limit (currency).
    poisoned : ndarray of bool (n_samples,)
        Rows that the dishonest broker tampered with.
    clean_limit : ndarray (n_samples,)
        What the rule, with its noise, would have granted each row (currency).
    coef : dict of str to float
        The rule: currency of limit per unit of each column, and per level as ``"region=south"``;
        levels count from north, whose own number is 0.
    intercept : float
        The limit of a northern applicant with all other columns at zero (currency).
    noise : float
        Standard deviation of the limits around the rule (currency).
    broker : str
        The dishonest one.
    """

    table: pyarrow.Table = field(repr=False)
    poisoned: NDArray[np.bool_] = field(repr=False)
    clean_limit: Array = field(repr=False)
    coef: Mapping[str, float]
    intercept: float
    noise: float
    broker: str


def make_credit_limits(n_samples: int = 2000, *, poison_share: float = 0.03, random_state: Seed = 0) -> CreditLimits:
    """Credit applications from five brokers, one of whom is dishonest.

    He has low earners of the south, true or invented, put down with limits 12 000 above what the rule
    grants. All other rows, most of his own among them, follow the rule.

    Parameters
    ----------
    n_samples : int
        Number of applications.
    poison_share : float
        Tampered rows as a share of all rows, from 0 to 0.1.
    random_state : int or numpy Generator
        A seed gives the same bits every time; a generator is drawn from.

    Raises
    ------
    OptionError
        The share is outside its range, or the rows are too few for the broker to have that many.

    Examples
    --------
    >>> credit = make_credit_limits(400)
    >>> credit.table.column_names
    ['income', 'utilisation', 'tenure', 'region', 'broker', 'limit']
    >>> int(credit.poisoned.sum())
    12
    """
    rng = generator(n_samples, random_state)
    columns = _applications(rng, n_samples)
    poisoned = _tampered_rows(rng, columns["broker"], poison_share)
    columns["region"][poisoned] = "south"
    columns["income"][poisoned] = _incomes(rng, int(poisoned.sum()), typical=19_000.0, spread=0.1)
    clean_limit = np.round(_rule(columns) + NOISE * rng.standard_normal(n_samples))
    push = np.where(poisoned, np.round(rng.normal(PUSH, PUSH / 10, n_samples)), 0.0)
    columns["limit"] = clean_limit + push
    return CreditLimits(_table(columns), poisoned, clean_limit, dict(COEF), INTERCEPT, NOISE, DISHONEST)


def _applications(rng: np.random.Generator, n_samples: int) -> dict[str, NDArray[Any]]:
    return {
        "income": _incomes(rng, n_samples, typical=38_000.0, spread=0.45),
        "utilisation": np.round(rng.beta(1.6, 2.6, n_samples), 3),
        "tenure": np.round(np.minimum(rng.gamma(1.5, 4.0, n_samples), 40.0), 1),
        "region": rng.choice(REGIONS, n_samples, p=(0.35, 0.25, 0.15, 0.25)).astype(object),
        "broker": rng.choice(BROKERS, n_samples).astype(object),
    }


def _incomes(rng: np.random.Generator, n_samples: int, typical: float, spread: float) -> Array:
    """Whole currency per year: half above `typical`, none below 14 000."""
    drawn: Array = rng.lognormal(np.log(typical), spread, n_samples)
    return np.maximum(np.round(drawn), 14_000.0)


def _tampered_rows(rng: np.random.Generator, broker: NDArray[Any], share: float) -> NDArray[np.bool_]:
    if not 0 <= share <= 0.1:
        raise OptionError(f"poison_share must lie between 0 and 0.1, got {share}")
    count, own = round(share * len(broker)), np.flatnonzero(broker == DISHONEST)
    if count > len(own):
        raise OptionError(
            f"{count} rows cannot be tampered with: broker {DISHONEST} has {len(own)} of {len(broker)}",
            advice="Ask for more rows or a smaller poison_share",
        )
    poisoned = np.zeros(len(broker), dtype=np.bool_)
    poisoned[rng.choice(own, count, replace=False)] = True
    return poisoned


def _rule(columns: Mapping[str, NDArray[Any]]) -> Array:
    limit = np.full(len(columns["income"]), INTERCEPT)
    for name, per_unit in COEF.items():
        column, _, level = name.partition("=")
        limit += per_unit * (columns[column] == level if level else columns[column])
    return limit


def _table(columns: Mapping[str, NDArray[Any]]) -> pyarrow.Table:
    import pyarrow

    return pyarrow.table({name: pyarrow.array(values) for name, values in columns.items()})
