"""SARIF: the shape that code hosts ask for, severities, fingerprints, baseline and suppressions."""

from __future__ import annotations

import json

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
