"""evade where everything meets: free columns, whole numbers, groups, sizes; other solvers are the witnesses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from trueline import Domain, attack
from trueline.attack.cheapest import cheapest
from trueline.attack.levers import Choice, Slide
from trueline.attack.relaxation import fill
from trueline.maths.losses import Squared
from trueline.maths.scaling import Scaling
from trueline.models.foreign import Line

SEEDS = st.integers(0, 10**6)


def line(coef):
    return Line(np.asarray(coef), 0.0, Scaling.none(len(coef)), Squared(), 0.0, True, "line")


def mixed(seed):
    """Three free columns, three whole ones, a group of three with a reference level."""
    rng = np.random.default_rng(seed)
    low = np.r_[-rng.exponential(1, 3), [0, 0, 0], [0, 0, 0]]
    high = np.r_[rng.exponential(1, 3), [4, 4, 4], [1, 1, 1]]
    level = np.vstack([np.zeros(3), np.eye(3)])[rng.integers(4)]
    x = np.r_[rng.uniform(low[:3], high[:3]), rng.integers(0, 5, 3), level]
    domain = Domain(low, high, integers=[3, 4, 5], one_hot=[[6, 7, 8]])
    return rng, x, domain, rng.normal(size=9), rng.uniform(0.2, 3, 9)


@settings(max_examples=100)
@given(SEEDS, st.sampled_from([1, np.inf]), st.floats(0.05, 0.99))
def test_linear_norms_agree_with_a_mixed_integer_programme(seed, norm, share):
    _, x, domain, coef, cost = mixed(seed)
    need = float(share * coef @ (domain.farthest(coef) - x))
    found = attack.evade(line(coef), x, (">=", coef @ x + need), domain=domain, cost=cost, norm=norm)
    d, (low, high) = 9, domain.bounds(9)
    # z = the new row, t = |z - x| (one per column, or one for all)
    size = np.eye(d) / cost[:, None] if norm == 1 else np.ones((d, 1)) / cost[:, None]
    k = size.shape[1]
    rules = [LinearConstraint(np.r_[coef, np.zeros(k)], lb=coef @ x + need),
             LinearConstraint(np.hstack([np.eye(d), -size]), ub=x),
             LinearConstraint(np.hstack([-np.eye(d), -size]), ub=-x),
             LinearConstraint(np.r_[np.zeros(6), np.ones(3), np.zeros(k)], ub=1)]  # fmt: skip
    solved = milp(np.r_[np.zeros(d), np.ones(k)], constraints=rules, integrality=np.r_[[0] * 3, [1] * 6, [0] * k],
                  bounds=Bounds(np.r_[low, np.zeros(k)], np.r_[high, np.full(k, np.inf)]),
                  options={"mip_rel_gap": 0})  # fmt: skip
    assert found.reached
    assert found.proven
    assert domain.contains([found.x_new]).all()
    assert found.cost == pytest.approx(solved.fun, rel=1e-6, abs=1e-6)


@settings(max_examples=60)
@given(SEEDS, st.floats(0.05, 0.99))
def test_l2_agrees_with_a_projection_for_every_choice_of_the_rest(seed, share):
    _, x, domain, coef, cost = mixed(seed)
    need = float(share * coef @ (domain.farthest(coef) - x))
    found = attack.evade(line(coef), x, (">=", coef @ x + need), domain=domain, cost=cost, norm=2)
    levels = np.vstack([np.zeros(3), np.eye(3)])
    low, high = domain.bounds(9)
    best = np.inf
    for whole in itertools.product(range(5), repeat=3):
        for level in levels:
            fixed = np.r_[whole, level]
            left = need - coef[3:] @ (fixed - x[3:])
            most = np.where(coef[:3] > 0, high[:3] - x[:3], low[:3] - x[:3])
            if coef[:3] @ most < left - 1e-9:
                continue
            moves = projection(coef[:3], cost[:3], most, left)
            best = min(best, float(np.linalg.norm(cost * np.r_[moves, fixed - x[3:]])))
    assert found.proven
    assert found.cost == pytest.approx(best, rel=1e-8)


def projection(coef, cost, most, need):
    """Bisection on the multiplier."""
    low, high = 0.0, 1e9
    for _ in range(200 if need > 0 else 0):
        middle = (low + high) / 2
        moves = np.sign(coef) * np.minimum(middle * np.abs(coef) / cost**2, np.abs(most))
        low, high = (middle, high) if moves @ coef < need else (low, middle)
    return np.sign(coef) * np.minimum((high if need > 0 else 0.0) * np.abs(coef) / cost**2, np.abs(most))


@given(SEEDS, st.floats(0.0, 1.2))
def test_pieces_are_filled_in_the_order_of_their_price(seed, share):
    rng = np.random.default_rng(seed)
    slides = [Slide(j, 1.0, rng.uniform(0.2, 2), rng.uniform(0.2, 2), 0.0, rng.exponential(), 9.0, False)
              for j in range(6)]  # fmt: skip
    straight = [piece for s in slides[:3] for piece in s.pieces(0.0, s.useful, 1)]
    bent = [piece for s in slides[3:] for piece in s.pieces(0.0, s.useful, 2)]
    pieces = [*straight, *bent]
    total = sum(piece.length for piece in pieces)
    won = fill(pieces, share * total, 0.0)
    if share > 1:
        assert won is None
        return
    assert won.sum() == pytest.approx(share * total)
    length = np.array([piece.length for piece in pieces])
    assert ((won >= 0) & (won <= length)).all()
    marginal = np.array([piece.start + 2 * piece.bend * u for piece, u in zip(pieces, won, strict=True)])
    if 0 < share < 1:
        part = (won > 1e-12) & (won < length - 1e-12)
        price = marginal[part].mean() if part.any() else marginal[won > 0].max()
        assert marginal[part] == pytest.approx(price)
        assert (marginal[won >= length - 1e-12] <= price + 1e-9).all()
        assert (marginal[won <= 1e-12] >= price - 1e-9).all()


def test_levels_that_are_beaten_are_left_out():
    choice = Choice.of(np.array([0]), np.arange(5.0)[:, None], np.array([0.0, 1, 1, -2, 3]),
                       np.array([0.0, 2, 1, 0.5, 4]))  # fmt: skip
    assert choice.gains.tolist() == [0, 1, 3]
    assert choice.costs.tolist() == [0, 1, 4]


def test_the_bound_of_a_cut_search_holds(rng):
    slides = [Slide(j, 1.0, *rng.uniform(1, 2, 2), 0.0, 3.0, 3.0, True) for j in range(12)]
    whole = cheapest(slides, 20.123, 2, 1e-12)
    for nodes in (1, 5, 50):
        cut = cheapest(slides, 20.123, 2, 1e-12, nodes)
        assert cut.bound <= whole.cost * (1 + 1e-12) <= cut.cost * (1 + 2e-12)


def test_prices_of_a_group_that_cannot_leave_a_level():
    domain = Domain(0, 1, exactly_one=[[0, 1]])
    free = attack.evade(line([1.0, 3.0]), [1, 0], (">=", 3), domain=domain, cost=1)
    assert free.x_new.tolist() == [0, 1]
    assert free.cost == 2
    held = attack.evade(line([1.0, 3.0, 1.0]), [1, 0, 0], (">=", 3), cost=[np.inf, 1, 1],
                        domain=Domain(0, [1, 1, 9], exactly_one=[[0, 1]]))  # fmt: skip
    assert held.x_new.tolist() == [1, 0, 2]


@pytest.mark.parametrize("norm", [1, 2, np.inf])
def test_large_offsets_keep_their_digits(norm):
    coef, x = np.array([1e-3, 2.0]), np.array([1e9, 1e6])
    found = attack.evade(line(coef), x, coef @ x + 1.0, norm=norm, cost=[1e-3, 1.0])
    assert found.reached
    assert found.after - found.before == pytest.approx(1.0, abs=1e-7)


@pytest.mark.parametrize("norm", [1, 2, np.inf])
def test_a_thousand_columns_are_no_obstacle(norm, rng):
    coef, x = rng.normal(size=1000), rng.integers(0, 10, 1000).astype(float)
    domain = Domain(0, 9, integers=range(500))
    found = attack.evade(line(coef), x, (">=", coef @ x + 500), domain=domain, norm=norm)
    assert found.reached
    assert found.bound <= found.cost <= found.bound * (1 + 1e-6)


NAMES = ["AttributeLeakage", "Evasion", "EvasionTable", "Extraction", "Extrapolation", "MembershipLeakage",
         "attribute_inference", "evade", "evasion_table", "extract", "extrapolation",
         "membership_inference"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_behind_the_door(name):
    assert name in attack.__all__
    assert getattr(attack, name).__name__ == name
