"""Table 5: alarms when nothing drifted, and when one column did; beside the usual thresholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trueline.maths.losses import Squared
from trueline.maths.scaling import Scaling
from trueline.models.foreign import Line
from trueline.ship import DriftMonitor, Reference

from .goals import Goal

__all__ = ["KINDS", "DriftTables", "Rate", "drift_goals", "false_alarms", "measure_drift", "power", "section", "usual"]

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Array]

TRAINING, FEATURES, ALPHA = 5000, 10, 0.01
WINDOWS = (50, 100, 200, 1000, 5000)
SHIFTS = (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)
USUAL = ("PSI > 0.1", "PSI > 0.2", "Wasserstein/sd > 0.1", f"KS p < 0.05 on any of {FEATURES}")
OURS = f"trueline, alpha {ALPHA:g} over all"
TIE, TIES = 0.7, (0.5, 0.0, -0.7)  # of the first two columns, in training and in windows

KINDS: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "skewed": lambda rng, shape: np.exp(1.5 * rng.standard_normal(shape)),
    "discrete": lambda rng, shape: rng.poisson(2.0, shape).astype(np.float64),
    "tied": lambda rng, shape: np.where(rng.random(shape) < 0.6, 0.0, np.round(rng.lognormal(size=shape), 1)),
}
PAIRED = "tied, pairs kept"  # as the kind before it, and training remembers how columns go together


@dataclass(frozen=True)
class Rate:
    """Alarms among runs."""

    alarms: int
    runs: int

    @property
    def share(self) -> float:
        return self.alarms / self.runs

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper and Pearson's, 99 %."""
        from scipy.stats import binomtest

        low, high = binomtest(self.alarms, self.runs).proportion_ci(0.99)
        return float(low), float(high)

    def __str__(self) -> str:
        return f"{self.share:.1%}"


@dataclass(frozen=True)
class DriftTables:
    """False alarms by kind of column and window; usual thresholds by window; alarms by window and shift, or tie."""

    false: dict[str, dict[int, Rate]]
    usual: dict[int, dict[str, Rate]]
    power: dict[int, dict[float, dict[str, Rate]]]
    ties: dict[int, dict[float, Rate]]


