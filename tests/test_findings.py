"""A Finding: stable identity, an order of severity, plain values for JSON."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from trueline.findings import Assurance, Finding, Severity

FINDING = Finding(
    "worst-row",
    Severity.HIGH,
    "One row moves the coefficient of income by a fifth",
    effect=812.5,
    evidence={"row": 17, "before": 0.2, "after": 0.16},
    where=("income", "row 17"),
    attacker="controls one row, knows nothing",
    assurance=Assurance.PROVEN,
    advice="Look at row 17",
    reproduce="trueline audit data.csv --target limit --seed 0",
)


def test_severities_are_ordered_from_info_to_critical():
    order = [Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL]
    assert list(Severity) == order
    for i, one in enumerate(order):
        assert [one.at_least(other) for other in order] == [i >= j for j in range(len(order))]


def test_the_words_of_the_design():
    assert {str(word) for word in Assurance} == {"proven", "found", "sampled", "not run"}
    assert f"{Severity.HIGH}" == "high"


def test_the_fingerprint_is_that_of_the_rule_and_the_place_alone():
    assert FINDING.fingerprint == "5e45bea216835738"
    others = {"severity": Severity.LOW, "title": "reworded", "effect": 1.0, "evidence": {}, "attacker": "nobody"}
    others |= {"assurance": Assurance.FOUND, "advice": "none", "reproduce": ""}
    for name, value in others.items():
        assert dataclasses.replace(FINDING, **{name: value}).fingerprint == FINDING.fingerprint
    assert dataclasses.replace(FINDING, rule_id="leverage").fingerprint != FINDING.fingerprint
    assert dataclasses.replace(FINDING, where=("income",)).fingerprint != FINDING.fingerprint


def test_fingerprints_do_not_run_into_each_other():
    places = [("ab", "c"), ("a", "bc"), ("abc",), ('a", "bc',), ()]
    assert len({Finding("rule", Severity.LOW, "", where=place).fingerprint for place in places}) == len(places)


def test_the_fingerprint_is_the_same_in_another_process():
    code = "from trueline import Finding; print(Finding('r', 'low', 't', where=('größe',)).fingerprint)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Finding("r", Severity.LOW, "other", where=("größe",)).fingerprint


def test_to_dict_is_plain_json_and_complete():
    plain = FINDING.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert set(plain) == {field.name for field in dataclasses.fields(Finding)} | {"fingerprint"}
    assert plain["severity"] == "high"
    assert plain["where"] == ["income", "row 17"]
    assert plain["fingerprint"] == FINDING.fingerprint


def test_a_finding_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FINDING.severity = Severity.LOW


def test_evidence_is_not_shared_between_findings():
    one, other = Finding("r", Severity.LOW, "t"), Finding("r", Severity.LOW, "t")
    one.evidence["row"] = 1
    assert other.evidence == {}


def test_as_text_it_leads_with_severity_and_ends_with_advice():
    assert str(FINDING) == "[high] One row moves the coefficient of income by a fifth -> Look at row 17"
    assert str(Finding("r", Severity.INFO, "nothing found")) == "[info] nothing found"
