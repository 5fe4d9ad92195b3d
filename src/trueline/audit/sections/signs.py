"""Findings about signs: those that few rows turn around, and those that the rows never settled."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...findings import Assurance, Finding, Severity
from ..changes import Changes
from ..ground import Ground
from ..saying import amount, count, listed
from ..severity import ONE_ROW_PULLS, severity_of_sign
from .findings import POISONING, finding
from .remedies import Remedy, measured, unmeasured

__all__ = ["KINDS", "Counted", "sign_findings"]

KINDS = {"remove": "removed", "relabel": "relabelled", "add_bounded": "added within bounds", "add_any": "added freely"}
DEEDS = {"add_bounded": "adds", "remove": "removes", "relabel": "relabels"}
SENTENCES = {  # of one row, of several
    "add_bounded": ("added row inside your ranges flips", "added rows inside your ranges flip"),
    "remove": ("row, removed, flips", "rows, removed, flip"),
    "relabel": ("row with another label flips", "rows with other labels flip"),
}
Found = tuple[Finding, Changes | None]


@dataclass(frozen=True, eq=False)
class Counted:
    """One feature and what it takes.

    Parameters
    ----------
    feature : str
    line : dict
        As a report has it: effect, interval, and for each kind what was found.
    flip : float
        |effect| per standard deviation, in units of y.
    paths : dict of str to RowsToFlip
    """

    feature: str
    line: dict[str, Any]
    flip: float
    paths: dict[str, Any]

    @property
    def settled(self) -> bool:
        """Does the interval leave zero out? Where there is none, nothing says that it does not."""
        ends = self.line["interval"]
        return ends is None or ends[0] > 0 or ends[1] < 0

    @property
    def errors(self) -> float:
        """How many standard errors the effect lies from zero."""
        low, high = self.line["interval"]
        return float(abs(self.line["effect"]) / max((high - low) / (2 * 1.96), 1e-300))

    @property
    def hangs_on_one_row(self) -> bool:
        """Does leaving out a single row turn the sign, and does that row move the effect much?"""
        return (self.line["remove"] or {}).get("found") == 1 and self.errors >= ONE_ROW_PULLS


def sign_findings(ground: Ground, counted: list[Counted], rows: NDArray[np.intp]) -> list[Found]:
    """The effect that is easiest to flip for what it moves, each that was asked about, and what is not settled.

    Parameters
    ----------
    ground : Ground
    counted : list of Counted
    rows : ndarray
        Those that were counted in, from 0.
    """
    ranked = [entry for one in counted if one.settled and (entry := _cheapest(ground, one, rows)) is not None]
    ranked.sort(key=lambda entry: entry[:2], reverse=True)
    asked = [entry for entry in ranked if entry[2].feature in ground.effects] or ranked[:1]
    found = [_flips(ground, entry[2], entry[3], rows) for entry in asked]
    return [*found, *_unsettled(ground, [one for one in counted if not one.settled], rows)]


def _needed(ground: Ground, found: int, rows: NDArray[np.intp]) -> int:
    """Rows of all that it takes, where so many of those counted do."""
    return ceil(found * ground.n / len(rows))


def _cheapest(ground: Ground, one: Counted, rows: NDArray[np.intp]) -> tuple[int, float, Counted, str] | None:
    """The way that is worst, with how bad it is: severity, then shift per row."""
    order, best = list(Severity), None
    for kind in SENTENCES:
        if found := (one.line[kind] or {}).get("found"):
            needed = _needed(ground, found, rows)
            entry = (order.index(severity_of_sign(one.flip, needed, ground.terms)), one.flip / needed, one, kind)
            best = entry if best is None or entry[:2] > best[:2] else best
    return best


def _flips(ground: Ground, one: Counted, kind: str, rows: NDArray[np.intp]) -> Found:
    told, flips, whole = one.line[kind], one.paths[kind], len(rows) == ground.n
    needed = _needed(ground, told["found"], rows)
    about = "" if whole else "about "
    beside = "" if kind == "remove" else _beside(ground, one, rows)
    condition = f"; {ground.condition}" if kind == "add_bounded" and ground.condition else ""
    proven = whole and told["found"] == told["certified"]
    remedy = _remedy(ground, one, kind, rows)
    made = finding(
        ground,
        "sign-flips",
        severity_of_sign(one.flip, needed, ground.terms),
        f"{about.capitalize()}{needed:,} {SENTENCES[kind][needed != 1]} the effect of `{one.feature}`{beside}",
        effect=one.flip,
        where=(one.feature,),
        evidence={**told, "by": kind, "counted_rows": len(rows), **remedy.evidence},
        assurance=Assurance.PROVEN if proven else Assurance.FOUND if whole else Assurance.SAMPLED,
        attacker=f"{DEEDS[kind]} {count(needed, 'row')}, knows the data{condition}",
        reference=POISONING,
        advice=f"Read no sign into `{one.feature}` ({_effect(one)}) unless you know where these rows come from. "
        f"{remedy.advice}",
    )
    return made, Changes.of_flip(ground, flips, rows) if whole else None


def _beside(ground: Ground, one: Counted, rows: NDArray[np.intp]) -> str:
    """How many would have to be removed instead: fewer may do, unless it is proven that they cannot."""
    told = one.line["remove"] or {}
    if not told.get("found"):
        return ""
    about = "" if len(rows) == ground.n else "about "
    most = "" if told["found"] in (told["certified"], 1) else "at most "
    return f"; {most}{about}{_needed(ground, told['found'], rows):,} would have to be removed"


def _effect(one: Counted) -> str:
    return f"{amount(one.line['effect'])} per unit, {amount(one.flip)} per standard deviation"


def _remedy(ground: Ground, one: Counted, kind: str, rows: NDArray[np.intp]) -> Remedy:
    """Which defence holds the effect against these very rows."""
    flips = one.paths[kind]
    if kind == "add_bounded":
        return measured(ground, one.flip, one.feature, added=(flips.rows, flips.labels), of=len(rows))
    there = rows[flips.rows]
    if kind == "remove":
        return measured(ground, one.flip, one.feature, gone=there)
    return measured(ground, one.flip, one.feature, relabelled=(there, flips.labels))


def _unsettled(ground: Ground, found: list[Counted], rows: NDArray[np.intp]) -> list[Found]:
    """Signs that these rows do not settle: flipping them takes no attacker. Worst where one row decides."""
    if not found:
        return []
    asked = [one for one in found if one.feature in ground.effects] or found
    top = max(asked, key=lambda one: (one.hangs_on_one_row, one.flip))
    hangs = top.hangs_on_one_row and len(rows) == ground.n
    fewest = (top.line["remove"] or {}).get("found")
    others = [one.feature for one in found if one is not top]
    low, high = top.line["interval"]
    remedy = _without_that_row(ground, top, rows) if hangs else unmeasured("more rows would settle it, no defence does")
    made = finding(
        ground,
        "sign-hangs-on-one-row" if hangs else "sign-not-settled",
        Severity.MEDIUM if hangs else Severity.LOW,
        f"The sign of `{top.feature}` is not settled by these rows ({amount(low)} to {amount(high)} per unit)"
        + (f", nor those of {count(len(others), 'other feature')}" if others and not hangs else "")
        + _how(ground, top, hangs, fewest, rows),
        effect=top.flip,
        where=(top.feature,),
        evidence={"interval": [low, high], "removed": fewest, "also_not_settled": others, **remedy.evidence},
        assurance=Assurance.PROVEN if hangs else Assurance.FOUND,
        advice=f"Read nothing into the sign of `{top.feature}`"
        + (f" or of {listed([f'`{name}`' for name in others], 3)}" if others else "")
        + (f"; look at row {_row(ground, top, rows)} first" if hangs else "")
        + f". {remedy.advice}",
    )
    known = fewest and len(rows) == ground.n
    return [(made, Changes.of_flip(ground, top.paths["remove"], rows) if known else None)]


def _without_that_row(ground: Ground, top: Counted, rows: NDArray[np.intp]) -> Remedy:
    """Which defence holds the effect, whether that row is there or not."""
    j = ground.names.index(top.feature)
    after = top.paths["remove"].after.coef / ground.unit[j]
    moved = float(abs(top.line["effect"] - after) * ground.sd[j])
    return measured(ground, moved, top.feature, gone=rows[top.paths["remove"].rows])


def _how(ground: Ground, top: Counted, hangs: bool, fewest: int | None, rows: NDArray[np.intp]) -> str:
    if hangs:
        after = top.paths["remove"].after.coef / ground.unit[ground.names.index(top.feature)]
        return (
            f" and hangs on one of {ground.n:,} rows: {amount(top.line['effect'])} with row {_row(ground, top, rows)}, "
            f"{amount(after)} without it"
        )
    if not fewest:
        return ""
    needed = _needed(ground, fewest, rows)
    about = "" if len(rows) == ground.n else "about "
    return f"; {about}{count(needed, 'row')}, removed, flip{'s' if needed == 1 else ''} it"


def _row(ground: Ground, top: Counted, rows: NDArray[np.intp]) -> int:
    return int(ground.rows.numbers[rows[top.paths["remove"].rows[0]]])
