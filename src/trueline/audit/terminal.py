"""The summary of an audit for a terminal: three sentences, the counts, what to do, in 25 lines."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from ..display import aligned
from ..findings import Severity
from .saying import amount, count, listed

if TYPE_CHECKING:
    from .audit_report import AuditReport

__all__ = ["summary_of"]

WIDTH = 118
SHOWN = 6  # features


def summary_of(report: AuditReport) -> str:
    """At most 25 lines of at most 118 signs.

    Parameters
    ----------
    report : AuditReport
    """
    lines = [_head(report)]
    for line in report.summary:
        lines += _sentence(line["text"], line["severity"])
    lines += ["", *_counts(report)]
    tally = {severity: len([f for f in report.findings if f.severity is severity]) for severity in reversed(Severity)}
    said = ", ".join(f"{number} {severity}" for severity, number in tally.items() if number)
    lines.append(
        _cut(
            f"  Findings: {said or 'none'} · tolerance {amount(report.tolerance)} · an attacker with "
            f"{count(report.attacker_rows, 'row')} · effort {report.effort}, seed {report.seed}"
        )
    )
    if report.model.get("caveat"):
        lines.append(_cut(f"  Mind: {report.model['caveat']}"))
    if report.not_run:
        told = [section.title + _because(section.facts, " ({})") for section in report.sections if section.not_run]
        lines += _wrapped(f"Not run: {listed(told, 6)}", 2)
    if report.incomplete:
        lines.append(_cut(f"  INCOMPLETE, these failed: {', '.join(report.incomplete)}"))
    if report.todo:
        lines += _wrapped(f"What to do: {report.todo}", 3)
    return "\n".join(lines)


def _head(report: AuditReport) -> str:
    digits = report.model.get("digits")
    vouched = f" · vouched to {digits:.0f} digits" if digits is not None else ""
    what = f"{report.model.get('kind', 'model')}{'' if report.model.get('given') else ', fitted now'}"
    return _cut(
        f"{report.target} from {count(len(report.features), 'feature')}, {count(report.rows, 'row')} · {what}{vouched}"
    )


def _sentence(text: str, severity: str) -> list[str]:
    wrapped = textwrap.wrap(text, WIDTH - 14, max_lines=2, placeholder=" …") or [""]
    first = f"  {wrapped[0]:<{WIDTH - 13}} {severity}"
    return [first, *("    " + rest for rest in wrapped[1:])]


def _counts(report: AuditReport) -> list[str]:
    """Rows to flip the sign, certified–found."""
    if not report.counts:
        return []
    head = ("", "effect", "remove", "relabel", "add (bounded)", "add (anything)")
    rows: list[tuple[str, ...]] = [head]
    for line in report.counts[:SHOWN]:
        kinds = (_bracket(line.get(key)) for key in ("remove", "relabel", "add_bounded", "add_any"))
        rows.append((str(line["feature"])[:28], f"{line['effect']:+.3g}", *kinds))
    of = int(report.counts[0].get("of", report.rows))
    drawn = f", of {of:,} drawn" if of < report.rows else ""
    counts = next((section.facts for section in report.sections if section.key == "counts"), {})
    left = _because(counts, "; not counted where {}")
    lines = [_cut(f"  Rows that flip the sign of an effect (at least–found{drawn}{left}):")]
    lines += [f"  {line}" for line in aligned(rows)]
    rest = len(report.counts) - SHOWN
    return lines + ([f"  … and {rest} more in the report"] if rest > 0 else [])


def _bracket(found: dict[str, Any] | None) -> str:
    """``11–29``, ``≤ 29``, ``≥ 11``, ``29`` (exact), or a dash where it was not counted."""
    if not found:
        return "–"
    least, most = found.get("certified") or 0, found.get("found")
    if most is None:
        return f"≥ {least}" if least > 1 else "none found"
    if least == most or most == 1:
        return f"{most:,}"
    return f"{least:,}–{most:,}" if least > 1 else f"≤ {most:,}"


def _because(facts: dict[str, Any], words: str) -> str:
    """Why there is nothing, in few words, where that is known."""
    return words.format(facts["because"]) if facts.get("because") else ""


def _wrapped(text: str, most: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", max_lines=most, placeholder=" …")


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 2] + " …"
