"""Damage: how far added poison moves the fit at growing rates, and which defence holds at what price."""

from __future__ import annotations

import math
from typing import Any

from ...findings import Assurance, Finding, Severity
from ..effort import Siege
from ..ground import Ground
from ..saying import amount, count, percent
from ..section import Section, Table
from ..severity import severity_of
from ..standing import Arena
from .besieging import NONE, besiege, left_out, siege_rows
from .findings import POISONING, finding
from .outcomes import Band, off_by, points, worst_attack
from .pricing import CALLED, price
from .remedies import HELPS, best_of, told

__all__ = ["damage"]

USUAL = 0.05  # the rate of poison that is told first, where it was tried
OUTSIDE = (
    "PrivateLeastSquares is not among the defences: its noise protects what a fit tells of a person, not the fit. "
)


def damage(ground: Ground) -> Section:
    """Attacks against defences on the rows of the audit.

    Parameters
    ----------
    ground : Ground
    """
    if ground.domain.allowed(len(ground.names)).frozen.all():
        return Section(
            "",
            "",
            not_run="every column was said to be one that nobody can choose, and these attacks do",
            facts={"because": "every column is frozen"},
        )
    rows = siege_rows(ground)
    arena = besiege(ground, rows)
    findings, calm = _findings(ground, arena)
    absent = [name for name in CALLED if name not in arena.defences]
    text = (
        f"{ground.caveat}{_lead(arena)}{left_out(ground)}{OUTSIDE}"
        + (f"These rows are too few for {', '.join(absent)}. " if absent else "")
        + (f"All this {ground.condition}." if ground.condition else "")
    )
    return Section(
        "",
        "",
        text=text,
        how=_how(ground.siege, len(rows)),
        tables=(_prices(ground, arena), _table(ground, arena)),
        findings=findings,
        facts={"calm": calm},
        chart={"kind": "damage", "data": points(arena)},
    )


def _how(siege: Siege, rows: int) -> str:
    knowing = ""
    if siege.refits and siege.knowing:
        knowing = (
            f"; at {', '.join(percent(rate) for rate in siege.knowing)} also by an attack that knows the defence and "
            f"refits it {count(siege.refits, 'time')}"
        )
    return (
        f"Of {count(rows, 'row')} that agree with the trimmed fit a quarter is kept for testing; poison is added to "
        f"the rest, within the domain, by {', '.join(siege.attacks)}{knowing}. Rates are shares of all rows with it. "
        f"{count(siege.splits, 'split')}, each with attacks of its own: bands run from the least to the most. "
        "Off by: root of the growth of the mean squared error on the test rows, beyond the same defence on clean rows. "
        "Prices: growth of the mean squared error on clean held-out rows against least squares on the same rows."
    )


def _lead(arena: Arena) -> str:
    """What a reader should see first: the rate that most was tried at, bare and under the defence that held best."""
    known = [rate for rate in arena.rates[1:] if off_by(arena, NONE, rate, True) is not None]
    rate = min(known or arena.rates[1:], key=lambda r: abs(r - USUAL))
    best = min(arena.defences[1:], key=lambda name: _worst(arena, name, rate).middle)
    knows = " by an attacker who knows it" if rate in known else ""
    left = _worst(arena, best, rate).middle
    off = f"off by {amount(left)}" if left > 0 else "its error on rows held out does not grow"
    return (
        f"With {percent(rate)} of poison, predictions are off by {amount(_worst(arena, NONE, rate).middle)} without a "
        f"defence; of the defences {best} holds best, {off}{knows}. "
    )


def _prices(ground: Ground, arena: Arena) -> Table:
    rows: list[list[Any]] = []
    for name in arena.defences[1:]:
        cost = price(ground, name)
        rows.append([name, CALLED[name], cost.cost, cost.low, cost.high, cost.honest])
    head = ("defence", "what it does", "costs", "from", "to", "if all rows are honest")
    return Table(
        "What each defence costs on clean rows (growth of the MSE)", head, rows, ("", "", *("share",) * 4)
    )  # fmt: skip


