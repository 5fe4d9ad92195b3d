"""Levers and extrapolation: what moving one column of one's own row buys, and what no check would notice."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import attack
from ...attack import EvasionTable
from ...findings import Assurance, Finding
from ..ground import Ground
from ..saying import amount, count
from ..section import Section, Table
from ..severity import severity_of
from .findings import EVASION, finding

__all__ = ["levers"]

HOW = (
    "A line moves by coefficient times change, clipping included: exact. A small change is a tenth of the column's "
    "range, at least 1 where it is whole numbers; a column of 0 and 1 changes sides. Outside means ten standard "
    "deviations from the mean, where no bounds were given."
)
PART, FAR = 0.1, 10.0


def levers(ground: Ground) -> Section:
    """One line for each column, and the findings for the longest.

    Parameters
    ----------
    ground : Ground
    """
    table = attack.evasion_table(ground.line, ground.X, ground.names, domain=ground.domain)
    outside = attack.extrapolation(
        ground.line, ground.X, ground.domain if ground.bounded else None, k=FAR, names=ground.names
    )
    far = dict(zip(outside.names, outside.as_is.tolist(), strict=True))
    rows = [
        [name, unit, _step(ground, table, i), _gain(ground, table, i), reach, far[name]]
        for i, (name, unit, reach) in enumerate(zip(table.names, table.per_unit, table.reach, strict=True))
    ]
    units = ("", f"{ground.target} per unit", "", ground.target, ground.target, ground.target)
    head = ("feature", "per unit", "a small change", "buys", "over its range", "to ten deviations")
    data = [
        {
            "feature": row[0],
            "per_unit": float(row[1]),
            "step": row[2],
            "gain": row[3],
            "reach": float(row[4]),
            "low": float(table.low[i]),
            "high": float(table.high[i]),
        }
        for i, row in enumerate(rows)
    ]
    findings = (*_lever(ground, rows), *_far(ground, rows))
    text = (
        f"What one can gain for one's own row by misreporting one column of {count(len(rows), 'column')}. Whether "
        "a column can be misreported at all is for you to say: freeze those that cannot in a Domain."
    )
    return Section(
        "",
        "",
        text=text,
        how=HOW,
        tables=(Table("Levers", head, rows, units),),
        findings=findings,
        chart={"kind": "levers", "data": data},
    )


def _step(ground: Ground, table: EvasionTable, i: int) -> float:
    column = ground.X[:, ground.names.index(table.names[i])]
    width = float(table.high[i] - table.low[i])
    if not (column % 1).any():
        return min(width, max(1.0, float(np.round(PART * width))))
    return PART * width


def _gain(ground: Ground, table: EvasionTable, i: int) -> float:
    return min(float(abs(table.per_unit[i])) * _step(ground, table, i), float(table.reach[i]))


def _lever(ground: Ground, rows: list[list[Any]]) -> tuple[Finding, ...]:
    name, unit, step, buys, *_ = max(rows, key=lambda row: row[3])
    severity = severity_of(buys, 1, ground.terms, own_output=True)
    if buys < ground.terms.tolerance:
        return ()
    deed = f"{'Raising' if unit > 0 else 'Lowering'} `{name}` by {amount(step)}"
    if _two_sided(ground, str(name)):
        deed = f"Changing `{name}` from {'0 to 1' if unit > 0 else '1 to 0'}"
    return (
        finding(
            ground,
            "cheap-lever",
            severity,
            f"{deed} buys {amount(buys)} more {ground.target} for one's own row; the model itself does not check it",
            effect=buys,
            where=(str(name),),
            evidence={"step": step, "buys": buys, "per_unit": unit},
            attacker="knows the model, controls this column of one's own row",
            assurance=Assurance.PROVEN,
            advice=f"Verify {name} at its source, or leave it out if it cannot be verified",
            reference=EVASION,
        ),
    )


def _two_sided(ground: Ground, name: str) -> bool:
    """A column of 0 and 1: no sane pipeline lets other values in."""
    column = ground.X[:, ground.names.index(name)]
    return bool(((column == 0) | (column == 1)).all())


def _far(ground: Ground, rows: list[list[Any]]) -> tuple[Finding, ...]:
    """What a value outside the data does, where nothing clips it and no bounds were given."""
    free = [
        row
        for row in rows
        if row[0] not in ground.bounded and row[5] > 1.2 * row[4] and not _two_sided(ground, str(row[0]))
    ]
    if not free or max(row[5] for row in free) < 3 * ground.terms.tolerance:
        return ()
    row = max(free, key=lambda row: row[5] - row[4])
    return (
        finding(
            ground,
            "extrapolation",
            severity_of(row[5], 1, ground.terms, own_output=True),
            f"Nothing in the model stops values of `{row[0]}` outside the data: within ten standard deviations it "
            f"moves an output by {amount(row[5])}, within the data by {amount(row[4])}",
            effect=row[5],
            where=(str(row[0]),),
            evidence={"within": row[4], "outside": row[5]},
            assurance=Assurance.PROVEN,
            reference=EVASION,
            attacker="controls this column of one's own row",
            advice="Refuse rows outside the observed ranges, or fit with clip_features: rows inside are answered as "
            "before",
        ),
    )
