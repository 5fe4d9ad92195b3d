"""For every row of a weighted matrix: the largest sum that few of its entries can have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled

__all__ = ["largest_row_sums"]

Array = NDArray[np.float64]

FEW = 96  # entries that are kept in order one by one; more are partitioned


def largest_row_sums(M: Array, left: Array, right: Array, k: int, *, both: bool = False,
                     magnitudes: bool = False) -> Array:  # fmt: skip
    """For each row i the largest Σ_{j in S} left_i·M_ij·right_j over sets S of up to k columns with i among them.

    Parameters
    ----------
    M : ndarray (n, n)
        Symmetric.
    left, right : ndarray (n,)
        Weights of rows and columns.
    k : int
        At least 1.
    both : bool
        Whether entries are M_ij·(left_i·right_j + right_i·left_j)/2 instead, which is symmetric.
    magnitudes : bool
        Whether entries are taken without their sign.

    Returns
    -------
    ndarray (n,)

    Examples
    --------
    >>> M, one = np.array([[1.0, -2.0, 3.0], [-2.0, 1.0, 1.0], [3.0, 1.0, 1.0]]), np.ones(3)
    >>> largest_row_sums(M, one, one, 2)
    array([4., 2., 4.])
    >>> largest_row_sums(M, one, one, 2, magnitudes=True)
    array([4., 3., 4.])
    """
    n = len(M)
    u, v = (left / 2, right / 2) if both else (left, np.zeros(n))
    if k <= FEW:
        sums = np.empty(n)
        _few(np.ascontiguousarray(M), u, right, v, left, min(k - 1, n - 1), magnitudes, sums)
        return sums
    entries = M * (np.outer(u, right) + np.outer(v, left)) if both else M * right * left[:, None]
    entries = np.abs(entries) if magnitudes else entries
    own = np.diag(entries).copy()
    np.fill_diagonal(entries, 0.0)
    entries = np.maximum(entries, 0.0)
    top = entries if k - 1 >= n else np.partition(entries, n - k + 1, axis=1)[:, n - k + 1 :]
    return np.asarray(own + top.sum(axis=1))


@compiled()
def _few(M, u, right, v, left, most, magnitudes, sums):  # type: ignore[no-untyped-def] # pragma: no cover
    """The `most` largest positive entries of each row beside its own, kept in ascending order."""
    n = M.shape[0]
    kept = np.zeros(max(most, 1))
    for i in range(n):
        kept[:] = 0.0
        for j in range(n):
            value = M[i, j] * (u[i] * right[j] + v[i] * left[j])
            if magnitudes:
                value = abs(value)
            if j == i:
                sums[i] = value
                continue
            if most == 0 or value <= kept[0]:
                continue
            place = 0
            while place + 1 < most and kept[place + 1] < value:
                kept[place] = kept[place + 1]
                place += 1
            kept[place] = value
        sums[i] += kept.sum()