def measure_drift(quick: bool) -> DriftTables:
    """All four tables."""
    runs, windows = (60, (50, 1000)) if quick else (2000, WINDOWS)
    few = max(50, runs // 4)
    rng = np.random.default_rng(7)
    return DriftTables(
        {kind: {rows: false_alarms(kind, rows, runs, rng) for rows in windows} for kind in (*KINDS, PAIRED)},
        {rows: usual(rows, few, rng) for rows in (50, 100, 200, 5000)},
        {rows: {shift: power(rows, shift, few // 2, rng) for shift in SHIFTS} for rows in (200, 1000)},
        {rows: {tie: ties(rows, tie, few // 2, rng) for tie in TIES} for rows in (100, 200, 500, 1000)},
    )


def false_alarms(kind: str, rows: int, runs: int, rng: np.random.Generator) -> Rate:
    """A new reference and a new window in every run, so that runs are independent."""
    draw, pairs = KINDS["tied" if kind == PAIRED else kind], kind == PAIRED
    alarms = [_alarm(draw(rng, (TRAINING, FEATURES)), draw(rng, (rows, FEATURES)), pairs) for _ in range(runs)]
    return Rate(sum(alarms), runs)


def ties(rows: int, tie: float, runs: int, rng: np.random.Generator) -> Rate:
    """The first two columns no longer go together as they did; none by itself changes."""
    return Rate(sum(_alarm(_tied(rng, TRAINING, TIE), _tied(rng, rows, tie), True) for _ in range(runs)), runs)


def _tied(rng: np.random.Generator, rows: int, tie: float) -> Array:
    X = rng.standard_normal((rows, FEATURES))
    X[:, 1] = tie * X[:, 0] + np.sqrt(1 - tie**2) * X[:, 1]
    return X


def usual(rows: int, runs: int, rng: np.random.Generator) -> dict[str, Rate]:
    """Normal columns and no drift, as the usual thresholds see them."""
    return _rates([_thresholds(rng.standard_normal((TRAINING, FEATURES)), rng.standard_normal((rows, FEATURES)))
                   for _ in range(runs)])  # fmt: skip


def power(rows: int, shift: float, runs: int, rng: np.random.Generator) -> dict[str, Rate]:
    """The first of the columns moves by so many standard deviations."""
    found = []
    for _ in range(runs):
        before, now = rng.standard_normal((TRAINING, FEATURES)), rng.standard_normal((rows, FEATURES))
        now[:, 0] += shift
        found.append({OURS: _alarm(before, now), **_thresholds(before, now)})
    return _rates(found)


def _alarm(before: Array, now: Array, correlations: bool = False) -> bool:
    line = Line(np.ones(FEATURES), 0.0, Scaling.none(FEATURES), Squared(), None, True, "the sum of all columns")
    reference = Reference.of(line, before, correlations=correlations)
    return DriftMonitor(line, ALPHA, reference=reference).check(now).alarm


def _thresholds(before: Array, now: Array) -> dict[str, bool]:
    """PSI and Wasserstein of the first column, KS of all."""
    from scipy.stats import ks_2samp, wasserstein_distance

    edges = np.quantile(before[:, 0], np.arange(1, 10) / 10)
    p, q = (
        np.maximum(np.bincount(np.searchsorted(edges, x[:, 0]), minlength=10) / len(x), 1e-4) for x in (before, now)
    )
    psi = float(((p - q) * np.log(p / q)).sum())
    far = wasserstein_distance(before[:, 0], now[:, 0]) / before[:, 0].std()
    pairs = zip(before.T, now.T, strict=True)
    tests = any(ks_2samp(old, new, method="asymp").pvalue < 0.05 for old, new in pairs)
    return dict(zip(USUAL, (psi > 0.1, psi > 0.2, bool(far > 0.1), tests), strict=True))


def _rates(found: Sequence[dict[str, bool]]) -> dict[str, Rate]:
    return {name: Rate(sum(each[name] for each in found), len(found)) for name in found[0]}


def drift_goals(tables: DriftTables | None) -> list[Goal]:
    """The stated rate, held by every kind of column at every window."""
    text = f"drift: false alarms at the stated {ALPHA:.0%}, every kind of column, every window"
    if tables is None:
        return [Goal(text, "–", None)]
    rates = [rate for row in tables.false.values() for rate in row.values()]
    held = all(rate.interval[0] <= ALPHA for rate in rates)
    shares = [rate.share for rate in rates]
    return [Goal(text, f"{min(shares):.1%} to {max(shares):.1%} of {rates[0].runs} runs each", held)]


def section(tables: DriftTables | None) -> str:
    """The tables as text."""
    if tables is None:
        return ""
    first = next(iter(tables.false.values()))
    runs = next(iter(first.values())).runs
    low, high = (f"{end:.1%}" for end in Rate(round(ALPHA * runs), runs).interval)
    false = [[kind, *map(str, rates.values())] for kind, rates in tables.false.items()]
    known = [[f"{rows:,}", *map(str, rates.values())] for rows, rates in tables.usual.items()]
    strong = [[f"{rows:,}, {shift:g} sd", *map(str, rates.values())]
              for rows, by_shift in tables.power.items() for shift, rates in by_shift.items()]  # fmt: skip
    tied = [[f"{rows:,}", *map(str, by_tie.values())] for rows, by_tie in tables.ties.items()]
    return f"""## 5. Drift alarms

Training of {TRAINING:,} rows, {FEATURES} columns. Nothing drifted: alarms of `DriftMonitor` at a stated {ALPHA:.0%}
over all columns and the prediction together, {runs} runs each; {low} to {high} is what chance makes of {ALPHA:.0%}.

{_table(["window, rows", *(f"{rows:,}" for rows in first)], false)}

Nothing drifted, the usual thresholds; PSI and Wasserstein of one normal column:

{_table(["window, rows", *USUAL], known)}

One of the {FEATURES} normal columns drifted by so many standard deviations, none for 0:

{_table(["window, shift", OURS, *USUAL], strong)}

No column drifted, but the correlation of two went from {TIE:g} to another; training remembers pairs:

{_table(["window, rows", *(f"{tie:g}" for tie in TIES)], tied)}"""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *rows])
