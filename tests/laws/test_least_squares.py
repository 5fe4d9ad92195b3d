"""Laws of LeastSquares: what it vouches for is there, and what should not matter does not."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exact import exact_fit
from trueline import LeastSquares, Moments
from trueline.maths.solve import least_squares
from trueline.rows import source as sources
from trueline.rows.passes import SourceRows, moments_of
from trueline.rows.source import ArraySource


def problem(seed, n_rows=(4, 14)):
    """Columns from independent to nearly equal, of any scale, some far from zero; y from pure signal to pure noise."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 4))
    n = max(int(rng.integers(*n_rows)), d + 2)
    X = rng.integers(-50, 50, (n, d)).astype(float)
    if d > 1:
        X[:, 1] = X[:, 0] + 10.0 ** -rng.integers(0, 14) * X[:, 1]
    X = X * 10.0 ** rng.integers(-6, 7, d)
    if rng.random() < 0.5:
        X = X + 10.0 ** rng.integers(-3, 9) * np.abs(X).max(axis=0)
    y = X @ rng.integers(-9, 9, d)
    noise = rng.choice([0.0, 1e-6, 1e-3, 1.0, 1e3, 1e6])
    y = y + noise * rng.integers(-99, 99, n)
    return X, y, rng.uniform(0.1, 3.0, n) if rng.random() < 0.3 else None, bool(rng.random() < 0.7)


def quiet_fit(X, y, weights=None, intercept=True):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LeastSquares(fit_intercept=intercept).fit(X, y, sample_weight=weights)


def spread(X, weights, intercept):
    omega = np.ones(len(X)) if weights is None else weights
    centre = omega @ X / omega.sum() if intercept else 0.0
    return np.sqrt(omega @ np.square(X - centre) / omega.sum())


seeds = st.integers(0, 2**32 - 1)


@given(seeds)
@settings(max_examples=300)
def test_no_more_digits_are_vouched_for_than_are_right(seed):
    """Against the exact solution of the stored numbers, relative to the largest coefficient in units of the spread."""
    X, y, weights, intercept = problem(seed)
    model = quiet_fit(X, y, weights, intercept)
    assume(model.rank_ == X.shape[1])
    truth = exact_fit(X, y, weights, intercept)
    assert truth is not None, "full rank was claimed of columns that determine each other"
    scale = spread(X, weights, intercept)
    largest = max(abs(float(t)) * s for t, s in zip(truth[0], scale, strict=True))
    assume(largest > 0)
    error = max(
        abs(float(c - t)) * s for c, t, s in zip(map(type(truth[1]), model.coef_), truth[0], scale, strict=True)
    )
    assert error <= largest * 10.0**-model.digits_ or model.digits_ == 0


def test_every_road_is_among_those_problems():
    roads = [quiet_fit(*problem(seed)).solver_ for seed in range(200)]
    assert set(roads) == {"cholesky", "refined", "qr", "minimum-norm", "doubled"}


def scaled(X, y, weights, rng):
    return X * 10.0 ** rng.uniform(-8, 8, X.shape[1]), y, weights


def shifted(X, y, weights, rng):
    return X + rng.uniform(-1e3, 1e3, X.shape[1]) * spread(X, weights, True), y, weights


def permuted(X, y, weights, rng):
    order = rng.permutation(len(y))
    return X[order], y[order], weights[order]


def repeated(X, y, weights, rng):
    """Whole weights, spelt out as rows."""
    return np.repeat(X, weights.astype(int), axis=0), np.repeat(y, weights.astype(int)), None


@pytest.mark.parametrize("change", [scaled, shifted, permuted, repeated])
@given(seed=seeds)
@settings(max_examples=60)
def test_predictions_do_not_depend_on(change, seed):
    """The scale or offset of a column, the order of rows, a weight or so many rows: to the digits of both fits."""
    rng = np.random.default_rng(seed)
    n, d = 40, 3
    X = rng.normal(size=(n, d))
    X[:, 1] = X[:, 0] + 10.0 ** -rng.integers(0, 5) * X[:, 1]
    y = X @ rng.normal(size=d) + 10.0 ** rng.integers(-6, 2) * rng.normal(size=n) + rng.normal()
    weights = rng.integers(1, 4, n).astype(float)
    other_X, other_y, other_weights = change(X, y, weights, rng)
    model, other = quiet_fit(X, y, weights), quiet_fit(other_X, other_y, other_weights)
    at, other_at = (X, other_X) if change in (scaled, shifted) else (X, X)
    push = np.abs(model.coef_ * spread(X, weights, True)).max()
    rounding = 10.0 ** -min(model.digits_, other.digits_)
    if change is shifted:  # the shifted columns themselves are rounded, at up to a thousand times their spread
        rounding += 1e3 * np.finfo(float).eps * model.condition_ * (1 + model.condition_)
    reach = np.abs(X - X.mean(axis=0)).max(axis=0) / spread(X, weights, True)
    allowed = rounding * push * (1 + reach.sum()) + 1e-14 * np.abs(y).max()
    assert np.abs(model.predict(at) - other.predict(other_at)).max() <= allowed


@given(seed=seeds, cells=st.integers(3, 400))
@settings(max_examples=60)
def test_blocks_of_any_size_give_the_same_line(seed, cells):
    X, y, weights, intercept = problem(seed, (30, 400))
    whole = ArraySource(X, y, weights)
    blocks = Cut(X, y, weights, cells)
    fits = [least_squares(moments_of(s), 0.0, intercept, SourceRows(s)) for s in (whole, blocks)]
    assume(fits[0].rank == X.shape[1])
    assert fits[1].rank == fits[0].rank
    scale = spread(X, weights, intercept)
    error = np.abs((fits[0].coef - fits[1].coef) * scale).max()
    digits = min(fit.digits for fit in fits)
    assert error <= 2 * 10.0**-digits * np.abs(fits[0].coef * scale).max() or digits == 0


class Cut(ArraySource):
    """An array that is handed out a few rows at a time."""

    def __init__(self, X, y, weights, rows):
        super().__init__(X, y, weights)
        object.__setattr__(self, "step", rows)

    def blocks(self):
        for first in range(0, self.n_rows, self.step):
            part = slice(first, first + self.step)
            yield sources.Block(self.X[part], self.y[part], None if self.weights is None else self.weights[part], first)


def test_moments_of_any_cut_merge_to_the_same():
    X, y, weights, _ = problem(3, (200, 201))
    whole = Moments.of(X, y, weights)
    parts = [
        Moments.of(X[i : i + 7], y[i : i + 7], None if weights is None else weights[i : i + 7])
        for i in range(0, 200, 7)
    ]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    assert np.allclose(
        merged.about(whole.pivot).scatter, whole.scatter, rtol=1e-9, atol=1e-9 * np.abs(whole.scatter).max()
    )
