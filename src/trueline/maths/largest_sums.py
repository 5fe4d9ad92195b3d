"""For every row of a weighted matrix: the largest sum that few of its entries can have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled

__all__ = ["largest_row_sums"]

Array = NDArray[np.float64]

FEW = 96  # entries that are kept in order one by one; more are partitioned


def largest_row_sums(M: Array, left: Array, right: Array, extra: Array, k: int, magnitudes: bool = False) -> Array:
    """For each row i the largest Σ_{j in S} left_i·M_ij·right_j over sets S of up to k columns with i among them.

    Parameters
    ----------
    M : ndarray (n, n)
    left, right : ndarray (n,)
        Weights of rows and columns.
    extra : ndarray (n,)
        Added to each row's own entry, which is always in.
    k : int
        At least 1.
    magnitudes : bool
        Whether entries are taken without their sign.

    Returns
    -------
    ndarray (n,)

    Examples
    --------
    >>> M, one = np.array([[1.0, -2.0, 3.0], [-2.0, 1.0, 1.0], [3.0, 1.0, 1.0]]), np.ones(3)
    >>> largest_row_sums(M, one, one, np.zeros(3), 2)
    array([4., 2., 4.])
    >>> largest_row_sums(M, one, one, np.zeros(3), 2, magnitudes=True)
    array([4., 3., 4.])
    """
    n = len(M)
    if k <= FEW:
        sums = np.empty(n)
        _few(np.ascontiguousarray(M), left, right, extra, min(k - 1, n - 1), magnitudes, sums)
        return sums
    entries = M * right * left[:, None]
    entries = np.abs(entries) if magnitudes else entries
    own = np.diag(entries) + extra
    np.fill_diagonal(entries, 0.0)
    entries = np.maximum(entries, 0.0)
    top = entries if k - 1 >= n else np.partition(entries, n - k + 1, axis=1)[:, n - k + 1 :]
    return np.asarray(own + top.sum(axis=1))


@compiled()
def _few(M, left, right, extra, most, magnitudes, sums):  # type: ignore[no-untyped-def] # pragma: no cover
    """The `most` largest positive entries of each row beside its own, in ascending order in `kept`."""
    n = M.shape[0]
    kept = np.zeros(max(most, 1))
    for i in range(n):
        kept[:] = 0.0
        own = M[i, i] * left[i] * right[i]
        for j in range(n):
            value = M[i, j] * left[i] * right[j]
            if magnitudes:
                value = abs(value)
            if j == i or most == 0 or value <= kept[0]:
                continue
            place = 0
            while place + 1 < most and kept[place + 1] < value:
                kept[place] = kept[place + 1]
                place += 1
            kept[place] = value
        sums[i] = (abs(own) if magnitudes else own) + extra[i] + (kept.sum() if most > 0 else 0.0)
