"""Extrapolation: what a value outside the data does to an output, where nothing stops it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ... import attack
from ...findings import Assurance, Finding
from ...models.least_squares import LeastSquares
from ..ground import Ground, quietly
from ..saying import amount
from ..severity import severity_of
from .categories import two_sided
from .findings import EVASION, finding
from .remedies import Remedy, priced

__all__ = ["FAR", "far_finding", "reaches"]

Array = NDArray[np.float64]
FAR, WIDER = 10.0, 1.2  # standard deviations; times the reach within the data, from which outside matters


def reaches(ground: Ground) -> dict[str, float]:
    """What each column does to an output between its bounds, or ten standard deviations where it has none.

    Parameters
    ----------
    ground : Ground
    """
    bounds = ground.domain if ground.bounded else None
    found = attack.extrapolation(ground.line, ground.X, bounds, k=FAR, names=ground.names)
    return dict(zip(found.names, found.as_is.tolist(), strict=True))


def far_finding(ground: Ground) -> tuple[Finding, ...]:
    """The column whose values outside the data do most, where nothing clips it and no bounds were given.

    Parameters
    ----------
    ground : Ground
    """
    fixed = ground.domain.allowed(len(ground.names)).frozen
    table = attack.evasion_table(ground.line, ground.X, ground.names, domain=ground.domain)
    within, far = dict(zip(table.names, table.reach.tolist(), strict=True)), reaches(ground)
    free = [
        name
        for name, frozen in zip(ground.names, fixed, strict=True)
        if not frozen
        and name not in ground.bounded
        and far[name] > WIDER * within[name]
        and not two_sided(ground, name)
    ]
    if not free or max(far[name] for name in free) < 3 * ground.terms.tolerance:
        return ()
    name = max(free, key=lambda one: far[one] - within[one])
    remedy = _refusing(ground, within[name])
    return (
        finding(
            ground,
            "extrapolation",
            severity_of(far[name], 1, ground.terms, own_output=True),
            f"Nothing in the model stops values of `{name}` outside the data: within ten standard deviations it "
            f"moves an output by {amount(far[name])}, within the data by {amount(within[name])}",
            effect=far[name],
            where=(name,),
            evidence={"within": within[name], "outside": far[name], **remedy.evidence},
            assurance=Assurance.PROVEN,
            reference=EVASION,
            attacker="controls this column of one's own row",
            advice=f"Refuse rows outside the observed ranges: rows inside are answered as before. {remedy.advice}",
        ),
    )


def _refusing(ground: Ground, left: float) -> Remedy:
    """Clipping to the ranges that were seen in training, and what it costs rows that lie beyond."""

    def fit(rows: NDArray[np.intp]) -> Callable[[Array], Array]:
        low, high = ground.Z[rows].min(axis=0), ground.Z[rows].max(axis=0)
        model = quietly(LeastSquares(ground.penalty, ground.line.fit_intercept), ground.Z[rows], ground.y[rows])
        return lambda Z: np.asarray(model.predict(np.clip(Z, low, high)))

    return priced(ground, "clip to the ranges seen in training (clip_features)", fit, left)
