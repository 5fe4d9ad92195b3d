"""Outcomes: what the arena's trials say of each defence, with the band over the splits."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..standing import Arena

__all__ = ["Band", "off_by", "points", "worst_attack"]

Array = NDArray[np.float64]


class Band(NamedTuple):
    """Over the splits, in units of y; `middle` is the median."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, squares: Array) -> Band:
        """Of the roots of squared amounts, 0 where those are negative."""
        roots = np.sqrt(np.maximum(squares, 0.0))
        return cls(float(np.median(roots)), float(roots.min()), float(roots.max()))


def off_by(arena: Arena, defence: str, rate: float, knowing: bool) -> Band | None:
    """How far the worst attack puts predictions off, beyond the same defence on clean rows; None where none was tried.

    The root of the growth of the mean squared error on rows that nobody poisoned. Whoever knows the defence may also
    choose among the attacks that do not.

    Parameters
    ----------
    arena : Arena
    defence : str
    rate : float
    knowing : bool
        Does the attacker know the defence?
    """
    errors, clean = _errors(arena, defence, rate, knowing), _errors(arena, defence, 0.0, False)
    grown = [errors[seed] - clean[seed] for seed in errors if seed in clean]
    return Band.of(np.array(grown)) if grown else None


def worst_attack(arena: Arena, defence: str, rate: float) -> str:
    """The attack behind the largest error of any split.

    Parameters
    ----------
    arena : Arena
    defence : str
    rate : float
    """
    found = [t for t in arena.trials if (t.defence, t.rate) == (defence, rate) and np.isfinite(t.mse)]
    return max(found, key=lambda trial: trial.mse).attack if found else ""


def points(arena: Arena) -> list[dict[str, Any]]:
    """For the chart: root mean squared error at every rate, against either kind of attacker.

    Parameters
    ----------
    arena : Arena
    """
    found = []
    for name in arena.defences:
        for knowing, attacker in ((False, "oblivious"), (True, "adaptive")):
            for rate in arena.rates:
                errors = _errors(arena, name, rate, knowing)
                if not errors or (rate == 0 and knowing and not any(t.adaptive for t in arena.trials)):
                    continue
                band = Band.of(np.array(list(errors.values())))
                found.append({"defence": name, "attacker": attacker, "rate": rate, "damage": band.middle,
                              "low": band.low, "high": band.high})  # fmt: skip
    return found


def _errors(arena: Arena, defence: str, rate: float, knowing: bool) -> dict[int, float]:
    """The worst mean squared error of every split; empty where the defence refused, or no attack knew it."""
    here = [t for t in arena.trials if (t.defence, t.rate) == (defence, rate) and np.isfinite(t.mse)]
    if rate > 0 and knowing and not any(trial.adaptive for trial in here):
        return {}
    worst: dict[int, float] = {}
    for trial in here:
        if knowing or not trial.adaptive:
            worst[trial.seed] = max(trial.mse, worst.get(trial.seed, -np.inf))
    return worst
