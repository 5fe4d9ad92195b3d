"""Attributes: does the model tell the sensitive column of a person whose other columns are known?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ... import attack
from ...findings import Assurance, Finding
from ..ground import Ground
from ..saying import amount, percent
from ..section import Table
from ..severity import TOLD, severity_of_leak
from .findings import ATTRIBUTE, finding
from .leaving_out import without_columns
from .pricing import Price
from .remedies import Remedy, told, unmeasured

__all__ = ["HOW_ATTRIBUTES", "Attributes", "attributes"]

HOW_ATTRIBUTES = (
    "trueline.attack.attribute_inference: the column is guessed from the others and what is known of the output, and "
    "from the others alone; scored on rows that the guesser did not learn from."
)
MOST = 5_000  # rows: more of them change a mean over splits by little
KNOWN = {"output": "the model's output with all its digits", "label": "the true label"}
COARSE = (1, 2, 5, 10, 20)  # times what a standard deviation of the column moves the output


class Attributes(NamedTuple):
    """What the section says of the sensitive column."""

    text: str
    table: Table
    findings: tuple[Finding, ...]


def attributes(ground: Ground) -> Attributes:
    """Attribute inference with the output, and with the label.

    Parameters
    ----------
    ground : Ground
    """
    rows = ground.sample[:: max(1, len(ground.sample) // MOST)]
    lines, findings = [], list[Finding]()
    for knows, words in KNOWN.items():
        found = _inferred(ground, rows, ground.y[rows], knows)
        lines.append(
            [words, float(found.baseline_errors.mean()), float(found.errors.mean()), found.gain, *found.interval]
        )
        if found.found:
            remedy = _rounded(ground, rows) if knows == "output" else _without(ground)
            findings.append(_finding(ground, knows, found.gain, remedy))
    table = Table(
        f"Guessing {ground.sensitive}",
        ("the guesser has", "error without the model", "error with it", "share told", "from", "to"),
        lines,
        ("", ground.sensitive or "", ground.sensitive or "", "", "", ""),
    )
    text = (
        f"The second table shows how much of `{ground.sensitive}` it tells of a person whose other columns are known."
    )
    return Attributes(text, table, tuple(findings))


def _inferred(ground: Ground, rows: NDArray[np.intp], said: NDArray[np.float64], knows: str) -> attack.AttributeLeakage:
    return attack.attribute_inference(
        ground.line, ground.X[rows], said, _column(ground), knows=knows, splits=ground.effort.splits,
        random_state=ground.seed,
    )  # fmt: skip


def _column(ground: Ground) -> int:
    return ground.names.index(str(ground.sensitive))


def _rounded(ground: Ground, rows: NDArray[np.intp]) -> Remedy:
    """The finest rounding of outputs that hides the column, and what it costs.

    Whoever sees rounded outputs knows them as one knows a label: up to an error of known size.
    """
    step = abs(float(ground.line.coef[_column(ground)])) * float(ground.sd[_column(ground)])
    outputs, y = ground.predictions[rows], ground.y[rows]
    for times in COARSE:
        coarse = np.round(outputs / (times * step)) * (times * step)
        gain = _inferred(ground, rows, coarse, "label").gain
        if gain < TOLD[0]:
            plain = float(np.mean((outputs - y) ** 2))
            cost = float(np.mean((coarse - y) ** 2)) / plain - 1.0 if plain > 0 else float("inf")
            name = f"round outputs to {amount(times * step)} or coarser before they are shown"
            return told(name, Price(cost, cost, cost), max(gain, 0.0), "the share told then is")
    return unmeasured(f"rounding to {amount(COARSE[-1] * step)} does not hide it")


def _without(ground: Ground) -> Remedy:
    """A model that never saw the column does not say how the label hangs on it."""
    return without_columns(ground, (str(ground.sensitive),))


def _finding(ground: Ground, knows: str, gain: float, remedy: Remedy) -> Finding:
    return finding(
        ground,
        f"attribute-leak-{knows}",
        severity_of_leak(gain),
        f"Whoever has {KNOWN[knows]} and the other columns of a person learns {percent(gain)} of what was unknown "
        f"about `{ground.sensitive}`",
        where=(str(ground.sensitive),),
        evidence={"gain": gain, **remedy.evidence},
        attacker=f"knows the model, the other columns and {KNOWN[knows]}; one query",
        assurance=Assurance.SAMPLED,
        advice=remedy.advice,
        reference=ATTRIBUTE,
    )
