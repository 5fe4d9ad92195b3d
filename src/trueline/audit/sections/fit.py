"""The fit: coefficients with their intervals, and how far the model is from the optimum."""

from __future__ import annotations

import numpy as np

from ... import verify
from ...findings import Assurance, Finding, Severity
from ..ground import Ground
from ..saying import amount, loss_in_words
from ..section import Section, Table
from .findings import INTEGRITY, finding
from .inference import inference

__all__ = ["fit"]

ROUNDING = 1e-12  # of the loss of the best constant
HOW = (
    "Intervals are 95 %, from standard errors that allow unequal variances (HC3; HC1 where a row has leverage 1). "
    "The optimum is certified by the gradient: the gap ½gᵀH⁺g is exact for squared loss."
)


def fit(ground: Ground) -> Section:
    """Coefficients, intervals, and a certificate.

    Parameters
    ----------
    ground : Ground
    """
    intervals, why = inference(ground)
    rows, chart = [], []
    for j, name in enumerate(ground.names):
        low, high = intervals[j] if intervals is not None else (None, None)
        coef, felt = float(ground.line.coef[j]), float(ground.line.coef[j] * ground.sd[j])
        rows.append([name, coef, low, high, felt])
        chart.append({"feature": name, "effect": coef, "low": low, "high": high, "per_sd": felt})
    text, problems = _certified(ground)
    unit = ground.target
    table = Table(
        "Coefficients",
        ("feature", "effect", "from", "to", "per standard deviation"),
        rows,
        ("", f"{unit} per unit", f"{unit} per unit", f"{unit} per unit", unit),
    )
    error = float(np.sqrt(np.mean((ground.y - ground.predictions) ** 2)))
    text = f"{ground.line.description}: root mean squared error {amount(error)} in {unit}. {text} {why}".strip()
    return Section(
        "",
        "",
        text=text,
        how=HOW,
        tables=(table,),
        findings=problems,
        chart={"kind": "coefficients", "data": chart},
    )


def _certified(ground: Ground) -> tuple[str, tuple[Finding, ...]]:
    if ground.own_penalty is None:
        return "No certificate: its penalty is not a sum of squares, or is not known.", ()
    found = verify.certify(ground.line, ground.X, ground.y)
    text = _proven(ground, found)
    if found.optimal or found.proof == "none":
        return text, ()
    away = float(np.sqrt(2 * max(found.gap, 0.0)))
    return (
        text,
        (
            finding(
                ground,
                "not-optimal",
                Severity.HIGH if ground.theirs else Severity.MEDIUM,
                f"The model is not the best of its kind for these rows: its loss lies {found.relative_gap:.1e} of the "
                f"spread of {ground.target} above the smallest possible",
                effect=away,
                where=(ground.target,),
                reference=INTEGRITY,
                evidence={"gap": found.gap, "relative_gap": found.relative_gap, "proof": found.proof},
                assurance=Assurance.PROVEN,
                advice="Other rows, another penalty, or a descent that stopped early would "
                "explain it: fit again and compare",
            ),
        ),
    )


def _proven(ground: Ground, found: verify.Certificate) -> str:
    """The certificate in words."""
    least = loss_in_words(ground.line.loss)
    if ground.penalty > 0:
        least += f" with the penalty {ground.penalty:.3g}/2 times the sum of squared weights"
    if found.proof == "none":
        return f"How far it is from the smallest {least} is not known: no proof covers this loss."
    how = "computed from the gradient" if found.proof == "exact" else "bounded from the other side"
    if found.relative_gap < ROUNDING:
        return f"No other line has a smaller {least} on these rows, up to rounding (proven, {how})."
    most = "at most " if found.proof != "exact" else ""
    verdict = "It is as good as the best" if found.optimal else "It is not the best"
    return (
        f"{verdict} for the {least}: it lies {most}{found.relative_gap:.1e} of the spread of {ground.target} above the "
        f"smallest possible (proven, {how})."
    )
