"""Leakage: who was among the rows is asked without being told a column; what is found is priced."""

from __future__ import annotations

import numpy as np
import pytest

from audit.grounds import ground_of, line
from trueline import attack
from trueline.audit.effort import EFFORTS
from trueline.audit.sections import members
from trueline.audit.sections.leakage import leakage
from trueline.findings import Assurance, Severity


@pytest.fixture(scope="module")
def overfit():
    """Columns of noise, nearly as many as half of the rows."""
    rng = np.random.default_rng(0)
    return ground_of(rng.normal(size=(90, 30)), rng.normal(size=90))


def test_an_overfit_model_tells_who_was_in(overfit):
    (found,) = leakage(overfit).findings
    assert found.rule_id == "membership-leak" and "Membership Inference" in found.reference
    assert found.severity is Severity.MEDIUM and found.assurance is Assurance.SAMPLED
    assert 0.55 < found.evidence["from"] < found.evidence["auc"] < found.evidence["to"]
    assert found.evidence["auc"] > 0.75 and found.evidence["advantage_from"] > 0


def test_the_penalty_that_is_advised_hides_it_and_a_smaller_one_does_not(overfit):
    (found,) = leakage(overfit).findings
    assert found.evidence["left"] < found.evidence["auc"] and "it costs" in found.advice
    penalty = float(found.evidence["remedy"].rpartition("=")[2])
    model = members.make_pipeline(members.StandardScaler(), members.LeastSquares(penalty))
    again = attack.membership_inference(model, overfit.Z, overfit.y, splits=20)
    assert again.auc == found.evidence["left"] and again.interval[0] < 0.55
    weaker = members.PENALTIES[members.PENALTIES.index(penalty) - 1]
    model = members.make_pipeline(members.StandardScaler(), members.LeastSquares(weaker))
    assert attack.membership_inference(model, overfit.Z, overfit.y, splits=20).interval[0] >= 0.55


def test_what_hardly_beats_a_coin_is_no_finding(overfit, monkeypatch):
    monkeypatch.setattr(members, "MATTERS", 0.99)
    section = leakage(overfit)
    assert section.findings == () and "Errors tell no better than AUC 0.9" in section.facts["calm"]


def test_many_rows_hide_each_other():
    section = leakage(ground_of(*line(400)))
    assert section.findings == () and section.not_run is None
    (table,) = section.tables
    (auc, low, high) = table.rows[0][1:]
    assert low < 0.5 < high and abs(auc - 0.5) < 0.02
    assert "Attribute inference: not run" in section.text
    assert "no better than AUC" in section.facts["calm"]


def test_too_few_rows_say_so():
    section = leakage(ground_of(*line(14)))
    assert "Membership inference was not run: 14 rows are too few to halve twice" in section.text
    assert section.tables == () and section.findings == ()


def test_of_many_rows_a_sample_is_asked(monkeypatch):
    monkeypatch.setattr(members, "MOST", 60)
    text = leakage(ground_of(*line(200))).text
    assert "20 models of 30 rows each" in text and "The audited model has 200 rows" in text


def test_models_are_as_many_as_the_work_allows():
    quick, normal = EFFORTS["quick"], EFFORTS["normal"]
    assert (quick.halvings(100, 3), normal.halvings(10_000, 12), normal.halvings(730, 274)) == (20, 100, 20)


def test_a_sensitive_column_adds_attribute_inference():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    ground = ground_of(X, X @ [2.0, 1.0, 0.0] + rng.normal(size=300), sensitive="X[:, 0]")
    section = leakage(ground)
    assert [table.title for table in section.tables] == ["Who was among the training rows?", "Guessing X[:, 0]"]
    rules = {finding.rule_id: finding for finding in section.findings}
    assert set(rules) == {"attribute-leak-output", "attribute-leak-label"}
    rounded = rules["attribute-leak-output"]
    step = float(rounded.evidence["remedy"].split()[3].replace(",", ""))
    coarse = np.round(ground.predictions / step) * step
    again = attack.attribute_inference(ground.line, X, coarse, 0, knows="label", splits=20)
    assert again.gain < 0.15 and rounded.evidence["left"] < 0.1 < rounded.evidence["gain"]
    errors = [np.mean((said - ground.y) ** 2) for said in (coarse, ground.predictions)]
    assert rounded.evidence["remedy_cost"] == pytest.approx(errors[0] / errors[1] - 1, rel=0.1)
    assert "Leaving `X[:, 0]` out would end it, but costs a factor of" in rules["attribute-leak-label"].advice
