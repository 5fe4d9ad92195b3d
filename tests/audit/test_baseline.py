"""The gate: known findings do not fail, worse ones do, suppressions need a reason and end."""

from __future__ import annotations

import json
from datetime import date

import pytest

from trueline.audit.baseline import Suppression, judge, read_baseline, read_suppressions
from trueline.errors import ReadError
from trueline.findings import Finding, Severity

DAY = date(2026, 11, 23)
LEVER = Finding("cheap-lever", Severity.HIGH, "income moves it", where=("income",))
PULL = Finding("source-pulls", Severity.MEDIUM, "Dogwood pulls", where=("Dogwood",))


def test_without_a_baseline_the_limit_decides():
    assert judge([LEVER, PULL], Severity.HIGH, DAY).failing == (LEVER,)
    assert judge([LEVER, PULL], Severity.MEDIUM, DAY).failing == (LEVER, PULL)
    assert judge([LEVER, PULL], Severity.CRITICAL, DAY).failing == ()


@pytest.mark.parametrize(
    ("before", "fails", "state"),
    [("high", False, "unchanged"), ("medium", True, "updated"), ("critical", False, "updated"), (None, True, "new")],
)
def test_against_a_baseline_only_new_or_worse_fails(before, fails, state):
    known = {} if before is None else {LEVER.fingerprint: Severity(before)}
    verdict = judge([LEVER], Severity.HIGH, DAY, known)
    assert bool(verdict.failing) is fails and verdict.states == {LEVER.fingerprint: state}


@pytest.mark.parametrize(
    ("target", "holds"),
    [
        ({"rule": "cheap-lever"}, True),
        ({"rule": "cheap-lever", "where": "income"}, True),
        ({"rule": "cheap-lever", "where": "tenure"}, False),
        ({"rule": "cheap-lever", "where": "in"}, False),  # part of a name is not the name
        ({"rule": "source-pulls"}, False),
        ({"fingerprint": LEVER.fingerprint}, True),
        ({"fingerprint": PULL.fingerprint}, False),
    ],
)
def test_what_a_suppression_covers(target, holds):
    verdict = judge([LEVER], Severity.HIGH, DAY, suppressions=[Suppression("checked", DAY, **target)])
    assert (verdict.failing == ()) is holds and bool(verdict.suppressed) is holds and bool(verdict.unused) is not holds


def test_a_suppression_counts_on_its_last_day_and_not_after():
    late = Suppression("checked", date(2026, 11, 22), rule="cheap-lever")
    verdict = judge([LEVER], Severity.HIGH, DAY, suppressions=[late])
    assert verdict.failing == (LEVER,) and verdict.expired == (late,) and verdict.suppressed == {}


def test_the_file_of_suppressions(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text('[[suppress]]\nrule = "cheap-lever"\nreason = "checked"\nexpires = 2027-01-31\n')
    assert read_suppressions(path) == (Suppression("checked", date(2027, 1, 31), rule="cheap-lever"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule = ", "is not TOML"),
        ("x = 1\n", "no tables"),
        ('[[suppress]]\nrule = "a"\nexpires = 2027-01-31\n', "has no reason"),
        ('[[suppress]]\nrule = "a"\nreason = "  "\nexpires = 2027-01-31\n', "has no reason"),
        ('[[suppress]]\nrule = "a"\nreason = "b"\n', "has no day"),
        ('[[suppress]]\nrule = "a"\nreason = "b"\nexpires = "2027-01-31"\n', "has no day"),
        ('[[suppress]]\nreason = "b"\nexpires = 2027-01-31\n', "either a fingerprint or a rule"),
        ('[[suppress]]\nrule = "a"\nfingerprint = "c"\nreason = "b"\nexpires = 2027-01-31\n', "either"),
        ('[[suppress]]\nrules = "a"\nreason = "b"\nexpires = 2027-01-31\n', "may hold"),
        ('[[suppress]]\nrule = 3\nreason = "b"\nexpires = 2027-01-31\n', "is text"),
    ],
)
def test_bad_suppressions_are_refused(tmp_path, text, said):
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(ReadError, match=said):
        read_suppressions(path)


def test_a_baseline_is_the_json_of_an_audit(tmp_path):
    path = tmp_path / "audit.json"
    path.write_text(json.dumps({"findings": [LEVER.to_dict(), {**LEVER.to_dict(), "severity": "low"}]}))
    assert read_baseline(path) == {LEVER.fingerprint: Severity.HIGH}  # of two at one place the worse


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"findings": [{"severity": "awful", "fingerprint": "a"}]}', "{"])
def test_anything_else_is_no_baseline(tmp_path, text):
    path = tmp_path / "audit.json"
    path.write_text(text)
    with pytest.raises(ReadError, match="not the JSON of an audit"):
        read_baseline(path)
