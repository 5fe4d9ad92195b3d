"""Are two things tied together in two samples alike? Zelen's exact test, on two tables of four counts.

Of two 2 × 2 tables with one odds ratio, whichever it is, the first table's upper left count x has, given all margins
and the sum of both upper left counts, a law in which the odds ratio cancels: a product of two hypergeometric ones
(Zelen 1971, Biometrika 58, eq. 3). How often either thing happens is in the margins, so a change of that alone is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["phi", "same_odds_p"]

Array = NDArray[np.float64]
Table = Sequence[int]  # of four

TIE = 1e-9  # of log probability: equal but for rounding


def same_odds_p(first: Table, second: Table) -> float:
    """Exact p-value that both tables come from laws with one odds ratio, two-sided as Fisher's.

    Parameters
    ----------
    first, second : sequence of 4 int
        Counts of neither, only the second, only the first, both.

    Returns
    -------
    float
        At most a with probability at most a where the odds ratios are equal; 1 where nothing could be told.

    Examples
    --------
    >>> round(same_odds_p((3, 1, 1, 3), (1, 3, 3, 1)), 4)
    0.284
    >>> same_odds_p((30, 10, 10, 30), (3, 1, 1, 3))
    1.0
    """
    lowest, highest = _ends(first, second)
    if lowest >= highest:
        return 1.0
    middle = _mode(first, second, lowest, highest)
    # 40 standard deviations, which are at most sqrt(m)/4 of the smaller sample's m rows
    reach = int(10 * np.sqrt(min(sum(first), sum(second)))) + 100
    at = np.arange(max(lowest, middle - reach), min(highest, middle + reach) + 1)
    steps = _log_ratio(at[:-1], first, second)
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    logs -= logs.max()
    seen = logs[int(np.clip(first[0], at[0], at[-1])) - at[0]]
    weights = np.exp(logs)
    return float(min(1.0, weights[logs <= seen + TIE].sum() / weights.sum()))


def phi(table: Table) -> float | None:
    """Pearson's correlation of the two indicators; None where one of them never changes."""
    neither, second, first, both = map(float, table)
    spread = (neither + second) * (first + both) * (neither + first) * (second + both)
    return (neither * both - first * second) / spread**0.5 if spread else None


def _ends(first: Table, second: Table) -> tuple[int, int]:
    """Smallest and largest upper left count of the first table that leaves no cell of either below 0."""
    a, b, c, d = first
    e, f, g, h = second
    return max(0, a - d, a - f, a - g), min(a + b, a + c, a + e, a + h)


def _mode(first: Table, second: Table, low: int, high: int) -> int:
    """Where the probability is largest: ratios of neighbours fall all the way."""
    while low < high:
        here = (low + high) // 2
        if _log_ratio(np.array([here]), first, second)[0] > 0:
            low = here + 1
        else:
            high = here
    return low


def _log_ratio(at: NDArray[np.integer], first: Table, second: Table) -> Array:
    """Log of P(x + 1) / P(x): the first table gains in two cells what the second loses there."""
    more = np.asarray(at, dtype=np.float64) - first[0]
    _, b, c, d = first
    e, f, g, h = second
    gained = np.log(b - more) + np.log(c - more) - np.log(first[0] + more + 1) - np.log(d + more + 1)
    lost = np.log(e - more) + np.log(h - more) - np.log(f + more + 1) - np.log(g + more + 1)
    return np.asarray(gained + lost)
