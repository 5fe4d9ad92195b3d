"""Relabelling: exact for the sign; for the test found by refitting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

from audit.flip_designs import KINDS, coefficient, fewest_labels, small_design
from trueline import Domain, LeastSquares, audit
from trueline.errors import DataError, OptionError


@pytest.mark.parametrize("kind", KINDS)
def test_the_sign_is_exact(kind):
    rng = np.random.default_rng(100 + KINDS.index(kind))
    met = 0
    for _ in range(25):
        X, y = small_design(rng, kind)
        X, y = X[:6], y[:6]
        intercept = bool(rng.integers(0, 2))
        try:
            result = audit.rows_to_flip(X, y, 0, by="relabel", fit_intercept=intercept)
        except DataError:
            continue
        truth = fewest_labels(X, y, intercept)
        if truth is None:
            assert result.found is None
            continue
        assert result.certified <= truth == result.found
        changed = y.copy()
        changed[result.rows] = result.labels
        assert y.min() <= result.labels.min() and result.labels.max() <= y.max()
        assert np.sign(coefficient(X, changed, intercept)) == -np.sign(result.before.coef)
        met += result.certified == truth
    assert met >= 3


def test_ridge_is_linear_in_the_labels_too(rng):
    X = rng.normal(size=(60, 3))
    y = X[:, 0] + rng.normal(size=60)
    result = audit.rows_to_flip(X, y, 0, by="relabel", reg_lambda=0.5)
    changed = y.copy()
    changed[result.rows] = result.labels
    assert LeastSquares(0.5).fit(X, changed).coef_[0] < 0 < result.before.coef
    assert result.found == result.certified == result.predicted


def test_labels_keep_to_what_is_given(rng):
    X = rng.normal(size=(80, 2))
    y = 0.5 * X[:, 0] + rng.normal(size=80)
    free = audit.rows_to_flip(X, y, 0, by="relabel", y_bounds=(-100, 100))
    held = audit.rows_to_flip(X, y, 0, by="relabel", domain=Domain(y_low=-1, y_high=1))
    assert free.found == 1 and np.abs(free.labels).max() == 100
    assert held.found is None or np.abs(held.labels).max() <= 1
    assert audit.rows_to_flip(X, y, 0, by="relabel").labels.max() <= y.max()
    with pytest.raises(OptionError, match="one or the other"):
        audit.rows_to_flip(X, y, 0, by="relabel", domain=Domain(), y_bounds=(0, 1))


@pytest.mark.parametrize("cov", ["classical", "HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize("goal", ["significance", "significant_opposite"])
def test_the_test_is_judged_by_a_refit(cov, goal, rng):
    X = rng.normal(size=(70, 2))
    y = 0.6 * X[:, 0] + rng.normal(size=70)
    result = audit.rows_to_flip(X, y, 0, goal, by="relabel", cov=cov, level=0.01)
    changed = y.copy()
    changed[result.rows] = result.labels
    summary = LeastSquares().fit(X, changed).summary(cov, X, changed)
    crit = student.ppf(0.995, 67)
    assert result.after.t == pytest.approx(summary.t[1])
    assert abs(summary.t[1]) < crit if goal == "significance" else summary.t[1] < -crit
    sign = audit.rows_to_flip(X, y, 0, by="relabel")
    assert result.certified == (0 if goal == "significance" else sign.certified)
    assert result.found <= sign.found if goal == "significance" else result.found >= sign.found


def test_too_few_labels_say_so():
    X = np.arange(10.0)[:, None]
    y = 5 + np.arange(10.0)
    result = audit.rows_to_flip(X, y, 0, by="relabel", y_bounds=(100, 100))
    assert result.found is None or result.found == result.certified
