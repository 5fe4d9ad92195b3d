"""The cheapest way to win a given gain from pieces whose price only rises: exact, by sorting where prices change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .levers import Piece

__all__ = ["fill"]

Array = NDArray[np.float64]


def fill(pieces: Sequence[Piece], need: float, slack: float) -> Array | None:
    """What to take from each piece so that the sum is `need` and its cost is least.

    The Lagrange condition: every piece is taken up to one marginal cost λ. Without bends this is the fractional
    knapsack of Dantzig (1957), with them the continuous quadratic knapsack (Helgason, Kennington and Lall 1980).

    Parameters
    ----------
    pieces : sequence of Piece
    need : float
        Gain to be won.
    slack : float
        A shortfall that is rounding.

    Returns
    -------
    ndarray (pieces,) or None
        None where all of them together win less.

    Examples
    --------
    >>> cheap, dear = Piece(1.0, 0.0, 2.0, 1.0, 2.0), Piece(3.0, 0.0, 9.0, 1.0, 9.0)
    >>> fill([dear, cheap], 5.0, 0.0)
    array([3., 2.])
    >>> fill([dear, cheap], 12.0, 0.0) is None
    True
    """
    table = np.array([piece[:3] for piece in pieces], dtype=np.float64).reshape(-1, 3)
    start, bend, length = table.T
    if need <= 0:
        return np.zeros(len(table))
    if length.sum() < need:
        return length.copy() if length.sum() >= need - slack else None
    straight = bend == 0
    end = np.where(straight, start, start + 2 * np.where(straight, 0.0, bend) * np.where(straight, 0.0, length))
    prices = np.unique(np.append(start, end[np.isfinite(end)]))
    low, high = -1, len(prices)  # at prices[low] too little is taken, at prices[high] enough
    while high - low > 1:
        middle = (low + high) // 2
        if _taken(prices[middle], start, bend, length, end, True).sum() >= need:
            high = middle
        else:
            low = middle
    taken = np.zeros(len(table)) if low < 0 else _taken(prices[low], start, bend, length, end, True)
    below = None if high == len(prices) else _taken(prices[high], start, bend, length, end, False)
    if below is None or below.sum() >= need:  # between two prices only bent pieces grow, all along straight lines
        growing = ~straight & (start <= prices[low]) & (end > prices[low])
        speed = np.where(growing, 1.0 / (2 * np.where(straight, 1.0, bend)), 0.0)
        return np.asarray(np.minimum(taken + speed * ((need - taken.sum()) / speed.sum()), length))
    left = need - below.sum()
    for i in np.flatnonzero(straight & (start == prices[high])):
        below[i] = min(length[i], left)
        left -= below[i]
    return below


def _taken(price: float, start: Array, bend: Array, length: Array, end: Array, inclusive: bool) -> Array:
    """What is taken of each piece at one marginal cost; straight pieces at just this cost wholly, or not at all."""
    straight = bend == 0
    whole = (start <= price) if inclusive else (start < price)
    bent = np.clip((price - start) / (2 * np.where(straight, 1.0, bend)), 0.0, length)
    bent = np.where(price >= end, length, bent)  # to the bit, so that all of them win their sum
    return np.where(straight, np.where(whole, length, 0.0), bent)
