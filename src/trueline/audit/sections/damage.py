"""Damage: how far added poison moves the fit at growing rates, and which defence holds at what price."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline

from ...attack.flip import flip_labels
from ...attack.optimization import optimize
from ...attack.simple import statistical
from ...defend import Winsorize
from ...findings import Assurance, Finding, Severity
from ...models.huber_regression import HuberRegression
from ...models.least_squares import LeastSquares
from ...models.trimmed_least_squares import TrimmedLeastSquares
from ..arena import compare
from ..ground import Ground
from ..saying import amount, count, percent
from ..section import Section, Table
from ..severity import severity_of
from ..standing import Arena, Trial
from .findings import POISONING, finding
from .remedies import cost

__all__ = ["damage"]

NONE = "none"
WIDE = 800_000  # rows times squared columns beyond which one rate and one split must do


def damage(ground: Ground) -> Section:
    """Attacks against defences on the rows of the audit.

    Parameters
    ----------
    ground : Ground
    """
    effort = ground.effort
    rows = _rows(ground)
    box: dict[str, Any] = {"domain": ground.box}
    attacks: dict[str, Any] = {"flip": partial(flip_labels, **box), "statistical": partial(statistical, **box)}
    if effort.adaptive:
        attacks["optimize"] = partial(optimize, steps=30, reg_lambda=ground.penalty, **box)
    wide = len(rows) * len(ground.names) ** 2 > WIDE and effort.name != "thorough"
    seeds = [ground.seed + i for i in range(1 if wide else effort.seeds)]
    rates, adaptive = (effort.rates[1:2], effort.adaptive // 3) if wide else (effort.rates, effort.adaptive)
    arena = compare(ground.Z[rows], ground.y[rows], attacks, _defences(ground), rates, seeds, adaptive=adaptive)
    excess = _excess(arena)
    findings, calm = _findings(ground, arena, excess)
    how = (
        f"A quarter of {count(len(rows), 'row')} that agree with the trimmed fit is kept for "
        f"testing; poison is added to the rest, within the domain, by {', '.join(attacks)}"
        f"{f' and an attack that knows the defence ({adaptive} refits)' if adaptive else ''}; "
        f"{count(len(seeds), 'split')}. Off by: root of the growth of the mean squared error on the test rows."
    )
    lines = [
        [name, rate, *_line(arena, name, rate), excess[name, rate]]
        for name in arena.defences
        for rate in arena.rates
        if rate > 0
    ]
    squared = f"{ground.target}²"
    table = Table(
        "Worst of all attacks tried",
        ("defence", "poison", "clean MSE", "worst MSE", "worst attack", "off by"),
        lines,
        ("", "share", squared, squared, "", ground.target),
    )
    text = f"{ground.caveat}The shares are of all rows after the poison was added. " + (
        f"This {ground.condition}." if ground.condition else ""
    )
    return Section(
        "",
        "",
        text=text,
        how=how,
        tables=(table,),
        findings=findings,
        facts={"calm": calm},
        chart={"kind": "damage", "data": _points(arena)},
    )


def _rows(ground: Ground) -> Any:
    """Rows that agree with the trimmed fit, so that damage is measured against what is clean as far as is known."""
    clean = np.flatnonzero(~ground.suspects)
    most = max(ground.effort.arena_rows, 4 * len(ground.names))
    if len(clean) <= most:
        return clean
    return np.sort(np.random.default_rng(ground.seed).choice(clean, most, replace=False))


def _defences(ground: Ground) -> dict[str, Any]:
    plain = LeastSquares(ground.penalty, ground.line.fit_intercept)
    straight = ground.line.fit_intercept
    return {
        NONE: plain,
        "huber": HuberRegression(fit_intercept=straight),
        "trimmed": TrimmedLeastSquares(
            0.25, reg_lambda=ground.penalty, fit_intercept=straight, n_starts=20, random_state=ground.seed
        ),
        "winsorize": make_pipeline(Winsorize(), plain),
    }


def _worst(arena: Arena, name: str, rate: float, seed: int) -> Trial:
    found = [t for t in arena.trials if t.defence == name and t.rate == rate and t.seed == seed]
    return max(found, key=lambda t: -1.0 if np.isnan(t.mse) else t.mse)


def _seeds(arena: Arena) -> list[int]:
    return sorted({trial.seed for trial in arena.trials})


def _line(arena: Arena, name: str, rate: float) -> tuple[float, float, str]:
    clean = float(np.mean([_worst(arena, name, 0.0, seed).mse for seed in _seeds(arena)]))
    worst = [_worst(arena, name, rate, seed) for seed in _seeds(arena)]
    return clean, float(np.mean([trial.mse for trial in worst])), max(worst, key=lambda t: t.mse).attack


def _excess(arena: Arena) -> dict[tuple[str, float], float]:
    """How far predictions are off beyond the same defence's on clean rows: mean over the seeds, in units of y."""
    found = {}
    for name in arena.defences:
        for rate in arena.rates:
            grown = [_worst(arena, name, rate, seed).mse - _worst(arena, name, 0.0, seed).mse for seed in _seeds(arena)]
            found[name, rate] = float(np.sqrt(max(0.0, float(np.mean(grown)))))
    return found


