"""Remedies: what is left is a refit, what it costs is held-out error, and where nothing was measured it says so."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from audit.grounds import ground_of, line
from trueline import LeastSquares
from trueline.audit.report.answers import answers
from trueline.audit.saying import amount
from trueline.audit.sections.changing import apart, changed, watch_of
from trueline.audit.sections.leaving_out import without_columns
from trueline.audit.sections.pricing import CALLED, Price, defences, price, price_of
from trueline.audit.sections.remedies import best_of, measured, priced, unmeasured

FAR = (np.full((12, 2), 1.5), np.full(12, -40.0))  # rows that everybody would notice


@pytest.fixture(scope="module")
def ground():
    return ground_of(*line(200), tolerance=0.5)


# -- what is left ------------------------------------------------------------------------------------------------------


def test_rows_that_stand_out_are_taken_care_of(ground):
    before = abs(shift_of(ground, LeastSquares(), FAR))
    remedy = measured(ground, before, None, added=FAR)
    assert remedy.helps and remedy.left < 0.1 * before and before > 1
    assert remedy.evidence["remedy"] in CALLED.values() and remedy.evidence["left"] == remedy.left
    assert "the same rows then move it by" in remedy.advice and "it costs" in remedy.advice


def shift_of(ground, model, added):
    X, y = np.vstack([ground.Z, added[0]]), np.append(ground.y, added[1])
    calm, moved = clone(model).fit(ground.Z, ground.y), clone(model).fit(X, y)
    return float((moved.predict(ground.Z) - calm.predict(ground.Z)).mean())


def test_what_is_left_is_a_refit_by_hand(ground):
    remedy = measured(ground, 10.0, None, added=FAR)
    name = next(name for name, words in CALLED.items() if words == remedy.evidence["remedy"])
    by_hand = {key: abs(shift_of(ground, model, FAR)) for key, model in defences(ground, ground.n).items()}
    assert remedy.left == pytest.approx(by_hand[name], rel=1e-9, abs=1e-12)


def test_what_no_defence_undoes_is_said(ground):
    quiet = (ground.Z[:3], ground.refit.predict(ground.Z[:3]))  # rows that agree: nothing moves, nothing is to undo
    remedy = measured(ground, 1e-9, None, added=quiet)
    assert not remedy.helps and remedy.advice.startswith("No defence tried holds: under the best, ")
    assert set(remedy.evidence["remedies_tried"]) == set(defences(ground, ground.n))
    assert unmeasured("nobody knows").evidence == {"no_remedy": "nobody knows"}


def test_a_defence_that_finds_another_effect_says_so(ground):
    """Of mostly zeros a fit that drops the rest is no longer the fit: that nothing moves it is no remedy by itself."""
    rng = np.random.default_rng(3)
    treated = np.arange(400) % 2
    y = np.where(rng.random(400) < 0.1, 40.0 + 60.0 * treated, 0.0) + 0.01 * rng.normal(size=400)
    mostly = ground_of(treated[:, None].astype(float), y)
    added = (np.ones((8, 1)), np.zeros(8) - 100.0)
    remedy = measured(mostly, 10.0, "X[:, 0]", added=added)
    now, then = mostly.line.coef[0], remedy.evidence["effect_with_remedy"]
    assert not 0.5 <= then / now <= 2.0
    assert remedy.advice.endswith(f", and the effect itself is then {amount(then)} per unit, not {amount(now)}")
    quiet = measured(ground, 10.0, "X[:, 0]", added=FAR)
    assert quiet.evidence["effect_with_remedy"] == pytest.approx(3.0, abs=0.3) and "itself" not in quiet.advice
    whole = measured(mostly, 10.0, None, added=added)
    assert "it moves predictions itself by" in whole.advice and whole.evidence["shift_by_remedy"] > 1


def test_the_effect_that_is_watched_is_that_of_one_standard_deviation():
    X, y = line(100)
    ground = ground_of(X * [1.0, 50.0], y)
    one, other = LeastSquares().fit(ground.Z, ground.y), LeastSquares().fit(ground.Z[:60], ground.y[:60])
    told = watch_of(ground, "X[:, 1]")(one, other)
    assert told == pytest.approx((one.coef_[1] - other.coef_[1]) * ground.sd[1], rel=1e-9)
    rows = np.arange(ground.n) < 30
    there = (one.predict(ground.Z[:30]) - other.predict(ground.Z[:30])).mean()
    assert watch_of(ground, rows)(one, other) == pytest.approx(there)
    far = np.sqrt(np.mean((one.predict(ground.Z) - other.predict(ground.Z)) ** 2))
    assert watch_of(ground, apart(ground))(one, other) == pytest.approx(far)


def test_rows_are_changed_as_asked(ground):
    n, y = ground.n, ground.y
    assert [part.shape[0] for part in changed(ground, FAR, None, None, None)] == [n + 12] * 2
    half = changed(ground, FAR, None, None, 2 * n)  # found for twice as many rows: half of them are the same share
    assert len(half[1]) == n + 6
    assert (changed(ground, None, [0, 3], None, None)[1] == np.delete(y, [0, 3])).all()
    assert (changed(ground, None, np.arange(n) < 2, None, None)[1] == y[2:]).all()
    assert changed(ground, None, None, ([1], [99.0]), None)[1].tolist() == [y[0], 99.0, *y[2:].tolist()]
    assert y[1] != 99.0


def test_the_cheapest_that_is_enough_is_advised(ground, monkeypatch):
    costs = {"huber": 0.001, "trimmed": 0.004, "sever": 0.2, "screen": 0.005}
    monkeypatch.setattr("trueline.audit.sections.remedies.price", lambda _, name: Price(costs[name]))
    enough = {"huber": 0.4, "trimmed": 0.3, "sever": 0.0, "screen": 5.0}  # the tolerance is 0.5
    assert best_of(ground, 10.0, enough) == "trimmed"  # as cheap as huber, within a hundredth, and leaves less
    assert best_of(ground, 10.0, {"huber": 4.0, "sever": 3.0}) == "sever"  # none is enough: what leaves least


# -- what it costs -----------------------------------------------------------------------------------------------------


def test_a_price_is_the_growth_of_the_error_on_rows_not_trained_on(ground):
    seen = []

    def shifted(rows):
        seen.append(rows)
        model = ground.fit(rows)
        return lambda Z: model.predict(Z) + 2.0

    cost = price_of(ground, shifted)
    rng, by_hand = np.random.default_rng(0), []
    clean = np.flatnonzero(~ground.suspects)
    for train in seen:
        order = rng.permutation(clean)
        test = order[: len(clean) // 4]
        assert not set(test) & set(train) and len(train) + len(test) == len(clean)
        off = ground.fit(train).predict(ground.Z[test]) - ground.y[test]
        by_hand.append(np.mean((off + 2.0) ** 2) / np.mean(off**2) - 1)
    assert len(seen) == ground.siege.splits
    assert (cost.cost, cost.low, cost.high) == pytest.approx((np.mean(by_hand), min(by_hand), max(by_hand)))
    assert price_of(ground, lambda rows: ground.fit(rows).predict).cost == 0.0


def test_long_tails_are_priced_as_honest_rows_too():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    ground = ground_of(X, X @ [1.0, 2.0] + np.exp(1.5 * rng.normal(size=300)))
    cost = price(ground, "trimmed")
    assert cost.aside > 0.1 and cost.honest > cost.cost
    assert "on the rows that agree" in cost.words and cost.evidence["remedy_cost_if_all_are_honest"] == cost.honest
    assert price(ground, "trimmed") is cost  # measured once


def test_prices_in_words():
    assert Price(0.004).words == "0.4 % MSE on clean rows" and Price(-0.01).words == "no measurable MSE on clean rows"
    assert Price(48.0).words == "a factor of 49 in MSE on clean rows"
    page = answers({"rule_id": "r", "evidence": {"remedy_cost": 48.0}}, [])  # says it as the advice does
    assert page["cost"] == Price(48.0).words
    ends = {"remedy_cost": 0.02, "remedy_cost_from": -0.01, "remedy_cost_to": 1.5}
    band = answers({"rule_id": "r", "evidence": ends}, [])
    assert band["cost"] == "2 % MSE on clean rows (-1 % to a factor of 2.5 over the splits)"
    assert Price(float("nan")).words == "what these rows are too few to measure"


def test_leaving_a_column_out_costs_what_it_told(ground):
    needed = without_columns(ground, ("X[:, 0]",))
    X, y = line(200)
    with_noise = ground_of(np.column_stack([X, np.random.default_rng(4).normal(size=200)]), y)
    noise = without_columns(with_noise, ("X[:, 2]",))
    assert needed.left == 0.0 and needed.evidence["remedy_cost"] > 1 > 0.05 > abs(noise.evidence["remedy_cost"])
    assert needed.advice.startswith("Leaving `X[:, 0]` out would end it, but costs a factor of ")
    assert noise.advice.startswith("Leave `X[:, 2]` out: this brings it to 0; it costs ")
    assert without_columns(ground, ground.names).advice == "No remedy measured: without it no column is left"


def test_a_remedy_of_ones_own_is_priced(ground):
    told = priced(ground, "pray", lambda rows: ground.fit(rows).predict, 1.25)
    assert told.advice == "Pray: this brings it to 1.25; it costs no measurable MSE on clean rows"


# -- in the report -----------------------------------------------------------------------------------------------------


def test_every_finding_of_poison_has_a_measured_remedy_or_says_why_not(report):
    rules = ("source-pulls", "disagreeing-rows", "poison-by-adding", "influential-row")
    found = [finding for finding in report.findings if finding.rule_id in rules]
    assert {finding.rule_id for finding in found} >= {"source-pulls", "disagreeing-rows", "poison-by-adding"}
    for finding in found:
        assert finding.evidence.keys() & {"remedy", "remedies_tried", "no_remedy"}, finding.rule_id
        if "remedy" in finding.evidence:
            assert finding.evidence["left"] <= 0.7 * abs(finding.effect) and "it costs" in finding.advice
            assert finding.evidence["remedy_cost_from"] <= finding.evidence["remedy_cost"]
