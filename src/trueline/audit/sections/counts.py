"""How few rows flip an effect: removed, relabelled, added within bounds, added with nothing enforced."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...errors import TruelineError, TruelineWarning
from ...rows.domain import Domain
from ..flips.flipping import rows_to_flip
from ..ground import Ground
from ..saying import count, listed
from ..section import Section, Table
from .inference import entangled, inference
from .signs import KINDS, Counted, sign_findings
from .verdicts import verdicts

__all__ = ["counts"]

HOW = (
    "trueline.audit.rows_to_flip: what is found was refitted exactly; 'at least' is proven, 0 where nothing is; first "
    "order is what arithmetic without refitting says, and it misses by factors. Added rows stay within the domain; "
    "'anything' has neither bounds on columns nor on labels. Intervals are those of the fit, from all rows."
)
CLOSELY = 3  # features whose counts are searched with the effort asked for, the others quickly
FEWEST_DRAWN = 2_000  # rows: fewer are never drawn
Skipped = dict[str, list[tuple[str, str]]]  # features and ways that were not counted, by the reason


def counts(ground: Ground) -> Section:
    """Four counts for each of the features that were asked about or move the output most.

    Parameters
    ----------
    ground : Ground
    """
    rows = _looked_at(ground)
    frame = pa.table({name: pa.array(np.ascontiguousarray(ground.Z[rows, j])) for j, name in enumerate(ground.names)})
    skipped: Skipped = {}
    order = _order(ground)
    asked = order[: max(ground.effort.counted, len(ground.effects))]
    found = [_count(ground, frame, ground.y[rows], j, _effort(ground, i), skipped) for i, j in enumerate(asked)]
    counted = [one for one in found if one is not None]
    if not counted:
        why = entangled(ground) or "no column has an effect of its own"
        return Section("", "", not_run=_told(skipped) or "no column varies", how=HOW, facts={"because": why})
    tested = verdicts(ground, frame, ground.y[rows], [one.feature for one in counted])
    made = sign_findings(ground, counted, rows)
    return Section(
        "",
        "",
        text=_text(ground, len(rows), len(order) - len(asked), bool(tested), skipped),
        how=HOW,
        tables=(_table(ground, counted), *tested),
        findings=tuple(finding for finding, _ in made),
        chart=_path(ground, counted[0], rows),
        facts={
            "counts": [one.line for one in counted],
            "because": entangled(ground) if skipped else "",
            "changes": {finding.fingerprint: changes for finding, changes in made if changes is not None},
        },
    )


def _looked_at(ground: Ground) -> NDArray[np.intp]:
    """All rows, unless rows times features are more than the effort allows."""
    most = max(FEWEST_DRAWN, ground.effort.counted_cells // len(ground.names))
    if ground.n <= most:
        return np.arange(ground.n)
    return np.sort(np.random.default_rng(ground.seed).choice(ground.n, most, replace=False))


def _order(ground: Ground) -> list[int]:
    """Features that vary: those that were asked about, then those that move the output most."""
    felt = np.argsort(-ground.felt, kind="stable")
    return sorted((int(j) for j in felt if ground.sd[j] > 0), key=lambda j: ground.names[j] not in ground.effects)


def _effort(ground: Ground, place: int) -> str:
    return ground.effort.name if place < CLOSELY or ground.effort.name == "thorough" else "quick"


def _text(ground: Ground, counted: int, left: int, tested: bool, skipped: Skipped) -> str:
    parts = [ground.caveat.strip()]
    if counted < ground.n:
        parts.append(
            f"Counted on {count(counted, 'row')} of {ground.n:,}, drawn with the seed: on all rows it takes about "
            "proportionally more, and nothing is proven. Effects and intervals are those of all rows."
        )
    parts.append(f"Added rows: {ground.condition}." if ground.condition else "")
    if left > 0:
        parts.append(f"{count(left, 'feature')} that move the output least were not counted at this effort.")
    if not tested:
        parts.append("Rows that change the test of an effect were not counted at this effort or for this model.")
    parts.append(_told(skipped))
    return " ".join(part for part in parts if part)


def _told(skipped: Skipped) -> str:
    """What was not counted: each reason once."""
    lines = []
    for reason, places in skipped.items():
        names = listed([f"`{name}`" for name in dict.fromkeys(name for name, _ in places)], 4)
        kinds = " and ".join(dict.fromkeys(KINDS[kind] for _, kind in places))
        lines.append(f"Not counted, rows {kinds}, for {names}: {reason}.")
    return " ".join(lines)


def _count(ground: Ground, frame: Any, y: Any, j: int, effort: str, skipped: Skipped) -> Counted | None:
    name, line = ground.names[j], _line(ground, j, len(y))
    paths: dict[str, Any] = {}
    for kind, how, domain in (
        ("remove", "remove", None),
        ("relabel", "relabel", ground.box),
        ("add_bounded", "add", ground.box),
        ("add_any", "add", Domain()),
    ):
        try:
            flips = _flips(ground, frame, y, (name, how, domain, effort))
        except TruelineError as error:
            skipped.setdefault(_reason(error, name), []).append((name, kind))
            line[kind] = None
            if kind == "remove":
                return None
            continue
        proven = flips.certified if len(y) == ground.n and ground.squares else 0
        line[kind] = {"found": flips.found, "certified": proven, "predicted": flips.predicted, "note": flips.note}
        paths[kind] = flips
        if kind == "remove" and line["interval"] is None and np.isfinite(flips.before.low) and len(y) == ground.n:
            line["interval"] = [flips.before.low / ground.unit[j], flips.before.high / ground.unit[j]]
    return Counted(name, line, abs(line["per_sd"]), paths)


def _line(ground: Ground, j: int, of: int) -> dict[str, Any]:
    ends = inference(ground).ends
    return {
        "feature": ground.names[j],
        "effect": float(ground.line.coef[j]),
        "interval": None if ends is None else [float(ends[j, 0]), float(ends[j, 1])],
        "per_sd": float(ground.line.coef[j] * ground.sd[j]),
        "of": of,
    }


def _flips(ground: Ground, frame: Any, y: Any, asked: tuple[str, str, Any, str]) -> Any:
    name, how, domain, effort = asked
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruelineWarning)
        return rows_to_flip(
            frame, y, name, "sign", how, reg_lambda=ground.penalty, domain=domain,
            fit_intercept=ground.line.fit_intercept, effort=effort, random_state=ground.seed,
        )  # fmt: skip


def _reason(error: TruelineError, name: str) -> str:
    """The same words for every feature."""
    return str(error).rstrip(".").replace(f"{name}: ", "")


def _table(ground: Ground, counted: list[Counted]) -> Table:
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


def _path(ground: Ground, one: Counted, rows: NDArray[np.intp]) -> dict[str, Any] | None:
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
