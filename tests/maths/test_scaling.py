from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline import Domain, Moments
from trueline.errors import OptionError
from trueline.maths.scaling import Scaling, constant_columns, quantile_bounds

numbers = st.floats(-1e6, 1e6)
spreads = st.floats(1e-3, 1e3)


@given(
    st.lists(numbers, min_size=2, max_size=2), st.lists(spreads, min_size=2, max_size=2),
    st.lists(numbers, min_size=2, max_size=2), numbers,
)  # fmt: skip
def test_undo_is_the_same_line_in_the_units_of_the_data(mu, sigma, w, b):
    scaling = Scaling.none(2).standardized(np.array(mu), np.array(sigma))
    X = np.array([[0.0, 1.0], [5.0, -3.0], [1e3, 1e3]])
    coef, intercept = scaling.undo(np.array(w), b)
    size = np.abs(X) @ np.abs(coef) + abs(b) + np.abs(coef) @ np.abs(mu)
    assert np.all(np.abs(scaling.apply(X) @ w + b - (X @ coef + intercept)) <= 1e-13 * size + 1e-300)


@given(st.lists(numbers, min_size=2, max_size=2), numbers)
def test_redo_undoes_undo(w, b):
    scaling = Scaling.none(2).standardized(np.array([3.0, -7.0]), np.array([2.0, 0.5]))
    back, b_back = scaling.redo(*scaling.undo(np.array(w), b))
    assert np.allclose(back, w, rtol=1e-15)
    assert b_back == pytest.approx(b, abs=1e-14 * (1 + abs(b) + 7 * np.abs(w).sum()))


@pytest.mark.parametrize("intercept", [True, False])
def test_spread_is_population_and_weighted(intercept):
    rng = np.random.default_rng(0)
    X, y, weights = rng.normal(3, 2, (50, 2)), rng.normal(size=50), rng.uniform(0, 2, 50)
    mu, sigma = Scaling.spread(Moments.of(X, y, weights), np.zeros(2, dtype=bool), intercept)
    centre = np.average(X, axis=0, weights=weights) if intercept else np.zeros(2)
    assert np.allclose(mu, centre)
    assert np.allclose(sigma, np.sqrt(np.average((X - centre) ** 2, axis=0, weights=weights)))


def test_constant_columns_are_recognised_through_rounding():
    rng = np.random.default_rng(1)
    n = 1000
    X = np.column_stack([np.full(n, 0.1), np.full(n, 1e9 / 3), np.zeros(n), 1e8 + 1e-3 * rng.normal(size=n)])
    assert constant_columns(Moments.of(X, np.arange(float(n)))).tolist() == [True, True, True, False]


def test_a_constant_column_is_scaled_to_exactly_zero():
    scaling = Scaling(np.array([0.1]), np.ones(1), np.array([True]))
    assert np.array_equal(scaling.apply(np.array([[0.1], [7.0]])), np.zeros((2, 1)))
    assert scaling.factor.tolist() == [0.0]


def test_clipping_comes_first_and_in_raw_units():
    low, high = Domain([0.0, -np.inf], [1.0, 5.0]).bounds(2)
    scaling = Scaling(np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.zeros(2, dtype=bool), low, high)
    assert np.allclose(scaling.apply(np.array([[9.0, 9.0], [-9.0, -9.0]])), [[0.0, 5.0], [-0.5, -9.0]])
    X = np.ones((1, 2))
    assert Scaling.none(2).clip(X) is X, "no bounds, no copy"


@given(st.lists(st.integers(0, 3), min_size=5, max_size=5).filter(any))
def test_quantile_bounds_know_that_a_weight_is_a_repetition(repeats):
    column = np.array([3.0, 1.0, 4.0, 1.5, 9.0])
    weighted = quantile_bounds([column], (0.1, 0.8), np.array(repeats, dtype=float))
    repeated = quantile_bounds([np.repeat(column, repeats)], (0.1, 0.8), None)
    assert [bound.tolist() for bound in weighted] == [bound.tolist() for bound in repeated]
    assert weighted[0][0] in column


@pytest.mark.parametrize("quantiles", [(0.9, 0.1), (0.5, 0.5), (-0.1, 0.9), (0.1, 1.1), (0.1,), "ab", 0.1])
def test_what_are_no_two_quantiles_is_refused(quantiles):
    with pytest.raises(OptionError, match="two quantiles"):
        quantile_bounds([np.arange(5.0)], quantiles, None)


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (np.nan, 1.0), ([0, 2], [1, 1])])
def test_a_domain_without_room_is_refused(low, high):
    with pytest.raises(OptionError, match="low bound"):
        Domain(low, high)


def test_a_domain_of_another_width_is_refused():
    with pytest.raises(OptionError, match="bounds 2 features, the data has 3"):
        Domain([0, 0], [1, 1]).bounds(3)


@pytest.mark.parametrize("quantiles", [(0.0, 1.0), (0.1, 0.5), (0.0, 0.3), (0.9, 1.0)])
def test_quantile_bounds_are_numpy_s(quantiles):
    columns = np.random.default_rng(1).normal(size=(2, 40))
    low, high = quantile_bounds(columns, quantiles, None)
    assert np.array_equal(low, np.quantile(columns, quantiles[0], axis=1, method="inverted_cdf"))
    assert np.array_equal(high, np.quantile(columns, quantiles[1], axis=1, method="inverted_cdf"))
    assert low.dtype == high.dtype == np.float64


def test_what_never_changes_keeps_its_unit():
    X = np.column_stack([np.full(4, 7.0), np.zeros(4), [-1.0, 1.0, -1.0, 1.0], [1.0, 2.0, 3.0, 6.0]])
    moments = Moments.of(X, np.arange(4.0))
    mu, sigma = Scaling.spread(moments, constant_columns(moments), True)
    assert np.array_equal(sigma[:3], [1.0, 1.0, 1.0]) and sigma[3] == pytest.approx(X[:, 3].std())
    assert np.array_equal(mu, X.mean(axis=0))
    mu, sigma = Scaling.spread(moments, np.zeros(4, dtype=bool), False)
    assert np.allclose(sigma, [7.0, 1.0, 1.0, np.sqrt(12.5)]) and not mu.any()


def test_standardising_keeps_the_clipping_and_takes_both_mean_and_spread():
    low, high = np.array([-1.0, 0.0]), np.array([1.0, 2.0])
    scaling = Scaling(np.zeros(2), np.ones(2), np.zeros(2, dtype=bool), low, high)
    mu, sigma = np.array([0.5, -0.25]), np.array([1e-3, 4.0])
    done = scaling.standardized(mu, sigma)
    assert done.mu is mu and done.sigma is sigma and done.low is low and done.high is high
    assert Scaling.none(2).constant.tolist() == [False, False]
    tiny = np.random.default_rng(0).normal(size=(50, 1)) * 1e-6
    moments = Moments.of(tiny, tiny[:, 0])
    assert Scaling.spread(moments, constant_columns(moments), True)[1][0] == pytest.approx(tiny.std(), rel=1e-9)
