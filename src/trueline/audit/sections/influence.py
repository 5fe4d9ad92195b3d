"""Rows that pull: leverage against residual, and the rows that move the fit most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...findings import Finding
from ..changes import Changes
from ..ground import Ground
from ..saying import amount, count
from ..section import Section, Table
from ..severity import severity_of
from .changing import apart
from .findings import POISONING, finding
from .remedies import measured

__all__ = ["influence"]

HOW = (
    "Exact: each row is dropped and the fit made again, by a rank-one formula (Belsley, Kuh and Welsch 1980, §2.1). "
    "The shift is the root mean square of what dropping the row changes in all predictions."
)
NAMED, DRAWN = 10, 1500


def influence(ground: Ground) -> Section:
    """Leverage, studentised residual and shift of predictions of every row.

    Parameters
    ----------
    ground : Ground
    """
    fit = ground.refit
    design = np.column_stack([ground.Z - ground.Z.mean(axis=0), np.ones(ground.n)])
    if not ground.line.fit_intercept:
        design = ground.Z
    gram = design.T @ design
    ridge = (
        ground.n * fit.reg_lambda * np.diag([1.0] * len(ground.names) + [0.0] * (design.shape[1] > len(ground.names)))
    )
    inverse = np.linalg.pinv(gram + ridge, hermitian=True)
    pulled = design @ inverse
    leverage = np.einsum("ij,ij->i", pulled, design)
    residual = ground.y - fit.predict(ground.Z)
    left = np.maximum(1 - leverage, 1e-12)
    size = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", pulled, gram, pulled), 0.0) / ground.n)
    shift = np.abs(residual) / left * size
    free = max(1, ground.n - design.shape[1])
    rest = np.maximum((residual @ residual - residual**2 / left) / max(1, free - 1), 1e-300)
    student = np.clip(residual / np.sqrt(rest * left), -1e6, 1e6)
    worst = np.argsort(-shift, kind="stable")[:NAMED]
    table = Table(
        "Rows that move the fit most",
        ("row", "leverage", "studentised residual", "residual", "predictions moved by"),
        [[int(ground.rows.numbers[i]), leverage[i], student[i], residual[i], shift[i]] for i in worst],
        ("", "", "", ground.target, ground.target),
    )
    top = int(worst[0])
    text = (
        f"{ground.caveat}Dropping row {ground.rows.numbers[top]} moves predictions by {amount(shift[top])} (root mean "
        f"square), more than any other single row. The chart shows {count(min(ground.n, DRAWN), 'row')}."
    )
    made = _finding(ground, top, float(shift[top]))
    return Section(
        "",
        "",
        text=text,
        how=HOW,
        tables=(table,),
        findings=made,
        chart={"kind": "influence", "data": _points(ground, leverage, student, worst)},
        facts={
            "changes": {made[0].fingerprint: Changes.of(ground, gone=[top])} if made else {},
            "calm": f"No single row of the data moves predictions by more than {amount(shift[top])} "
            "(root mean square).",
        },
    )


def _points(
    ground: Ground, leverage: NDArray[np.float64], student: NDArray[np.float64], worst: NDArray[np.intp]
) -> list[dict[str, object]]:
    shown = np.arange(ground.n)
    if ground.n > DRAWN:
        drawn = np.random.default_rng(ground.seed).choice(ground.n, DRAWN - NAMED, replace=False)
        shown = np.union1d(drawn, worst)
    named = set(worst.tolist())
    return [
        {
            "row": int(ground.rows.numbers[i]),
            "leverage": float(leverage[i]),
            "studentized": float(student[i]),
            "label": f"row {ground.rows.numbers[i]}" if int(i) in named else None,
        }
        for i in shown
    ]


def _finding(ground: Ground, top: int, shift: float) -> tuple[Finding, ...]:
    if shift < ground.terms.tolerance:
        return ()
    row = int(ground.rows.numbers[top])
    remedy = measured(ground, shift, apart(ground), gone=[top])
    return (
        finding(
            ground,
            "influential-row",
            severity_of(shift, 0, ground.terms),
            f"One row of the data (row {row}) moves predictions by {amount(shift)} (root mean square) on its own",
            effect=shift,
            where=(f"row {row}",),
            evidence={"row": row, "shift": shift, **remedy.evidence},
            reference=POISONING,
            attacker="controls one row",
            advice=f"Check where row {row} comes from before anything else. {remedy.advice}",
        ),
    )
