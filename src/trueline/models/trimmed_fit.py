"""Least trimmed squares: many starts on few rows, the best of them concentrated over all rows; then reweighted.

Rousseeuw and Van Driessen (2006), §3: up to 600 rows all starts see all of them, beyond that they see groups of
about 300, whose best meet on the pooled groups, whose best go on over all rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ..maths.concentration import LEND, Concentration, best_starts
from ..maths.exchange import exchanged
from ..maths.solve import Solution, least_squares
from ..rows.design import Design
from ..rows.passes import SourceRows, moments_of
from ..rows.source import ArraySource

__all__ = ["CUT", "TrimmedFit", "consistency", "fit_rows", "fit_trimmed"]

Array = NDArray[np.float64]

GROUP = 300
GROUPS = 5
BEST = 10  # starts that go on from one stage to the next
FINALISTS = 3  # starts that are followed further over many rows
CELLS = 20_000_000  # residuals held at once, over all starts
PROBE = 10  # steps after which only the best of them goes on to the end
CUT = float(ndtri(0.9875))  # residuals beyond so many scales do not count in the reweighted fit
EXACT_ROWS = 50  # up to so many, the global optimum is searched for
EXACT_WORK = 2_000_000  # rows added in that search, before it gives up


@dataclass(frozen=True, eq=False)
class TrimmedFit:
    """Weights of the rows kept, the sum of their squared residuals (penalty included), steps, whether proven."""

    kept: Array
    objective: float
    steps: int
    proven: bool


def fit_trimmed(
    design: Design, h: float, reg_lambda: float, n_starts: int, max_iter: int, rng: np.random.Generator
) -> TrimmedFit:
    """The rows of weight `h` whose least-squares fit leaves the smallest sum of squares, as far as it is found.

    Parameters
    ----------
    design : Design
    h : float
        Weight of the rows to keep.
    reg_lambda : float
        Penalty on the mean over the rows kept.
    n_starts, max_iter : int
        Random starts in all; concentration steps at most, over all rows.
    rng : Generator
    """
    penalty = design.penalty(reg_lambda) * (h / design.weight)
    thetas = _candidates(design, h, penalty, n_starts, rng)
    many = len(design.y) > 2 * GROUP
    thetas = thetas[: max(FINALISTS, CELLS // len(design.y))]
    runs = [
        Concentration(design, theta, h, penalty, r)
        for theta, r in zip(thetas, design.along_many(thetas) - design.y, strict=True)
    ]
    steps = 0
    if many:
        steps += sum(run.run(2) for run in runs)
        runs = _distinct(runs)[:FINALISTS]
        steps += sum(run.run(PROBE) for run in runs)
        runs = _distinct(runs)[:1]
    steps += sum(run.run(max_iter) for run in runs)
    if not many and design.weights is None:
        runs = [_swapped(run, max_iter) for run in _distinct(runs)]
    best = _distinct(runs)[0]
    n = len(design.y)
    if n <= EXACT_ROWS and design.weights is None and reg_lambda == 0:
        from ..maths.branch_and_bound import best_subset

        Z = design.take(np.arange(n))
        mask, proven = best_subset(Z, design.y, int(h), best.kept > 0, EXACT_WORK)
        misfit = np.linalg.lstsq(Z[mask], design.y[mask], rcond=None)[0]
        return TrimmedFit(mask.astype(np.float64), float(np.square(Z @ misfit - design.y)[mask].sum()), steps, proven)
    return TrimmedFit(best.kept, best.objective, steps, h >= design.weight)


def _swapped(run: Concentration, max_iter: int) -> Concentration:
    """The run after the swaps that help, and the steps these make possible."""
    design = run.rows
    assert isinstance(design, Design)
    kept = exchanged(design.take(np.arange(len(design.y))), design.y, run.kept > 0, run.penalty)
    if (kept == (run.kept > 0)).all():
        return run
    run.start_from(kept.astype(np.float64))
    run.run(max_iter)
    return run


def _distinct(runs: list[Concentration]) -> list[Concentration]:
    """Best first; of runs that came to the same rows, one."""
    kept: list[Concentration] = []
    for run in sorted(runs, key=lambda run: run.objective):
        if not kept or run.objective > kept[-1].objective * (1 + 1e-12):
            kept.append(run)
    return kept


def _candidates(design: Design, h: float, penalty: Array, n_starts: int, rng: np.random.Generator) -> Array:
    n, share = len(design.y), h / design.weight
    if n <= 2 * GROUP:
        return _race(design, np.arange(n), share, penalty, n_starts, rng)
    size = max(GROUP, 6 * design.size)
    groups = min(GROUPS, n // size) or 1
    pool = rng.permutation(n)[: groups * size]
    parts = np.array_split(pool, groups)
    best = [_race(design, part, share, penalty, n_starts // groups, rng) for part in parts]
    return _race(design, pool, share, penalty, 0, rng, np.concatenate(best))


def _race(
    design: Design, rows: NDArray[np.intp], share: float, penalty: Array, n_starts: int, rng: np.random.Generator,
    starts: Array | None = None,
) -> Array:  # fmt: skip
    """The best after two concentration steps among random lines through as few rows as determine one."""
    Z, y = design.take(rows), design.y[rows]
    weights = None if design.weights is None else design.weights[rows]
    weight = float(len(y)) if weights is None else float(weights.sum())
    h = share * weight
    h = h if weights is not None else max(math.floor(h + 1e-9), min(design.size + 1, len(y)))
    if starts is None:
        starts = _random_lines(Z, y, max(n_starts, 1), rng)
    penalty = penalty * (weight / design.weight)
    batch = max(1, 4_000_000 // (Z.shape[1] ** 2 + len(y)))
    found = [
        best_starts(Z, y, weights, h, starts[first : first + batch], penalty, 2, BEST)
        for first in range(0, len(starts), batch)
    ]
    thetas, objectives = np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])
    return np.asarray(thetas[np.argsort(objectives, kind="stable")[:BEST]])


def _random_lines(Z: Array, y: Array, n_starts: int, rng: np.random.Generator) -> Array:
    """Lines through random rows, as many as there are coefficients."""
    n, size = Z.shape
    lend = LEND * np.eye(size)
    lines = np.empty((n_starts, size))
    batch = max(1, 1_000_000 // size**2)
    for first in range(0, n_starts, batch):
        count = min(batch, n_starts - first)
        rows = np.array([rng.choice(n, size=min(size, n), replace=False, shuffle=False) for _ in range(count)])
        A, At = Z[rows], Z[rows].transpose(0, 2, 1)
        lines[first : first + count] = np.linalg.solve(At @ A + lend, At @ y[rows][:, :, None])[:, :, 0]
    return lines


def fit_rows(rows: ArraySource, kept: Array, reg_lambda: float, intercept: bool) -> Solution:
    """Least squares among some rows, at full accuracy."""
    taken = np.flatnonzero(kept)
    weights = None if rows.weights is None else kept[taken]
    part = ArraySource(rows.X[taken], rows.y[taken], weights, rows.names)
    return least_squares(moments_of(part), reg_lambda, intercept, SourceRows(part))


def consistency(share: float) -> float:
    """What the root mean square of the smallest share of normal residuals is divided by, to estimate their deviation.

    Croux and Haesbroeck (1999), eq. 4.2; 1 for a share of 1.
    """
    if share >= 1:
        return 1.0
    q = float(ndtri((1 + share) / 2))
    density = math.exp(-q * q / 2) / math.sqrt(2 * math.pi)
    return math.sqrt(max(1 - 2 * q * density / (2 * float(ndtr(q)) - 1), np.finfo(np.float64).tiny))