def _table(ground: Ground, arena: Arena) -> Table:
    rows = []
    for name in arena.defences:
        for rate in arena.rates[1:]:
            blind, seeing = (off_by(arena, name, rate, knowing) or (None,) * 3 for knowing in (False, True))
            rows.append([name, rate, *blind, *seeing, worst_attack(arena, name, rate)])
    head = ("defence", "poison", "off by", "from", "to", "off by, defence known", "from ", "to ", "worst attack")
    return Table("Worst of all attacks tried", head, rows, ("", "share", *(ground.target,) * 6, ""))


def _worst(arena: Arena, name: str, rate: float) -> Band:
    """Against whoever does more of the two attackers."""
    found = [band for knowing in (False, True) if (band := off_by(arena, name, rate, knowing)) is not None]
    return max(found) if found else Band(math.inf, math.inf, math.inf)


def _findings(ground: Ground, arena: Arena) -> tuple[tuple[Finding, ...], str]:
    """The rate that weighs most, and the defence to take against it."""
    bands = {rate: _worst(arena, NONE, rate) for rate in arena.rates[1:]}
    moved = [rate for rate, band in bands.items() if band.middle >= ground.terms.tolerance]
    if not moved:
        return (), (
            f"Predictions were not moved by more than {amount(max(bands.values()).high)} (root mean square) by any "
            f"attack tried with up to {percent(arena.rates[-1])} added rows."
        )
    ranked = {rate: severity_of(bands[rate].middle, _needed(rate, ground.n), ground.terms) for rate in moved}
    rate = max(moved, key=lambda r: (list(Severity).index(ranked[r]), -r))
    needed, band = _needed(rate, ground.n), bands[rate]
    advice, evidence = _advice(ground, arena, rate)
    condition = f"; {ground.condition}" if ground.condition else ""
    one = finding(
        ground,
        "poison-by-adding",
        ranked[rate],
        f"{count(needed, 'added row')} ({percent(rate)}) inside your ranges put predictions off by "
        f"{amount(band.middle)} (root mean square)",
        effect=band.middle,
        where=(ground.target,),
        assurance=Assurance.FOUND,
        reference=POISONING,
        evidence={"rate": rate, "rows": needed, "from": band.low, "to": band.high, **evidence},
        attacker=f"adds {count(needed, 'row')}, knows the data{condition}",
        advice=advice,
    )
    return (one,), ""


def _advice(ground: Ground, arena: Arena, rate: float) -> tuple[str, dict[str, Any]]:
    """Judged from this rate up to the next at which an attack knew the defence: one that holds below only is none."""
    top = min([r for r in ground.siege.knowing if r >= rate and ground.siege.refits] or [rate])
    rates = [r for r in arena.rates if rate <= r <= top]
    left = {name: max(_worst(arena, name, r) for r in rates) for name in arena.defences[1:]}
    middles = {name: band.middle for name, band in left.items()}
    effect = min(_worst(arena, NONE, r).middle for r in rates)
    best = best_of(ground, effect, middles)
    band = left[best]
    if band.middle > HELPS * effect:
        return (
            f"No defence tried holds much better ({best} leaves {amount(band.middle)} at {percent(top)}): limit how "
            "many rows one party can add, and check labels"
        ), {"remedies_tried": list(left), "left": band.middle}
    knows = any(off_by(arena, best, r, True) is not None for r in rates)
    then = (
        f"the same attacks{', and one that knows it,' if knows else ''} then {_left(band)} with up to {percent(top)} "
        "of poison"
    )
    cost = price(ground, best)
    said = f"{CALLED[best][0].upper()}{CALLED[best][1:]}: {then}; it costs {cost.words}"
    evidence = told(CALLED[best], cost, band.middle).evidence
    return said, {"defence": best, **evidence, "left_from": band.low, "left_to": band.high, "left_up_to": top}


def _left(band: Band) -> str:
    """An error that did not grow is not a fit that did not move."""
    over = f"{amount(band.low)} to {amount(band.high)} over the splits"
    if band.middle > 0:
        return f"put predictions off by {amount(band.middle)} ({over})"
    return "do not raise its error on rows held out" + (f" (off by {over})" if band.high > 0 else "")


def _needed(rate: float, n: int) -> int:
    return math.ceil(rate / (1 - rate) * n)
