"""Leakage: does the model tell the sensitive column?"""

from __future__ import annotations

from ... import attack
from ...findings import Assurance, Finding
from ..ground import Ground
from ..saying import amount, percent
from ..section import Section, Table
from ..severity import severity_of_leak
from .findings import ATTRIBUTE, finding

__all__ = ["leakage"]

HOW = (
    "trueline.attack.attribute_inference: the column is guessed from the others and what is known of the output, and "
    "from the others alone; scored on rows that the guesser did not learn from."
)
MOST = 5_000  # rows: more of them change a mean over splits by little
KNOWN = {"output": "the model's output with all its digits", "label": "the true label"}


def leakage(ground: Ground) -> Section:
    """Attribute inference with the output, and with the label.

    Parameters
    ----------
    ground : Ground
    """
    if ground.sensitive is None:
        return Section("", "", not_run="no sensitive column was named (--sensitive COL)", how=HOW)
    rows = ground.sample[:: max(1, len(ground.sample) // MOST)]
    column = ground.names.index(ground.sensitive)
    lines, findings = [], list[Finding]()
    for knows, words in KNOWN.items():
        told = attack.attribute_inference(
            ground.line,
            ground.X[rows],
            ground.y[rows],
            column,
            knows=knows,
            splits=ground.effort.splits,
            random_state=ground.seed,
        )
        lines.append([words, float(told.baseline_errors.mean()), float(told.errors.mean()), told.gain, *told.interval])
        if told.found:
            findings.append(_finding(ground, knows, words, told.gain))
    table = Table(
        f"Guessing {ground.sensitive}",
        ("the guesser has", "error without the model", "error with it", "share told", "from", "to"),
        lines,
        ("", ground.sensitive, ground.sensitive, "", "", ""),
    )
    text = f"How much of `{ground.sensitive}` the model tells about a person whose other columns are known."
    return Section("", "", text=text, how=HOW, tables=(table,), findings=tuple(findings))


def _finding(ground: Ground, knows: str, words: str, gain: float) -> Finding:
    column = ground.names.index(str(ground.sensitive))
    step = abs(float(ground.line.coef[column])) * float(ground.sd[column])
    advice = (
        f"Round outputs to {amount(step)} or coarser before they are shown"
        if knows == "output"
        else f"Leave `{ground.sensitive}` out if predictions do without it"
    )
    return finding(
        ground,
        f"attribute-leak-{knows}",
        severity_of_leak(gain),
        f"Whoever has {words} and the other columns of a person learns {percent(gain)} of what was unknown about "
        f"`{ground.sensitive}`",
        where=(str(ground.sensitive),),
        evidence={"gain": gain},
        attacker=f"knows the model, the other columns and {words}; one query",
        assurance=Assurance.SAMPLED,
        advice=advice,
        reference=ATTRIBUTE,
    )
