"""Attribute leakage: what a model tells beyond the other columns, and nothing where it tells nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from trueline import LeastSquares, LinearRegressionGD
from trueline.attack.attribute import attribute_inference
from trueline.errors import DataError, OptionError, ShapeError
from trueline.models.foreign import Line


def rows(seed=0, n=300, noise=1.0, coef=(1.0, 2.0, -1.0)):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    X[:, 1] += 0.5 * X[:, 0]
    return X, X @ coef + noise * rng.normal(size=n)


def test_an_output_with_all_its_digits_tells_the_column():
    X, y = rows()
    told = attribute_inference(LeastSquares().fit(X, y), X, y, 1)
    assert told.found
    assert told.gain == pytest.approx(1.0, abs=1e-12)
    assert told.errors.max() < 1e-12
    assert told.baseline_errors.mean() == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("noise", [0.5, 1.0, 3.0])
def test_a_label_tells_what_the_variances_say(noise):
    """Normal throughout: the share explained is coef²τ²/(coef²τ² + σ²)."""
    X, y = rows(n=4000, noise=noise)
    told = attribute_inference(LeastSquares().fit(X, y), X, y, 1, knows="label", splits=40)
    assert told.gain == pytest.approx(4 / (4 + noise**2), abs=0.04)
    assert told.found


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_found_where_the_label_does_not_depend_on_the_column(seed):
    X, y = rows(seed, coef=(1.0, 0.0, -1.0))
    told = attribute_inference(LeastSquares().fit(X[:150], y[:150]), X[150:], y[150:], 1, knows="label")
    assert told.interval[0] < 0.01  # a rounding of 0: the model was fitted to other rows
    assert abs(told.gain) < 0.03
    assert not told.found


def test_a_permuted_label_tells_nothing():
    X, y = rows()
    model = LeastSquares().fit(X, y)
    told = attribute_inference(model, X, np.random.default_rng(0).permutation(y), 1, knows="label")
    assert told.gain < 0
    assert not told.found


def test_a_coefficient_of_zero_leaves_the_baseline():
    X, y = rows()
    model = LeastSquares().fit(X, y)
    model.coef_ = np.array([1.0, 0.0, -1.0])
    told = attribute_inference(model, X, y, 1)
    assert np.array_equal(told.errors, told.baseline_errors)
    assert told.gain == 0


def test_a_clipped_value_is_learnt_up_to_the_bound():
    X, y = rows()
    model = LinearRegressionGD(clip_features=(0.3, 0.7), standardize=True).fit(X, y)
    told = attribute_inference(model, X, y, 1)
    assert 0.3 < told.gain < 0.99
    line = Line(model.w_, model.b_, model.scaling_, None, 0.0, True, "x")
    assert attribute_inference(line, X, y, 1).gain == told.gain


def test_two_values_are_counted_by_name(rng):
    X, _ = rows()
    X[:, 2] = rng.integers(0, 2, len(X)) * 3.0
    y = X @ [1.0, 1.0, 2.0] + rng.normal(size=len(X))
    table = pa.table(dict(zip(["age", "rooms", "sex"], X.T, strict=True)))
    told = attribute_inference(LeastSquares().fit(table, y), table, y, "sex", knows="label")
    assert told.name == "sex"
    assert told.hits.mean() > told.baseline_hits.mean() + 0.2
    assert "right with the model" in str(told)
    assert "sex" in told._repr_html_()


def test_one_column_alone_and_the_seed_repeats():
    X, y = rows()
    model = LeastSquares().fit(X[:, :1], y)
    first, second = (attribute_inference(model, X[:, :1], y, 0, splits=20, random_state=7) for _ in range(2))
    assert first.gain == pytest.approx(1.0)
    assert np.array_equal(first.errors, second.errors)


def test_only_unseen_rows_are_scored():
    """Few rows for many columns: the prior fits those it learnt from far better than others."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 24)), rng.normal(size=60)
    told = attribute_inference(LeastSquares().fit(X, y), X, y, 0)
    assert told.baseline_errors.mean() > 1.5 * X[:, 0].std()
    assert (told.n_known, told.n_scored) == (30, 30)


def test_beyond_a_bound_the_prior_may_say_more_than_the_bound():
    X, y = rows(n=600)
    X[:, 1] = X[:, 0] + 0.1 * X[:, 1]  # the other columns nearly tell it
    for bounds in ((0.45, 1.0), (0.0, 0.55)):
        model = LinearRegressionGD(clip_features=bounds, standardize=True).fit(X, y)
        told = attribute_inference(model, X, y, 1)
        assert told.errors.mean() < told.baseline_errors.mean()


def with_constant(X):
    X = X.copy()
    X[:, 1] = 2.0
    return X


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"sensitive": 3}, OptionError, "is no column"),
        ({"sensitive": "age"}, OptionError, "is no column"),
        ({"knows": "all"}, OptionError, "knows must be"),
        ({"splits": 3}, OptionError, "splits must be"),
        ({"X": with_constant(rows()[0])}, DataError, "never changes"),
        ({"X": rows()[0][:, [0, 0, 0]], "sensitive": 0}, DataError, "determined by the other columns"),
        ({"X": rows()[0][:9], "y": rows()[1][:9]}, ShapeError, "too few to learn"),
        ({"X": rows()[0][:, :2]}, ShapeError, "2 columns"),
    ],
    ids=["position", "name", "knows", "splits", "constant", "determined", "few", "columns"],
)
def test_bad_input_is_named(change, error, words):
    X, y = rows()
    given = {"X": X, "y": y, "sensitive": 1, **change}
    with pytest.raises(error, match=words):
        attribute_inference(LeastSquares().fit(X, y), given.pop("X"), given.pop("y"), given.pop("sensitive"), **given)
