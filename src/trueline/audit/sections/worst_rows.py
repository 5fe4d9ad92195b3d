"""The worst rows that could be added: how far a coefficient or the mean prediction goes, and what nothing exceeds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import TruelineError, TruelineWarning
from ...findings import Assurance, Finding, Severity
from ..changes import Changes
from ..ground import Ground
from ..moves.worst import worst_row
from ..saying import amount, count, listed
from ..section import Section, Table
from ..severity import severity_of
from .findings import POISONING, finding
from .inference import entangled
from .remedies import measured

__all__ = ["worst_rows"]

HOW = (
    "trueline.audit.worst_row: over all rows inside the domain, the largest shift of a number by added rows. For one "
    "row it is the global optimum; the bound is proven for as many rows as are asked for. A coefficient's shift is "
    "given for one standard deviation of its column."
)
DEPENDENT = (
    "{} determine each other, so one added row can give them any coefficients. Leave out columns (--drop) until none "
    "does"
)
PROVEN_ENOUGH = 1.01  # bound over found
SIZE, WIDE = 400_000, 20  # cells, and features, beyond which two coefficients must do
TOLD = 20  # rows of evidence; the file of rows has them all


@dataclass(frozen=True, eq=False)
class _Worst:
    """What some added rows do to one number."""

    feature: str | None  # None: the mean prediction
    rows: int
    worst: Any
    scale: float  # of its own units to one standard deviation of the column, in units of y

    @property
    def words(self) -> str:
        return "the mean prediction" if self.feature is None else f"the effect of `{self.feature}`"

    @property
    def moved(self) -> float:
        """In units of y."""
        return float(self.worst.found * self.scale)

    @property
    def bound(self) -> float:
        return float(self.worst.bound * self.scale)


def worst_rows(ground: Ground) -> Section:
    """One added row, and as many as the attacker has, against the mean prediction and the largest effects.

    Parameters
    ----------
    ground : Ground
    """
    found, skipped = _found(ground)
    table = Table(
        "Added rows",
        ("what", "rows added", "found to move it by", "no such rows move it by more than"),
        [
            [
                f"{one.words.replace('`', '')}{', per standard deviation' * (one.feature is not None)}",
                one.rows,
                one.moved,
                one.bound,
            ]
            for one in found
        ],
        ("", "", ground.target, ground.target),
    )
    condition = (ground.condition[0].upper() + ground.condition[1:] + ".") if ground.condition else ""
    left = "; ".join(f"{' and '.join(names)}: {reason}" for reason, names in skipped.items())
    if not found:
        return Section("", "", not_run=left, how=HOW, facts={"because": entangled(ground)})
    made = _finding(ground, found)
    said = (ground.caveat.strip(), condition, f"Not bounded: {left}." if left else "")
    return Section(
        "",
        "",
        text=" ".join(part for part in said if part),
        how=HOW,
        tables=(table,),
        findings=() if made is None else made[:1],
        facts={"calm": _calm(ground, found), "changes": {} if made is None else {made[0].fingerprint: made[1]}},
    )


def _found(ground: Ground) -> tuple[list[_Worst], dict[str, list[str]]]:
    """What was found for each number, and why it was not for others: each reason with what it concerns."""
    frame = pa.table({name: pa.array(np.ascontiguousarray(ground.Z[:, j])) for j, name in enumerate(ground.names)})
    found, skipped = list[_Worst](), dict[str, list[str]]()
    if ground.dependent:
        return found, {DEPENDENT.format(listed(ground.dependent, 12)): ["nothing is bounded"]}
    for feature in (None, *_watched(ground)):
        of: Any = "mean prediction" if feature is None else ("coefficient", feature)
        j = 0 if feature is None else ground.names.index(feature)
        scale = 1.0 if feature is None else float(ground.sd[j] / ground.unit[j])
        for rows in sorted({1, min(ground.terms.attacker_rows, ground.n)}):
            try:
                found.append(_Worst(feature, rows, _worst(frame, ground, of, rows), scale))
            except TruelineError as error:
                words = "the mean prediction" if feature is None else f"the effect of {feature}"
                skipped.setdefault(str(error).rstrip("."), []).append(words)
                break
    return found, skipped


def _watched(ground: Ground) -> list[str]:
    """Features that were asked about, else those that move the output most."""
    few = 2 if ground.X.size > SIZE or len(ground.names) > WIDE or ground.effort.name == "quick" else 5
    felt = [ground.names[int(j)] for j in np.argsort(-ground.felt, kind="stable") if ground.sd[j] > 0]
    return list(ground.effects) or felt[:few]


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


def _finding(ground: Ground, found: list[_Worst]) -> tuple[Finding, Changes] | None:
    """The row or rows that move most, where that is above the tolerance."""
    order = list(Severity)
    ranked = [(severity_of(one.moved, one.rows, ground.terms), one) for one in found
              if abs(one.moved) >= ground.terms.tolerance]  # fmt: skip
    if not ranked:
        return None
    severity, top = max(ranked, key=lambda entry: (order.index(entry[0]), -entry[1].rows, abs(entry[1].moved)))
    worst = top.worst
    condition = f"; {ground.condition}" if ground.condition else ""
    added = Changes.of(ground, added=(worst.rows, worst.labels))
    cells = [dict(zip(ground.names, row, strict=True)) for row in added.rows[:TOLD].tolist()]
    met = abs(worst.bound) <= PROVEN_ENOUGH * abs(worst.found)
    remedy = measured(ground, abs(top.moved), top.feature, added=(worst.rows, worst.labels))
    made = finding(
        ground,
        "worst-added-rows",
        severity,
        _title(ground, top),
        effect=top.moved,
        where=(top.words.replace("`", ""),),
        evidence={
            "rows": cells,
            "labels": worst.labels[:TOLD],
            "before": worst.before / _unit(ground, top),
            "after": worst.after / _unit(ground, top),
            "bound": top.bound,
            "added": top.rows,
            **remedy.evidence,
        },
        assurance=Assurance.PROVEN if ground.squares and met else Assurance.FOUND,
        reference=POISONING,
        attacker=f"adds {count(top.rows, 'row')}, knows the data and the model{condition}",
        advice=f"{remedy.advice}. Or enforce tighter bounds on columns and labels, and limit how many rows one party "
        "can add",
    )
    return made, added


def _unit(ground: Ground, top: _Worst) -> float:
    """One unit of the column in the space of the model; predictions have none."""
    return 1.0 if top.feature is None else float(ground.unit[ground.names.index(top.feature)])


def _title(ground: Ground, top: _Worst) -> str:
    """Before and after in the units that the table of coefficients has."""
    verb = "moves" if top.rows == 1 else "move"
    most = f"no such {'row moves' if top.rows == 1 else 'rows move'} it by more than"
    whose = "" if ground.squares else " in a least-squares fit of these rows"
    start = f"{count(top.rows, 'added row')} inside your ranges {verb} {top.words}{whose}"
    if top.feature is None:
        return f"{start} by {amount(abs(top.moved))}; {most} {amount(top.bound)}"
    unit = _unit(ground, top)
    before, after = top.worst.before / unit, top.worst.after / unit
    return (
        f"{start} from {amount(before)} to {amount(after)} per unit, {amount(abs(top.moved))} {ground.target} per "
        f"standard deviation; {most} {amount(top.bound)}"
    )


def _calm(ground: Ground, found: list[_Worst]) -> str:
    mean = [one for one in found if one.feature is None]
    if not mean:
        return ""
    most, rows = amount(mean[-1].bound), count(mean[-1].rows, "added row")
    condition = f"; {ground.condition}" if ground.condition else ""
    whose = "" if ground.squares else " of a least-squares fit of these rows"
    return (
        f"The mean prediction{whose} is not moved by more than {most} by {rows} inside the bounds (proven{condition})."
    )
