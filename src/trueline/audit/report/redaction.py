"""What a report says of single rows and of who sent them, left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["redacted"]

LEFT_OUT = "Left out: what single rows hold."
BY_ROW = "row"  # a column of that name makes a table one about single rows
SENDER = "source"  # a column of that name holds names taken from the rows
CHARTS_BY_ROW = ("influence",)
TELLING = ("single rows", "suppliers")  # what the account of the file itself no longer has to say


def redacted(report: dict[str, Any]) -> dict[str, Any]:
    """The report without row contents: tables and charts of single rows go, names of sources become numbers.

    Names of columns, coefficients, counts and the numbers of rows stay.

    Parameters
    ----------
    report : dict
        `AuditReport.to_dict`.
    """
    sections = [_section(section) for section in report.get("sections") or []]
    findings = [_finding(finding) for finding in report.get("findings") or []]
    reveals = [line for line in report.get("reveals") or [] if not any(word in line for word in TELLING)]
    reveals.append("the numbers of rows that stand out, not what they hold; sources as numbers, not names")
    kept = {**report, "sections": sections, "findings": findings, "reveals": reveals}
    senders = _senders(report)
    named = _renaming(senders, _fingerprints(findings, senders))
    told: dict[str, Any] = _renamed(kept, named)
    return told


def _section(section: dict[str, Any]) -> dict[str, Any]:
    tables = section.get("tables") or []
    kept = [table for table in tables if BY_ROW not in (table.get("columns") or [])]
    chart = section.get("chart") or {}
    by_row = chart.get("kind") in CHARTS_BY_ROW
    gone = len(kept) < len(tables) or by_row
    text = "\n\n".join(part for part in (section.get("text") or "", LEFT_OUT if gone else "") if part)
    return {**section, "tables": kept, "chart": None if by_row else section.get("chart"), "text": text}


def _finding(finding: dict[str, Any]) -> dict[str, Any]:
    """Evidence keeps numbers and lists of numbers: lists of rows and text that stood in a cell go."""
    evidence = finding.get("evidence") or {}
    return {**finding, "evidence": {name: value for name, value in evidence.items() if _bare(value)}}


def _bare(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(entry, int) for entry in value)
    return value is None or isinstance(value, int | float)


def _senders(report: dict[str, Any]) -> list[str]:
    """Names of sources, in the order in which they are met."""
    found: dict[str, None] = {}
    for section in report.get("sections") or []:
        chart = section.get("chart") or {}
        if chart.get("kind") == "sources":
            found |= dict.fromkeys(str(row[SENDER]) for row in chart.get("data") or [])
        for table in section.get("tables") or []:
            if SENDER in table.get("columns", []):
                place = table["columns"].index(SENDER)
                found |= dict.fromkeys(str(row[place]) for row in table["rows"])
    return list(found)


def _fingerprints(findings: list[dict[str, Any]], senders: list[str]) -> dict[str, str]:
    """Others for findings that name a source: a fingerprint is a hash of that name, so the name could be guessed."""
    telling = [finding for finding in findings if set(finding.get("where") or []) & set(senders)]
    return {str(finding.get("fingerprint")): f"hidden{number}" for number, finding in enumerate(telling, start=1)}


def _renaming(senders: list[str], fingerprints: dict[str, str]) -> Callable[[str], str]:
    """A name that is all of a text, in quotes, or (where it is no number and not short) a word of it gets a number."""
    if not senders:
        return lambda text: text
    numbers = {name: f"source {number}" for number, name in enumerate(senders, start=1)} | fingerprints
    longest = sorted(filter(None, senders), key=len, reverse=True)
    quoted = "|".join(rf'(?<=["`]){re.escape(name)}(?=["`])' for name in longest)
    words = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest if len(name) > 2 and not name.isdigit())
    pattern = re.compile("|".join(filter(None, (quoted, words))))
    return lambda text: numbers.get(text) or pattern.sub(lambda found: numbers[found[0]], text)


def _renamed(value: Any, named: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(entry, named) for key, entry in value.items()}
    if isinstance(value, list):
        return [_renamed(entry, named) for entry in value]
    return named(value) if isinstance(value, str) else value
