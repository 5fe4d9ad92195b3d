"""The ways to few rows: what each of them promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trueline.audit.flips import removal
from trueline.audit.flips.design import design_of, read_rows
from trueline.audit.flips.fit import Fit
from trueline.audit.flips.goal import Goal


def a_design(rng, n=120, lam=0.0):
    X = rng.normal(size=(n, 3))
    rows = read_rows(X, 0.4 * X[:, 0] + rng.standard_t(3, size=n), 0, lam, True)
    return replace(design_of(rows), sign=float(np.sign(rows.coefficient())))


@pytest.mark.parametrize("lam", [0.0, 0.1])
@pytest.mark.parametrize("name", ["sign", "significant_opposite"])
def test_sums_say_what_a_fit_says(name, lam, rng):
    design, goal = a_design(rng, lam=lam), Goal(name)
    today = design.rows.estimate(Goal("sign"))
    aim = goal.aims(today)[0]
    order = removal._greedy(Fit.of(design), goal, aim)
    for k in (1, len(order) // 2, len(order) - 1, len(order)):
        kept = np.ones(len(design.y), dtype=bool)
        kept[order[:k]] = False
        assert removal._reaches(design, order[:k], goal, aim) == (Fit.of(design, kept).distance(goal, aim) < 0)
    assert removal._reaches(design, order, goal, aim)
    assert not removal._reaches(design, order[:-1], goal, aim)


def test_greedy_takes_fewer_than_the_order_and_swaps_never_more(rng):
    shorter = 0
    for _ in range(20):
        design, goal = a_design(rng, 40), Goal("sign")
        aim = goal.aims(design.rows.estimate(goal))[0]
        start = Fit.of(design)
        ordered, greedy = removal._in_order(start, goal, aim), removal._greedy(start, goal, aim)
        best = removal.few_rows(design, goal, aim, removal.Search(200, 1e9))
        assert len(best) <= min(len(ordered), len(greedy))
        shorter += len(greedy) < len(ordered)
        assert start.kept.all() and start.stale == 0
    assert shorter > 0


def test_several_at_a_time_ends_where_the_aim_is(rng, monkeypatch):
    monkeypatch.setattr(removal, "ONE_BY_ONE", 8)
    design, goal = a_design(rng, 400), Goal("sign")
    aim = goal.aims(design.rows.estimate(goal))[0]
    rows = removal._greedy(Fit.of(design), goal, aim)
    assert len(rows) > 16 and len(set(rows.tolist())) == len(rows)
    assert design.sign * design.rows.without(rows).coefficient() < 0
    assert design.sign * design.rows.without(rows[:-1]).coefficient() >= 0
