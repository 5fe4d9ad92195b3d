"""The global optimum of least trimmed squares on few rows, proven by branch and bound.

Rows are taken in or left out one after the other. The residual sum of squares of a subset never falls when a row joins
it, so once it reaches the best known, no larger subset can do better. Agulló (2001), §3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled

__all__ = ["best_subset"]

Array = NDArray[np.float64]

MARGIN = 1e-9  # a subset must be better by this share, or rounding alone could prefer it


def best_subset(Z: Array, y: Array, h: int, known: NDArray[np.bool_], most: int) -> tuple[NDArray[np.bool_], bool]:
    """The subset of `h` rows whose least squares leave the smallest sum, and whether that is proven.

    Parameters
    ----------
    Z : ndarray (n_rows, size)
        The intercept's ones among the columns.
    y : ndarray (n_rows,)
    h : int
    known : ndarray (n_rows,) of bool
        A good subset to start from.
    most : int
        Rows added at most, summed over all subsets, before giving up.
    """
    theta, *_ = np.linalg.lstsq(Z[known], y[known], rcond=None)
    misfit = np.square(Z @ theta - y)
    best = float(misfit[known].sum())
    order = np.argsort(-misfit, kind="stable")  # the least likely first: they fill a subset's sum the soonest
    rows = np.column_stack([Z, y])[order]
    mask = known[order].copy()
    _, proven = _search(rows, h, best * (1 - MARGIN), mask, most)
    found = np.zeros(len(y), dtype=bool)
    found[order] = mask
    return found, bool(proven)


@compiled()
def _search(rows, h, best, mask, most):  # type: ignore[no-untyped-def] # pragma: no cover
    """Depth first, in before out; `mask` is left at the best subset. Returns its sum, and whether all was searched."""
    n, size = rows.shape
    triangles, sums = np.zeros((h + 1, size, size)), np.zeros(h + 1)
    taken, place, work = np.zeros(h + 1, dtype=np.int64), 0, 0
    depth, row = 0, np.zeros(size)
    while True:
        if depth < h and n - place >= h - depth:
            row[:] = rows[place]
            sums[depth + 1] = sums[depth] + _add_row(triangles[depth], row, triangles[depth + 1])
            work += 1
            if work > most:
                return best, False
            if sums[depth + 1] < best:
                taken[depth] = place
                depth += 1
                if depth == h:
                    best = sums[h] * (1 - MARGIN)
                    mask[:] = False
                    for k in range(h):
                        mask[taken[k]] = True
                else:
                    place += 1
                    continue
            else:
                place += 1
                continue
        depth -= 1  # the last row taken is left out instead
        if depth < 0:
            return best, True
        place = taken[depth] + 1


@compiled()
def _add_row(triangle, row, out):  # type: ignore[no-untyped-def] # pragma: no cover
    """The triangle of [Z, y] with one more row, by rotations; how much the residual sum of squares grows."""
    p = len(row) - 1
    out[:] = triangle
    for i in range(p):
        if row[i] == 0.0:
            continue
        radius = np.hypot(out[i, i], row[i])
        c, s = out[i, i] / radius, row[i] / radius
        for j in range(i, p + 1):
            upper = out[i, j]
            out[i, j] = c * upper + s * row[j]
            row[j] = c * row[j] - s * upper
    return row[p] * row[p]
