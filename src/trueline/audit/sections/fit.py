"""The fit: coefficients with their intervals, and how far the model is from the optimum."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ... import verify
from ...errors import DataError, OptionError, TruelineWarning
from ...findings import Assurance, Finding, Severity
from ...models.least_squares import LeastSquares
from ..ground import Ground
from ..saying import amount
from ..section import Section, Table
from .findings import INTEGRITY, finding

__all__ = ["fit"]

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
    inference, why = _inference(ground)
    rows, chart = [], []
    for j, name in enumerate(ground.names):
        low, high = inference[j] if inference is not None else (None, None)
        coef, felt = float(ground.line.coef[j]), float(ground.line.coef[j] * ground.sd[j])
        rows.append([name, coef, low, high, felt])
        chart.append({"feature": name, "effect": coef, "low": low, "high": high, "per_sd": felt})
    text, problems, calm = _certified(ground)
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
        facts={"calm": calm, "intervals": inference},
    )


def _inference(ground: Ground) -> tuple[Any, str]:
    """95 % intervals of the coefficients (n_features, 2), or why there are none."""
    if ground.penalty > 0 or not ground.squares or ground.line.scaling.low is not None:
        return None, "Intervals are not defined for a penalised, clipped or otherwise fitted model."
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruelineWarning)
        model = LeastSquares(fit_intercept=ground.line.fit_intercept).fit(ground.X, ground.y)
        for kind in ("HC3", "HC1", "classical"):
            try:
                found = model.summary(kind, ground.X, ground.y)
            except (DataError, OptionError) as error:
                why = str(error)
            else:
                return found.intervals[int(ground.line.fit_intercept) :], ""
    return None, f"There are no intervals: {why}"


def _certified(ground: Ground) -> tuple[str, tuple[Finding, ...], str]:
    if ground.own_penalty is None:
        return ("No certificate: its penalty is not a sum of squares, or is not known.", (), "")
    found = verify.certify(ground.line, ground.X, ground.y)
    if found.optimal or found.proof == "none":
        return f"{found}.", (), ""
    away = float(np.sqrt(2 * max(found.gap, 0.0)))
    return (
        f"{found}.",
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
        "",
    )
