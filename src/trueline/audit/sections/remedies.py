"""Remedies: what is left of a shift under each defence, by refitting, and what the defence costs on clean rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from ..ground import Ground, quietly
from ..saying import amount
from .changing import Pair, Watch, apart, changed, effect_of, watch_of
from .pricing import CALLED, Price, defences, price, price_of

__all__ = [
    "HELPS",
    "Remedy",
    "best_of",
    "measured",
    "priced",
    "told",
    "unmeasured",
]

Array = NDArray[np.float64]

EQUAL = 0.01  # prices no farther apart are the same
OTHER = 2.0  # times as large, or half: an effect that is no longer the same
HELPS = 0.7  # what leaves more of a shift than this is no remedy
WORK = 20_000_000  # rows times squared columns up to which every defence is tried; beyond, only those of FEW
FEW = ("huber", "trimmed")


@dataclass(frozen=True)
class Remedy:
    """What to do against a finding, as far as it was measured.

    Parameters
    ----------
    advice : str
        One sentence without its full stop: what to do, what is left then and what it costs; or why there is nothing.
    evidence : dict
        The numbers, to be merged into the finding's evidence.
    left : float or None
        What remains of the shift, in units of y; None where it was not measured.
    helps : bool
        Whether anything measured takes much of the shift away.
    """

    advice: str
    evidence: dict[str, Any] = field(default_factory=dict)
    left: float | None = None
    helps: bool = False


def unmeasured(why: str) -> Remedy:
    """For a finding that nothing was tried against.

    Parameters
    ----------
    why : str

    Examples
    --------
    >>> unmeasured("only the owner of the rows can look at them").advice
    'No remedy measured: only the owner of the rows can look at them'
    """
    return Remedy(f"No remedy measured: {why}", {"no_remedy": why})


def measured(
    ground: Ground, before: float, moves: str | NDArray[np.bool_] | Watch | None, *, added: Pair | None = None,
    gone: ArrayLike | None = None, relabelled: Pair | None = None, of: int | None = None,
) -> Remedy:  # fmt: skip
    """Refit with every defence, on the rows as they are and as somebody changes them: what still moves?

    Advised is, of the cheapest defences that bring the shift below the tolerance, else of all, what leaves least.

    Parameters
    ----------
    ground : Ground
    before : float
        The shift without a defence, in units of y; its sign does not matter.
    moves : str, ndarray of bool (n_rows,), callable or None
        What is watched: the effect of this feature per standard deviation; the mean prediction over these rows, or
        over all; or a function of two fits, with and without the change, such as `apart`.
    added : (rows, labels), optional
        Rows that join, in the space of the model.
    gone : ndarray of int or bool, optional
        Rows that leave.
    relabelled : (row numbers, labels), optional
        Rows whose label changes.
    of : int, optional
        How many rows the added ones were found for; all by default. Where others are fitted here, as large a share of
        them is added.
    """
    watch = watch_of(ground, moves)
    change = changed(ground, added, gone, relabelled, of)
    left: dict[str, float] = {}
    refused = ""
    for name, model in _candidates(ground).items():
        try:
            calm = _calm(ground, name, model)
            left[name] = abs(watch(quietly(clone(model), *change), calm))
        except ValueError as error:
            refused = str(error)
    if not left:
        return unmeasured(f"these rows allow none of the defences ({refused.rstrip('.')})")
    remedy = _chosen(ground, abs(before), left)
    if not remedy.helps or (gone is not None and not isinstance(moves, str)):
        return remedy
    return _with_its_own_shift(ground, remedy, moves)


def priced(ground: Ground, name: str, fit: Callable[[NDArray[np.intp]], Callable[[Array], Array]],
           left: float) -> Remedy:  # fmt: skip
    """A remedy of one's own, with its price measured like that of the defences.

    Parameters
    ----------
    ground : Ground
    name : str
        What to do, in words, beginning with a small letter.
    fit : callable
        From row numbers to what predicts from rows in the space of the model.
    left : float
        What remains of the shift then, in units of y, as the caller measured it.
    """
    return told(name, price_of(ground, fit), left)


def _candidates(ground: Ground) -> dict[str, Any]:
    found = defences(ground, len(ground.sample))
    if len(ground.sample) * len(ground.names) ** 2 <= WORK:
        return found
    return {name: found[name] for name in FEW}


def _calm(ground: Ground, name: str, model: Any) -> Any:
    """The defence on the rows as they are, fitted once in an audit."""
    if name not in ground.defended:
        ground.defended[name] = quietly(clone(model), ground.Z[ground.sample], ground.y[ground.sample])
    return ground.defended[name]


def best_of(ground: Ground, before: float, left: dict[str, float]) -> str:
    """Of the cheapest defences that bring a shift below the tolerance, else of all, the one that leaves least.

    Parameters
    ----------
    ground : Ground
    before : float
        The shift without a defence, in units of y.
    left : dict of str to float
        What each leaves of it.
    """
    enough = [name for name in left if left[name] <= min(ground.terms.tolerance, HELPS * before)]
    costs = {name: float(np.nan_to_num(price(ground, name).cost, nan=np.inf)) for name in enough}
    cheap = [name for name in enough if costs[name] <= max(0.0, min(costs.values())) + EQUAL]
    return min(cheap or list(left), key=lambda name: left[name])


def _chosen(ground: Ground, before: float, left: dict[str, float]) -> Remedy:
    best = best_of(ground, before, left)
    if left[best] <= HELPS * before:
        return told(CALLED[best], price(ground, best), left[best], "the same rows then move it by")
    said = f"No defence tried holds: under the best, {CALLED[best]}, {amount(left[best])} of {amount(before)} is left"
    return Remedy(said, {"remedies_tried": list(left), "left": left[best]}, left[best])


def _with_its_own_shift(ground: Ground, remedy: Remedy, moves: str | NDArray[np.bool_] | Watch | None) -> Remedy:
    """A defence that answers otherwise where nobody attacks is no quiet remedy: a fit that is constant holds still."""
    defence = next(name for name in ground.defended if CALLED[name] == remedy.evidence["remedy"])
    calm = ground.defended[defence]
    if isinstance(moves, str):
        j = ground.names.index(moves)
        now, then = float(ground.line.coef[j]), effect_of(ground, moves)(calm) / float(ground.sd[j])
        evidence = {"effect_with_remedy": then}
        said = f"the effect itself is then {amount(then)} per unit, not {amount(now)}"
        same = then * now > 0 and 1 / OTHER <= then / now <= OTHER
    else:
        off = apart(ground)(calm, ground.refit)
        evidence, same = {"shift_by_remedy": off}, off < ground.terms.tolerance
        said = f"it moves predictions itself by {amount(off)} (root mean square)"
    advice = remedy.advice if same else f"{remedy.advice}, and {said}"
    return replace(remedy, advice=advice, evidence={**remedy.evidence, **evidence})


def told(name: str, cost: Price, left: float, then: str = "this brings it to") -> Remedy:
    """What helps, in one sentence and in numbers.

    Parameters
    ----------
    name : str
        What to do, in words, beginning with a small letter.
    cost : Price
    left : float
        What remains of the shift, in units of y.
    then : str
        The words before it.
    """
    said = f"{name[0].upper()}{name[1:]}: {then} {amount(left)}; it costs {cost.words}"
    return Remedy(said, {"remedy": name, "left": left, **cost.evidence}, left, True)
