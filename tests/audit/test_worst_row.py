"""worst_row: no row of the domain does more than the bound, and the row found does as much as the best of any grid."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes

import trueline.audit.moves.many_rows as many_rows
import trueline.audit.moves.one_row as one_row
from audit.grounds import ground_of
from trueline import Domain, LeastSquares, audit
from trueline.audit.sections.worst_rows import worst_rows
from trueline.errors import DataError, OptionError, ShapeError
from trueline.maths.cone_ratio import Ratio

CASES = list(itertools.product([("coefficient", 0), ("prediction", [1.0, 2.0]), "mean prediction"], [0.0, 0.2],
                               [True, False]))  # fmt: skip


def some_rows(seed=0, n=30, d=2):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * rng.uniform(0.5, 5.0, d) + rng.normal(size=d)
    return X, X @ rng.normal(size=d) + rng.normal(size=n) + 2.0


def value(of, X, model):
    if of == "mean prediction":
        return float(model.predict(X).mean())
    return float(model.coef_[of[1]] if of[0] == "coefficient" else model.predict([of[1]])[0])


def refitted(of, X, y, rows, labels, reg_lambda, intercept):
    """By the estimator alone: nothing of the module under test."""
    before = LeastSquares(reg_lambda, intercept).fit(X, y)
    after = LeastSquares(reg_lambda, intercept).fit(np.vstack([X, rows]), np.append(y, labels))
    return value(of, X, after) - value(of, X, before)


@pytest.mark.parametrize(("of", "reg_lambda", "intercept"), CASES)
def test_no_row_of_a_dense_grid_does_more(of, reg_lambda, intercept):
    X, y = some_rows()
    worst = audit.worst_row(X, y, of, reg_lambda=reg_lambda, fit_intercept=intercept)
    axes = [np.linspace(X[:, j].min(), X[:, j].max(), 9) for j in range(2)]
    grid = [refitted(of, X, y, [x], [label], reg_lambda, intercept)
            for x in itertools.product(*axes) for label in (y.min(), y.max())]  # fmt: skip
    assert worst.lowest <= min(grid) and max(grid) <= worst.highest
    assert abs(worst.found) >= np.abs(grid).max() * (1 - 1e-9)
    assert worst.found == pytest.approx(refitted(of, X, y, worst.rows, worst.labels, reg_lambda, intercept), rel=1e-9)
    assert worst.proven and worst.confirmed and worst.bound <= worst.plain_bound * (1 + 1e-9)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_each_direction_by_itself(direction):
    X, y = some_rows(4)
    both = audit.worst_row(X, y, ("coefficient", 1))
    worst = audit.worst_row(X, y, ("coefficient", 1), direction=direction)
    assert worst.proven and (worst.found > 0) == (direction == "up")
    assert worst.bound == pytest.approx(both.highest if direction == "up" else -both.lowest)
    assert np.isinf(worst.lowest if direction == "up" else worst.highest)


def test_whole_numbers_groups_and_frozen_columns_against_every_row_there_is():
    """A domain of finitely many rows, so that brute force is exact."""
    rng = np.random.default_rng(5)
    n = 40
    level = rng.integers(0, 3, n)
    X = np.column_stack([rng.integers(0, 6, n), level == 1, level == 2, rng.integers(0, 3, n) * 1.7]).astype(float)
    y = X @ [1.0, 2.0, -1.0, 0.5] + rng.normal(size=n)
    domain = Domain(0, [5, 1, 1, 9], y_low=-3, y_high=9, integers=[0], one_hot=[[1, 2]], frozen=[3])
    every = [(a, *b, c) for a in range(6) for b in ((0, 0), (1, 0), (0, 1)) for c in np.unique(X[:, 3])]
    for of in (("coefficient", 0), ("coefficient", 1), ("coefficient", 3), "mean prediction"):
        worst = audit.worst_row(X, y, of, domain=domain)
        done = [refitted(of, X, y, [x], [label], 0.0, True) for x in every for label in (-3.0, 9.0)]
        assert worst.proven and abs(worst.found) == pytest.approx(np.abs(done).max(), rel=1e-9)
        assert domain.contains(worst.rows, worst.labels).all() and worst.poison.apply(X, y)[0].shape == (41, 4)
        pair = audit.worst_row(X, y, of, domain=domain, rows=2)
        few = [every[i] for i in np.argsort(np.abs(done).reshape(-1, 2).max(axis=1))[-6:]]
        best = max(abs(refitted(of, X, y, xs, labels, 0.0, True))
                   for xs in itertools.combinations_with_replacement(few, 2)
                   for labels in itertools.product((-3.0, 9.0), repeat=2))  # fmt: skip
        assert best <= pair.bound and abs(pair.found) >= best * (1 - 1e-9) and pair.confirmed


@pytest.mark.parametrize(("of", "reg_lambda", "intercept"), CASES[::2] + CASES[3:4])
@pytest.mark.parametrize("k", [2, 5])
def test_k_random_rows_never_pass_the_bound(k, of, reg_lambda, intercept):
    X, y = some_rows(2)
    worst = audit.worst_row(X, y, of, rows=k, reg_lambda=reg_lambda, fit_intercept=intercept)
    rng = np.random.default_rng(0)
    corners = np.array(list(itertools.product(*zip(X.min(axis=0), X.max(axis=0), strict=True))))
    for _ in range(25):
        rows = corners[rng.integers(4, size=k)]
        labels = rng.choice([y.min(), y.max()], k)
        shift = refitted(of, X, y, rows, labels, reg_lambda, intercept)
        assert worst.lowest <= shift <= worst.highest and abs(shift) <= abs(worst.found) * (1 + 1e-9)
    assert worst.bound * 0.9 <= abs(worst.found) <= worst.bound <= worst.plain_bound * (1 + 1e-3)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3), shift=st.floats(-50, 50), unit=st.floats(0.01, 100))
def test_units_change_nothing_but_units(seed, scale, shift, unit):
    X, y = some_rows(seed)
    plain = audit.worst_row(X, y, ("coefficient", 0))
    moved = audit.worst_row(X * [scale, 1.0] + [shift, 0.0], unit * y + 3.0, ("coefficient", 0))
    assert moved.found == pytest.approx(plain.found * unit / scale, rel=1e-5)
    assert moved.bound == pytest.approx(plain.bound * unit / scale, rel=1e-5)
    mirrored = audit.worst_row(-X, y, ("coefficient", 0))
    assert mirrored.highest == pytest.approx(-plain.lowest, rel=1e-5)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), k=st.integers(1, 4))
def test_a_wider_domain_or_more_rows_never_do_less(seed, k):
    X, y = some_rows(seed, d=3)
    narrow = audit.worst_row(X, y, ("coefficient", 2), bounds=(X.min(), X.max()), y_bounds=(-5, 5), rows=k)
    wide = audit.worst_row(X, y, ("coefficient", 2), bounds=(X.min() - 1, X.max() + 1), y_bounds=(-5, 6), rows=k)
    more = audit.worst_row(X, y, ("coefficient", 2), bounds=(X.min(), X.max()), y_bounds=(-5, 5), rows=k + 1)
    assert wide.bound >= narrow.bound * (1 - 1e-6) and more.bound >= narrow.bound * (1 - 1e-6)


def test_diabetes_needs_two_rows_to_flip_s5_and_one_cannot():
    """Inside the observed ranges: one row falls short by 3 %, proven."""
    data = load_diabetes(as_frame=True)
    worst = audit.worst_row(data.data, data.target, ("coefficient", "s5"))
    assert worst.proven and worst.bound < worst.before == pytest.approx(751.273699557)
    few = audit.rows_to_move(data.data, data.target, ("coefficient", "s5"), -worst.before)
    assert (few.found, few.certified, few.proven) == (2, 2, True) and few.witness.after < 0
    assert "holds only if your pipeline refuses rows outside the observed range of X and y" in str(few)


@pytest.mark.parametrize(("name", "rows"), [("age", 1), ("sex", 5), ("bmi", 14), ("bp", 8), ("s1", 1), ("s6", 2)])
def test_how_few_rows_flip_each_coefficient_of_diabetes(name, rows):
    """Found and certified meet on all of them."""
    data = load_diabetes(as_frame=True)
    coef = LeastSquares().fit(data.data, data.target).coef_[list(data.data).index(name)]
    few = audit.rows_to_move(data.data, data.target, ("coefficient", name), -float(coef))
    assert (few.found, few.certified) == (rows, rows)


@pytest.mark.parametrize("reg_lambda", [0.0, 0.1])
def test_the_bracket_of_rows_to_move_is_that_of_worst_row(reg_lambda):
    X, y = some_rows(8, n=60)
    spread = audit.worst_row(X, y, ("coefficient", 0), rows=6, direction="up", reg_lambda=reg_lambda)
    few = audit.rows_to_move(X, y, ("coefficient", 0), spread.found * 0.999, reg_lambda=reg_lambda)
    assert few.certified <= few.found <= 6 and few.witness.found >= few.by
    short = audit.worst_row(X, y, ("coefficient", 0), rows=few.certified - 1, direction="up", reg_lambda=reg_lambda)
    assert short.bound < few.by
    none = audit.rows_to_move(X, y, ("coefficient", 0), 1e6, most=9, reg_lambda=reg_lambda)
    assert none.found is None and none.certified == 10 and none.witness is None and "no rows found" in str(none)


def test_only_given_bounds_count_as_controls():
    X, y = some_rows()
    said = "holds only if your pipeline refuses rows outside the observed range of "
    assert said + "X and y" in str(audit.worst_row(X, y, "intercept"))
    assert said + "y" in str(audit.worst_row(X, y, "intercept", bounds=(-9, 9)))
    assert said + "X" in str(audit.worst_row(X, y, "intercept", y_bounds=(-9, 9)))
    assert said not in str(audit.worst_row(X, y, "intercept", bounds=(-9, 9), y_bounds=(-9, 9)))
    assert said + "y" in str(audit.worst_row(X, y, "intercept", domain=Domain(-9, 9)))
    assert said not in str(audit.worst_row(X, y, "intercept", domain=Domain(-9, 9, y_low=-9, y_high=9)))


def test_frames_and_names():
    X, y = some_rows()
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(target=y)
    named = audit.worst_row(frame, "target", ("coefficient", "b"))
    assert named.found == audit.worst_row(X, y, ("coefficient", 1)).found and "coefficient of b" in str(named)
    two = audit.worst_row(X, y, ("prediction", X[:5]))
    assert two.before == pytest.approx(LeastSquares().fit(X, y).predict(X[:5]).mean())


def test_what_makes_no_sense_is_refused():
    X, y = some_rows()
    for of in ("slope", ("coefficient", 2), ("coefficient", "a"), ("coefficient", True), 3):
        with pytest.raises(OptionError):
            audit.worst_row(X, y, of)
    with pytest.raises(ShapeError, match="2 numbers"):
        audit.worst_row(X, y, ("prediction", [1.0, 2.0, 3.0]))
    with pytest.raises(OptionError, match="direction"):
        audit.worst_row(X, y, "intercept", direction="sideways")
    with pytest.raises(OptionError, match=r"no bounds on X\[:, 1\]"):
        audit.worst_row(X, y, "intercept", bounds=(-9, [9, np.inf]))
    with pytest.raises(OptionError, match="reg_lambda"):
        audit.worst_row(X, y, "intercept", reg_lambda=-1.0)
    with pytest.raises(OptionError, match="goal is met"):
        audit.rows_to_move(X, y, "intercept", 0.0)
    with pytest.raises(OptionError, match="most"):
        audit.rows_to_move(X, y, "intercept", 1.0, most=99)
    tied = np.column_stack([X, X[:, 0]])
    with pytest.raises(DataError, match="determine 2 of 3"):
        audit.worst_row(tied, y, ("coefficient", 0))
    assert audit.worst_row(tied, y, ("coefficient", 0), reg_lambda=0.1).proven


def test_a_search_that_is_cut_short_still_bounds(monkeypatch):
    rng = np.random.default_rng(1)
    X = rng.integers(0, 4, (50, 6)).astype(float)
    y = X @ rng.normal(size=6) + rng.normal(size=50)
    full = audit.worst_row(X, y, ("coefficient", 0), direction="up")
    state = one_row.best_row.__kwdefaults__ | {"parts": 2}
    monkeypatch.setattr(one_row.best_row, "__kwdefaults__", state)
    cut = audit.worst_row(X, y, ("coefficient", 0), direction="up")
    assert full.proven and cut.found <= full.found * (1 + 1e-9) and cut.bound >= full.found


@pytest.mark.parametrize("wrong", [0.7, 1.05])
def test_a_wrong_bound_would_be_seen(monkeypatch, wrong):
    """Planted: too small a bound is overruled by what is found, too large a one is not called proven."""
    X, y = some_rows()
    right = one_row.largest_ratio

    def bent(*given):
        found = right(*given)
        return Ratio(found.bound * wrong, found.v, found.tilt)

    for module in (one_row, many_rows):
        monkeypatch.setattr(module, "largest_ratio", bent)
    worst = audit.worst_row(X, y, ("coefficient", 0))
    honest = abs(refitted(("coefficient", 0), X, y, worst.rows, worst.labels, 0.0, True))
    assert not worst.proven and worst.bound > honest * 1.03
    assert (worst.bound == pytest.approx(worst.plain_bound)) == (wrong < 1)


def test_a_shift_that_the_refit_does_not_confirm_is_not_called_proven():
    X, y = some_rows()
    worst = audit.worst_row(X, y, ("coefficient", 0))
    assert worst.proven and "proven to be the worst" in str(worst)
    other = replace(worst, predicted=worst.predicted * 1.001)
    assert not other.confirmed and not other.proven and "not proven" in str(other)


def test_an_audit_calls_worst_rows_proven_only_where_the_bound_is_met(monkeypatch):
    """Planted: the search meets its bound, and then falls short of it."""
    module = sys.modules["trueline.audit.sections.worst_rows"]
    ground, search = ground_of(*some_rows(n=60), tolerance=1e-6), module.worst_row

    def short(*given, **options):
        worst = search(*given, **options)
        return replace(worst, lowest=1.1 * worst.lowest, highest=1.1 * worst.highest)

    assert worst_rows(ground).findings[0].assurance == "proven"
    monkeypatch.setattr(module, "worst_row", short)
    assert worst_rows(ground).findings[0].assurance == "found"


def test_an_audit_tells_worst_rows_in_units_of_y_for_one_row_and_for_all_that_the_attacker_has():
    X, y = some_rows(n=300)
    X *= [1.0, 1000.0]
    ground = ground_of(X, y, tolerance=1e-6)
    (table,) = worst_rows(ground).tables
    assert {row[1] for row in table.rows} == {1, 3} == {1, ground.terms.attacker_rows}
    what, rows, moved, bound = table.rows[-1]
    j = next(j for j, name in enumerate(ground.names) if name in what)
    worst = audit.worst_row(X, y, ("coefficient", j), rows=rows)
    sd = X[:, j].std()
    assert (moved, bound) == pytest.approx((worst.found * sd, worst.bound * sd))
