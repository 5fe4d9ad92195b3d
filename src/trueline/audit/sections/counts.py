"""How few rows flip an effect: removed, relabelled, added within bounds, added with nothing enforced."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import TruelineError, TruelineWarning
from ...findings import Assurance, Finding, Severity
from ...rows.domain import Domain
from ..flips.flipping import rows_to_flip
from ..ground import Ground
from ..saying import amount, count
from ..section import Section, Table
from ..severity import severity_of
from .findings import POISONING, finding
from .remedies import advised
from .verdicts import verdicts

__all__ = ["counts"]

HOW = (
    "trueline.audit.rows_to_flip: what is found was refitted exactly; 'at least' is proven, 0 where nothing is; first "
    "order is what arithmetic without refitting says, and it misses by factors. Added rows stay within the domain; "
    "'anything' has neither bounds on columns nor on labels."
)
KINDS = {"remove": "removed", "relabel": "relabelled", "add_bounded": "added within bounds", "add_any": "added freely"}


DEEDS = {"add_bounded": "adds", "remove": "removes", "relabel": "relabels"}
CLOSELY = 3  # features whose counts are searched with the effort asked for, the others quickly


@dataclass(frozen=True, eq=False)
class _Counted:
    """One feature and what it takes."""

    feature: str
    line: dict[str, Any]
    flip: float
    paths: dict[str, Any]


def counts(ground: Ground) -> Section:
    """Four counts for each of the features that move the output most.

    Parameters
    ----------
    ground : Ground
    """
    rows = _sampled(ground)
    frame = pa.table({name: pa.array(np.ascontiguousarray(ground.Z[rows, j])) for j, name in enumerate(ground.names)})
    order = [int(j) for j in np.argsort(-ground.felt, kind="stable") if ground.sd[j] > 0]
    skipped = list[str]()
    efforts = [
        ground.effort.name if i < CLOSELY or ground.effort.name == "thorough" else "quick" for i in range(len(order))
    ]
    found = [
        _count(ground, frame, ground.y[rows], j, efforts[i], skipped)
        for i, j in enumerate(order[: ground.effort.counted])
    ]
    counted = [one for one in found if one is not None]
    left = len(order) - ground.effort.counted
    text = ground.caveat + (
        f"Counted on {count(len(rows), 'row')} of {ground.n:,}, drawn with the seed: on all rows it "
        "takes about proportionally more, and nothing is proven. "
        if len(rows) < ground.n
        else ""
    )
    text += f"Added rows: {ground.condition}. " if ground.condition else ""
    text += f"{count(left, 'feature')} that move the output least were not counted at this effort. " if left > 0 else ""
    tested = verdicts(ground, frame, ground.y[rows], [one.feature for one in counted])
    text += (
        "" if tested else "Rows that change the test of an effect were not counted at this effort or for this model. "
    )
    text += " ".join(f"Not counted: {line}." for line in skipped)
    if not counted:
        return Section("", "", not_run="; ".join(skipped) or "no column varies", how=HOW)
    return Section(
        "",
        "",
        text=text.strip(),
        how=HOW,
        tables=(_table(ground, counted), *tested),
        findings=_findings(ground, counted, len(rows)),
        chart=_path(ground, counted[0], rows),
        facts={"counts": [one.line for one in counted]},
    )


def _sampled(ground: Ground) -> Any:
    most = ground.effort.counted_rows
    if ground.n <= most:
        return np.arange(ground.n)
    return np.sort(np.random.default_rng(ground.seed).choice(ground.n, most, replace=False))


def _count(ground: Ground, frame: Any, y: Any, j: int, effort: str, skipped: list[str]) -> _Counted | None:
    name = ground.names[j]
    line: dict[str, Any] = {
        "feature": name,
        "effect": float(ground.line.coef[j]),
        "interval": None,
        "per_sd": float(ground.line.coef[j] * ground.sd[j]),
        "of": len(y),
    }
    paths: dict[str, Any] = {}
    for kind, how, domain in (
        ("remove", "remove", None),
        ("relabel", "relabel", ground.box),
        ("add_bounded", "add", ground.box),
        ("add_any", "add", Domain()),
    ):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", TruelineWarning)
                flips = rows_to_flip(
                    frame,
                    y,
                    name,
                    "sign",
                    how,
                    reg_lambda=ground.penalty,
                    domain=domain,
                    fit_intercept=ground.line.fit_intercept,
                    effort=effort,
                    random_state=ground.seed,
                )
        except TruelineError as error:
            if kind == "remove":
                skipped.append(f"{name}: {str(error).rstrip('.')}")
                return None
            line[kind] = None
            skipped.append(f"{name}, {KINDS[kind]}: {str(error).rstrip('.')}")
            continue
        proven = flips.certified if len(y) == ground.n and ground.squares else 0
        line[kind] = {"found": flips.found, "certified": proven, "predicted": flips.predicted, "note": flips.note}
        paths[kind] = flips
        if kind == "remove" and np.isfinite(flips.before.low):
            line["interval"] = [flips.before.low / ground.unit[j], flips.before.high / ground.unit[j]]
    return _Counted(name, line, abs(line["per_sd"]), paths)


def _table(ground: Ground, counted: list[_Counted]) -> Table:
    head = ["feature", "effect"]
    for words in KINDS.values():
        head += [words, "at least"]
    rows = []
    for one in counted:
        cells = [one.feature, one.line["effect"]]
        for kind in KINDS:
            told = one.line[kind] or {"found": None, "certified": None}
            cells += [told["found"], told["certified"]]
        rows.append([*cells, (one.line["remove"] or {}).get("predicted")])
    units = ("", f"{ground.target} per unit", *["rows"] * (2 * len(KINDS) + 1))
    return Table("Rows that flip the sign", (*head, "removed, first order"), rows, units)


def _findings(ground: Ground, counted: list[_Counted], n: int) -> tuple[Finding, ...]:
    """The effect that is easiest to flip for what it moves, by added rows inside the bounds or by removal."""
    ranked = []
    for one in counted:
        if not _settled(one):
            continue
        for kind in ("add_bounded", "remove", "relabel"):
            needed = (one.line[kind] or {}).get("found")
            if needed:
                whole = int(np.ceil(needed * ground.n / n))
                severity = severity_of(one.flip, whole, ground.terms)
                ranked.append((list(type(severity)).index(severity), one.flip / whole, one, kind, whole, severity))
    unsettled = _unsettled(ground, [one for one in counted if not _settled(one)])
    if not ranked:
        return unsettled
    _, _, one, kind, needed, severity = max(ranked, key=lambda entry: entry[:2])
    told = one.line[kind]
    flips = one.paths[kind]
    helps = advised(ground, flips.rows, flips.labels, one.feature, one.flip) if kind == "add_bounded" else ""
    removed = (one.line["remove"] or {}).get("found")
    beside = f"; {removed:,} would have to be removed" if kind != "remove" and removed else ""
    words = {
        "add_bounded": "added rows inside your ranges flip",
        "remove": "rows, removed, flip",
        "relabel": "rows with other labels flip",
    }[kind]
    single = {
        "add_bounded": "added row inside your ranges flips",
        "remove": "row, removed, flips",
        "relabel": "row with another label flips",
    }[kind]
    condition = f"; {ground.condition}" if kind == "add_bounded" and ground.condition else ""
    proven = told["found"] == told["certified"]
    return (
        finding(
            ground,
            "sign-flips",
            severity,
            f"{needed:,} {words if needed != 1 else single} the effect of `{one.feature}`{beside}",
            effect=one.flip,
            where=(one.feature,),
            evidence={**told, "by": kind, "counted_rows": n},
            assurance=Assurance.PROVEN if proven else Assurance.FOUND if n == ground.n else Assurance.SAMPLED,
            attacker=f"{DEEDS[kind]} {count(needed, 'row')}, knows the data{condition}",
            reference=POISONING,
            advice=f"Do not read a sign into `{one.feature}`; its effect is {amount(one.flip)} per standard deviation. "
            f"{helps or 'Enforce tighter bounds, or limit how many rows one party can add'}",
        ),
        *unsettled,
    )


def _settled(one: _Counted) -> bool:
    """Does the interval leave zero out? Where there is none, nothing says that it does not."""
    ends = one.line["interval"]
    return ends is None or ends[0] > 0 or ends[1] < 0


def _unsettled(ground: Ground, found: list[_Counted]) -> tuple[Finding, ...]:
    """Signs that these rows do not settle: flipping them takes no attacker."""
    if not found:
        return ()
    top = max(found, key=lambda one: one.flip)
    fewest = (top.line["remove"] or {}).get("found")
    flips = f"; {count(fewest, 'row')}, removed, flip{'s' if fewest == 1 else ''} it" if fewest else ""
    others = f", nor those of {count(len(found) - 1, 'other feature')}" if len(found) > 1 else ""
    low, high = top.line["interval"]
    names = tuple(one.feature for one in found)
    return (
        finding(
            ground,
            "sign-not-settled",
            Severity.LOW,
            f"The sign of `{top.feature}` is not settled by these rows ({amount(low)} to {amount(high)} per unit)"
            f"{others}{flips}",
            effect=top.flip,
            where=names,
            evidence={"interval": [low, high], "removed": fewest, "features": list(names)},
            assurance=Assurance.PROVEN,
            advice="Read nothing into these signs; more rows would settle them",
        ),
    )


def _path(ground: Ground, one: _Counted, rows: Any) -> dict[str, Any] | None:
    """The coefficient as the rows found are removed, refitted at up to 40 places."""
    flips = one.paths["remove"]
    if not flips.found:
        return None
    gone = rows[flips.rows]
    j = ground.names.index(one.feature)
    data = []
    for k in np.unique(np.linspace(0, len(gone), min(len(gone) + 1, 40)).astype(int)).tolist():
        kept = np.setdiff1d(rows, gone[:k])
        coef = float(ground.fit(kept).coef_[j] / ground.unit[j])
        data.append(
            {
                "feature": one.feature,
                "removed": k,
                "coef": coef,
                "found": flips.found,
                "certified": one.line["remove"]["certified"],
            }
        )
    return {"kind": "removal_path", "data": data}
