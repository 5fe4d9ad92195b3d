"""Besieging: which attacks meet which defences on which rows, fixed by effort and shape before the first fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context

from ...attack.adaptation import adaptive
from ...attack.candidates import FAMILIES, Field
from ...attack.flip import flip_labels
from ...attack.optimization import optimize
from ...attack.poison import Poison
from ...attack.simple import statistical
from ...models.least_squares import LeastSquares
from ..arena import TEST_SHARE, compare
from ..effort import EFFORTS
from ..ground import Ground
from ..saying import count, percent
from ..standing import Arena
from .pricing import defences

__all__ = ["NONE", "besiege", "left_out", "siege_rows"]

NONE = "no defence"
STEPS = 30  # of the climb of optimised poison

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def siege_rows(ground: Ground) -> NDArray[np.intp]:
    """Rows that agree with the trimmed fit, so that damage is measured against what is clean as far as is known.

    Parameters
    ----------
    ground : Ground
    """
    clean = np.flatnonzero(~ground.suspects)
    most = max(ground.effort.arena_rows, 4 * len(ground.names))
    if len(clean) <= most:
        return clean
    return np.sort(np.random.default_rng(ground.seed).choice(clean, most, replace=False))


def besiege(ground: Ground, rows: NDArray[np.intp]) -> Arena:
    """Every defence against every attack; the one that knows the defence at its own rates.

    Parameters
    ----------
    ground : Ground
    rows : ndarray of int
    """
    siege = ground.siege
    train = len(rows) - max(1, round(TEST_SHARE * len(rows)))
    plain = LeastSquares(ground.penalty, ground.line.fit_intercept)
    held = {NONE: plain, **defences(ground, train)}
    seeds = [ground.seed + i for i in range(siege.splits)]
    climbed = _Climbed(partial(optimize, steps=STEPS, reg_lambda=ground.penalty, domain=ground.box))
    every: dict[str, Callable[..., Poison]] = {
        "flip": partial(flip_labels, domain=ground.box),
        "statistical": partial(statistical, domain=ground.box),
        "optimize": climbed,
    }
    attacks = {name: every[name] for name in siege.attacks}
    Z, y = ground.Z[rows], ground.y[rows]
    with config_context(assume_finite=True, skip_parameter_validation=True):  # thousands of fits to rows checked before
        blind = compare(Z, y, attacks, held, siege.rates, seeds, adaptive=0)
        if not siege.refits or not siege.knowing:
            return blind
        knowing = _Knowing(climbed, {"domain": ground.box, "effort": siege.refits})
        seeing = compare(Z, y, {}, held, siege.knowing, seeds, adaptive=knowing)
    return replace(blind, trials=(*blind.trials, *(trial for trial in seeing.trials if trial.rate > 0)))


def left_out(ground: Ground) -> str:
    """What more effort would have tried, in one sentence; empty where there is nothing.

    Parameters
    ----------
    ground : Ground
    """
    siege, full = ground.siege, EFFORTS["thorough"].siege
    missing = [percent(rate) for rate in full.rates if rate not in siege.rates]
    parts = [f"rates of {', '.join(missing)}"] if missing else []
    if siege.splits < full.splits:
        parts.append(f"{full.splits - siege.splits} of {count(full.splits, 'split')}")
    parts += [f"the attack '{name}'" for name in full.attacks if name not in siege.attacks]
    if not siege.refits:
        parts.append("the attack that knows the defence")
    elif siege.refits < full.refits:
        parts.append(f"all but {siege.refits} of {full.refits} refits of the attack that knows the defence")
    wide = " on this many columns" if siege != ground.effort.siege else ""
    return f"Left out at effort {ground.effort.name}{wide}: {'; '.join(parts)}. " if parts else ""


@dataclass(frozen=True, eq=False)
class _Climbed:
    """Optimised poison, made once for every split and rate."""

    make: Callable[..., Poison]
    known: dict[tuple[float, int], Poison] = field(default_factory=dict)

    def __call__(self, X: Any, y: Any, *, rate: float, random_state: int) -> Poison:
        at = (rate, random_state)
        if at not in self.known:
            self.known[at] = self.make(X, y, rate=rate, random_state=random_state)
        return self.known[at]


@dataclass(frozen=True, eq=False)
class _Knowing:
    """The attack that knows the defence, begun from the optimised poison."""

    climbed: _Climbed
    options: dict[str, Any]

    def __call__(self, defence: Any, X: Any, y: Any, *, rate: float, random_state: int) -> Poison:
        begin = [self.climbed(X, y, rate=rate, random_state=random_state)]

        def optimized(at: Field) -> Pair:
            poison = begin.pop() if begin else None
            return FAMILIES["optimized"](at) if poison is None else (poison.rows, poison.labels)

        families = {"optimized": optimized, **{name: FAMILIES[name] for name in FAMILIES if name != "optimized"}}
        return adaptive(defence, X, y, families=families, rate=rate, random_state=random_state, **self.options)
