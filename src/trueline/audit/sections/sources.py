"""By source: who supplied the rows, what they do to the fit, and who supplied those that disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import attack, defend
from ...errors import TruelineError
from ...findings import Assurance, Finding
from ..ground import Ground
from ..saying import amount, count, listed
from ..section import Section, Table
from ..severity import severity_of
from .findings import SUPPLIER, finding
from .remedies import measured
from .segments import inside, worst_segment

__all__ = ["sources"]

Array = NDArray[np.float64]

HOW = (
    "The fit without each source's rows, exactly. 'Could' is proven: as many rows of any kind within the domain move "
    "predictions by at most that. A source is singled out where more of its rows disagree with the trimmed fit than "
    "chance explains (Fisher's exact test, Holm over sources, 1 %)."
)
TOLD = 3  # sources with a finding of their own


@dataclass(frozen=True, eq=False)
class _Pull:
    """What one source does to the fit."""

    name: str
    inside: NDArray[np.bool_]
    dropped: int
    p: float
    shift: Array
    where: str
    mean: float

    @property
    def rows(self) -> int:
        return int(self.inside.sum())

    @property
    def effect(self) -> float:
        """Root mean square of the shift over everybody else's rows, in units of y."""
        return _rms(self.shift[~self.inside])


def sources(ground: Ground) -> Section:
    """Every source's pull, and those that stand out.

    Parameters
    ----------
    ground : Ground
    """
    if ground.rows.source is None:
        missing = "no column says who supplied the rows (--source COL)"
        return Section("", "", not_run=missing, how=HOW, facts={"because": "no source was named"})
    if (ground.rows.source == ground.rows.source[0]).all():
        who = f"every row comes from one source (`{ground.rows.source_name}` never changes): nobody to compare it with"
        return Section("", "", not_run=who, how=HOW, facts={"because": "there is one source only"})
    could, why = _could(ground)
    judged = defend.attribute(~ground.suspects, ground.rows.source)
    pulls = sorted((_pull(ground, one) for one in judged.sources), key=lambda pull: -abs(pull.mean))
    accused = [pull for pull in pulls if pull.p <= judged.alpha]
    return Section(
        "",
        "",
        text=f"{count(len(pulls), 'source')}. {_verdict(accused)}{why}",
        how=HOW,
        tables=(_table(pulls, could, ground.target),),
        findings=tuple(_finding(ground, pull) for pull in accused[:TOLD] if abs(pull.mean) > 0),
        chart={"kind": "sources", "data": [_bar(pull, could, pull in accused) for pull in pulls]},
    )


def _verdict(accused: list[_Pull]) -> str:
    if not accused:
        return "No source supplied more disagreeing rows than chance explains. "
    named = [f'"{pull.name}"' for pull in accused]  # in quotes: so a redacted report finds the shortest names too
    return (
        f"More rows of {listed(named)} disagree with the rest than chance explains. "
        "A source whose honest rows are unusual stands out too: look at them. "
    )


def _table(pulls: list[_Pull], could: dict[str, float], target: str) -> Table:
    head = (
        "source",
        "rows",
        "disagree",
        "p (Holm)",
        "moves predictions by",
        "most where",
        "by (mean)",
        "could move by",
    )
    rows = [
        [pull.name, pull.rows, pull.dropped, pull.p, pull.effect, pull.where or "everywhere", pull.mean,
         could.get(pull.name)] for pull in pulls
    ]  # fmt: skip
    return Table("Sources", head, rows, ("", "", "", "", target, "", target, target))


def _bar(pull: _Pull, could: dict[str, float], accused: bool) -> dict[str, Any]:
    return {"source": pull.name, "rows": pull.rows, "effect": pull.effect, "could": could.get(pull.name),
            "dropped": pull.dropped, "accused": accused}  # fmt: skip


def _could(ground: Ground) -> tuple[dict[str, float], str]:
    """The proven bound for each source, and under which condition it holds."""
    assert ground.rows.source is not None  # sources() is not run without
    try:
        found = attack.by_source(ground.Z, ground.y, ground.rows.source, reg_lambda=ground.penalty, domain=ground.box)
    except (TruelineError, np.linalg.LinAlgError) as error:
        return {}, f"What sources could do is not bounded: {error}"
    values = dict(zip(found.names, found.could_prediction.tolist(), strict=True))
    condition = ground.condition
    return values, ground.caveat + (f"'Could' {condition}." if condition else "")


def _pull(ground: Ground, one: Any) -> _Pull:
    source = ground.rows.source
    assert source is not None  # sources() is not run without
    inside = np.asarray(source == one.source)
    rest = ground.fit(~inside)
    shift = ground.refit.predict(ground.Z) - rest.predict(ground.Z)
    where, mean = worst_segment(ground, shift, ~inside)
    return _Pull(str(one.source), inside, one.dropped, one.p_corrected, shift, where, mean)


def _finding(ground: Ground, pull: _Pull) -> Finding:
    remedy = measured(ground, pull.mean, inside(ground, pull.where) & ~pull.inside, gone=pull.inside)
    place = f" where {pull.where}" if pull.where else ""
    rows = ground.rows.numbers[pull.inside & ground.suspects]
    rule = "source-pulls"
    way = "up" if pull.mean > 0 else "down"
    return finding(
        ground,
        rule,
        severity_of(pull.mean, 0, ground.terms),
        f'One source\'s rows ({int(pull.inside.sum()):,}, "{pull.name}") pull predictions{place} {way} by '
        f"{amount(abs(pull.mean))} on average; {pull.dropped} of them disagree with everybody else's",
        effect=pull.mean,
        where=(pull.name,),
        assurance=Assurance.FOUND,
        reference=SUPPLIER,
        evidence={
            "rows": int(pull.inside.sum()),
            "suspects": rows.tolist(),
            "p": pull.p,
            "mean_shift": pull.mean,
            "segment": pull.where,
            **remedy.evidence,
        },
        attacker=f'controls the rows of "{pull.name}"; needs to know nothing',
        advice=f'{remedy.advice}; then ask "{pull.name}" about rows {listed([str(row) for row in rows.tolist()])}',
    )


def _rms(shift: Array) -> float:
    return float(np.sqrt(np.mean(shift**2)))
