"""What the tests of defences share: rows along a line, and the same with rows that pull together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from trueline import LeastSquares
from trueline.rows.datasets import make_credit_limits

COEF = np.array([1.0, -2.0, 3.0])


class Poisoned(NamedTuple):
    """Rows, which of them are bad, and the rule that the others follow."""

    X: Any
    y: Any
    bad: Any
    coef: Any = COEF


def poisoned_rows(n: int = 300, share: float = 0.05, seed: int = 0) -> Poisoned:
    """A cluster of bad rows inside the range of each column, whose labels agree on another slope."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)) * [1.0, 2.0, 0.5] + [0.5, -1.0, 2.0]
    y = X @ COEF + 4.0 + 0.1 * rng.normal(size=n)
    bad = np.zeros(n, dtype=bool)
    bad[rng.choice(n, round(share * n), replace=False)] = True
    X[bad] = [2.5, 2.0, 1.0] + 0.1 * rng.normal(size=(bad.sum(), 3))
    y[bad] = 60.0
    return Poisoned(X, y, bad)


@pytest.fixture
def poisoned() -> Poisoned:
    return poisoned_rows()


@pytest.fixture
def make_poisoned() -> Any:
    return poisoned_rows


def credit_rows(n: int = 2000, share: float = 0.03, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """Credit applications as numbers, limits, brokers, and the dishonest one."""
    credit = make_credit_limits(n, poison_share=share, random_state=seed)
    region = credit.table["region"].to_numpy(zero_copy_only=False)
    columns = {name: credit.table[name].to_numpy() for name in ("income", "utilisation", "tenure")}
    columns |= {f"region={level}": (region == level) * 1.0 for level in ("east", "south", "west")}
    return pa.table(columns), credit.table["limit"].to_numpy(), credit.table["broker"], credit


@pytest.fixture
def make_credit() -> Any:
    return credit_rows


def off(model: Any, coef: Any = COEF) -> float:
    """How far the coefficients are from the rule."""
    return float(np.linalg.norm(model.coef_ - coef))


@pytest.fixture
def distance() -> Any:
    return off


@pytest.fixture
def undefended(poisoned: Poisoned) -> float:
    return off(LeastSquares().fit(poisoned.X, poisoned.y))
