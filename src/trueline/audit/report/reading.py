"""From a report to what the templates ask for: everything named, nothing missing, nothing hidden in the text."""

from __future__ import annotations

import re
from typing import Any

from ...findings import Severity
from ..saying import count
from .answers import answers
from .counting import HOW_COUNTS, counts_of
from .grid import cell_text, grid
from .visible import visible

__all__ = ["page_of"]

NAME = 160  # characters of a name that are shown
MODEL = {
    "kind": "Kind", "loss": "Loss", "penalty": "Penalty λ", "intercept": "Intercept", "rmse": "Root mean squared error",
    "digits": "Digits vouched for", "caveat": "Caveat",
}  # fmt: skip
COMMANDS = "the commands that find everything again, with the name of the file as it was given"
REVEALS = ("the names of the columns, the coefficients, and every number above",)


def page_of(report: dict[str, Any], *, most: int, redacted: bool) -> dict[str, Any]:
    """What the page shows.

    Parameters
    ----------
    report : dict
        `AuditReport.to_dict`; keys that are missing are left out of the page.
    most : int
        Rows of a table, columns and findings that are shown.
    redacted : bool
        Whether row contents were left out.
    """
    found = sorted(report.get("findings") or [], key=_worst_first)
    sections = [_section(number, entry, most) for number, entry in enumerate(report.get("sections") or [], start=1)]
    counted = next((section for section in sections if section["key"] == "counts"), None)
    return {
        "title": report.get("title") or "a linear model",
        "target": report.get("target") or "the target",
        "facts": _facts(report),
        "summary": [_sentence(line) for line in report.get("summary") or []],
        "todo": report.get("todo") or "",
        "findings": _apart([answers(entry, sections) for entry in found[:most]]),
        "more_findings": max(0, len(found) - most),
        "tally": _tally(found),
        "how_severity": _how_severity(report),
        "counts": counts_of(report.get("counts") or {}, most),
        "counted": counted,
        "how_counts": " ".join(filter(None, (HOW_COUNTS, counted["how"] if counted else ""))),
        "sections": sections,
        "reveals": [*(report.get("reveals") or REVEALS), *([COMMANDS] if found else [])],
        "not_run": report.get("not_run") or [],
        "model": _model(report.get("model") or {}),
        "redacted": redacted,
    }


def _worst_first(finding: dict[str, Any]) -> int:
    order = [severity.value for severity in reversed(Severity)]
    severity = finding.get("severity")
    return order.index(severity) if severity in order else len(order)


def _tally(findings: list[dict[str, Any]]) -> list[tuple[str, int]]:
    told = [finding.get("severity") for finding in findings]
    return [(severity.value, told.count(severity.value)) for severity in reversed(Severity) if severity.value in told]


def _apart(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """No two with one anchor: the second gets a number."""
    met: dict[str, int] = {}
    for finding in findings:
        anchor = finding["anchor"]
        met[anchor] = met.get(anchor, 0) + 1
        finding["anchor"] += f"-{met[anchor]}" if met[anchor] > 1 else ""
    return findings


def _sentence(line: Any) -> dict[str, str]:
    if isinstance(line, dict):
        return {"text": str(line.get("text", "")), "severity": str(line.get("severity", "info"))}
    return {"text": str(line), "severity": "info"}


def _facts(report: dict[str, Any]) -> list[dict[str, str]]:
    tolerance, attackers = report.get("tolerance") or {}, report.get("attacker_rows")
    told = [
        ("Target", report.get("target") or "–", ""),
        ("Rows", cell_text(report.get("rows")), ""),
        ("Columns", cell_text(len(report.get("features") or [])), ""),
        ("Tolerance", cell_text(tolerance.get("value")), tolerance.get("why") or ""),
        ("Attacker controls", count(attackers, "row") if isinstance(attackers, int) else "–", ""),
        ("Effort", f"{report.get('effort', '–')}, seed {report.get('seed', '–')}", ""),
    ]
    return [{"name": name, "value": visible(str(value), NAME), "note": note} for name, value, note in told]


def _how_severity(report: dict[str, Any]) -> str:
    tolerance = cell_text((report.get("tolerance") or {}).get("value"))
    return (
        f"The effect, in units of {report.get('target', 'the target')}, is weighed against the tolerance of {tolerance}"
        ": below it, up to 3 times, beyond. The rows that it takes are weighed against the "
        f"{cell_text(report.get('attacker_rows'))} that an attacker is thought to control: within, up to 5 times, "
        "beyond. A large effect that few rows bring about is the worst; what moves only the attacker's own output is "
        "one step lower."
    )


def _section(number: int, section: dict[str, Any], most: int) -> dict[str, Any]:
    key = str(section.get("key") or "")
    anchor = f"s{number}-" + re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:40]
    tables = [
        grid(table.get("title") or "", table.get("columns") or [], table.get("rows") or [], table.get("units") or (),
             most=most)
        for table in section.get("tables") or []
    ]  # fmt: skip
    return {
        "key": key, "anchor": anchor, "how_anchor": f"how-{anchor}" if key != "counts" else "how-counts",
        "title": section.get("title") or "Section", "how": section.get("how") or "", "tables": tables, "figures": [],
        "paragraphs": [part for part in (section.get("text") or "").split("\n\n") if part.strip()],
        "not_run": _sentence_case(section.get("not_run")), "chart": section.get("chart"),
        "findings": section.get("findings") or [],
    }  # fmt: skip


def _sentence_case(text: str | None) -> str | None:
    return text[:1].upper() + text[1:] if text else text


def _model(model: dict[str, Any]) -> list[tuple[str, str]]:
    """What was audited, in words; the coefficients stand with the fit."""
    origin = "given by the caller" if model.get("given") else "fitted now on these rows"
    told = {name: model.get(name) for name in MODEL}
    digits = told["digits"]
    if isinstance(digits, float):
        told["digits"] = int(digits)  # 13.2 digits vouch for 13
    return [(MODEL[name], cell_text(value)) for name, value in told.items() if value not in (None, "")] + [
        ("Where from", origin)
    ] * ("given" in model)
