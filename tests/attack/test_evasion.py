"""evade finds the cheapest change: held against linear programmes, enumeration, and the conditions of an optimum."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from sklearn.linear_model import Lasso, LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trueline import Domain, LeastSquares, LinearRegressionGD, ship
from trueline.attack import cheapest as engine
from trueline.attack.evasion import evade
from trueline.errors import CellsError, DataError, OptionError, ShapeError
from trueline.maths.losses import Squared
from trueline.maths.scaling import Scaling
from trueline.models.foreign import Line

SEEDS = st.integers(0, 10**6)
NORMS = st.sampled_from([1, 2, np.inf])


def line(coef, intercept=0.0, clip=None):
    coef = np.asarray(coef, dtype=float)
    scaling = Scaling.none(len(coef))
    if clip is not None:
        low, high = (np.broadcast_to(np.asarray(side, dtype=float), coef.shape) for side in clip)
        scaling = Scaling(scaling.mu, scaling.sigma, scaling.constant, low, high)
    return Line(coef, intercept, scaling, Squared(), 0.0, True, "line")


def norm_of(moves, cost, norm):
    return np.linalg.norm(np.atleast_2d(moves) * cost, norm, axis=1)


def box(seed, d=5):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, d)
    low, high = x - rng.exponential(1, d), x + rng.exponential(1, d)
    return rng, x, low, high, rng.normal(size=d), rng.uniform(0.2, 3, d)


@given(SEEDS, NORMS, st.floats(0.02, 0.98), st.sampled_from([-1, 1]))
def test_free_columns_agree_with_linear_programmes_and_kkt(seed, norm, share, way):
    _, x, low, high, coef, cost = box(seed)
    model, domain = line(coef, 0.3), Domain(low, high)
    reach = way * coef @ (domain.farthest(way * coef) - x)
    target = float(coef @ x + 0.3 + way * share * reach)
    found = evade(model, x, (">=" if way > 0 else "<=", target), domain=domain, cost=cost, norm=norm)
    assert found.reached
    assert found.proven
    assert domain.contains([found.x_new]).all()
    assert found.after == pytest.approx(target, abs=1e-12)  # never farther than it must
    assert found.cost == pytest.approx(float(norm_of(found.x_new - x, cost, norm)[0]))
    d, need = len(x), share * reach
    if norm == 2:  # marginal cost per gain is one λ where a column is free, at least λ at rest, at most λ at its bound
        moves = found.x_new - x
        marginal = cost**2 * np.abs(moves) / np.abs(coef)
        inside = (found.x_new > low + 1e-12) & (found.x_new < high - 1e-12)
        price = marginal[inside].max() if inside.any() else marginal.max()
        assert marginal[inside] == pytest.approx(price)
        assert (marginal[~inside] <= price * (1 + 1e-9)).all()
        assert (way * coef * moves >= 0).all()
    else:
        up, down = way * coef, -way * coef  # moves = plus - minus
        if norm == 1:
            solved = linprog(np.r_[cost, cost], -np.r_[up, down][None], [-need],
                             bounds=[*zip(np.zeros(d), high - x, strict=True),
                                     *zip(np.zeros(d), x - low, strict=True)])  # fmt: skip
        else:
            rows = np.hstack([np.vstack([np.diag(cost), -np.diag(cost)]), -np.ones((2 * d, 1))])
            solved = linprog(np.r_[np.zeros(d), 1], np.vstack([np.r_[-up, 0], rows]), np.r_[-need, np.zeros(2 * d)],
                             bounds=[*zip(low - x, high - x, strict=True), (0, None)])  # fmt: skip
        assert found.cost == pytest.approx(solved.fun, rel=1e-7, abs=1e-9)


def enumerate_best(coef, x, patterns, need, cost, norm, clip=None):
    """The least cost over every row of a finite domain."""
    rows = np.array(list(itertools.product(*patterns)), dtype=float)
    low, high = (-np.inf, np.inf) if clip is None else clip
    gains = (np.clip(rows, low, high) - np.clip(x, low, high)) @ coef
    costs = norm_of(rows - x, cost, norm)
    fits = gains >= need - 1e-9
    return (costs[fits].min() if fits.any() else np.inf), gains.max()


@settings(max_examples=150)
@given(SEEDS, NORMS, st.floats(0.02, 1.1), st.booleans())
def test_whole_numbers_agree_with_enumeration(seed, norm, share, clipped):
    rng = np.random.default_rng(seed)
    d, top = 4, 5
    x, coef, cost = rng.integers(0, top + 1, d).astype(float), rng.normal(size=d), rng.uniform(0.2, 3, d)
    clip = (rng.uniform(0, 2, d), rng.uniform(2.5, 5, d)) if clipped else None
    values = [range(top + 1)] * d
    _, most = enumerate_best(coef, x, values, -np.inf, cost, norm, clip)
    need = float(share * most)
    model = line(coef, 1.0, clip)
    now = float(model.scaling.clip(x) @ coef + 1.0)
    found = evade(model, x, (">=", now + need), domain=Domain(0, top, integers=range(d)), cost=cost, norm=norm)
    best, _ = enumerate_best(coef, x, values, need, cost, norm, clip)
    if need <= 0:
        assert found.cost == 0
    elif np.isinf(best):
        assert not found.reached
        assert found.best == pytest.approx(now + most)
    else:
        assert found.reached
        assert found.proven
        assert found.cost == pytest.approx(best, rel=1e-9)
        assert found.after >= now + need - 1e-9
        assert np.array_equal(found.x_new, np.round(found.x_new))


@settings(max_examples=100)
@given(SEEDS, NORMS, st.floats(0.05, 1.0), st.booleans())
def test_groups_agree_with_enumeration(seed, norm, share, reference):
    """Two one-hot groups and a whole number; with and without a level that has no column."""
    rng = np.random.default_rng(seed)
    coef, cost = rng.normal(size=7), rng.uniform(0.2, 3, 7)
    levels = [*([np.zeros(3)] if reference else []), *np.eye(3)]
    rows = np.array([np.r_[a, b, k] for a in levels for b in levels for k in range(4)])
    x = rows[rng.integers(len(rows))]
    groups = [[0, 1, 2], [3, 4, 5]]
    domain = Domain(0, [*[1] * 6, 3], integers=[6], **{"one_hot" if reference else "exactly_one": groups})
    gains, costs = (rows - x) @ coef, norm_of(rows - x, cost, norm)
    need = float(share * gains.max())
    found = evade(line(coef), x, (">=", coef @ x + need), domain=domain, cost=cost, norm=norm)
    assert found.reached
    assert domain.contains([found.x_new]).all()
    assert found.cost == pytest.approx(costs[gains >= need - 1e-9].min() if need > 0 else 0.0, rel=1e-9)
    assert found.proven


@settings(max_examples=100)
@given(SEEDS, NORMS, st.floats(0.05, 0.95))
def test_a_row_outside_the_clip_bounds_pays_for_the_way_in(seed, norm, share):
    """Free columns whose first stretch wins nothing: every set of columns that leave it, each a convex problem."""
    rng, x, low, high, coef, cost = box(seed, d=4)
    coef = np.abs(coef)
    clip = (x + np.where(rng.random(4) < 0.6, rng.uniform(0, 0.5, 4), -1.0), high + 1)
    model, domain = line(coef, 0.0, clip), Domain(low, high)
    top = np.minimum(high, clip[1])
    gain = coef * (np.maximum(top, clip[0]) - np.maximum(x, clip[0]))
    need = float(share * gain.sum())
    now = float(model.scaling.clip(x) @ coef)
    found = evade(model, x, (">=", now + need), domain=domain, cost=cost, norm=norm)
    best = np.inf
    for mask in itertools.product([False, True], repeat=4):
        use = np.array(mask)
        dead = np.maximum(clip[0] - x, 0.0)
        if gain[use].sum() < need:
            continue
        best = min(best, cheapest_moving(coef[use], cost[use], dead[use], (gain / coef)[use], need, norm))
    assert found.reached
    assert found.proven
    assert found.cost == pytest.approx(best, rel=1e-6)


def cheapest_moving(coef, cost, dead, useful, need, norm):
    """All of these columns enter: by bisection on the multiplier, another road than the one under test."""

    def moves(price):
        if norm == 1:
            order = np.argsort(cost / coef)
            before = np.concatenate([[0.0], np.cumsum((coef * useful)[order])[:-1]])
            taken = np.empty(len(coef))
            taken[order] = np.clip(need - before, 0, (coef * useful)[order]) / coef[order]
            return taken
        if norm == 2:
            return np.clip(price * coef / cost**2 - dead, 0, useful)
        return np.clip(price / cost - dead, 0, useful)

    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if moves(middle) @ coef < need else (low, middle)
    return float(norm_of(moves(high) + dead, cost, norm)[0])


@given(SEEDS, NORMS)
def test_the_cost_rises_with_the_goal(seed, norm):
    _, x, low, high, coef, cost = box(seed, d=6)
    domain = Domain(np.floor(low), np.ceil(high), integers=[0, 1])
    start = domain.project(x)
    most = coef @ (domain.farthest(coef) - start)
    found = [evade(line(coef), start, (">=", coef @ start + share * most), domain=domain, cost=cost, norm=norm)
             for share in np.linspace(0, 1, 8)]  # fmt: skip
    costs = [one.cost for one in found]
    assert all(one.reached for one in found)
    assert all(b >= a - 1e-12 for a, b in itertools.pairwise(costs))
    assert costs[0] == 0


def test_every_model_that_is_a_line(rng, tmp_path):
    X = rng.normal(3, 2, (80, 3))
    y = X @ [1.0, -2.0, 0.5] + rng.normal(size=80)
    models = [LeastSquares(), LinearRegressionGD(standardize=True), LinearRegression(), Ridge(2.0), Lasso(0.1),
              make_pipeline(StandardScaler(), Ridge(2.0))]  # fmt: skip
    for model in models:
        model.fit(X, y)
        found = evade(model, X[0], 9.0)
        assert model.predict(found.x_new[None])[0] == pytest.approx(9.0)
    spreads = [evade(model, X[0], 9.0).priced_by for model in models]
    assert [s == "changes in standard deviations" for s in spreads] == [True, True, False, False, False, True]
    clipping = LinearRegressionGD(clip_features=(0.1, 0.9), standardize=True).fit(X, y)
    ship.save(clipping, tmp_path / "model.json")
    loaded = ship.load(tmp_path / "model.json")
    for model in (clipping, loaded):
        far = evade(model, X[0], 1e6)
        assert not far.reached
        inside = clipping.scaling_.clip(far.x_new)
        assert np.allclose(inside, far.x_new) or (far.x_new == X[0]).any()
        assert far.best == pytest.approx(clipping.predict(np.sign(clipping.coef_)[None] * 1e9)[0])
        assert clipping.predict(far.x_new[None])[0] == pytest.approx(far.after)


def test_frozen_columns_and_infinite_costs_stay(rng):
    coef, x = rng.normal(size=4), rng.normal(size=4)
    found = evade(line(coef), x, 50.0, domain=Domain(frozen=[0]), cost=[1, np.inf, 1, 1], norm=2)
    assert found.reached
    assert np.array_equal(found.x_new[:2], x[:2])


def test_the_report_names_units_and_deviations():
    model = LeastSquares().fit([[0, 0], [2, 0], [0, 4], [2, 4.0]], [0, 2, 4, 6.0])
    found = evade(model, [0, 0], 3.0, domain=Domain(-9, 9, names=["rooms", "age"]))
    assert [c.name for c in found.changes] == ["age"]
    assert found.changes[0].by == pytest.approx(3.0)
    assert found.changes[0].by_sd == pytest.approx(1.5)
    assert found.cost == pytest.approx(1.5)
    assert "age" in str(found)
    assert "standard deviations" in str(found)
    assert "<table>" in found._repr_html_()


def test_goals_met_and_out_of_reach():
    model = line([1.0, 2.0], 1.0)
    met = evade(model, [1, 1], ("<=", 4.0))
    assert met.reached
    assert (met.cost, met.changes, met.proven) == (0.0, (), True)
    assert "already met" in str(met)
    far = evade(model, [1, 1], 100.0, domain=Domain(0, 3))
    assert not far.reached
    assert far.proven
    assert far.best == 10.0
    assert np.isinf(far.bound)
    assert "out of reach" in str(far)
    flat = evade(line([0.0, 0.0], 1.0), [1, 1], 2.0)
    assert not flat.reached
    assert flat.best == 1.0


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"domain": Domain(frozen=[0, 1])}, OptionError, "no column can be changed"),
        ({"cost": np.inf}, OptionError, "no column can be changed"),
        ({"domain": Domain([2, 0], 9)}, DataError, "below 2"),
        ({"domain": Domain(0, 9, integers=[1])}, DataError, "not a whole number"),
        ({"x": [1.0]}, ShapeError, "one row of 2 features"),
        ({"x": [np.nan, 1.0]}, CellsError, "NaN"),
        ({"goal": np.inf}, OptionError, "goal must be"),
        ({"goal": (">", 1.0)}, OptionError, "goal must be"),
        ({"cost": [1, 0]}, OptionError, "cost must be positive"),
        ({"cost": [1, 2, 3]}, OptionError, "cost must be positive"),
        ({"norm": 3}, OptionError, "norm must be"),
        ({"sd": [1.0]}, OptionError, "sd must be 2 numbers"),
        ({"sd": [1.0, 0.0]}, OptionError, "never changed"),
        ({"model": LinearRegression()}, OptionError, "no fitted linear model"),
    ],
    ids=str,
)
def test_bad_input_is_named(change, error, words):
    given = {"model": line([1.0, 2.0]), "x": [1.0, 1.5], "goal": 9.0, **change}
    with pytest.raises(error, match=words):
        evade(given.pop("model"), given.pop("x"), given.pop("goal"), **given)


def test_a_search_cut_short_says_how_far_it_may_be_off(monkeypatch):
    rng = np.random.default_rng(5)
    d = 10
    coef, cost, x = rng.uniform(1, 2, d), rng.uniform(1, 2, d), np.zeros(d)
    wanted = {"domain": Domain(0, 3, integers=range(d)), "cost": cost, "norm": 2}
    whole = evade(line(coef), x, 17.123, **wanted)
    assert whole.proven
    cheap = engine.cheapest
    monkeypatch.setattr("trueline.attack.evasion.cheapest", lambda *a: cheap(*a, nodes=2))
    cut = evade(line(coef), x, 17.123, **wanted)
    assert cut.reached
    assert not cut.proven
    assert cut.bound <= whole.cost <= cut.cost
    assert "cut short" in str(cut)
