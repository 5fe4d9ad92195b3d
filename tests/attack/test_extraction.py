"""extract recovers what answers hold, says how far rounding hides it, and calls no bent model a line."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline import LeastSquares, LinearRegressionGD
from trueline.attack.asking import Endpoint, SpentError, rounding_unit
from trueline.attack.extraction import extract
from trueline.attack.probing import profile
from trueline.errors import CellsError, OptionError, ShapeError

SEEDS = st.integers(0, 10**6)


class Counted:
    """A victim that counts for itself."""

    def __init__(self, answer):
        self.answer, self.rows = answer, 0

    def __call__(self, X):
        self.rows += len(X)
        return self.answer(X)


@given(SEEDS, st.integers(1, 30))
def test_a_line_is_recovered_to_the_last_digits(seed, d):
    rng = np.random.default_rng(seed)
    low = rng.normal(size=d) * 10 ** rng.uniform(-2, 2, d)
    high = low + 10 ** rng.uniform(-2, 2, d)
    coef, intercept = rng.normal(size=d) / (high - low), rng.normal()
    victim = Counted(lambda X: X @ coef + intercept)
    stolen = extract(victim, d, low=low, high=high, random_state=seed)
    assert stolen.kind == "line"
    assert stolen.linear
    assert np.abs((stolen.coef - coef) * (high - low)).max() < 1e-9 * (1 + np.abs(low * coef).sum())
    assert stolen.queries == victim.rows == d + 1 + 16
    assert stolen.table[0][0] == d + 1
    X = low + rng.random((50, d)) * (high - low)
    assert stolen.predict(X) == pytest.approx(victim(X), abs=1e-9 * (1 + np.abs(low * coef).sum()))


def test_d_plus_one_queries_suffice_and_say_that_nothing_was_checked():
    victim = Counted(lambda X: X @ np.array([1.0, -2.0]) + 3)
    stolen = extract(victim, 2, max_queries=3)
    assert stolen.coef == pytest.approx([1.0, -2.0], abs=1e-14)
    assert stolen.intercept == pytest.approx(3.0)
    assert victim.rows == stolen.queries == 3
    assert stolen.kind == "unchecked line"
    assert "No question was left" in str(stolen)


@settings(max_examples=25)
@given(SEEDS, st.sampled_from([0, 1, 2, 3]))
def test_rounding_hides_digits_that_more_queries_bring_back(seed, places):
    rng = np.random.default_rng(seed)
    d = 6
    coef = rng.normal(size=d) * 5
    victim = Counted(lambda X: np.round(X @ coef + 1.23, places))
    stolen = extract(victim, d, queries=1000, random_state=seed)
    assert stolen.kind == "rounded line"
    assert victim.rows == stolen.queries
    digits = -np.log10(np.abs(stolen.coef - coef).max() / np.abs(coef).max())
    assert abs(digits - stolen.digits) < 1.0  # what it claims is what it has
    counts, claimed = zip(*stolen.table, strict=True)
    assert list(counts) == sorted(counts)
    assert all(b > a for a, b in itertools.pairwise(claimed))
    assert claimed[-1] - claimed[0] > 0.8  # 1000 answers for 7


def test_noise_is_told_from_rounding_and_averaged_away(rng):
    coef = np.array([1.0, 2.0, -3.0])
    stolen = extract(lambda X: X @ coef + rng.normal(0, 0.05, len(X)), 3, queries=4000)
    assert stolen.kind == "noisy line"
    assert stolen.coef == pytest.approx(coef, abs=0.01)
    known = extract(lambda X: X @ coef + rng.normal(0, 0.05, len(X)), 3, queries=4000, noise=0.05)
    assert known.kind == "noisy line"
    assert known.digits == pytest.approx(-np.log10(0.05 / np.sqrt(4000 * 0.73) / 3), abs=0.15)


def test_claimed_noise_that_is_too_small_is_not_believed(rng):
    stolen = extract(lambda X: X @ np.ones(3) + rng.normal(0, 0.5, len(X)), 3, noise=0.05)
    assert stolen.kind == "not a line"
    assert not stolen.linear


@settings(max_examples=40)
@given(SEEDS)
def test_clip_bounds_are_recovered(seed):
    rng = np.random.default_rng(seed)
    d = 4
    coef = rng.choice([-1, 1], d) * rng.uniform(0.3, 3, d)
    low, high = rng.uniform(-1.5, -0.2, d), rng.uniform(0.2, 1.5, d)
    victim = Counted(lambda X: np.clip(X, low, high) @ coef + 2)
    stolen = extract(victim, d, random_state=seed)
    seen_low, seen_high = low > -1, high < 1
    if not (seen_low.any() or seen_high.any()):
        assert stolen.kind == "line"
        return
    assert stolen.kind == "clipped line"
    assert stolen.coef == pytest.approx(coef, rel=1e-8)
    assert stolen.clip_low[seen_low] == pytest.approx(low[seen_low], abs=1e-8)
    assert stolen.clip_high[seen_high] == pytest.approx(high[seen_high], abs=1e-8)
    assert np.isinf(stolen.clip_low[~seen_low]).all()
    assert np.isinf(stolen.clip_high[~seen_high]).all()
    assert victim.rows == stolen.queries < 40 * d
    X = rng.uniform(-1, 1, (100, d))
    assert stolen.predict(X) == pytest.approx(victim(X), abs=1e-8)


def test_a_bend_at_the_very_edge_of_one_side_is_seen():
    stolen = extract(lambda X: np.clip(X, [-0.99, -9], 9) @ np.array([1.0, 2.0]), 2)
    assert stolen.kind == "clipped line"
    assert stolen.clip_low[0] == pytest.approx(-0.99)


def test_clip_bounds_off_the_middle_and_a_column_that_does_nothing():
    def victim(X):
        return np.clip(X, [0.3, 2.0, -9], [0.5, 3.0, 9]) @ np.array([4.0, 5.0, 0.0])

    stolen = extract(victim, 3)
    assert stolen.kind == "clipped line"
    assert stolen.coef == pytest.approx([4.0, 0.0, 0.0])
    assert (stolen.clip_low[0], stolen.clip_high[0]) == pytest.approx((0.3, 0.5))
    assert "X[:, 1] does nothing in the box" in str(stolen)
    assert stolen.predict([[0.4, 0.9, -0.7]]) == pytest.approx(victim(np.array([[0.4, 0.9, -0.7]])))


def test_rounded_and_clipped_as_far_as_can_be():
    coef = np.array([2.0, -3.0])
    stolen = extract(lambda X: np.round(np.clip(X, -0.4, [0.6, 9]) @ coef, 4), 2)
    assert stolen.kind == "clipped line"
    assert stolen.coef == pytest.approx(coef, abs=1e-3)
    assert stolen.clip_low == pytest.approx([-0.4, -0.4], abs=1e-3)


@pytest.mark.parametrize(
    ("bent", "words"),
    [
        (lambda X: X[:, 0] ** 3 + X[:, 1], "Bent along X[:, 0]"),
        (lambda X: X[:, 0] + X[:, 0] * X[:, 1], "act together"),
        (lambda X: np.clip(X.sum(axis=1), -0.7, 0.7), "act together"),
        (lambda X: (X[:, 0] > 0.2) * 1.7 + X[:, 1] / 3, "Bent along X[:, 0]"),
        (lambda X: np.abs(X[:, 0]) + X[:, 1] / 3, "Bent along X[:, 0]"),
        (lambda X: 1 / (1 + np.exp(-X.sum(axis=1))), "Bent along"),
    ],
)
def test_what_is_no_line_is_not_called_one(bent, words):
    stolen = extract(bent, 2)
    assert stolen.kind == "not a line"
    assert not stolen.linear
    assert stolen.digits == 0
    assert words in str(stolen)
    assert stolen.held_out_error > 0.01


def test_noise_over_a_bend_is_not_a_line(rng):
    stolen = extract(lambda X: np.clip(X, -0.3, 0.3) @ np.ones(3) + rng.normal(0, 0.01, len(X)), 3)
    assert stolen.kind == "not a line"
    assert "cannot be told from noise" in str(stolen)


@pytest.mark.parametrize("limit", [5, 8, 25, 32, 40, 60, 100])
def test_a_limit_is_never_passed(limit):
    for answer in (
        lambda X: X @ np.ones(4),
        lambda X: np.round(X @ np.ones(4), 1),
        lambda X: np.clip(X, -0.5, 0.5) @ np.ones(4),
        lambda X: X[:, 0] * X[:, 1],
    ):
        victim = Counted(answer)
        stolen = extract(victim, 4, max_queries=limit)
        assert victim.rows <= limit
        assert stolen.queries == victim.rows
    with pytest.raises(SpentError):
        Endpoint(answer, 3).ask(np.zeros((4, 4)))


def test_fitted_models_are_stolen_within_the_box(rng):
    X = rng.normal(size=(100, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=100)
    model = LeastSquares().fit(X, y)
    stolen = extract(model.predict, 3)
    assert stolen.coef == pytest.approx(model.coef_, abs=1e-12)
    clipping = LinearRegressionGD(clip_features=(0.2, 0.8), standardize=True).fit(X, y)
    stolen = extract(clipping.predict, 3, low=-3, high=3)
    assert stolen.coef == pytest.approx(clipping.coef_, abs=1e-9)
    assert stolen.clip_low == pytest.approx(clipping.scaling_.low, abs=1e-8)


def test_rounding_units():
    assert rounding_unit(np.array([100.0, 300.0, 1200.0])) == 100
    assert rounding_unit(np.array([0.1, 0.30000000000000004, 0.7])) == 0.1
    assert rounding_unit(np.array([np.pi, np.e, 1.0])) == 0
    assert rounding_unit(np.array([2.0, 2.0])) == 0
    assert 0 < rounding_unit(np.array([np.pi, np.e], dtype=np.float32).astype(float)) < 1e-6


def test_a_constant_and_the_html():
    stolen = extract(lambda X: np.full(len(X), 2.0), 2)
    assert stolen.intercept == 2
    assert not stolen.coef.any()
    assert "<table>" in stolen._repr_html_()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"n_features": 0}, OptionError, "n_features"),
        ({"low": 1, "high": -1}, OptionError, "low below high"),
        ({"low": -np.inf}, OptionError, "finite"),
        ({"low": [0, 0, 0]}, OptionError, "one for each of 2"),
        ({"max_queries": 2}, OptionError, "max_queries must be at least n_features \\+ 1 = 3"),
        ({"queries": 2}, OptionError, "queries must be"),
        ({"noise": -1}, OptionError, "noise"),
        ({"predict": lambda X: X}, ShapeError, "one number for each row"),
        ({"predict": lambda X: ["a"] * len(X)}, ShapeError, "one number for each row"),
        ({"predict": lambda X: np.full(len(X), np.nan)}, CellsError, "NaN"),
    ],
    ids=lambda value: "predict" if isinstance(value, dict) and "predict" in value else str(value),
)
def test_bad_input_is_named(change, error, words):
    given = {"predict": lambda X: X.sum(axis=1), "n_features": 2, **change}
    with pytest.raises(error, match=words):
        extract(given.pop("predict"), given.pop("n_features"), **given)


def test_claimed_digits_are_right_on_average():
    gaps = []
    for seed in range(20):
        coef = np.random.default_rng(seed).normal(size=6) * 5
        stolen = extract(lambda X, coef=coef: np.round(X @ coef, 1), 6, queries=700, random_state=seed)
        error = np.sqrt(np.mean((stolen.coef - coef) ** 2))
        gaps.append(-np.log10(error / np.abs(coef).max()) - stolen.digits)
    assert abs(np.mean(gaps)) < 0.15


@pytest.mark.parametrize(
    "bent",
    [
        lambda t: np.clip(t, -0.5, 0.5) + 0.1 * (-0.9 < t < -0.6),  # a bump where it should be flat
        lambda t: np.clip(t, -0.5, 0.5) + 0.1 * (0.6 < t < 0.9),
        lambda t: np.clip(t, -0.5, 0.5) * (1 + 0.3 * (abs(t) < 0.3)),  # steeper in its middle
        lambda t: np.sin(np.pi * t),
    ],
)
def test_a_profile_that_is_not_flat_slope_flat_is_bent(bent):
    assert not profile(bent, -1.0, 1.0, 1e-12).straight
    assert profile(lambda t: float(np.clip(t, -0.5, 0.5)), -1.0, 1.0, 1e-12).straight
