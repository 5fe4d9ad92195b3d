"""Data sets on which a careless fit goes wrong, one weakness each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionError
from .linear import LinearDataset, Seed, follow, generator

__all__ = ["TRAPS", "make_trap"]

Array = NDArray[np.float64]


def _collinear(rng: np.random.Generator, n: int) -> LinearDataset:
    """x2 = x0 + x1, to rounding: rank 3 of 4."""
    X = rng.standard_normal((n, 4))
    X[:, 2] = X[:, 0] + X[:, 1]
    return follow(rng, X, np.array([1.0, -2.0, 0.5, 3.0]), 1.0, 0.1)


def _nearly_collinear(rng: np.random.Generator, n: int) -> LinearDataset:
    """x1 differs from x0 in its seventh digit: full rank, condition number about 1e7."""
    X = rng.standard_normal((n, 3))
    X[:, 1] = X[:, 0] + 1e-7 * X[:, 1]
    return follow(rng, X, np.array([1.0, 1.0, -2.0]), 1.0, 0.1)


def _wide(rng: np.random.Generator, n: int) -> LinearDataset:
    """Twice as many columns as rows: endlessly many perfect fits."""
    return follow(rng, rng.standard_normal((n, 2 * n)), rng.standard_normal(2 * n), 1.0, 0.1)


def _wild_scales(rng: np.random.Generator, n: int) -> LinearDataset:
    """Columns of scale 1e-6, 1 and 1e6 that matter equally: condition number about 1e12."""
    scale = np.array([1e-6, 1.0, 1e6])
    return follow(rng, rng.standard_normal((n, 3)) * scale, np.array([2.0, -1.0, 1.0]) / scale, 1.0, 0.1)


def _large_offset(rng: np.random.Generator, n: int) -> LinearDataset:
    """Columns that vary by 1 around 1e8, as timestamps do: X.T @ X holds none of their variation."""
    return follow(rng, 1e8 + rng.standard_normal((n, 3)), np.array([2.0, -1.0, 0.5]), -1.5e8, 0.1)


def _outliers(rng: np.random.Generator, n: int) -> LinearDataset:
    """One row in twenty, at least one, lies far out in x0 and far below the truth in y."""
    data = follow(rng, rng.standard_normal((n, 2)), np.array([2.0, -1.0]), 1.0, 0.5)
    far = rng.permutation(n) < max(1, n // 20)
    X, y = data.X.copy(), data.y.copy()
    X[far, 0] = 8.0 + rng.standard_normal(int(far.sum()))
    y[far] = -40.0 + rng.standard_normal(int(far.sum()))
    return replace(data, X=X, y=y, outliers=far)


def _constant_column(rng: np.random.Generator, n: int) -> LinearDataset:
    """x1 is 0.1 in every row, a number whose mean rounds: its standard deviation may come out as not quite zero."""
    X = rng.standard_normal((n, 3))
    X[:, 1] = 0.1
    return follow(rng, X, np.array([2.0, 0.0, -1.0]), 1.0, 0.1)


def _double_intercept(rng: np.random.Generator, n: int) -> LinearDataset:
    """x0 is a column of ones beside the model's own intercept."""
    X = rng.standard_normal((n, 3))
    X[:, 0] = 1.0
    return follow(rng, X, np.array([0.0, 2.0, -1.0]), 1.0, 0.1)


def _dummy(rng: np.random.Generator, n: int) -> LinearDataset:
    """x0 to x2 are all levels of one category: in every row they add up to the intercept's 1."""
    X = np.column_stack([np.eye(3)[rng.integers(3, size=n)], rng.standard_normal(n)])
    return follow(rng, X, np.array([0.0, 1.0, -1.0, 2.0]), 1.0, 0.1)


def _perfect_fit(rng: np.random.Generator, n: int) -> LinearDataset:
    """No noise: residuals are rounding alone, and so are standard errors."""
    return follow(rng, rng.standard_normal((n, 3)), np.array([2.0, -1.0, 0.5]), 1.0, 0.0)


def _constant_target(rng: np.random.Generator, n: int) -> LinearDataset:
    """y is 5 in every row: there is nothing to explain, and R² has no meaning."""
    return follow(rng, rng.standard_normal((n, 2)), np.zeros(2), 5.0, 0.0)


_MAKERS: dict[str, Callable[[np.random.Generator, int], LinearDataset]] = {
    "collinear": _collinear,
    "nearly_collinear": _nearly_collinear,
    "wide": _wide,
    "wild_scales": _wild_scales,
    "large_offset": _large_offset,
    "outliers": _outliers,
    "constant_column": _constant_column,
    "double_intercept": _double_intercept,
    "dummy": _dummy,
    "perfect_fit": _perfect_fit,
    "constant_target": _constant_target,
}

TRAPS = tuple(_MAKERS)


def make_trap(kind: str, n_samples: int = 100, *, random_state: Seed = 0) -> LinearDataset:
    """Rows on which a careless fit goes wrong; apart from `outliers`, all follow their truth.

    Parameters
    ----------
    kind : str
        One of ``TRAPS``:

        - collinear: one column is the sum of two others
        - nearly_collinear: two columns that agree to seven digits
        - wide: fewer rows than columns
        - wild_scales: columns of scale 1e-6, 1 and 1e6
        - large_offset: columns that vary by 1 around 1e8
        - outliers: one row in twenty far out and far off
        - constant_column: a column that never changes
        - double_intercept: a column of ones
        - dummy: all levels of a category, which add up to one
        - perfect_fit: no noise at all
        - constant_target: a y that never changes
    n_samples : int
        Number of rows.
    random_state : int or numpy Generator
        A seed gives the same bits every time; a generator is drawn from.

    Examples
    --------
    >>> make_trap("wide", 10).X.shape
    (10, 20)
    """
    rng = generator(n_samples, random_state)
    if kind not in _MAKERS:
        raise OptionError(f"no trap is called {kind!r}; there are {', '.join(TRAPS)}")
    return _MAKERS[kind](rng, n_samples)
