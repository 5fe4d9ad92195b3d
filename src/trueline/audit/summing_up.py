"""From findings to three plain sentences, what to do first, and what the report itself reveals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..findings import Finding, Severity
from .ground import Ground
from .saying import amount, count, loss_in_words
from .section import Section

__all__ = ["model_facts", "reveals", "summary", "todo", "told_of"]

SENTENCES = 3
TOPICS = {  # rules that say much the same, under the one that says it best
    "disagreeing-rows": "source-pulls",
    "influential-row": "source-pulls",
    "extreme-rows": "source-pulls",
    "worst-added-rows": "sign-flips",
    "poison-by-adding": "sign-flips",
    "extrapolation": "cheap-lever",
    "attribute-leak-label": "attribute-leak-output",
    "missing-intercept": "diagnosis",
}


def told_of(findings: Iterable[Finding], ground: Ground) -> list[Finding]:
    """The findings that the summary tells, first the one to act on.

    Worst first; among equals those about effects that were asked about, then one of each topic.

    Parameters
    ----------
    findings : iterable of Finding
        Worst first.
    ground : Ground
    """
    ranked = [finding for finding in findings if finding.severity.at_least(Severity.LOW)]
    first: dict[str, Finding] = {}
    for finding in ranked:
        topic = TOPICS.get(finding.rule_id, finding.rule_id)
        held = first.get(topic)
        nicer = held is not None and held.severity is finding.severity and finding.rule_id == topic != held.rule_id
        if held is None or nicer:
            first[topic] = finding
    order = list(Severity)[::-1]
    leading = {id(finding) for finding in first.values()}
    ranked.sort(key=lambda one: (order.index(one.severity), _aside(one, ground), id(one) not in leading))
    return ranked[:SENTENCES]


def _aside(finding: Finding, ground: Ground) -> int:
    """How far from what was asked: 0 for the sign of such an effect, 1 for what else is about it, 2 for the rest."""
    if not set(finding.where) & set(ground.effects):
        return 2
    return 0 if finding.rule_id.startswith("sign-") else 1


def summary(told: Sequence[Finding], sections: Iterable[Section], ground: Ground) -> tuple[dict[str, str], ...]:
    """What is told of the findings; where they are few, also what did not move.

    Parameters
    ----------
    told : sequence of Finding
        Of `told_of`.
    sections : iterable of Section
    ground : Ground
    """
    lines = [{"text": finding.title, "severity": str(finding.severity)} for finding in told]
    calm = [section.facts["calm"] for section in sections if section.facts.get("calm")]
    lines += [{"text": text, "severity": "info"} for text in calm[: SENTENCES - len(lines)]]
    if not lines:
        lines = [{"text": f"No finding reaches the tolerance of {amount(ground.terms.tolerance)}.", "severity": "info"}]
    return tuple(lines)


def todo(told: Iterable[Finding]) -> str:
    """The first advice among what the summary tells, so that it is about something that a reader just read.

    Parameters
    ----------
    told : iterable of Finding
        Of `told_of`.
    """
    return next((finding.advice for finding in told if finding.advice), "")


def model_facts(ground: Ground) -> dict[str, Any]:
    """What was audited.

    Parameters
    ----------
    ground : Ground
    """
    line = ground.line
    return {
        "kind": line.description,
        "given": ground.theirs,
        "loss": loss_in_words(line.loss),
        "penalty": ground.own_penalty,
        "intercept": line.intercept,
        "coefficients": [
            {"feature": name, "value": value} for name, value in zip(ground.names, line.coef, strict=True)
        ],
        "rmse": float(((ground.y - ground.predictions) ** 2).mean() ** 0.5),
        "digits": _digits(ground),
        "caveat": ground.caveat.strip(),
    }


def reveals(ground: Ground) -> tuple[str, ...]:
    """What whoever reads the report learns about the data.

    Parameters
    ----------
    ground : Ground
    """
    lines = [
        f"the names of {count(len(ground.names), 'column')} and of the target",
        "the coefficients, with standard errors where they are defined",
        "smallest and largest value of every column and of the target",
        "the numbers, leverages and residuals of single rows",
    ]
    if ground.rows.source is not None:
        lines.append("the names of suppliers, how many rows each gave and what they do to the fit")
    return tuple(lines)


def _digits(ground: Ground) -> float | None:
    digits = getattr(ground.refit if not ground.theirs else ground.model, "digits_", None)
    return None if digits is None else float(digits)
