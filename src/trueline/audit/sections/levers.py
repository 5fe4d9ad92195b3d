"""Levers: what misreporting one column of one's own row buys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import attack
from ...findings import Assurance, Finding
from ..ground import Ground
from ..saying import amount, count
from ..section import Section, Table
from ..severity import lower, severity_of
from .categories import Category, categories, two_sided
from .extrapolating import FAR, far_finding, reaches
from .findings import EVASION, finding
from .leaving_out import without_columns
from .remedies import unmeasured

__all__ = ["levers"]

HOW = (
    "A line moves by coefficient times change, clipping included: exact. A small change is a tenth of the column's "
    "range, at least 1 where it is whole numbers; a column of 0 and 1 changes sides, a category goes from the level "
    "that most rows have to the one that gets most. Outside means ten standard deviations from the mean, where no "
    "bounds were given."
)
PART = 0.1


@dataclass(frozen=True)
class Lever:
    """What one column buys.

    Parameters
    ----------
    name : str
        The column, or the category.
    columns : tuple of str
        The features behind it.
    move : str
        The small change, in words that follow "a row".
    per_unit : float or None
        Units of y per unit; a category has none.
    step, gain, reach : float
        The small change, what it buys, and what the whole range buys, in units of y.
    low, high : float
        The range of the column.
    far : float or None
        What values as far as ten standard deviations do; None for a category.
    """

    name: str
    columns: tuple[str, ...]
    move: str
    per_unit: float | None
    step: float
    gain: float
    reach: float
    low: float
    high: float
    far: float | None

    @property
    def label(self) -> str:
        """For a table: a category with its switch."""
        return self.name if self.per_unit is not None else f"{self.name}: {self.move}"


def levers(ground: Ground) -> Section:
    """One line for each column that can be misreported, and the findings for the longest.

    Parameters
    ----------
    ground : Ground
    """
    found, frozen = _levers(ground)
    units = ("", f"{ground.target} per unit", "", ground.target, ground.target, ground.target)
    head = ("feature", "per unit", "a small change", "buys", "over its range", f"to {FAR:.0f} deviations")
    rows = [[one.label, one.per_unit, one.step, one.gain, one.reach, one.far] for one in found]
    data = [
        {"feature": one.label, "per_unit": one.per_unit, "step": one.step, "gain": one.gain, "reach": one.reach,
         "low": one.low, "high": one.high}
        for one in found
    ]  # fmt: skip
    if not found:
        return Section(
            "",
            "",
            not_run="every column was said to be one that nobody can misreport",
            how=HOW,
            facts={"because": "every column is frozen"},
        )
    which = f"one of {len(found):,} columns" if len(found) > 1 else "the one column that there is"
    text = f"What one can gain for one's own row by misreporting {which}. "
    text += f"Left out: {count(frozen, 'feature')} that nobody can misreport. " if frozen else ""
    text += "Whether a column can be misreported at all is for you to say (--frozen COLUMN)."
    return Section(
        "",
        "",
        text=text,
        how=HOW,
        tables=(Table("Levers", head, rows, units),),
        findings=(*_findings(ground, found), *far_finding(ground)),
        chart={"kind": "levers", "data": data},
    )


def _levers(ground: Ground) -> tuple[list[Lever], int]:
    """The longest first, and how many features are frozen."""
    fixed = ground.domain.allowed(len(ground.names)).frozen
    table = attack.evasion_table(ground.line, ground.X, ground.names, domain=ground.domain)
    far = reaches(ground)
    grouped = [one for one in categories(ground) if not fixed[list(one.columns)].any()]
    taken = {ground.names[j] for one in grouped for j in one.columns}
    found = [_switch(ground, one) for one in grouped]
    for i, name in enumerate(table.names):
        if name in taken or fixed[ground.names.index(name)]:
            continue
        unit, reach, low, high = (float(values[i]) for values in (table.per_unit, table.reach, table.low, table.high))
        step = _step(ground, name, high - low)
        move = f"{'raised' if unit > 0 else 'lowered'} by {amount(step)}"
        if two_sided(ground, name):
            move = f"changed from {'0 to 1' if unit > 0 else '1 to 0'}"
        gain = min(abs(unit) * step, reach)
        found.append(Lever(name, (name,), move, unit, step, gain, reach, low, high, far[name]))
    return sorted(found, key=lambda one: -one.reach), int(fixed.sum())


def _step(ground: Ground, name: str, width: float) -> float:
    if not (ground.X[:, ground.names.index(name)] % 1).any():
        return min(width, max(1.0, float(np.round(PART * width))))
    return PART * width


def _switch(ground: Ground, one: Category) -> Lever:
    """From the level that most rows have to the one that gets most; from the next if they have that already."""
    effects = one.effects(ground)
    best = int(np.argmax(effects))
    start = one.usual if one.usual != best else int(np.argsort(-effects, kind="stable")[1])
    gain, reach = float(effects[best] - effects[start]), float(np.ptp(effects))
    move = f"{one.levels[start]} → {one.levels[best]}"
    return Lever(one.name, tuple(ground.names[j] for j in one.columns), move, None, 1.0, gain, reach, 0.0, 1.0, None)


def _findings(ground: Ground, found: list[Lever]) -> tuple[Finding, ...]:
    """The column that buys most by a small change, and the category that does."""
    tops = [
        max((one for one in found if (one.per_unit is None) is category), key=lambda one: one.gain, default=None)
        for category in (False, True)
    ]
    return tuple(_finding(ground, one) for one in tops if one is not None and one.gain >= ground.terms.tolerance)


def _finding(ground: Ground, one: Lever) -> Finding:
    severity = severity_of(one.gain, 1, ground.terms, own_output=True)
    category = one.per_unit is None
    deed = f"`{one.name}`, {one.move}," if not category else f"Switching `{one.name}` ({one.move})"
    asked = bool(set(one.columns) & set(ground.effects))  # then without it there is no analysis
    remedy = unmeasured("its effect is asked for") if asked else without_columns(ground, one.columns, one.name)
    return finding(
        ground,
        "category-lever" if category else "cheap-lever",
        lower(severity) if category else severity,
        f"{deed} buys {amount(one.gain)} more {ground.target} for one's own row; the model itself does not check it",
        effect=one.gain,
        where=(one.name,),
        evidence={"step": one.move if category else one.step, "buys": one.gain, "per_unit": one.per_unit,
                  "reach": one.reach, **remedy.evidence},
        attacker="knows the model, controls this column of one's own row",
        assurance=Assurance.PROVEN,
        advice=f"Verify `{one.name}` at its source; if nobody can misreport it, say so (--frozen). {remedy.advice}",
        reference=EVASION,
    )  # fmt: skip
