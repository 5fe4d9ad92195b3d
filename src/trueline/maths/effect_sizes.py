"""How large a difference between two samples is, from their counts in the same cells; not whether it is there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["psi", "psi_by_chance", "wasserstein"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


def wasserstein(first: Counts, second: Counts, first_centres: Array, second_centres: Array) -> float:
    """Distance by which the mass of one sample must move to become the other, in the units of the column.

    Every row stands at the mean of its sample's rows in its cell, so this is at least the difference of the means.
    Equals ``scipy.stats.wasserstein_distance(first_centres, second_centres, first, second)``.

    Parameters
    ----------
    first, second : ndarray (n_cells,)
        Each with at least one row.
    first_centres, second_centres : ndarray (n_cells,)
        Means of the rows in each cell; NaN for cells without any.

    Examples
    --------
    >>> wasserstein(np.array([2, 2]), np.array([0, 4]), np.array([0.0, 1.0]), np.array([np.nan, 1.5]))
    1.0
    """
    here, there = first > 0, second > 0
    at = np.concatenate([first_centres[here], second_centres[there]])
    mass = np.concatenate([first[here] / first.sum(), -second[there] / second.sum()])
    order = np.argsort(at, kind="stable")
    return float(np.abs(np.cumsum(mass[order])[:-1]) @ np.diff(at[order]))


def psi(first: Counts, second: Counts) -> float:
    """Population stability index, Σ (p - q) ln(p/q), with half a row more in every cell so that none is empty.

    Parameters
    ----------
    first, second : ndarray (n_cells,)

    Examples
    --------
    >>> round(psi(np.array([50, 50]), np.array([30, 70])), 2)
    0.17
    """
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (first, second))
    return float((p - q) @ np.log(p / q))


def psi_by_chance(first: Counts, second: Counts) -> float:
    """About what `psi` is where nothing has changed: (cells - 1)(1/n + 1/m).

    Parameters
    ----------
    first, second : ndarray (n_cells,)

    Examples
    --------
    >>> psi_by_chance(np.full(10, 500), np.full(10, 5))
    0.1818
    """
    cells = int(np.count_nonzero(first + second))
    return (cells - 1) * (1 / int(first.sum()) + 1 / int(second.sum()))
