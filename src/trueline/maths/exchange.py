"""Exchange: one row in, one row out, while that lowers the sum of squares of the rows kept.

Concentration stops where no row outside has a smaller residual; a swap can still help there, since a row also pulls the
line its way. Hawkins (1994), *The feasible solution algorithm for least trimmed squares regression*, §2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .newton import solve_positive

__all__ = ["exchanged"]

Array = NDArray[np.float64]

WORTH = 1e-10  # a swap must lower the sum by this share, or rounding could make a circle


def exchanged(Z: Array, y: Array, kept: NDArray[np.bool_], penalty: Array, most: int = 200) -> NDArray[np.bool_]:
    """The rows kept after the best swaps, one after the other, until none helps.

    Parameters
    ----------
    Z : ndarray (n_rows, size)
    y : ndarray (n_rows,)
    kept : ndarray (n_rows,) of bool
    penalty : ndarray (size, size)
        Added to the Gram of the rows kept.
    most : int
        Swaps at most.

    Examples
    --------
    >>> kept = np.array([True, True, True, False])
    >>> exchanged(np.ones((4, 1)), np.array([0.0, 0.1, 5.0, 0.2]), kept, np.zeros((1, 1)))
    array([ True,  True, False,  True])
    """
    kept = kept.copy()
    for _ in range(most):
        inside, outside = np.flatnonzero(kept), np.flatnonzero(~kept)
        if not len(outside):
            break
        gram, pull = Z[inside].T @ Z[inside] + penalty, Z[inside].T @ y[inside]
        solved = solve_positive(gram, np.column_stack([pull, Z.T]))
        if solved is None:
            break
        theta, lines = solved[:, 0], solved[:, 1:]
        r, leverage = Z @ theta - y, np.einsum("ij,ji->i", Z, lines)
        total = float(r[inside] @ r[inside]) + float(theta @ penalty @ theta)
        change, i, j = _best_swap(Z[inside] @ lines[:, outside], r, leverage, inside, outside)
        if change >= -WORTH * total:
            break
        kept[inside[i]], kept[outside[j]] = False, True
    return kept


def _best_swap(
    cross: Array, r: Array, leverage: Array, inside: NDArray[np.intp], outside: NDArray[np.intp]
) -> tuple[float, int, int]:
    """By how much the best swap changes the sum, and which it is: the row that comes, then the one that goes."""
    growth = 1 + leverage[outside]
    came = np.square(r[outside]) / growth
    left = r[inside, None] - cross * (r[outside] / growth)
    room = 1 - (leverage[inside, None] - np.square(cross) / growth)
    change = came - np.square(left) / np.maximum(room, 1e-12)
    change[room <= 1e-9] = np.inf  # without this row the others would not determine the line
    i, j = np.unravel_index(int(np.argmin(change)), change.shape)
    return float(change[i, j]), int(i), int(j)
