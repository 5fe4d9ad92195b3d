"""The summary and what to do: one ranking, so that the advice is about what a reader just read."""

from __future__ import annotations

from audit.grounds import ground_of, line
from trueline.audit.summing_up import summary, todo, told_of
from trueline.findings import Finding, Severity


def one(rule, severity=Severity.MEDIUM, where="a", advice=None):
    return Finding(rule, severity, f"{rule} of {where}", where=(where,), advice=rule if advice is None else advice)


def told(*findings, **options):
    ground = ground_of(*line(), **options)
    ranked = told_of(findings, ground)
    return [entry["text"].split()[0] for entry in summary(ranked, (), ground)], todo(ranked)


def test_the_advice_is_that_of_the_first_that_is_told():
    lines, advice = told(one("extrapolation"), one("extreme-rows"), one("cheap-lever"), one("source-pulls"))
    assert lines == ["cheap-lever", "source-pulls", "extrapolation"] and advice == "cheap-lever"
    lines, advice = told(one("cheap-lever"), one("sign-flips", Severity.HIGH, advice=""), one("not-optimal"))
    assert lines[0] == "sign-flips" and advice == "cheap-lever"  # that one had none


def test_nothing_is_advised_about_what_is_not_told():
    silent = [one(f"rule-{i}", Severity.HIGH, advice="") for i in range(3)]
    assert told(*silent, one("cheap-lever"))[1] == ""
    assert told(one("cheap-lever", Severity.INFO))[1] == ""


def test_the_sign_of_an_effect_that_was_asked_about_comes_first():
    asked = ("X[:, 1]",)
    findings = [one("disagreeing-rows"), one("cheap-lever", where=asked[0]), one("sign-flips", where=asked[0])]
    lines, advice = told(*findings, effects=asked)
    assert lines == ["sign-flips", "cheap-lever", "disagreeing-rows"] and advice == "sign-flips"


def test_real_audits_follow_it(report):
    first = next(finding for finding in report.findings if finding.title == report.summary[0]["text"])
    assert report.todo == first.advice
