"""Removal, exactly: where the sign hangs on one sum, or on the difference of two means, sorting is enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .design import EPS, Design
from .goal import TIE

__all__ = ["exact_sign"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def exact_sign(design: Design) -> Index | None:
    """The fewest rows whose removal turns the sign, exactly; None where this is not one of the two easy cases.

    One column and no intercept: the sign is that of Σxy, and dropping its largest terms does most. One column of two
    values beside an intercept: it is that of the difference of the two groups' means, and from each group the rows
    farthest towards the other go first; all splits of k between the groups are scanned.

    Parameters
    ----------
    design : Design
        With the sign of today.
    """
    rows = design.rows
    if design.ridge or rows.X.shape[1] != 1:
        return None
    x, y = rows.X[:, 0], design.y
    if not rows.intercept:
        order = np.argsort(-design.sign * x * y, kind="stable")
        left = np.cumsum((design.sign * x * y)[order][::-1])[::-1]  # without the first k
        below = left < -max(TIE * float(left[0]), design.noise * float(x @ x))
        below[-1] = False  # one row is no fit
        return order[: int(np.argmax(below))] if below.any() else None
    values = np.unique(x)
    if len(values) != 2:
        return None
    upper = np.flatnonzero(x == (values[1] if design.sign > 0 else values[0]))
    lower = np.flatnonzero(x == (values[0] if design.sign > 0 else values[1]))
    return _two_means(upper, lower, y, 4 * EPS * float(np.linalg.norm(y)))


def _two_means(upper: Index, lower: Index, y: Array, noise: float) -> Index | None:
    """Fewest rows without which the mean of `upper` lies below that of `lower`."""
    upper = upper[np.argsort(-y[upper], kind="stable")]
    lower = lower[np.argsort(y[lower], kind="stable")]
    high = _means_left(y[upper])  # after dropping 0, 1, … of the largest: falls
    low = _means_left(y[lower])  # after dropping 0, 1, … of the smallest: rises
    noise = max(noise, 2 * TIE * float(high[0] - low[0]))
    best: tuple[int, int, int] | None = None
    for i, mean in enumerate(high):
        j = int(np.searchsorted(low, mean + noise, side="right"))
        if j < len(low) and (best is None or i + j < best[0]):
            best = (i + j, i, j)
    return None if best is None else np.concatenate([upper[: best[1]], lower[: best[2]]])


def _means_left(values: Array) -> Array:
    """Means of the values from the k-th on, for every k."""
    return np.asarray(np.cumsum(values[::-1])[::-1] / np.arange(len(values), 0, -1))
