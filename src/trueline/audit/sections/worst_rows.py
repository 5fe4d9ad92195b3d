"""The worst rows that could be added: how far a coefficient or the mean prediction goes, and what nothing exceeds."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import TruelineError, TruelineWarning
from ...findings import Assurance, Finding
from ..ground import Ground
from ..moves.worst import worst_row
from ..saying import amount, count
from ..section import Section, Table
from ..severity import severity_of
from .findings import POISONING, finding
from .remedies import advised

__all__ = ["worst_rows"]

HOW = (
    "trueline.audit.worst_row: over all rows inside the domain, the largest shift of a number by added rows. For one "
    "row it is the global optimum; the bound is proven for as many rows as are asked for. A coefficient's shift is "
    "given for one standard deviation of its column."
)
PROVEN_ENOUGH = 1.01  # bound over found
SIZE, WIDE = 400_000, 20  # cells, and features, beyond which two coefficients must do


def worst_rows(ground: Ground) -> Section:
    """One added row, and as many as the attacker has, against the mean prediction and the largest effects.

    Parameters
    ----------
    ground : Ground
    """
    frame = pa.table({name: pa.array(np.ascontiguousarray(ground.Z[:, j])) for j, name in enumerate(ground.names)})
    few = 2 if ground.X.size > SIZE or len(ground.names) > WIDE or ground.effort.name == "quick" else 5
    top = [int(j) for j in np.argsort(-ground.felt, kind="stable")[:few] if ground.sd[j] > 0]
    wanted: list[tuple[str, Any, float]] = [("the mean prediction", "mean prediction", 1.0)]
    wanted += [
        (f"the effect of {ground.names[j]}", ("coefficient", ground.names[j]), float(ground.sd[j] / ground.unit[j]))
        for j in top
    ]
    lines, skipped, found = [], list[str](), list[tuple[str, Any, float, int]]()
    for words, of, scale in wanted:
        for rows in sorted({1, min(ground.terms.attacker_rows, ground.n)}):
            try:
                worst = _worst(frame, ground, of, rows)
            except TruelineError as error:
                skipped.append(f"{words}: {error}")
                break
            lines.append([words, rows, worst.found * scale, worst.bound * scale])
            found.append((words, worst, scale, rows))
    table = Table(
        "Added rows",
        ("what", "rows added", "found to move it by", "no such rows move it by more than"),
        lines,
        ("", "", ground.target, ground.target),
    )
    text = f"{ground.caveat}{(ground.condition[0].upper() + ground.condition[1:] + '.') if ground.condition else ''}"
    text += "".join(f" Not bounded: {line}." for line in skipped)
    return Section(
        "",
        "",
        text=text.strip(),
        how=HOW,
        tables=(table,) if lines else (),
        findings=_findings(ground, found),
        facts={"calm": _calm(ground, found)},
        not_run=None if lines else "; ".join(skipped),
    )


def _worst(frame: Any, ground: Ground, of: Any, rows: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruelineWarning)
        return worst_row(
            frame,
            ground.y,
            of,
            rows=rows,
            reg_lambda=ground.penalty,
            fit_intercept=ground.line.fit_intercept,
            domain=ground.box,
        )


def _findings(ground: Ground, found: list[tuple[str, Any, float, int]]) -> tuple[Finding, ...]:
    """The row or rows that move most, where that is above the tolerance."""
    ranked = [
        (severity_of(worst.found * scale, rows, ground.terms), abs(worst.found * scale), words, worst, scale, rows)
        for words, worst, scale, rows in found
        if abs(worst.found * scale) >= ground.terms.tolerance
    ]
    if not ranked:
        return ()
    order = list(type(ranked[0][0]))
    severity, effect, words, worst, scale, rows = max(ranked, key=lambda one: (order.index(one[0]), -one[5], one[1]))
    proven = abs(worst.bound) <= PROVEN_ENOUGH * abs(worst.found)
    condition = f"; {ground.condition}" if ground.condition else ""
    feature = words.removeprefix("the effect of ") if words != "the mean prediction" else None
    helps = advised(ground, worst.rows, worst.labels, feature, effect)
    cells = [dict(zip(ground.names, row, strict=True)) for row in _in_units(ground, worst.rows[:20])]
    return (
        finding(
            ground,
            "worst-added-rows",
            severity,
            f"{count(rows, 'added row')} inside your ranges move{'s' if rows == 1 else ''} {words} by {amount(effect)}"
            f"{' per standard deviation' if words != 'the mean prediction' else ''}; no such "
            f"{'row exceeds' if rows == 1 else 'rows exceed'} {amount(worst.bound * scale)}",
            effect=worst.found * scale,
            where=(words,),
            evidence={"rows": cells, "labels": worst.labels[:20], "bound": worst.bound * scale, "added": rows},
            assurance=Assurance.PROVEN if proven else Assurance.FOUND,
            reference=POISONING,
            attacker=f"adds {count(rows, 'row')}, knows the data and the model{condition}",
            advice=f"{helps + '. ' if helps else ''}Enforce tighter bounds on columns and labels, or limit how many "
            "rows one party can add",
        ),
    )


def _in_units(ground: Ground, rows: Any) -> list[list[float]]:
    scaling = ground.line.scaling
    back = rows * scaling.sigma + scaling.mu if ground.scaled else rows
    return [[float(value) for value in row] for row in back]


def _calm(ground: Ground, found: list[tuple[str, Any, float, int]]) -> str:
    mean = [(worst, rows) for words, worst, _, rows in found if words == "the mean prediction"]
    if not mean:
        return ""
    worst, rows = mean[-1]
    return (
        f"The mean prediction is not moved by more than {amount(worst.bound)} by {count(rows, 'added row')} inside the "
        f"bounds (proven{'; ' + ground.condition if ground.condition else ''})."
    )
