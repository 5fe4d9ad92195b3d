"""From the counts of a window to what drifted: effects in units of y, sizes, and p-values for all of it together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...audit.saying import amount, count
from ...maths.effect_sizes import psi, psi_by_chance, wasserstein
from ...maths.odds_ratios import phi, same_odds_p
from ...maths.two_sample import holm, p_value
from .cells import Levels
from .reference import Distribution, Reference
from .report import Drift, PairDrift
from .window import Subject, Window

__all__ = ["LEAST_ROWS", "drifts", "judged", "judged_pairs"]

Array = NDArray[np.float64]

LEAST_ROWS = 10  # of a column, in a window and in training: below, a p-value would be right, and say nothing


def drifts(window: Window, subject: Subject) -> list[Drift]:
    """Every column, the prediction and, with labels, the residual: all but the p-values."""
    reference, line = subject.reference, subject.line
    with np.errstate(over="ignore", invalid="ignore"):
        felt = line.coef * (window.clipped.mean - reference.clipped)
        unclipped = line.coef * (window.features.mean - reference.means)
    found = []
    for j, (column, (_, levels, where)) in enumerate(zip(reference.columns, subject.layout.places(), strict=True)):
        drift = _of(column, window, j, "level" if levels else "number", reference.rows)
        why = "missing" if column.name in window.missing else drift.not_judged
        found.append(replace(drift, unknown=window.unknown[j], not_judged=why, felt=_sum(felt[where]),
                             felt_unclipped=_sum(unclipped[where])))  # fmt: skip
    here, taken = len(found), {column.name for column in reference.columns}
    whole = _of(reference.predictions, window, here, "prediction", reference.rows)
    found.append(_prediction(_named(whole, taken), felt, unclipped, subject))
    if window.labelled and reference.residuals is not None:
        found.append(_named(_of(reference.residuals, window, here + 1, "residual", reference.rows), taken))
    return found


def judged(found: Sequence[Drift], window: Window, subject: Subject, level: float) -> list[Drift]:
    """The same with p-values; `level` is the probability of calling anything drifted where nothing is."""
    reference = subject.reference
    watched = [*reference.columns, reference.predictions, *([reference.residuals] if reference.residuals else [])]
    rows = list(zip(found, watched, window.counters, strict=False))
    p = [None if drift.not_judged else p_value(column.counts, counter.counts, not isinstance(column.cells, Levels),
                                               spread=drift.kind == "residual")
         for drift, column, counter in rows]  # fmt: skip
    return [
        replace(drift, p=value, adjusted=both, drifted=both is not None and both <= level)
        for drift, value, both in zip(found, p, _adjusted(p, reference), strict=True)
    ]


def judged_pairs(window: Window, subject: Subject, level: float) -> list[PairDrift]:
    """Every two columns of numbers, where training remembers them; the strongest evidence first."""
    before, now = subject.reference.pairs, window.pairs
    if before is None or now is None:
        return []
    found = []
    for names, first, second in zip(before.names, before.counts.tolist(), now.counts.tolist(), strict=True):
        few = _too_few(sum(second), sum(first))
        chance = None if few else same_odds_p(first, second)
        found.append(PairDrift(*names, sum(second), phi(second), phi(first), chance, not_judged=few))
    answer = [
        replace(each, adjusted=both, drifted=both is not None and both <= level)
        for each, both in zip(found, _adjusted([each.p for each in found], subject.reference), strict=True)
    ]
    return sorted(answer, key=lambda each: 2.0 if each.p is None else each.p)


def _adjusted(p: Sequence[float | None], reference: Reference) -> list[float | None]:
    """By Holm within columns and within pairs; where there are pairs, each gets half of the level."""
    adjusted = iter(holm(np.array([value for value in p if value is not None])).tolist())
    families = 1 if reference.pairs is None else 2
    return [None if value is None else min(1.0, families * next(adjusted)) for value in p]


def _of(column: Distribution, window: Window, j: int, kind: str, before: int) -> Drift:
    counter = window.counters[j]
    rows = int(counter.counts.sum())
    drift = Drift(column.name, kind, rows, counter.blank, cells=_cells(column, counter.counts),
                  not_judged=_too_few(rows, int(column.counts.sum())))  # fmt: skip
    if not rows or not column.counts.sum():
        return drift
    drift = replace(drift, psi=psi(column.counts, counter.counts),
                    psi_by_chance=psi_by_chance(column.counts, counter.counts))  # fmt: skip
    return drift if kind == "level" else _numbers(drift, column, window, j, before)


def _named(drift: Drift, taken: set[str]) -> Drift:
    """A column may be called as the model's own numbers are."""
    return replace(drift, name=f"{drift.name} (the model's)") if drift.name in taken else drift


def _numbers(drift: Drift, column: Distribution, window: Window, j: int, before: int) -> Drift:
    """Means, spreads and the distance."""
    counter = window.counters[j]
    mean, sd = float(window.means[j]), float(window.spreads[j])
    with np.errstate(over="ignore", invalid="ignore"):
        error = float(np.hypot(sd / np.sqrt(drift.rows), column.sd / np.sqrt(before)))
        far = wasserstein(column.counts, counter.counts, column.centres, counter.centres)
    return replace(
        drift, mean=mean, reference_mean=column.mean, sd=sd, reference_sd=column.sd, shift=mean - column.mean,
        shift_error=error, wasserstein=far / column.sd if column.sd else None,
    )  # fmt: skip


def _prediction(drift: Drift, felt: Array, unclipped: Array, subject: Subject) -> Drift:
    """Its shift is what the columns add up to, to the last digit; with training's own predictions where it was."""
    before = float(subject.reference.clipped @ subject.line.coef + subject.line.intercept)
    shift = _sum(felt)
    if shift is None:
        return drift
    return replace(drift, mean=before + shift, reference_mean=before, shift=shift, felt=shift,
                   felt_unclipped=_sum(unclipped))  # fmt: skip


def _sum(effects: Array) -> float | None:
    total = float(effects.sum())
    return total if np.isfinite(total) else None


def _too_few(rows: int, before: int) -> str:
    if rows < LEAST_ROWS:
        return f"not enough data: {count(rows, 'row')} of at least {LEAST_ROWS}"
    if before < LEAST_ROWS:
        return f"not enough data: {count(before, 'row')} of training were counted, of at least {LEAST_ROWS}"
    return ""


def _cells(column: Distribution, counts: NDArray[np.int64]) -> tuple[tuple[str, int, int], ...]:
    return tuple(zip(_words(column), column.counts.tolist(), counts.tolist(), strict=True))


def _words(column: Distribution) -> list[str]:
    """Each cell as a person reads it; one that holds a single value is that value."""
    if isinstance(column.cells, Levels):
        return [*column.cells.own, "all others"]
    edges = column.cells.edges
    if not len(edges):
        return ["all"]
    ends = [amount(float(edge), 4) for edge in edges]
    words = [f"up to {ends[0]}", *(f"{low} to {high}" for low, high in pairwise(ends))]
    single = [word if centre != edge else end
              for word, centre, edge, end in zip(words, column.centres[:-1], edges, ends, strict=True)]  # fmt: skip
    return [*single, f"above {ends[-1]}"]
