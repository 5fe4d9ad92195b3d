"""Adding rows: against grids, brute force over their corners, and with nothing enforced."""

from __future__ import annotations

from itertools import combinations_with_replacement, product

import numpy as np
import pytest

from trueline import Domain, LeastSquares, audit
from trueline.errors import OptionError


def grid(X, y, places=5):
    axes = [np.linspace(low, high, places) for low, high in zip(X.min(axis=0), X.max(axis=0), strict=True)]
    return np.array(list(product(*axes, (y.min(), y.max()))))


@pytest.mark.parametrize("seed", range(6))
def test_no_rows_of_a_grid_need_fewer_than_certified(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(25, 1 + seed % 2))
    y = 0.8 * X[:, 0] + rng.normal(size=25)
    domain = Domain.learn(X, y)
    result = audit.rows_to_flip(X, y, 0, by="add")
    rows = grid(X, y, 4)
    for k in (1, 2):
        for chosen in combinations_with_replacement(range(len(rows)), k):
            added = rows[list(chosen)]
            coef = LeastSquares().fit(np.vstack([X, added[:, :-1]]), np.append(y, added[:, -1])).coef_[0]
            if coef * result.before.coef < 0:
                assert result.certified <= k
                assert result.found <= k + 1
                break
    assert result.certified <= result.found
    assert domain.contains(result.rows, result.labels).all()
    refit = LeastSquares().fit(np.vstack([X, result.rows]), np.append(y, result.labels)).coef_[0]
    assert refit == pytest.approx(result.after.coef) and refit * result.before.coef < 0


@pytest.mark.parametrize("lam", [0.0, 0.1])
def test_ridge_and_no_intercept(lam, rng):
    X = rng.normal(size=(40, 2)) + 1
    y = X[:, 0] + rng.normal(size=40)
    result = audit.rows_to_flip(X, y, 0, by="add", reg_lambda=lam, fit_intercept=False)
    refit = LeastSquares(lam, False).fit(np.vstack([X, result.rows]), np.append(y, result.labels)).coef_[0]
    assert refit < 0 < result.before.coef
    assert 1 <= result.certified <= result.found


@pytest.mark.parametrize("goal", ["sign", "significance", "significant_opposite"])
@pytest.mark.parametrize("intercept", [True, False])
def test_one_row_that_nothing_holds_is_always_enough(goal, intercept, rng):
    X = rng.normal(size=(50, 3))
    y = 2 * X[:, 1] + rng.normal(size=50)
    result = audit.rows_to_flip(X, y, 1, goal, by="add", domain=Domain(), fit_intercept=intercept)
    assert result.found == result.certified == 1
    assert "one row far enough out does it" in result.note


@pytest.mark.parametrize("cov", ["classical", "HC1", "HC3"])
@pytest.mark.parametrize("goal", ["significance", "significant_opposite"])
def test_a_test_is_judged_by_a_refit(goal, cov, rng):
    X = rng.normal(size=(60, 2))
    y = 0.5 * X[:, 0] + rng.normal(size=60)
    result = audit.rows_to_flip(X, y, 0, goal, by="add", cov=cov)
    both, labels = np.vstack([X, result.rows]), np.append(y, result.labels)
    assert result.after.t == pytest.approx(LeastSquares().fit(both, labels).summary(cov, both, labels).t[1])
    assert Domain.learn(X, y).contains(result.rows, result.labels).all()
    sign = audit.rows_to_flip(X, y, 0, by="add")
    assert result.certified == (0 if goal == "significance" else sign.certified)
    again = audit.rows_to_flip(X, y, 0, goal, by="add", cov=cov)
    np.testing.assert_array_equal(again.rows, result.rows)


def test_the_domain_holds_whole_numbers_and_groups(rng):
    X = np.column_stack([rng.normal(size=80), rng.integers(0, 2, 80), rng.integers(1, 6, 80)])
    y = 0.3 * X[:, 0] + X[:, 1] + rng.normal(size=80)
    domain = Domain([-2, 0, 1], [2, 1, 5], y_low=-3, y_high=3, integers=[1, 2])
    result = audit.rows_to_flip(X, y, 0, by="add", domain=domain)
    assert domain.contains(result.rows, result.labels).all()
    assert "observed" not in result.note
    assert "observed" in audit.rows_to_flip(X, y, 0, by="add").note
    with pytest.raises(OptionError, match="one or the other"):
        audit.rows_to_flip(X, y, 0, by="add", domain=domain, bounds=(0, 1))


@pytest.mark.parametrize("open_side", ["x", "y", "another column"])
def test_one_open_side_is_enough_for_the_sign(open_side, rng):
    X = rng.normal(size=(60, 2))
    y = X[:, 0] + rng.normal(size=60)
    domain = {
        "x": Domain([-np.inf, -2], [np.inf, 2], y_low=-2, y_high=2),
        "y": Domain(-2, 2, y_high=5),
        "another column": Domain([-2, -np.inf], [2, np.inf]),
    }[open_side]
    result = audit.rows_to_flip(X, y, 0, by="add", domain=domain)
    assert result.found == 1 and domain.contains(result.rows, result.labels).all()
    assert LeastSquares().fit(np.vstack([X, result.rows]), np.append(y, result.labels)).coef_[0] < 0


def test_labels_of_a_domain_that_says_nothing_of_them_are_as_observed(rng):
    X = rng.normal(size=(60, 2))
    y = X[:, 0] + rng.normal(size=60)
    result = audit.rows_to_flip(X, y, 0, by="add", domain=Domain(-2, 2))
    assert result.found > 1 and result.labels.min() >= y.min() and result.labels.max() <= y.max()


@pytest.mark.parametrize("lam", [0.0, 0.05])
def test_copies_of_a_row_never_beat_the_certificate_and_often_meet_it(lam):
    rng = np.random.default_rng(8)
    met = 0
    for _ in range(8):
        X = rng.normal(size=(50, 1))
        y = 0.6 * X[:, 0] + rng.normal(size=50)
        result = audit.rows_to_flip(X, y, 0, by="add", reg_lambda=lam)
        for k in range(1, result.certified + 1):
            lowest = min(
                LeastSquares(lam).fit(np.vstack([X, *([row[None, :-1]] * k)]), np.append(y, [row[-1]] * k)).coef_[0]
                for row in grid(X, y, 9)
            )
            if lowest * result.before.coef < 0:
                assert k == result.certified
                met += 1
    assert met > 1


def test_one_row_more_than_is_looked_at_may_do_it_and_the_certificate_says_no_more():
    """Σxy is nearly 20, and each added row takes 0.98 at most: 20 rows leave it positive, 21 do not."""
    X, y = np.ones((20, 1)), np.ones(20)
    X[0] = 0.999
    result = audit.rows_to_flip(X, y, 0, by="add", fit_intercept=False, bounds=(0, 1), y_bounds=(-0.98, 1))
    assert (result.found, result.certified) == (None, 21)
    bent = LeastSquares(fit_intercept=False).fit(np.vstack([X, np.ones((21, 1))]), np.append(y, [-0.98] * 21))
    assert bent.coef_[0] < 0
