"""A fit that rows leave and join, against one made anew; and its standard errors against LeastSquares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trueline.audit.flips.design import design_of, read_rows
from trueline.audit.flips.fit import Fit
from trueline.audit.flips.goal import Aim, Goal

T = Aim(1.0, 0.0, True)  # its distance is t itself


def a_design(rng, lam=0.0, intercept=True):
    X = rng.normal(size=(40, 3)) * [1.0, 1e3, 1e-3] + [0.0, 1e5, 0.0]
    rows = read_rows(X, rng.normal(size=40) + 0.4 * X[:, 0] + 100, 0, lam, intercept)
    design = design_of(rows)
    return replace(design, sign=float(np.sign(rows.coefficient())))


@pytest.mark.parametrize("lam", [0.0, 0.2])
@pytest.mark.parametrize("intercept", [True, False])
def test_moving_equals_fitting_anew(lam, intercept, rng):
    design = a_design(rng, lam, intercept)
    fit = Fit.of(design)
    for row, w in ((3, -1.0), (17, -1.0), (5, -1.0), (17, 1.0), (20, -1.0)):
        fit.move(row, w)
    fresh = Fit.of(design, fit.kept)
    assert not fit.kept[[3, 5, 20]].any() and fit.kept.sum() == 37
    for name in ("coef", "squares", "spread", "r", "a", "h", "inverse"):
        np.testing.assert_allclose(getattr(fit, name), getattr(fresh, name), rtol=1e-9, atol=1e-9)
    gone = np.flatnonzero(~fit.kept)
    assert fit.coef * design.sign == pytest.approx(design.rows.without(gone).coefficient(), rel=1e-9)


@pytest.mark.parametrize("cov", ["classical", "HC0", "HC1", "HC2", "HC3"])
def test_t_is_that_of_least_squares(cov, rng):
    design, goal = a_design(rng), Goal("significance", cov)
    fit = Fit.of(design)
    fit.move(7, -1.0)
    refit = design.rows.without(np.array([7])).estimate(goal)
    assert fit.distance(goal, T) == pytest.approx(design.sign * refit.t, rel=1e-8)


@pytest.mark.parametrize("cov", ["classical", "HC1", "HC3"])
@pytest.mark.parametrize("w", [-1.0, 1.0])
def test_what_a_move_would_do_is_what_it_does(cov, w, rng):
    design, goal = a_design(rng), Goal("significant_opposite", cov)
    fit, aim = Fit.of(design), Aim(1.0, 1.0, True)
    for row in (1, 4, 9):
        fit.move(row, -1.0)
    rows = np.flatnonzero(fit.kept if w < 0 else ~fit.kept)
    expected = []
    for row in rows:
        moved = fit.copy()
        moved.move(int(row), w)
        expected.append(moved.distance(goal, aim))
    found = fit.if_moved(goal, aim, w, rows)
    exact = found < 1e5  # for sandwiches only those that look best are worked out
    np.testing.assert_allclose(found[exact], np.array(expected)[exact], rtol=1e-8)
    assert exact.sum() >= min(len(rows), 16)


def test_a_penalty_follows_the_number_of_rows(rng):
    design, goal = a_design(rng, 0.3), Goal("sign")
    fit, aim = Fit.of(design), Aim(1.0, 0.0, False)
    distances = fit.if_moved(goal, aim, -1.0, np.arange(40))
    for row in (0, 13):
        assert distances[row] == pytest.approx(
            design.sign * design.rows.without(np.array([row])).coefficient(), rel=1e-9
        )


def test_aims_point_where_the_goal_is(rng):
    rows = a_design(rng).rows
    goal = Goal("significance")
    today = rows.estimate(goal)
    assert len(goal.aims(today)) == (1 if today.significant else 2)
    nothing = replace(today, low=-1.0, high=1.0)
    assert [aim.way for aim in goal.aims(nothing)] == [1.0, -1.0]
    assert goal.reached(nothing, replace(today, low=0.1, high=1.0))
    assert not goal.reached(nothing, replace(today, low=float("nan"), high=float("nan")))
    crossed = replace(today, coef=-today.coef, low=-1.0, high=1.0)
    assert Goal("sign").reached(today, crossed)
    assert not Goal("significant_opposite").reached(today, crossed)
    assert not Goal("sign").reached(today, replace(today, coef=-1e-15 * today.coef))
