"""What would mend what a diagnosis found, measured where it can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from ...findings import Finding
from ...models.least_squares import LeastSquares
from ..ground import Ground, quietly
from ..saying import amount, count, listed
from .changing import apart
from .pricing import price_of
from .remedies import measured, unmeasured

__all__ = ["mended"]

Array = NDArray[np.float64]
WHY_NOT = {  # rules for which nothing can be tried
    "more-columns-than-rows": "these rows are too few to hold some out",
    "double-intercept": "leaving it out changes no prediction",
    "nearly-collinear-columns": "which of them to keep is for you to say; predictions do not depend on it much",
}


def mended(ground: Ground, found: Finding, rows: NDArray[np.intp]) -> Finding:
    """The finding with what would help: measured, or why it was not.

    Parameters
    ----------
    ground : Ground
    found : Finding
        Of `verify.diagnose`.
    rows : ndarray
        Those that it looked at, from 0.
    """
    if found.rule_id == "extreme-rows":
        return _extreme(ground, found)
    if found.rule_id == "collinear-columns":
        return _dependent(ground, found, rows)
    remedy = unmeasured(WHY_NOT.get(found.rule_id, "the rows themselves have to change"))
    return replace(found, advice=f"{found.advice}. {remedy.advice}", evidence={**found.evidence, **remedy.evidence})


def _extreme(ground: Ground, found: Finding) -> Finding:
    """What the predictions do without the rows that are named, and which defence makes up for them."""
    place = {int(number): i for i, number in enumerate(ground.rows.numbers)}
    gone = np.array([place[entry["row"]] for entry in found.evidence["rows"]])
    kept = np.delete(np.arange(ground.n), gone)
    without = quietly(LeastSquares(ground.penalty, ground.line.fit_intercept), ground.Z[kept], ground.y[kept])
    shift = float(np.sqrt(np.mean((ground.refit.predict(ground.Z) - without.predict(ground.Z)) ** 2)))
    small = shift < ground.terms.tolerance
    remedy = unmeasured("that is below the tolerance") if small else measured(ground, shift, apart(ground), gone=gone)
    names = listed([str(entry["row"]) for entry in found.evidence["rows"]])
    return replace(
        found,
        advice=f"Check where rows {names} come from: without the {len(gone)} farthest, predictions move by "
        f"{amount(shift)} (root mean square). {remedy.advice}",
        effect=shift,
        evidence={**found.evidence, "shift_without_them": shift, **remedy.evidence},
    )


def _dependent(ground: Ground, found: Finding, rows: NDArray[np.intp]) -> Finding:
    """Which columns can go, and what that costs."""
    involved = [ground.names.index(name) for name in found.where]
    block = ground.X[rows][:, involved]
    block = (block - block.mean(axis=0)) / np.where(block.std(axis=0) > 0, block.std(axis=0), 1.0)
    _, _, order = qr(block, mode="economic", pivoting=True)
    surplus = max(1, int(found.evidence["columns"] - found.evidence["rank"]))
    gone = sorted(involved[i] for i in order[-surplus:])
    kept = [j for j in range(len(ground.names)) if j not in gone]
    if not kept:
        return found

    def fit(some: NDArray[np.intp]) -> Callable[[Array], Array]:
        model = quietly(LeastSquares(ground.penalty, ground.line.fit_intercept), ground.Z[some][:, kept],
                        ground.y[some])  # fmt: skip
        return lambda Z: np.asarray(model.predict(Z[:, kept]))

    price = price_of(ground, fit)
    names = [ground.names[j] for j in gone]
    return replace(
        found,
        title=f"{count(len(involved), 'column')} determine each other: {listed(found.where, 4)}",
        advice=f"Leave out {listed(names, 12)} (--drop), or fit with a penalty: these rows do not determine the "
        f"coefficients of {listed(found.where, 4)}. Leaving out costs {price.words}",
        evidence={**found.evidence, "leave_out": names, **price.evidence},
    )
