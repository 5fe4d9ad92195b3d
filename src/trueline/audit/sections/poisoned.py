"""Possibly poisoned already? The audited model against fits that a minority of bad rows cannot bend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...findings import Assurance, Finding
from ...models.quantile_regression import QuantileRegression
from ..ground import TRIM, Ground, quietly
from ..saying import amount, count, percent
from ..section import Section, Table
from ..severity import lower, severity_of
from .findings import POISONING, finding
from .remedies import measured
from .segments import inside, segments, worst_segment

__all__ = ["poisoned"]

Array = NDArray[np.float64]

HOW = (
    "Least trimmed squares keeps the three quarters of the rows that agree best and refits on all rows within 2.24 "
    "of their deviations; the median fit minimises absolute residuals. Both are fitted to the same rows as the "
    "model. Suspect rows lie beyond 2.24 deviations of the trimmed fit: of normal errors 2.5 % do."
)
ASSUMES = (
    f"Every baseline in this report assumes clean input; this section assumes that fewer than {percent(TRIM)} of "
    "the rows are bad. More, or bad rows that agree with one another, go unseen. "
)
LISTED = 20
NORMAL = 0.025  # of normal errors lie beyond 2.24 deviations


def poisoned(ground: Ground) -> Section:
    """Shifts between the fits, the rows that disagree, and what a person would look at.

    Parameters
    ----------
    ground : Ground
    """
    trimmed = ground.trimmed.predict(ground.Z)
    median = quietly(
        QuantileRegression(0.5, fit_intercept=ground.line.fit_intercept),
        ground.Z[ground.sample],
        ground.y[ground.sample],
    ).predict(ground.Z)
    shift = ground.predictions - trimmed
    where, mean = worst_segment(ground, shift)
    suspects = ground.suspects
    share = float(suspects.mean())
    text = (
        f"{ASSUMES}{count(int(suspects.sum()), 'row')} ({percent(share)}) do not agree with the rest; normal errors "
        f"would make {percent(NORMAL)}. The model and the trimmed fit differ by {amount(_rms(shift))} (root mean "
        f"square of the predictions, in {ground.target}), the model and the median fit by "
        f"{amount(_rms(ground.predictions - median))}."
    )
    return Section(
        "",
        "",
        text=text,
        how=HOW,
        tables=(_segments(ground, shift), _rows(ground, trimmed)),
        findings=_finding(ground, where, mean, share),
        facts={
            "calm": f"The model and a fit without the rows that disagree differ by {amount(_rms(shift))} "
            "(root mean square), if fewer than a quarter of the rows are bad."
        },
    )


def _segments(ground: Ground, shift: Array) -> Table:
    found = [
        (one.name or "all rows", int(one.inside.sum()), float(shift[one.inside].mean()))
        for one in segments(ground)
        if one.inside.any()
    ]
    found.sort(key=lambda line: -abs(line[2]))
    return Table(
        "Where the model lies above (+) or below (-) the trimmed fit",
        ("where", "rows", "mean difference"),
        [list(line) for line in found[:LISTED]],
        ("", "", ground.target),
    )


def _rows(ground: Ground, trimmed: Array) -> Table:
    residual = ground.y - trimmed
    order = np.argsort(-np.abs(residual), kind="stable")
    order = order[ground.suspects[order]][:LISTED]
    scale = max(float(ground.trimmed.scale_), 1e-300)
    source = ground.rows.source
    rows = [
        [
            int(ground.rows.numbers[i]),
            *([] if source is None else [str(source[i])]),
            float(ground.y[i]),
            float(trimmed[i]),
            float(residual[i]) / scale,
        ]
        for i in order
    ]
    named = () if source is None else (ground.rows.source_name,)
    return Table(
        "Rows that agree least with the others",
        ("row", *named, ground.target, "trimmed fit", "deviations"),
        rows,
        ("", *("" for _ in named), ground.target, ground.target, ""),
    )


def _finding(ground: Ground, where: str, mean: float, share: float) -> tuple[Finding, ...]:
    if abs(mean) < ground.terms.tolerance:
        return ()
    remedy = measured(ground, mean, inside(ground, where), gone=ground.suspects)
    place = f" where {where}" if where else ""
    number = int(ground.suspects.sum())
    severity = lower(lower(severity_of(mean, 0, ground.terms)))  # long tails do this as well: nothing shows intent
    return (
        finding(
            ground,
            "disagreeing-rows",
            severity,
            f"{count(number, 'row')} that disagree with the rest pull predictions{place} {_way(mean)} by "
            f"{amount(abs(mean))} on average",
            effect=mean,
            where=(where or "all rows",),
            assurance=Assurance.FOUND,
            evidence={"suspects": number, "share": share, "mean_shift": mean, **remedy.evidence},
            attacker="somebody who supplied these rows, or nobody: long tails look the same",
            reference=POISONING,
            advice=f"Look at the rows listed under 'Possibly poisoned already?' before anything else. {remedy.advice}",
        ),
    )


def _way(mean: float) -> str:
    return "up" if mean > 0 else "down"


def _rms(shift: Array) -> float:
    return float(np.sqrt(np.mean(shift**2)))
