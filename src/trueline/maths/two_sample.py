"""Did two samples come from one law? The law of their counts in fixed cells, exact for any column and any size.

Given the cells and the pooled counts h of two samples of n and m rows from one law, whichever it is, every choice of m
rows out of the n + m is equally likely to be the second sample: its counts are multivariate hypergeometric. Nothing is
assumed of the column: ties, jumps, whole numbers and skewness are all in h. The p-value is the
smaller of two that are valid by themselves, at 95 % and at 5 % of the level:

- draws from that law: the share whose statistic is at least the observed one, stopped as soon as it is plainly large
  (Besag and Clifford 1991, eq. 2);
- the hypergeometric tail of the edge (or level) that stands out most, times the number of edges: coarser, but of any
  size, where draws end at 1 in 20,000.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

__all__ = ["DRAWS", "holm", "p_value", "statistic"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

DRAWS = 19_999
ENOUGH = 20  # draws at least as far out as the sample: a large p is then known to a fifth of it
BATCHES = (63, 256, 1024, 4096)
BY_EDGE = 0.05  # share of the level that goes to the second p-value
CERTAIN = 1e-7  # no draw could tell more
LARGEST = 10**9  # numpy draws from no larger urn
TIE = 1e-9  # statistics this close are equal but for rounding


def statistic(pooled: Counts, second: NDArray[Any], ordered: bool, spread: bool = False) -> Array:
    """How far the second sample's counts are from what the pooled ones let expect.

    Ordered cells: Anderson and Darling's, ∫(F - G)²/(H(1 - H)) dH, on the edges, but for a constant. Others: Pearson's
    chi-square, but for a constant.

    Parameters
    ----------
    pooled : ndarray (n_cells,)
        Counts of both samples together.
    second : ndarray (..., n_cells)
    ordered : bool
    spread : bool
        Of ordered cells: spread counts as much as shift, of which Anderson and Darling give it a third. Their statistic
        over its mean is 1/2 of a squared standard score for the shift, 1/6 of one for the spread, and so on,
        1/(k(k+1)); to this is added 1/3 of the squared standard score of Mood's statistic, Σ (rank - middle)².

    Returns
    -------
    ndarray (...)

    Examples
    --------
    >>> pooled = np.array([20, 20])
    >>> statistic(pooled, np.array([[5, 5], [9, 1]]), ordered=True)
    array([0.  , 0.02])
    """
    total, size = int(pooled.sum()), second.sum(axis=-1, keepdims=True)
    if not ordered:
        there = pooled > 0
        apart = second[..., there] - size * (pooled[there] / total)
        return np.asarray(np.square(apart) @ (1.0 / pooled[there]))
    at = np.cumsum(pooled)[:-1].astype(np.float64)
    inside = (at > 0) & (at < total)
    apart = np.cumsum(second, axis=-1)[..., :-1][..., inside] - size * (at[inside] / total)
    mass = (pooled[:-1] + pooled[1:])[inside] / (2.0 * total)
    found = np.asarray(np.square(apart) @ (mass / (at[inside] * (total - at[inside]))))
    if not spread:
        return found
    rest = total - size[..., 0]
    mean = size[..., 0] * rest / (total**2 * (total - 1.0)) * mass.sum()
    return np.asarray(found / mean + _mood(pooled, second) / 3)


def _mood(pooled: Counts, second: NDArray[Any]) -> Array:
    """Squared standard score of the second sample's squared distances from the middle rank."""
    total, size = int(pooled.sum()), second.sum(axis=-1)
    middle = (np.cumsum(pooled) - pooled / 2) / total
    scores = np.square(middle - 0.5)
    scores = scores - scores @ pooled / total
    variance = size * (total - size) / (total - 1.0) * (np.square(scores) @ pooled / total)
    return np.asarray(np.square(second @ scores) / np.where(variance > 0, variance, np.inf))


