"""Targeted poison: the wanted shift, at the least cost, and how far one gets."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from trueline import Domain, attack
from trueline.errors import OptionError, ShapeError


def moved(poison, X, y, at, model=None):
    model = LinearRegression() if model is None else model
    before = model.fit(X, y).predict(at).mean()
    return model.fit(*poison.apply(X, y)).predict(at).mean() - before


@pytest.mark.parametrize("rows", [1, 4])
def test_the_closed_form_meets_the_shift(clean, rows):
    X, y = clean
    poison = attack.targeted(X, y, rows=rows, at=X[5], shift=0.4, y_bounds=(-100, 100))
    assert poison.report["method"] == "closed form"
    assert moved(poison, X, y, X[5:6]) == pytest.approx(0.4, rel=1e-9)
    assert poison.report["achieved"] == pytest.approx(0.4, rel=1e-9)


def test_the_closed_form_is_the_cheapest(clean, rng):
    """No other row that moves the point as far changes the other predictions less."""
    X, y = clean
    poison = attack.targeted(X, y, rows=1, at=X[5], shift=0.4, y_bounds=(-1e9, 1e9))
    cost = poison.report["mse_after"] - poison.report["mse_before"]
    model = LinearRegression().fit(X, y)
    base, before = model.predict(X[5:6])[0], np.square(model.predict(X) - y).mean()
    for row in X[5] + rng.normal(size=(100, 4)) * X.std(axis=0) * rng.random((100, 1)):
        idle = model.predict(row[None])[0]
        trial = LinearRegression().fit(np.vstack([X, row]), np.append(y, idle + 1.0))
        label = idle + 0.4 / (trial.predict(X[5:6])[0] - base)  # the shift is linear in the label
        trial.fit(np.vstack([X, row]), np.append(y, label))
        assert trial.predict(X[5:6])[0] - base == pytest.approx(0.4, rel=1e-6)
        assert np.square(trial.predict(X) - y).mean() - before >= cost * (1 - 1e-6)


def test_the_penalty_of_added_rows_is_counted(clean):
    X, y = clean
    poison = attack.targeted(X, y, rows=5, at=X[5], shift=0.3, reg_lambda=0.2, y_bounds=(-100, 100))
    before = Ridge(80 * 0.2, solver="svd").fit(X, y).predict(X[5:6])[0]
    after = Ridge(85 * 0.2, solver="svd").fit(*poison.apply(X, y)).predict(X[5:6])[0]
    assert after - before == pytest.approx(0.3, rel=1e-6)


@pytest.mark.parametrize("shift", [1.0, -1.0])
def test_a_search_where_the_label_may_not_go_that_far(clean, shift):
    X, y = clean
    said = LinearRegression().fit(X, y).predict(X[5:6])[0]
    poison = attack.targeted(X, y, rows=4, at=X[5], shift=shift, y_bounds=(said - 3, said + 3))
    assert poison.report["method"] == "search" and poison.report["reached"]
    assert moved(poison, X, y, X[5:6]) == pytest.approx(shift, rel=1e-3)


def test_a_region(clean):
    X, y = clean
    poison = attack.targeted(X, y, rows=6, at=X[:10], shift=0.3)
    assert moved(poison, X, y, X[:10]) == pytest.approx(0.3, rel=1e-3)


def test_out_of_reach_says_how_far_and_no_random_poison_gets_farther(clean, rng):
    X, y = clean
    poison = attack.targeted(X, y, rows=2, at=X[5], shift=50.0)
    report = poison.report
    assert report["method"] == "out of reach" and not report["reached"]
    assert report["achieved"] == pytest.approx(moved(poison, X, y, X[5:6]), rel=1e-6)
    domain = Domain.learn(X, y)
    base = LinearRegression().fit(X, y).predict(X[5:6])[0]
    for _ in range(300):
        rows, labels = domain.sample(2, rng), rng.choice([y.min(), y.max()], size=2)
        got = LinearRegression().fit(np.vstack([X, rows]), np.append(y, labels)).predict(X[5:6])[0] - base
        assert got <= report["achieved"] + 1e-9
    assert report["achieved"] <= report["bound"] <= 5 * report["achieved"]


def test_what_is_refused(clean):
    X, y = clean
    with pytest.raises(OptionError, match="met already"):
        attack.targeted(X, y, rows=1, at=X[0], shift=0.0)
    with pytest.raises(OptionError, match="steps"):
        attack.targeted(X, y, rows=1, at=X[0], shift=1.0, steps=0)
    for at in (X[0, :2], [np.nan] * 4, 3.0):
        with pytest.raises(ShapeError, match="at must be"):
            attack.targeted(X, y, rows=1, at=at, shift=1.0)
