"""The remedy of leaving columns out, and what the model is worth without them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ..ground import Ground, quietly
from .pricing import price_of
from .remedies import Remedy, told, unmeasured

__all__ = ["without_columns"]

Array = NDArray[np.float64]

DEAR = 1.0  # growth of the error from which on it is another model: named, not advised


def without_columns(ground: Ground, names: tuple[str, ...], called: str = "") -> Remedy:
    """Leave columns out: whoever misreports one of them then moves nothing.

    Parameters
    ----------
    ground : Ground
    names : tuple of str
    called : str
        What they are called together, such as the category that they encode.
    """
    kept = [j for j, name in enumerate(ground.names) if name not in names]
    if not kept:
        return unmeasured("without it no column is left")

    def fit(rows: NDArray[np.intp]) -> Callable[[Array], Array]:
        model = clone(ground.refit)
        quietly(model, ground.Z[rows][:, kept], ground.y[rows])
        return lambda Z: np.asarray(model.predict(Z[:, kept]))

    listed = f"`{called}`" if called else ", ".join(f"`{name}`" for name in names)
    cost = price_of(ground, fit)
    remedy = told(f"leave {listed} out", cost, 0.0)
    if not cost.cost >= DEAR:
        return remedy
    return replace(remedy, advice=f"Leaving {listed} out would end it, but costs {cost.words}")
