"""SARIF: the shape that code hosts ask for, severities, fingerprints, baseline and suppressions."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from trueline.audit.sarif import LEVELS, SCORES, to_sarif, write_sarif
from trueline.findings import Severity


def test_the_shape(report):
    log = to_sarif(report, "limits.csv")
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json") and len(log["runs"]) == 1
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "trueline"
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == len(report.findings)
    for result, finding in zip(run["results"], report.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule_id
        assert result["message"]["text"].startswith(finding.title)
        assert result["level"] in ("error", "warning", "note")
        assert result["partialFingerprints"] == {"trueline/v1": finding.fingerprint}
        place = result["locations"][0]["physicalLocation"]
        assert place == {"artifactLocation": {"uri": "limits.csv"}, "region": {"startLine": 1}}
    assert run["invocations"][0]["executionSuccessful"] is True


def test_levels_and_scores_follow_severity():
    assert [LEVELS[severity] for severity in Severity] == ["note", "note", "warning", "error", "error"]
    scores = [float(SCORES[severity]) for severity in Severity]
    assert scores == sorted(scores) and scores[-1] >= 9 and 7 <= scores[-2] < 9 and 4 <= scores[-3] < 7


def test_a_rule_scores_as_the_worst_of_its_findings(report):
    worse, mild = (replace(report.findings[0], severity=severity) for severity in (Severity.CRITICAL, Severity.LOW))
    run = to_sarif(replace(report, findings=(worse, mild)), "a.csv")["runs"][0]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["properties"]["security-severity"] == SCORES[Severity.CRITICAL]
    assert [result["level"] for result in run["results"]] == ["error", "note"]


def test_what_failed_or_was_not_run_stands_in_the_log(report):
    broken = replace(report.sections[-1], failed=True, not_run="failed: planted")
    run = to_sarif(replace(report, sections=(*report.sections[:-1], broken)), "a.csv")["runs"][0]
    (told,) = run["invocations"]
    assert told["executionSuccessful"] is False
    assert [note["level"] for note in told["toolExecutionNotifications"]] == ["error"]
    assert f"section {broken.key} " in told["toolExecutionNotifications"][0]["message"]["text"]
    assert run["properties"]["notRun"] == [*report.not_run, f"{broken.title}: failed: planted"]


def test_states_and_suppressions(report):
    one = report.findings[0].fingerprint
    result = to_sarif(report, "a.csv", {one: "new"}, {one: "checked"})["runs"][0]["results"][0]
    assert result["baselineState"] == "new"
    assert result["suppressions"] == [{"kind": "external", "justification": "checked"}]
    bare = to_sarif(report, "a.csv")["runs"][0]["results"][0]
    assert "baselineState" not in bare and "suppressions" not in bare


def test_the_file_is_strict_json(report, tmp_path):
    write_sarif(report, tmp_path / "a.sarif", "limits.csv")

    def refuse(name):
        raise AssertionError(name)

    json.loads((tmp_path / "a.sarif").read_text(), parse_constant=refuse)


# What SARIF 2.1.0 asks of the objects that we write: required names, then names that are allowed beside them.
OBJECTS = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"results", "columnKind", "invocations", "properties"}),
    "driver": ({"name"}, {"semanticVersion", "rules"}),
    "rule": ({"id"}, {"name", "shortDescription", "fullDescription", "properties"}),
    "invocation": ({"executionSuccessful"}, {"toolExecutionNotifications"}),
    "result": (
        {"message"},
        {"ruleId", "ruleIndex", "level", "locations", "partialFingerprints", "properties", "baselineState",
         "suppressions"},
    ),
    "physicalLocation": (set(), {"artifactLocation", "region"}),
}  # fmt: skip
SEMANTIC = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-+].+)?"


def holds(kind, values):
    required, allowed = OBJECTS[kind]
    assert required <= set(values) <= required | allowed, kind


def test_the_structure_is_that_of_the_standard(report):
    states = dict.fromkeys((finding.fingerprint for finding in report.findings), "updated")
    log = to_sarif(report, "limits.csv", states, dict.fromkeys(states, "checked"))
    holds("log", log)
    (run,) = log["runs"]
    holds("run", run)
    holds("driver", run["tool"]["driver"])
    assert re.fullmatch(SEMANTIC, run["tool"]["driver"]["semanticVersion"])
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    for invocation in run["invocations"]:
        holds("invocation", invocation)
    for rule in run["tool"]["driver"]["rules"]:
        holds("rule", rule)
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"]
        assert isinstance(rule["properties"]["security-severity"], str)  # a number is ignored
        assert len(set(rule["properties"]["tags"])) == len(rule["properties"]["tags"])
    for result in run["results"]:
        holds("result", result)
        assert result["level"] in ("none", "note", "warning", "error") and result["message"]["text"]
        assert 0 <= result["ruleIndex"] < len(run["tool"]["driver"]["rules"])
        assert result["baselineState"] in ("new", "unchanged", "updated", "absent")
        assert all(one["kind"] in ("inSource", "external") for one in result["suppressions"])
        assert all(isinstance(text, str) for text in result["partialFingerprints"].values())
        for place in result["locations"]:
            holds("physicalLocation", place["physicalLocation"])
            assert place["physicalLocation"]["region"]["startLine"] >= 1
            assert all(set(one) == {"name"} for one in place["logicalLocations"])


@pytest.mark.parametrize(
    ("data", "uri"),
    [
        ("my data/é.csv", "my%20data/%C3%A9.csv"),
        ("a%b#c.csv", "a%25b%23c.csv"),
        ("/somewhere/else/a b.csv", "file:///somewhere/else/a%20b.csv"),
        ("s3://bucket/a b.csv", "s3://bucket/a%20b.csv"),
    ],
)
def test_paths_are_references(report, data, uri):
    place = to_sarif(report, data)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri


def test_a_path_below_here_is_relative(report, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = to_sarif(report, str(tmp_path / "in" / "a.csv"))["runs"][0]["results"][0]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "in/a.csv"


def test_redacted_it_names_nobody_who_sent_rows(report, credit):
    plain, bare = (json.dumps(to_sarif(report, "limits.csv", redact=redact)) for redact in (False, True))
    assert credit.broker in plain and credit.broker not in bare
    named = next(finding for finding in report.findings if credit.broker in finding.where)
    assert named.fingerprint in plain and named.fingerprint not in bare  # a hash of a name can be guessed
    state = to_sarif(report, "limits.csv", {named.fingerprint: "new"}, redact=True)["runs"][0]["results"]
    assert [result.get("baselineState") for result in state].count("new") == 1


def test_references_name_the_catalogues(report):
    for finding in report.findings:
        if finding.reference:
            nist, atlas = finding.reference.split("; ")
            assert re.fullmatch(r"NIST AI 100-2 E2025: NISTAML\.0\d(\d)? [A-Z].+", nist)
            assert re.fullmatch(r"MITRE ATLAS AML\.T00\d\d(\.00\d)? [A-Z].+", atlas)
