"""A finding as the page tells it: what, how much, by whom, how sure, what to do."""

from __future__ import annotations

import re
from typing import Any

from ...findings import Assurance
from ..saying import BEYOND, amount, cost_in_words, growth
from .grid import cell_text, grid
from .visible import visible

__all__ = ["answers"]

MEANS = {
    Assurance.PROVEN.value: "it holds for every case it speaks of, by proof.",
    Assurance.FOUND.value: "an example was found and checked by refitting; a worse one may exist.",
    Assurance.SAMPLED.value: "measured on a sample; other draws give somewhat different numbers.",
    Assurance.NOT_RUN.value: "nothing was computed, so nothing is known.",
}
PRICE = (
    "remedy_cost",
    "remedy_cost_from",
    "remedy_cost_to",
)  # told on a line of its own: shares of the MSE on clean rows

NAMES = {  # evidence by what it means, where its name in the JSON does not say it
    "found": "rows found that do it",
    "certified": "rows it takes at least, proven",
    "predicted": "rows by first order, not refitted",
    "by": "how",
    "counted_rows": "rows counted in",
    "removed": "rows, removed, that flip it",
    "also_not_settled": "signs not settled either",
    "bound": "no such rows move it by more than",
    "added": "rows added",
    "left": "left of it then",
    "no_remedy": "no remedy, because",
    "remedies_tried": "tried",
    "effect_with_remedy": "effect per unit with the remedy",
    "shift_by_remedy": "predictions moved by the remedy itself",
    "per_unit": "buys per unit",
    "reach": "buys over its whole range",
    "step": "small change",
}
WAYS = {"add_bounded": "rows added within bounds", "remove": "rows removed", "relabel": "rows with other labels"}


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
    effect = finding.get("effect")
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
        "evidence": [
            _piece(str(name), value, most)
            for name, value in evidence.items()
            if name not in PRICE and value not in (None, "", [])
        ],
        "reproduce": str(finding.get("reproduce") or "").replace("\n", "\\n"),
        "cost": _cost(*(evidence.get(name) for name in PRICE)),
        "how": _home(told["fingerprint"], sections),
    }


def _cost(mean: float | None, low: float | None, high: float | None) -> str:
    """The price of the advice, in its own words; the band over the splits where there is one."""
    if mean is None:
        return ""
    said = cost_in_words(mean)
    if low is None or high is None or low == high or mean > BEYOND:
        return said
    return f"{said} ({growth(low)} to {growth(high)} over the splits)"


def _piece(name: str, value: Any, most: int) -> dict[str, Any]:
    """One piece of evidence: a table where it is a list of rows, else words."""
    title = NAMES.get(name) or visible(name, 80).replace("_", " ")
    if name == "by":
        value = WAYS.get(str(value), value)
    if name in ("remedy", "no_remedy"):
        value = str(value).replace("`", "")
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        columns = list(value[0])
        return {"name": title, "table": grid(title, columns, value, most=most)}
    return {"name": title, "table": None, "text": str(value) if name == "row" else cell_text(value)}


def _home(fingerprint: str, sections: list[dict[str, Any]]) -> str:
    """Where it was computed: the account of the section that lists it, else how severity is weighed."""
    homes = [section["how_anchor"] for section in sections if fingerprint in section["findings"] and section["how"]]
    return homes[0] if homes else "how-severity"
