"""Membership leakage is found where it is, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from trueline import LeastSquares
from trueline.attack.membership import _advantage, _auc, membership_inference
from trueline.errors import CellsError, OptionError, ShapeError
from trueline.rows.datasets import load_diabetes


@pytest.fixture(scope="module")
def diabetes():
    data = load_diabetes()
    return membership_inference(LeastSquares(), data.X, data.y)


def test_least_squares_on_diabetes_leaks_next_to_nothing(diabetes):
    assert diabetes.auc == pytest.approx(0.518, abs=0.006)
    assert diabetes.interval == pytest.approx((0.468, 0.568), abs=0.012)
    assert abs(diabetes.advantage) < 0.05
    assert diabetes.advantage_interval[0] < 0 < diabetes.advantage_interval[1]
    assert not diabetes.found
    assert diabetes.baseline_aucs.mean() == pytest.approx(0.5, abs=1e-12)
    assert (diabetes.n_train, diabetes.n_features, len(diabetes.aucs)) == (221, 10, 200)
    assert diabetes.excess == pytest.approx(diabetes.auc - 0.5)
    assert 0.0005 < diabetes.standard_error < 0.0015
    assert "found" in str(diabetes)
    assert "<table>" in diabetes._repr_html_()


class Oblivious(BaseEstimator):
    """Fitted to nothing: it cannot leak."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return X @ np.arange(X.shape[1])


@pytest.mark.parametrize("seed", range(6))
def test_a_model_that_never_saw_the_rows_leaks_nothing(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(80, 3)), rng.normal(size=80)
    null = membership_inference(Oblivious(), X, y, splits=100, random_state=seed)
    assert null.auc == pytest.approx(0.5, abs=1e-12)  # halves are exchanged, so chance cancels
    assert null.interval[0] < 0.5 < null.interval[1]
    assert abs(null.advantage) < 0.06
    assert null.advantage_interval[0] < 0 < null.advantage_interval[1]
    assert not null.found


def test_the_advantage_is_calibrated_where_membership_is_drawn_at_random():
    """Scored on the rows that chose the threshold, it would be about 0.15 here."""
    rng = np.random.default_rng(1)
    loss = rng.exponential(size=100)
    drawn = [_advantage(loss, rng.permutation(np.arange(100) % 2 == 0), rng) for _ in range(600)]
    assert abs(np.mean(drawn)) < 4 * np.std(drawn) / np.sqrt(600)


@pytest.mark.parametrize("model", [LinearRegression(), lambda: DecisionTreeRegressor(random_state=0), LeastSquares])
def test_overfit_models_leak(model):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 36)), rng.normal(size=80)
    leak = membership_inference(model, X, y, splits=60)
    assert leak.found
    assert leak.auc > 0.85
    assert leak.advantage > 0.5


def test_fewer_rows_than_columns_leak_everything_and_the_warnings_are_counted():
    rng = np.random.default_rng(0)
    leak = membership_inference(LeastSquares(), rng.normal(size=(40, 30)), rng.normal(size=40), splits=20)
    assert leak.auc == 1.0
    assert leak.warned == (("RankWarning", 20),)
    assert "20 of the fits warned: RankWarning" in str(leak)


def test_the_seed_repeats_and_the_model_is_not_touched():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), rng.normal(size=60)
    model = LeastSquares()
    first, second, other = (membership_inference(model, X, y, splits=20, random_state=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.aucs, second.aucs)
    assert np.array_equal(first.advantages, second.advantages)
    assert not np.array_equal(first.aucs, other.aucs)
    assert not hasattr(model, "coef_")


def test_auc_is_the_chance_of_a_smaller_loss_with_ties_halved():
    loss = np.array([1.0, 2.0, 2.0, 3.0])
    member = np.array([True, True, False, False])
    pairs = [(a < b) + (a == b) / 2 for a in loss[member] for b in loss[~member]]
    assert _auc(loss, member) == np.mean(pairs)


def test_a_constant_model_barely_leaks_and_odd_numbers_of_rows_work():
    rng = np.random.default_rng(2)
    leak = membership_inference(DummyRegressor(), rng.normal(size=(61, 2)), rng.normal(size=61), splits=40)
    assert not leak.found
    assert leak.n_train == 30


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"model": 3}, OptionError, "neither an estimator"),
        ({"splits": 5}, OptionError, "splits must be"),
        ({"X": np.ones((6, 1)), "y": np.ones(6)}, ShapeError, "too few to halve twice"),
        ({"X": np.full((20, 1), np.nan)}, CellsError, "NaN"),
        ({"y": np.ones(3)}, ShapeError, "equally many rows"),
    ],
    ids=str,
)
def test_bad_input_is_named(change, error, words):
    given = {"model": LeastSquares(), "X": np.arange(20.0)[:, None], "y": np.arange(20.0), **change}
    with pytest.raises(error, match=words):
        membership_inference(given.pop("model"), given.pop("X"), given.pop("y"), **given)
