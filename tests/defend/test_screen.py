"""Screening by leverage, residual and robust distance: against definitions, and against poison."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2
from sklearn.covariance import MinCovDet

from trueline import LeastSquares
from trueline.defend import Screen
from trueline.defend.distances import Hat, robust_distance
from trueline.errors import CellsError, OptionError, ShapeError, TruelineWarning
from trueline.models.influence import influence_of


def only(rule, value, **options):
    """Screen with a single rule."""
    return Screen(LeastSquares(), **({"leverage": None, "residual": None, rule: value} | options))


def test_leverage_and_residuals_are_those_of_influence(poisoned):
    X, y, _, _ = poisoned
    found = influence_of(LeastSquares().fit(X, y), X, y)
    hat = Hat.of(X, np.ones(len(y)))
    assert np.allclose(hat.leverage, found.leverage, rtol=1e-10)
    assert np.allclose(hat.studentized(y), found.studentized, rtol=1e-9)


def test_weights_count_copies_of_a_row(poisoned):
    X, y, _, _ = poisoned
    counts = 1 + np.arange(len(y)) % 3
    weighted, repeated = Hat.of(X, counts * 1.0), Hat.of(np.repeat(X, counts, axis=0), np.ones(counts.sum()))
    assert np.allclose(np.repeat(weighted.leverage, counts), repeated.leverage)
    assert np.allclose(np.repeat(weighted.studentized(y), counts), repeated.studentized(np.repeat(y, counts)))


def test_weights_screen_as_repeated_rows_do(poisoned):
    X, y, _, _ = poisoned
    counts = np.arange(len(y)) % 4
    X[counts == 0], counting = 1e3, counts > 0
    options = {"leverage": 1.5, "residual": 3.0, "max_share": 0.4}
    weighted = Screen(LeastSquares(), **options).fit(X, y, counts)
    repeated = Screen(LeastSquares(), **options).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert np.array_equal(np.repeat(weighted.kept_, counts), repeated.kept_) and not repeated.kept_.all()
    assert np.allclose(weighted.coef_, repeated.coef_)
    assert weighted.kept_[~counting].all()  # rows that do not count are not judged


def test_dropped_rows_are_those_over_the_threshold(poisoned):
    X, y, _, _ = poisoned
    found = influence_of(LeastSquares().fit(X, y), X, y)
    by_leverage, by_residual = only("leverage", 2.0).fit(X, y), only("residual", 3.0).fit(X, y)
    assert np.array_equal(~by_leverage.kept_, found.leverage > 2 * 4 / len(y))
    assert np.array_equal(~by_residual.kept_, np.abs(found.studentized) > 3)
    assert (~by_residual.kept_).sum() > 5


def test_robust_distance_is_scikit_learns_mcd(poisoned):
    X, y, _, _ = poisoned
    screen = only("robust_distance", 0.99, max_share=0.4).fit(X, y)
    squared = MinCovDet(random_state=0).fit(X).mahalanobis(X)
    assert np.mean(screen.kept_ == (squared <= chi2.ppf(0.99, 3))) > 0.98  # other random starts, other coordinates


@pytest.mark.parametrize("rule", [("leverage", 3.0), ("residual", 3.0), ("robust_distance", 0.999)])
def test_poison_that_stands_out_is_dropped_and_the_rule_recovered(poisoned, undefended, distance, rule):
    X, y, bad, _ = poisoned
    X[bad] += [20.0, 0.0, 0.0]  # outside the other rows: each rule can see them
    y[bad] += np.linspace(-40, 40, bad.sum()) if rule[0] == "residual" else 0.0
    if rule[0] == "residual":
        X[bad] -= [20.0, 0.0, 0.0]
    screen = only(*rule).fit(X, y)
    assert distance(screen) < 0.1 < undefended or rule[0] == "residual"
    assert (~screen.kept_[bad]).mean() > (0.4 if rule[0] == "residual" else 0.99)


def test_masked_rows_hide_from_leverage_and_residual_but_not_from_the_robust_distance(make_poisoned, distance):
    X, y, bad, _ = make_poisoned(share=0.3)
    X[bad] += [20.0, 0.0, 0.0]
    options = {"max_share": 0.4}
    classical = Screen(LeastSquares(), leverage=4.0, residual=4.0, **options).fit(X, y)
    robust = only("robust_distance", 0.999, **options).fit(X, y)
    assert classical.kept_[bad].all() and distance(classical) > 1
    assert not robust.kept_[bad].any() and distance(robust) < 0.1


def test_a_row_of_high_leverage_cannot_hide_its_residual_from_others(poisoned):
    """Residuals are judged on the fit without rows that X alone gives away."""
    X, y, _, _ = poisoned
    y[~poisoned.bad] = X[~poisoned.bad] @ poisoned.coef
    X[poisoned.bad], y[poisoned.bad] = X[~poisoned.bad][: poisoned.bad.sum()], y[~poisoned.bad][: poisoned.bad.sum()]
    y = y + 0.1 * np.sin(np.arange(len(y)))
    y[7] += 2.0
    X[0], y[0] = 1e3, -1e5
    assert only("residual", 8.0).fit(X, y).kept_[7]
    assert not Screen(LeastSquares(), leverage=10.0, residual=8.0).fit(X, y).kept_[7]


def test_clean_rows_are_kept(make_poisoned):
    X, y, _, _ = make_poisoned(n=1000, share=0)
    screen = Screen(LeastSquares(), leverage=6.0, residual=5.0, robust_distance=1 - 1e-6).fit(X, y)
    assert screen.kept_.all() and screen.dropped_ == () and set(screen.reasons_) == {""}
    assert np.array_equal(screen.coef_, LeastSquares().fit(X, y).coef_)


def test_what_and_why_is_kept(poisoned):
    X, y, _, _ = poisoned
    X[5], y[5] = 40.0, 1e4
    screen = Screen(LeastSquares(), leverage=5.0, robust_distance=0.9999, max_share=0.3).fit(X, y)
    assert screen.reasons_[5] == "leverage, robust distance" and not screen.kept_[5]
    table = pd.DataFrame(screen.dropped_)
    assert list(table.columns) == ["row", "reason", "value", "threshold"]
    assert (table.value > table.threshold).all()
    assert set(table.row) == set(np.flatnonzero(~screen.kept_)) == set(np.flatnonzero(screen.reasons_ != ""))
    refit = LeastSquares().fit(X[screen.kept_], y[screen.kept_])
    assert np.array_equal(screen.coef_, refit.coef_) and np.array_equal(screen.predict(X), refit.predict(X))


def test_max_share_drops_the_worst_and_says_so(poisoned):
    X, y, _, _ = poisoned
    with pytest.warns(TruelineWarning, match=r"14 rows stand out, max_share=0.01 lets 3"):
        few = only("residual", 3.5, max_share=0.01).fit(X, y)
    t = np.abs(influence_of(LeastSquares().fit(X, y), X, y).studentized)
    assert set(np.flatnonzero(~few.kept_)) == set(np.argsort(-t)[:3])
    with pytest.warns(TruelineWarning, match="lets 0"):
        assert only("residual", 3.5, max_share=0.0).fit(X, y).kept_.all()


def test_a_row_that_breaks_what_ties_columns_is_infinitely_far(rng):
    X = rng.normal(size=(100, 2))
    X = np.column_stack([X, X.sum(axis=1), np.full(100, 3.0), (np.arange(100) < 5) * 1.0])
    X[4] = [30.0, 30.0, 61.0, 3.0, 1.0]
    distance, dimensions = robust_distance(X, 0)
    assert dimensions == 2 and np.flatnonzero(np.isinf(distance)).tolist() == [4]


def test_far_rows_do_not_turn_other_columns_into_rounding(rng):
    X = rng.normal(size=(100, 2))
    X[:3, 0] = 1e12
    X[3, 1] = 50.0
    assert set(np.flatnonzero(robust_distance(X, 0)[0] > 10)) == {0, 1, 2, 3}


def test_constant_and_duplicated_columns_and_rows_count_once(poisoned):
    X, y, _, _ = poisoned
    wide = np.column_stack([X, X[:, 0] * 7, np.full(len(y), 2.0)])
    assert np.allclose(Hat.of(wide, np.ones(len(y))).leverage, Hat.of(X, np.ones(len(y))).leverage)
    same = only("robust_distance", 0.99, max_share=0.4).fit(np.repeat(X, 2, axis=0), np.repeat(y, 2))
    assert np.array_equal(same.kept_[::2], same.kept_[1::2])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"leverage": None, "residual": None}, "needs a rule"),
        ({"leverage": 0}, "leverage must be a number above 0"),
        ({"residual": float("nan")}, "residual must be"),
        ({"robust_distance": 1.0}, "probability"),
        ({"max_share": 0.5}, r"max_share must lie in \[0, 0.5\)"),
        ({"max_share": -0.1}, "max_share"),
        ({"estimator": LeastSquares}, "fit and predict"),
        ({"estimator": object()}, "fit and predict"),
    ],
)
def test_options_that_cannot_be(poisoned, options, words):
    with pytest.raises(OptionError, match=words):
        Screen(**({"estimator": LeastSquares()} | options)).fit(poisoned.X, poisoned.y)


@pytest.mark.parametrize(
    ("n", "options", "words"),
    [
        (1, {}, "one row"),
        (4, {}, "without a row to spare"),
        (5, {"leverage": None}, "leave no residual"),
        (7, {"leverage": None, "residual": None, "robust_distance": 0.9}, "needs more than 7 rows, got 7"),
    ],
)
def test_too_few_rows(poisoned, n, options, words):
    with pytest.raises(ShapeError, match=words):
        Screen(LeastSquares(), **options).fit(poisoned.X[:n], poisoned.y[:n])


def test_no_spread_no_robust_distance():
    X = (np.arange(50) < 10)[:, None] * 1.0
    with pytest.raises(ShapeError, match="no column has a spread in its middle half"):
        only("robust_distance", 0.99).fit(X, np.arange(50.0))


def test_faulty_cells_are_named_and_the_last_good_fit_is_kept(poisoned):
    X, y, _, _ = poisoned
    screen = only("residual", 4.0).fit(X, y)
    before = screen.coef_.copy()
    X[8, 1] = np.nan
    with pytest.raises(CellsError, match=r"X\[:, 1\]: NaN \(1 row, first in row 9\)"):
        screen.fit(X, y)
    assert np.array_equal(screen.coef_, before)
    with pytest.raises(OptionError, match="names a column"):
        screen.fit(pd.DataFrame(X), "y")


def test_an_exact_fit_drops_nothing(rng):
    X = rng.normal(size=(50, 2))
    assert only("residual", 3.0).fit(X, X @ [1.0, 2.0]).kept_.all()
