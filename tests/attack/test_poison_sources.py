"""What a supplier does: exact against refits; what it could do: never exceeded."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from trueline import Domain, attack
from trueline.errors import DataError, OptionError, ShapeError


@pytest.mark.parametrize("reg_lambda", [0.0, 0.4])
def test_shifts_equal_refits(clean, rng, reg_lambda):
    X, y = clean
    source = rng.choice(["north", "south", "west"], size=80)
    y = y + 3 * (source == "west")
    found = attack.by_source(X, y, source, reg_lambda=reg_lambda)
    alpha = 80 * reg_lambda
    model = LinearRegression(tol=0) if not reg_lambda else Ridge(alpha, solver="svd")
    for name, rows, coef, felt in zip(found.names, found.rows, found.coef_shift, found.prediction_shift, strict=True):
        rest = source != name
        assert rows == (~rest).sum()
        with_it, told = model.fit(X, y).coef_, model.predict(X[rest])
        without, other = model.fit(X[rest], y[rest]).coef_, model.predict(X[rest])
        np.testing.assert_allclose(coef, with_it - without, rtol=1e-8, atol=1e-10)
        assert felt == pytest.approx(np.sqrt(np.square(told - other).mean()), rel=1e-8)


def test_no_malicious_source_does_more_than_the_bound(clean, rng):
    X, y = clean
    source = np.repeat(["a", "b", "c"], [3, 17, 60])
    found = attack.by_source(X, y, source)
    domain = Domain.learn(X, y)
    closest = 0.0
    for name, k, coef, most in zip(found.names, found.rows, found.could_coef, found.could_prediction, strict=True):
        honest = source != name
        before = LinearRegression().fit(X[honest], y[honest])
        for _ in range(200):
            corner = domain.farthest(rng.normal(size=4))
            rows = np.where(rng.random((k, 1)) < 0.5, corner, domain.sample(k, rng))
            labels = rng.choice([domain.y_low, domain.y_high]) * np.ones(k)
            after = LinearRegression().fit(np.vstack([X[honest], rows]), np.append(y[honest], labels))
            moved = np.sqrt(np.square(after.predict(X[honest]) - before.predict(X[honest])).mean())
            assert (np.abs(after.coef_ - before.coef_) <= coef * (1 + 1e-9)).all()
            assert moved <= most * (1 + 1e-9)
            closest = max(closest, moved / most)
    assert closest > 0.3  # a bound that says something


def test_the_bound_is_nearly_reached_by_one_row():
    """Many directions, one row far enough out: half of its residual, as the algebra says."""
    X = np.linspace(-1, 1, 200).reshape(-1, 1)
    found = attack.by_source(X, np.zeros(200), np.r_[[0], np.ones(199)], bounds=(-12, 12), y_bounds=(-1, 1))
    one = list(found.names).index("0.0")
    reach = []
    for x in np.linspace(1, 12, 100):
        fit = LinearRegression().fit(np.r_[X[1:], [[x]]], np.r_[np.zeros(199), 1.0])
        reach.append(abs(fit.coef_[0]))
    assert 0.95 < max(reach) / found.could_coef[one, 0] <= 1.0


def test_frozen_columns_only_take_values_that_exist(clean):
    X, y = clean
    wide = {"low": X.min(axis=0) - 5, "high": X.max(axis=0) + 5, "y_low": -30, "y_high": 30}
    domains = Domain(**wide), Domain(**wide, frozen=range(4))
    free, tied = (attack.by_source(X, y, np.arange(80) % 4, domain=domain) for domain in domains)
    assert (np.sort(tied.could_prediction) < np.sort(free.could_prediction)).all()


def test_a_table(clean):
    X, y = clean
    found = attack.by_source(pd.DataFrame(X, columns=list("abcd")), pd.Series(y), np.arange(80) % 2)
    assert str(found).splitlines()[0].split()[:2] == ["source", "rows"] and len(str(found).splitlines()) == 3
    assert list(found.could_prediction) == sorted(found.could_prediction, reverse=True)


def test_what_is_refused(clean):
    X, y = clean
    with pytest.raises(ShapeError, match="each of the 80 rows"):
        attack.by_source(X, y, ["a", "b"])
    with pytest.raises(DataError, match="blanks"):
        attack.by_source(X, y, [None, *["a"] * 79])
    with pytest.raises(DataError, match="one source"):
        attack.by_source(X, y, ["a"] * 80)
    with pytest.raises(OptionError, match="no bounds"):
        attack.by_source(X, y, np.arange(80) % 2, domain=Domain())
    with pytest.raises(OptionError, match="reg_lambda"):
        attack.by_source(X, y, np.arange(80) % 2, reg_lambda=-1.0)
