"""Damage: what is tried is fixed before it starts, stays in the domain, and is told as it was found."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.base import clone

from audit.grounds import ground_of, line
from trueline import LeastSquares
from trueline.attack.poison import Poison
from trueline.audit.effort import CALL, EFFORTS
from trueline.audit.sections import besieging
from trueline.audit.sections.besieging import NONE, besiege, left_out, siege_rows
from trueline.audit.sections.damage import _needed, _worst, damage
from trueline.audit.sections.outcomes import off_by, points, worst_attack
from trueline.audit.sections.pricing import CALLED, defences
from trueline.audit.standing import Arena, Trial


@pytest.fixture(scope="module")
def ground():
    return ground_of(*line(), tolerance=0.5)


@pytest.fixture(scope="module")
def section(ground):
    return damage(ground)


# -- what is tried -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effort", EFFORTS.values(), ids=lambda effort: effort.name)
def test_work_is_bounded_before_it_starts(effort):
    least = list(effort.siege.smaller())[-1]
    before = effort.siege.fits
    for columns in (2, 30, 60, 100, 274, 500, 1000):
        rows = max(effort.arena_rows, 4 * columns)
        siege = effort.siege_of(rows, columns)
        assert siege == least or siege.fits * (2 * rows * columns**2 + CALL) <= effort.arena_work
        assert siege.fits <= before and len(siege.rates) >= 1 and siege.splits >= 1
        before = siege.fits
    assert effort.siege_of(effort.arena_rows, 12) == effort.siege


def test_more_effort_tries_more():
    quick, normal, thorough = (EFFORTS[name].siege for name in ("quick", "normal", "thorough"))
    assert quick.fits < normal.fits < thorough.fits
    assert set(quick.rates) <= set(normal.rates) <= set(thorough.rates) and max(quick.rates) == 0.2
    assert min(quick.splits, normal.splits) >= 3 and quick.refits == 0 < normal.refits < thorough.refits
    assert normal.refits * 0.6 >= 8  # every family of attacks is tried once at least


def test_every_defence_meets_every_rate(ground, section):
    prices, worst = section.tables
    assert [row[0] for row in prices.rows] == list(CALLED)
    assert [tuple(row[:2]) for row in worst.rows] == list(product([NONE, *CALLED], (0.05, 0.2)))
    for row in worst.rows:
        middle, low, high = row[2:5]
        assert 0 <= low <= middle <= high and row[5:8] == [None] * 3
    bare = {row[1]: row[2] for row in worst.rows if row[0] == NONE}
    assert 0.5 < bare[0.05] < bare[0.2]
    assert {point["rate"] for point in section.chart["data"]} == {0.0, 0.05, 0.2}
    assert "With 5 % of poison, predictions are off by" in section.text


def test_what_was_left_out_is_said(ground, section):
    assert "rates of 1 %, 2 %, 10 %, 15 %" in section.text and "the attack that knows the defence" in section.text
    assert "5 of 8 splits" in section.text and "the attack 'optimize'" in section.text
    assert "PrivateLeastSquares" in section.text and "on this many columns" not in section.text
    assert left_out(ground_of(*line(), effort="thorough")) == ""


def test_wide_rows_are_tried_with_less_and_it_says_so():
    rng = np.random.default_rng(0)
    wide = ground_of(rng.normal(size=(700, 150)), rng.normal(size=700), effort="normal")
    assert len(wide.siege.rates) >= 2 and wide.siege.splits >= 2
    assert "Left out at effort normal on this many columns" in left_out(wide)


def test_rows_too_few_for_partitions_leave_them_out():
    ground = ground_of(*line(30, 5))
    assert "partitions" not in defences(ground, 20) and "partitions" in defences(ground, 60)
    assert "These rows are too few for partitions" in damage(ground).text


# -- the attackers -----------------------------------------------------------------------------------------------------


def poisons(ground, monkeypatch):
    """Every poison that a siege applies, by attack."""
    seen = list[Poison]()
    kept = Poison.apply
    monkeypatch.setattr(Poison, "apply", lambda self, X, y: seen.append(self) or kept(self, X, y))
    besiege(ground, siege_rows(ground))
    return seen


def test_whoever_knows_the_defence_stays_in_the_domain_too(monkeypatch):
    tight = {"X[:, 0]": (-0.5, 0.5), "X[:, 1]": (-0.5, 0.5), "y": (-2.0, 2.0)}
    ground = ground_of(*line(80), effort="normal", bounds=tight)
    small = ground.siege.__class__((0.1,), 1, 9, (0.1,), ("flip",))
    monkeypatch.setitem(ground.__dict__, "siege", small)
    seen = poisons(ground, monkeypatch)
    assert {poison.knows for poison in seen} == {"data", "defence"}
    for poison in seen:
        assert np.abs(poison.rows).max() <= 0.5 + 1e-12 and np.abs(poison.labels).max() <= 2.0 + 1e-12


def test_the_optimised_poison_is_made_once_and_begun_from(monkeypatch):
    made = []
    kept = besieging.optimize

    def counted(*args, **options):
        made.append((options["rate"], options["random_state"]))
        return kept(*args, **options)

    monkeypatch.setattr(besieging, "optimize", counted)
    ground = ground_of(*line(80), effort="normal")
    small = ground.siege.__class__((0.1,), 2, 2, (0.1,), ("optimize",))
    monkeypatch.setitem(ground.__dict__, "siege", small)
    arena = besiege(ground, siege_rows(ground))
    assert sorted(made) == [(0.1, 0), (0.1, 1)]
    for defence, seed in product(arena.defences, (0, 1)):  # with two refits, the first is that very poison
        mine = {t.attack: t.mse for t in arena.trials if (t.defence, t.seed) == (defence, seed) and t.rate > 0}
        if defence == NONE:
            assert mine["adaptive"] >= 0.8 * mine["optimize"]
        assert set(mine) == {"optimize", "adaptive"}


def test_a_siege_is_the_same_twice(ground):
    first, again = (besiege(ground, siege_rows(ground)) for _ in range(2))
    assert [trial.mse for trial in first.trials] == [trial.mse for trial in again.trials]


# -- what it says ------------------------------------------------------------------------------------------------------


def trial(attack, rate, seed, mse, defence="a", knows="data"):
    return Trial(defence, attack, rate, seed, "nothing" if rate == 0 else knows, mse, 0.0, None, None, 0.0)


@pytest.fixture
def arena():
    """Three splits, clean errors 1, 4 and 9; one attack grows them by 16, 25 and 1, one that knows by 9, 36 and nan."""
    clean = [trial("none", 0.0, seed, mse) for seed, mse in enumerate((1.0, 4.0, 9.0))]
    blind = [trial("flip", 0.1, seed, mse) for seed, mse in enumerate((17.0, 29.0, 10.0))]
    weak = [trial("statistical", 0.1, seed, 0.5) for seed in range(3)]
    seeing = [trial("adaptive", 0.1, s, mse, knows="defence") for s, mse in enumerate((10.0, 40.0, float("nan")))]
    return Arena((*clean, *blind, *weak, *seeing), 100, 2, {"a": 0.0})


def test_off_by_is_the_worst_of_every_split_beyond_its_own_clean_error(arena):
    assert off_by(arena, "a", 0.1, False) == (4.0, 1.0, 5.0)
    assert off_by(arena, "a", 0.1, True) == (4.0, 1.0, 6.0)  # who knows may also do what the others do
    assert off_by(arena, "a", 0.2, False) is None
    blind = Arena(tuple(t for t in arena.trials if not t.adaptive), 100, 2, {"a": 0.0})
    assert off_by(blind, "a", 0.1, True) is None and {p["attacker"] for p in points(blind)} == {"oblivious"}
    assert worst_attack(arena, "a", 0.1) == "adaptive" and worst_attack(blind, "a", 0.1) == "flip"


def test_the_worst_is_that_of_whoever_does_more_and_a_defence_that_broke_is_none(arena):
    assert _worst(arena, "a", 0.1).high == 6.0  # against the attacker who knows it
    assert np.isnan(arena.worst("a", 0.1).mse)  # no number is no small number
    assert np.isinf(_worst(arena, "a", 0.3).middle)


def test_a_rate_is_a_share_of_all_rows_with_the_poison():
    assert [_needed(rate, 100) for rate in (0.2, 0.5, 0.01)] == [25, 100, 2]


def test_the_chart_draws_the_errors_themselves(arena):
    found = {(point["attacker"], point["rate"]): point for point in points(arena)}
    assert len(found) == 4
    clean, blind = found["oblivious", 0.0], found["oblivious", 0.1]
    assert (clean["low"], clean["damage"], clean["high"]) == (1.0, 2.0, 3.0)
    assert (blind["low"], blind["damage"], blind["high"]) == pytest.approx(np.sqrt([10.0, 17.0, 29.0]))
    assert found["adaptive", 0.1]["high"] == pytest.approx(np.sqrt(40.0))


def test_the_finding_names_a_defence_that_held_and_its_measured_price(ground, section):
    (found,) = section.findings
    remedy = found.evidence["defence"]
    (price,) = [row for row in section.tables[0].rows if row[0] == remedy]
    assert price[2:5] == [found.evidence[name] for name in ("remedy_cost", "remedy_cost_from", "remedy_cost_to")]
    (line_of,) = [row for row in section.tables[1].rows if tuple(row[:2]) == (remedy, found.evidence["rate"])]
    assert line_of[2:5] == [found.evidence[name] for name in ("left", "left_from", "left_to")]
    assert found.evidence["left"] < 0.7 * found.effect and "it costs" in found.advice


def test_a_trial_of_the_section_is_a_fit_by_hand(ground):
    rows = siege_rows(ground)
    arena = besiege(ground, rows)
    order = np.random.default_rng(0).permutation(len(rows))
    test, train = rows[order[: round(len(rows) / 4)]], rows[order[round(len(rows) / 4) :]]
    for name, model in {NONE: LeastSquares(), **defences(ground, len(train))}.items():
        held = clone(model).fit(ground.Z[train], ground.y[train])
        (clean,) = [t for t in arena.trials if (t.defence, t.rate, t.seed) == (name, 0.0, 0)]
        assert clean.mse == pytest.approx(np.mean((held.predict(ground.Z[test]) - ground.y[test]) ** 2), rel=1e-9)
