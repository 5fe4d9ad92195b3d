"""From findings to three plain sentences, what to do first, and what the report itself reveals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..findings import Finding, Severity
from .ground import Ground
from .saying import amount, count
from .section import Section

__all__ = ["model_facts", "reveals", "summary", "todo"]

SENTENCES = 3


def summary(findings: Iterable[Finding], sections: Iterable[Section], ground: Ground) -> tuple[dict[str, str], ...]:
    """The worst findings, one of a rule, and where they are fewer than three, what did not move.

    Parameters
    ----------
    findings : iterable of Finding
        Worst first.
    sections : iterable of Section
    ground : Ground
    """
    lines: list[dict[str, str]] = []
    seen: set[str] = set()
    for finding in findings:
        if finding.rule_id not in seen and len(lines) < SENTENCES and finding.severity.at_least(Severity.LOW):
            seen.add(finding.rule_id)
            lines.append({"text": finding.title, "severity": str(finding.severity)})
    calm = [section.facts["calm"] for section in sections if section.facts.get("calm")]
    lines += [{"text": text, "severity": "info"} for text in calm[: SENTENCES - len(lines)]]
    if not lines:
        lines = [{"text": f"No finding reaches the tolerance of {amount(ground.terms.tolerance)}.", "severity": "info"}]
    return tuple(lines)


def todo(findings: Iterable[Finding]) -> str:
    """The advice of the worst finding that has one.

    Parameters
    ----------
    findings : iterable of Finding
        Worst first.
    """
    return next(
        (finding.advice for finding in findings if finding.advice and finding.severity.at_least(Severity.LOW)), ""
    )


def model_facts(ground: Ground) -> dict[str, Any]:
    """What was audited.

    Parameters
    ----------
    ground : Ground
    """
    line = ground.line
    return {
        "kind": line.description, "given": ground.theirs, "loss": str(line.loss), "penalty": ground.own_penalty,
        "intercept": line.intercept,
        "coefficients": [{"feature": name, "value": value} for name, value in zip(ground.names, line.coef, strict=True)],
        "rmse": float(((ground.y - ground.predictions) ** 2).mean() ** 0.5), "digits": _digits(ground),
        "caveat": ground.caveat.strip(),
    }  # fmt: skip


def reveals(ground: Ground) -> tuple[str, ...]:
    """What whoever reads the report learns about the data.

    Parameters
    ----------
    ground : Ground
    """
    lines = [f"the names of {count(len(ground.names), 'column')} and of the target",
             "the coefficients, with standard errors where they are defined",
             "smallest and largest value of every column and of the target",
             "the numbers, leverages and residuals of single rows"]  # fmt: skip
    if ground.rows.source is not None:
        lines.append("the names of suppliers, how many rows each gave and what they do to the fit")
    return tuple(lines)


def _digits(ground: Ground) -> float | None:
    digits = getattr(ground.refit if not ground.theirs else ground.model, "digits_", None)
    return None if digits is None else float(digits)
