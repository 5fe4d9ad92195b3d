"""An audit as SARIF 2.1.0, which code hosts show beside the change that brought it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

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


def to_sarif(report: AuditReport, data: str, states: Mapping[str, str] | None = None,
             suppressed: Mapping[str, str] | None = None, *, redact: bool = False) -> dict[str, Any]:  # fmt: skip
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
    redact : bool
        Leave out what the rows hold, and the names of suppliers.
    """
    worst: dict[str, Finding] = {}
    for finding in report.findings:  # worst first
        worst.setdefault(finding.rule_id, finding)
    order = list(worst)
    told = _told(report, redact)
    results = [
        {**_result(told[i], order.index(one.rule_id), data), **_against(one, states or {}, suppressed or {})}
        for i, one in enumerate(report.findings)
    ]
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
    *,
    redact: bool = False,
) -> None:
    """Write `to_sarif` as one file.

    Parameters
    ----------
    report : AuditReport
    path : str or path-like
    data, states, suppressed, redact
        As for `to_sarif`.
    """
    content = json.dumps(to_sarif(report, data, states, suppressed, redact=redact), indent=1, allow_nan=False) + "\n"
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


def _told(report: AuditReport, redact: bool) -> list[dict[str, Any]]:
    """Findings as dictionaries, in the report's order."""
    told = report.to_dict()
    if redact:
        from .report.redaction import redacted

        told = redacted(told)
    found: list[dict[str, Any]] = told["findings"]
    return found


def _result(finding: dict[str, Any], rule: int, data: str) -> dict[str, Any]:
    text = finding["title"] + (f". {finding['advice']}" if finding["advice"] else "")
    place = {"artifactLocation": {"uri": _uri(data)}, "region": {"startLine": 1}}
    kept = ("severity", "effect", "attacker", "assurance", "reproduce", "reference")
    return {
        "ruleId": finding["rule_id"],
        "ruleIndex": rule,
        "level": LEVELS[Severity(finding["severity"])],
        "message": {"text": text},
        "locations": [{"physicalLocation": place, "logicalLocations": [{"name": name} for name in finding["where"]]}],
        "partialFingerprints": {"trueline/v1": finding["fingerprint"]},
        "properties": {name: finding[name] for name in kept},
    }


def _against(finding: Finding, states: Mapping[str, str], suppressed: Mapping[str, str]) -> dict[str, Any]:
    """What a baseline and suppressions say of it."""
    told: dict[str, Any] = {}
    if finding.fingerprint in states:
        told["baselineState"] = states[finding.fingerprint]
    if finding.fingerprint in suppressed:
        told["suppressions"] = [{"kind": "external", "justification": suppressed[finding.fingerprint]}]
    return told


def _uri(data: str) -> str:
    """A reference that SARIF allows: blanks and accents encoded, relative to where the command runs if it lies there.

    Examples
    --------
    >>> _uri("my data/é.csv")
    'my%20data/%C3%A9.csv'
    """
    path = Path(data)
    if "://" in data:
        return quote(data, safe="%/:?#[]@!$&'()*+,;=~")
    if path.is_absolute():
        if not path.is_relative_to(Path.cwd()):
            return path.as_uri()
        path = path.relative_to(Path.cwd())
    return quote(path.as_posix())