def _points(arena: Arena) -> list[dict[str, Any]]:
    """Mean over the seeds and the band from smallest to largest, oblivious and adaptive apart."""
    points = []
    for name in arena.defences:
        for rate in arena.rates:
            for adaptive in (False, True):
                values = []
                for seed in _seeds(arena):
                    found = [
                        t.mse
                        for t in arena.trials
                        if (t.defence, t.rate, t.seed) == (name, rate, seed)
                        and (rate == 0 or t.adaptive is adaptive)
                        and not np.isnan(t.mse)
                    ]
                    values += [max(found)] if found else []
                if values and not (adaptive and not any(t.adaptive for t in arena.trials)):
                    low, mean, high = np.sqrt([min(values), float(np.mean(values)), max(values)]).tolist()
                    points.append(
                        {
                            "defence": name,
                            "attacker": "adaptive" if adaptive else "oblivious",
                            "rate": rate,
                            "damage": mean,
                            "low": low,
                            "high": high,
                        }
                    )
    return points


def _findings(ground: Ground, arena: Arena, excess: dict[tuple[str, float], float]) -> tuple[tuple[Finding, ...], str]:
    rates = [rate for rate in arena.rates if rate > 0]
    moved = [rate for rate in rates if excess[NONE, rate] >= ground.terms.tolerance]
    if not moved:
        most = max(excess[NONE, rate] for rate in rates)
        return (), (
            f"Predictions were not moved by more than {amount(most)} (root mean square) by any attack tried with "
            f"up to {percent(rates[-1])} added rows."
        )
    ranked = {rate: severity_of(excess[NONE, rate], _needed(rate, ground.n), ground.terms) for rate in moved}
    rate = max(moved, key=lambda r: (_order(ranked[r]), -r))
    needed, effect = _needed(rate, ground.n), excess[NONE, rate]
    best = min((name for name in arena.defences if name != NONE), key=lambda name: excess[name, rate])
    price = cost(ground, _defences(ground)[best]) if excess[best, rate] < effect else 0.0
    advice = (
        f"Fit with {best}: the same attacks{_knowing(arena)} put it off by {amount(excess[best, rate])}; it "
        f"costs {percent(max(price, 0.0))} MSE on clean rows"
        if excess[best, rate] < 0.7 * effect
        else "No defence tried holds much better: limit how many rows one party can add, and check labels"
    )
    condition = f"; {ground.condition}" if ground.condition else ""
    return (
        finding(
            ground,
            "poison-by-adding",
            ranked[rate],
            f"{count(needed, 'added row')} ({percent(rate)}) inside your ranges put predictions off by "
            f"{amount(effect)} (root mean square)",
            effect=effect,
            where=(ground.target,),
            assurance=Assurance.FOUND,
            reference=POISONING,
            evidence={"rate": rate, "rows": needed, "defence": best, "left": excess[best, rate], "remedy_cost": price},
            attacker=f"adds {count(needed, 'row')}, knows the data{condition}",
            advice=advice,
        ),
    ), ""


def _knowing(arena: Arena) -> str:
    return ", and one that knows it," if any(trial.adaptive for trial in arena.trials) else ""


def _order(severity: Severity) -> int:
    return list(Severity).index(severity)


def _needed(rate: float, n: int) -> int:
    return int(np.ceil(rate / (1 - rate) * n))
