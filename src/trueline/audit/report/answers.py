"""A finding as the page tells it: what, how much, by whom, how sure, what to do."""

from __future__ import annotations

import re
from typing import Any

from ...findings import Assurance
from ..saying import amount, percent
from .grid import cell_text, grid
from .visible import visible

__all__ = ["answers"]

MEANS = {
    Assurance.PROVEN.value: "it holds for every case it speaks of, by proof.",
    Assurance.FOUND.value: "an example was found and checked by refitting; a worse one may exist.",
    Assurance.SAMPLED.value: "measured on a sample; other draws give somewhat different numbers.",
    Assurance.NOT_RUN.value: "nothing was computed, so nothing is known.",
}
PRICE = "remedy_cost"  # evidence that is told on a line of its own: a share of the error on clean rows


def answers(finding: dict[str, Any], sections: list[dict[str, Any]], most: int = 10) -> dict[str, Any]:
    """What the template of a finding asks for.

    Parameters
    ----------
    finding : dict
        `Finding.to_dict`.
    sections : list of dict
        Of the page: where each number was computed.
    most : int
        Rows of evidence that are shown.
    """
    evidence = finding.get("evidence") or {}
    assurance = str(finding.get("assurance") or Assurance.FOUND.value)
    effect, price = finding.get("effect"), evidence.get(PRICE)
    cost = f"{percent(price)} more squared error on clean rows" if price is not None else ""
    told = {
        name: str(finding.get(name) or "")
        for name in ("title", "advice", "attacker", "rule_id", "fingerprint", "reference")
    }
    return {
        **told,
        "anchor": "f-" + re.sub(r"[^0-9a-zA-Z]", "", told["fingerprint"] or told["rule_id"]),
        "severity": str(finding.get("severity") or "info"),
        "effect": "" if effect is None else amount(abs(effect)),
        "assurance": assurance,
        "assurance_means": MEANS.get(assurance, ""),
        "where": [visible(str(place), 160) for place in finding.get("where") or []],
        "evidence": [_piece(str(name), value, most) for name, value in evidence.items() if name != PRICE],
        "reproduce": str(finding.get("reproduce") or "").replace("\n", "\\n"),
        "cost": cost,
        "how": _home(told["fingerprint"], sections),
    }


def _piece(name: str, value: Any, most: int) -> dict[str, Any]:
    """One piece of evidence: a table where it is a list of rows, else words."""
    title = visible(name, 80).replace("_", " ")
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        columns = list(value[0])
        return {"name": title, "table": grid(title, columns, value, most=most)}
    return {"name": title, "table": None, "text": str(value) if name == "row" else cell_text(value)}


def _home(fingerprint: str, sections: list[dict[str, Any]]) -> str:
    """Where it was computed: the account of the section that lists it, else how severity is weighed."""
    homes = [section["how_anchor"] for section in sections if fingerprint in section["findings"] and section["how"]]
    return homes[0] if homes else "how-severity"
