"""An audit as SARIF 2.1.0, which code hosts show beside the change that brought it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from .. import __version__
from ..files import write_whole
from ..findings import Finding, Severity
from .audit_report import AuditReport

__all__ = ["LEVELS", "SCORES", "to_sarif", "write_sarif"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
SCORES = {  # what GitHub sorts by; it calls 9 critical, 7 high, 4 medium
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}


def to_sarif(
    report: AuditReport, data: str, states: Mapping[str, str] | None = None, suppressed: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The report as a SARIF log of one run.

    Parameters
    ----------
    report : AuditReport
    data : str
        The file that was audited, as findings point to it.
    states : dict of fingerprint to str, optional
        "new", "updated" or "unchanged" against a baseline.
    suppressed : dict of fingerprint to str, optional
        Why a finding is suppressed.
    """
    worst: dict[str, Finding] = {}
    for finding in report.findings:  # worst first
        worst.setdefault(finding.rule_id, finding)
    order = list(worst)
    results = [_result(one, order.index(one.rule_id), data, states or {}, suppressed or {}) for one in report.findings]
    driver = {"name": "trueline", "semanticVersion": __version__, "rules": [_rule(one) for one in worst.values()]}
    notes = [
        {"level": "error", "message": {"text": f"section {key} could not be computed"}} for key in report.incomplete
    ]
    run = {
        "tool": {"driver": driver},
        "results": results,
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not report.incomplete, "toolExecutionNotifications": notes}],
        "properties": {
            "effort": report.effort,
            "seed": report.seed,
            "tolerance": report.tolerance,
            "attackerRows": report.attacker_rows,
            "notRun": list(report.not_run),
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def write_sarif(
    report: AuditReport,
    path: str | os.PathLike[str],
    data: str,
    states: Mapping[str, str] | None = None,
    suppressed: Mapping[str, str] | None = None,
) -> None:
    """Write `to_sarif` as one file.

    Parameters
    ----------
    report : AuditReport
    path : str or path-like
    data, states, suppressed
        As for `to_sarif`.
    """
    content = json.dumps(to_sarif(report, data, states, suppressed), indent=1, allow_nan=False) + "\n"
    write_whole(path, content.encode())


def _rule(finding: Finding) -> dict[str, Any]:
    name = "".join(word.capitalize() for word in finding.rule_id.split("-"))
    text = finding.rule_id.replace("-", " ").capitalize()
    return {
        "id": finding.rule_id,
        "name": name,
        "shortDescription": {"text": text},
        "fullDescription": {"text": f"{text}. {finding.reference}".strip()},
        "properties": {"tags": ["security"], "security-severity": SCORES[finding.severity]},
    }


def _result(
    finding: Finding, rule: int, data: str, states: Mapping[str, str], suppressed: Mapping[str, str]
) -> dict[str, Any]:
    text = finding.title + (f". {finding.advice}" if finding.advice else "")
    place = {"artifactLocation": {"uri": data.replace(os.sep, "/")}, "region": {"startLine": 1}}
    result: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": place, "logicalLocations": [{"name": name} for name in finding.where]}],
        "partialFingerprints": {"trueline/v1": finding.fingerprint},
        "properties": {
            "severity": str(finding.severity),
            "effect": finding.effect,
            "attacker": finding.attacker,
            "assurance": str(finding.assurance),
            "reproduce": finding.reproduce,
            "reference": finding.reference,
        },
    }
    if finding.fingerprint in states:
        result["baselineState"] = states[finding.fingerprint]
    if finding.fingerprint in suppressed:
        result["suppressions"] = [{"kind": "external", "justification": suppressed[finding.fingerprint]}]
    return result
