"""Influence against deleting each row and fitting again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline import LeastSquares
from trueline.errors import PrecisionWarning
from trueline.models.influence import influence_of
from trueline.models.statistics import summary_of


def rows(seed, n=12):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2)) * [1, 1000] + [0, 1e5]
    return X, X @ [2.0, 0.01] + rng.normal(size=n), rng.uniform(0.3, 3, n)


def theta(model):
    return np.append(model.intercept_, model.coef_) if model.fit_intercept else model.coef_


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_each_row_deleted_and_the_rest_fitted_again(seed, weighted, intercept):
    X, y, weights = rows(seed)
    weights = weights if weighted else np.ones(len(y))
    model = LeastSquares(fit_intercept=intercept).fit(X, y, weights)
    found = influence_of(model, X, y, sample_weight=weights)
    whole, p = summary_of(model), len(theta(model))
    assert found.leverage.sum() == pytest.approx(p, rel=1e-9)
    assert np.allclose(found.residuals, y - model.predict(X), atol=1e-8)
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        other = LeastSquares(fit_intercept=intercept).fit(X[rest], y[rest], weights[rest])
        s = summary_of(other).residual_standard_error
        move = theta(model) - theta(other)
        assert np.allclose(found.dfbeta[i], move, rtol=1e-6, atol=1e-8 * whole.standard_errors)
        scale = whole.standard_errors / whole.residual_standard_error
        assert np.allclose(found.dfbetas[i], move / (s * scale), rtol=1e-6, atol=1e-8)
        shift = (model.predict(X) - other.predict(X)) * np.sqrt(weights)
        cook = shift @ shift / (p * whole.residual_standard_error**2)
        assert found.cooks_distance[i] == pytest.approx(cook, rel=1e-6, abs=1e-10)
        own = np.sqrt(weights[i]) * found.residuals[i] / np.sqrt(1 - found.leverage[i])
        assert found.standardized[i] == pytest.approx(own / whole.residual_standard_error, rel=1e-7, abs=1e-9)
        assert found.studentized[i] == pytest.approx(own / s, rel=1e-6, abs=1e-8)
        dffit = shift[i] / (s * np.sqrt(found.leverage[i]))
        assert found.dffits[i] == pytest.approx(dffit, rel=1e-6, abs=1e-8)


def test_blocks_do_not_show(monkeypatch):
    X, y, weights = rows(1, n=2500)
    model = LeastSquares().fit(X, y, weights)
    whole = influence_of(model, X, y, sample_weight=weights)
    monkeypatch.setattr("trueline.rows.source.BLOCK_CELLS", 1)
    cut = influence_of(model, X, y, sample_weight=weights)
    assert np.allclose(cut.dfbetas, whole.dfbetas, rtol=1e-12)
    assert np.allclose(cut.leverage, whole.leverage, rtol=1e-12)


def test_a_row_that_alone_determines_a_coefficient():
    X, y, _ = rows(2)
    X[:, 0] = 0.0
    X[4, 0] = 1.0
    found = influence_of(LeastSquares().fit(X, y), X, y)
    assert found.leverage[4] == pytest.approx(1.0, abs=1e-12)
    assert np.isnan(found.studentized[4]) and np.isnan(found.dfbeta[4]).all()
    assert np.isfinite(np.delete(found.studentized, 4)).all()


def test_one_row_off_a_line_is_infinitely_far_out():
    x = np.arange(8.0)
    y = 2 * x + 1
    y[3] += 5
    found = influence_of(LeastSquares().fit(x[:, None], y), x[:, None], y)
    assert found.studentized[3] == np.inf
    assert np.isfinite(np.delete(found.studentized, 3)).all()
    for slope in np.arange(1, 20) / 7:  # the same, with rounding
        y = slope * x + 0.1 + 5 * (x == 3)
        assert influence_of(LeastSquares().fit(x[:, None], y), x[:, None], y).studentized[3] == np.inf
    assert repr(found) == "Influence of 8 rows: largest leverage 0.417 in row 1, largest Cook's distance 0.452 in row 4"


def test_a_perfect_fit_has_no_influence():
    x = np.arange(8.0)[:, None]
    y = x[:, 0] / 3 + 1
    with pytest.warns(PrecisionWarning, match="zero to rounding"):
        found = influence_of(LeastSquares().fit(x, y), x, y)
    assert not found.dfbeta.any()
    assert np.isnan(found.cooks_distance).all()
    assert "no Cook's distance" in repr(found)
