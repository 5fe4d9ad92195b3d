"""Diagnosis: what stands in the way of a good fit, in the rows themselves."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ... import verify
from ...findings import Finding, Severity
from ..ground import Ground
from ..saying import count
from ..section import Section, Table
from .findings import finding
from .mending import mended

__all__ = ["diagnosis"]

HOW = (
    "trueline.verify.diagnose(X, y): rank by singular values at rounding level, extreme rows by leverage and by "
    "residuals of the rows that agree best. The spectrum is that of the standardised columns."
)
QUIET = ("largest-stable-lr", "slow-descent")  # of descent, which the audited model need not use
LARGEST = 5_000_000  # cells: beyond, a decomposition of all rows takes minutes


def diagnosis(ground: Ground) -> Section:
    """What `verify.diagnose` says, and whether rows lie outside the bounds that are said to be enforced.

    Parameters
    ----------
    ground : Ground
    """
    rows = ground.sample if ground.X.size > LARGEST else np.arange(ground.n)
    frame = pa.table({name: pa.array(ground.X[rows, j]) for j, name in enumerate(ground.names)})
    quiet = (*QUIET, "missing-intercept") if ground.line.fit_intercept else QUIET
    found = [one for one in verify.diagnose(frame, ground.y[rows]) if one.rule_id not in quiet]
    found = [mended(ground, _in_the_table(ground, one, rows), rows) for one in found] + _outside(ground)
    found = [replace(one, severity=min_severity(one)) for one in found]
    text = f"{count(len(found), 'thing')} to look at." if found else "Nothing stands in the way of a fit."
    if len(rows) < ground.n:
        text += f" Looked at {count(len(rows), 'row')}, drawn with seed {ground.seed}."
    table = Table("Diagnosis", ("severity", "what"), [[str(one.severity), one.title] for one in found])
    return Section(
        "",
        "",
        text=text,
        how=HOW,
        tables=(table,),
        findings=tuple(found),
        chart={"kind": "spectrum", "data": _spectrum(ground)},
    )


def min_severity(found: Finding) -> Severity:
    """Extreme rows are what honest data have too: what they do to the fit is told elsewhere, in units of y.

    Parameters
    ----------
    found : Finding
    """
    return Severity.LOW if found.rule_id == "extreme-rows" else found.severity


def _in_the_table(ground: Ground, found: Finding, rows: NDArray[np.intp]) -> Finding:
    """The numbers of rows as they stand in the table, where some were left out or only some looked at."""

    def number(place: int) -> int:
        return int(ground.rows.numbers[rows[place - 1]])

    def said(text: str) -> str:
        return re.sub(r"\brow (\d+)", lambda match: f"row {number(int(match[1]))}", text)

    entries = found.evidence.get("rows")
    if found.rule_id != "extreme-rows" or not entries:
        return found
    told = {**found.evidence, "rows": [{**entry, "row": number(entry["row"])} for entry in entries]}
    return replace(found, title=said(found.title), where=tuple(map(said, found.where)), evidence=told)


def _spectrum(ground: Ground) -> list[dict[str, float]]:
    sd = np.where(ground.sd > 0, ground.sd, 1.0)
    centred = (ground.X - ground.X.mean(axis=0)) / sd
    values = np.linalg.eigvalsh(centred.T @ centred / ground.n)[::-1]
    return [{"index": i + 1, "eigenvalue": float(max(value, 0.0))} for i, value in enumerate(values)]


def _outside(ground: Ground) -> list[Finding]:
    if not ground.bounded:
        return []
    problems = ground.domain.problems(ground.X, ground.y)
    if not problems:
        return []
    named = sorted(
        {
            str(problem.column).replace("y", ground.target) if problem.column == "y" else str(problem.column)
            for problem in problems
        }
    )
    return [
        finding(
            ground,
            "bounds-not-kept",
            Severity.MEDIUM,
            f"Rows lie outside the bounds that are said to be enforced: {'; '.join(map(str, problems[:3]))}",
            where=tuple(named),
            evidence={"problems": [str(problem) for problem in problems]},
            advice="Enforce the bounds before training, or leave out these rows: what is proven below rests on them. "
            "No remedy measured: what these rows should be is not known",
        )
    ]