def p_value(
    first: NDArray[np.integer], second: NDArray[np.integer], ordered: bool = True, spread: bool = False
) -> float:  # fmt: skip
    """Probability, where both samples come from one law, of a p-value at most this; valid at any size of them.

    Parameters
    ----------
    first, second : ndarray (n_cells,) of int
        Counts in the same cells, which neither sample had a part in choosing.
    ordered : bool
        Cells lie side by side on an axis; otherwise they are levels without an order.
    spread : bool
        Of ordered cells: look for another spread as hard as for a shift.

    Examples
    --------
    >>> p_value(np.array([50, 50]), np.array([5, 5]))
    1.0
    >>> p_value(np.array([500, 500]), np.array([90, 10])) < 1e-10
    True
    """
    pooled = np.asarray(first, dtype=np.int64) + second
    kept = pooled > 0
    if np.count_nonzero(kept) < 2 or not second.sum() or not first.sum():
        return 1.0
    pooled, sample = pooled[kept], np.asarray(second, dtype=np.int64)[kept]
    coarse = _edge_tail(pooled, sample, ordered) / BY_EDGE
    if coarse <= CERTAIN:
        return coarse
    return min(1.0, coarse, _drawn(pooled, sample, ordered, spread) / (1 - BY_EDGE))


def _drawn(pooled: Counts, sample: Counts, ordered: bool, spread: bool) -> float:
    """Share of draws at least as far out as the sample, which counts as one of them."""
    rng = np.random.default_rng([*pooled.tolist(), *sample.tolist()])  # the same answer for the same counts
    seen = float(statistic(pooled, sample, ordered, spread)) * (1 - TIE)
    done = beyond = 0
    while done < DRAWS:
        batch = min(DRAWS - done, next((size for size in BATCHES if size > done), DRAWS))
        drawn = _draws(pooled, int(sample.sum()), batch, rng)
        hits = np.cumsum(statistic(pooled, drawn, ordered, spread) >= seen)
        if beyond + hits[-1] >= ENOUGH:
            return ENOUGH / (done + 1 + int(np.searchsorted(hits, ENOUGH - beyond)))
        done, beyond = done + batch, beyond + int(hits[-1])
    return (1 + beyond) / (1 + DRAWS)


def _draws(pooled: Counts, size: int, number: int, rng: np.random.Generator) -> NDArray[Any]:
    """Counts of `size` rows drawn from the pool without putting any back, (number, n_cells)."""
    total = int(pooled.sum())
    if total < LARGEST:
        return rng.multivariate_hypergeometric(pooled, size, size=number, method="marginals")
    # with putting back, then as much closer to what is expected: their difference is lost among 1e9 rows
    expected = size * (pooled / total)
    apart = rng.multinomial(size, pooled / total, size=number) - expected
    return np.asarray(expected + apart * np.sqrt(1 - size / total))


def _edge_tail(pooled: Counts, sample: Counts, ordered: bool) -> float:
    """Two-sided exact tail at the edge or level that stands out most, times the number of edges or levels."""
    total, size = int(pooled.sum()), int(sample.sum())
    marked = np.cumsum(pooled)[:-1] if ordered else pooled
    found = np.cumsum(sample)[:-1] if ordered else sample
    share = marked / total
    apart = found - size * share
    most = int(np.argmax(np.square(apart) / (share * (1 - share))))
    tail = _hypergeometric_tail(int(found[most]), int(marked[most]), total, size, above=bool(apart[most] > 0))
    return min(1.0, 2.0 * tail * len(marked))


def _hypergeometric_tail(found: int, marked: int, total: int, size: int, above: bool) -> float:
    """P(S >= found), or P(S <= found), of the marked among `size` rows drawn out of `total`."""
    last = min(marked, size) if above else max(0, size - (total - marked))
    steps = np.arange(min(abs(last - found) + 1, 100_000))  # terms shrink away from the middle, long before that many
    at = found + steps if above else found - steps
    logs = _log_choose(marked, at) + _log_choose(total - marked, size - at) - _log_choose(total, size)
    return float(min(1.0, np.exp(logs).sum()))


def _log_choose(n: int, k: NDArray[np.integer] | int) -> Array:
    k = np.asarray(k, dtype=np.float64)
    return np.asarray(-np.log1p(n) - betaln(n - k + 1, k + 1))


def holm(p: Array) -> Array:
    """Adjusted p-values: calling those at most alpha different is wrong about any with probability at most alpha.

    Valid however the p-values depend on each other (Holm 1979). The smallest is that of Bonferroni.

    Parameters
    ----------
    p : ndarray (k,)

    Examples
    --------
    >>> holm(np.array([0.01, 0.5, 0.02]))
    array([0.03, 0.5 , 0.04])
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted
