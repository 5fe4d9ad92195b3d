"""The compiled loops over one block of rows: the scalar form of the derivation.

They release the interpreter lock, are cached on disk (compiled once per machine), accumulate in float64 also
for float32 rows, and call no BLAS, so their bits depend on the rows alone.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["add_scatter", "add_value_and_gradient"]

LANES = 8  # rows taken at once: their products share one load and store of each cell of the scatter


@njit(nogil=True, cache=True, fastmath={"contract"})
def add_scatter(X, y, weights, pivot, total, scatter):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add Σ ω(z-p) to `total` and Σ ω(z-p)(z-p)ᵀ to the lower triangle of `scatter`, z = [x, y].

    An empty `weights` means ω = 1.
    """
    n, d = X.shape
    weighted = weights.size > 0
    z = np.zeros((LANES, d + 1))
    v = np.zeros((LANES, d + 1))
    for first in range(0, n, LANES):
        for k in range(LANES):
            i = first + k
            if i >= n:
                z[k, :] = 0.0
                v[k, :] = 0.0
                continue
            omega = weights[i] if weighted else 1.0
            for j in range(d):
                z[k, j] = X[i, j] - pivot[j]
                v[k, j] = omega * z[k, j]
            z[k, d] = y[i] - pivot[d]
            v[k, d] = omega * z[k, d]
        for i in range(d + 1):
            v0, v1, v2, v3 = v[0, i], v[1, i], v[2, i], v[3, i]
            v4, v5, v6, v7 = v[4, i], v[5, i], v[6, i], v[7, i]
            total[i] += ((v0 + v1) + (v2 + v3)) + ((v4 + v5) + (v6 + v7))
            for j in range(i + 1):
                scatter[i, j] += (v0 * z[0, j] + v1 * z[1, j] + v2 * z[2, j] + v3 * z[3, j]) + (
                    v4 * z[4, j] + v5 * z[5, j] + v6 * z[6, j] + v7 * z[7, j]
                )


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc"})
def add_value_and_gradient(  # type: ignore[no-untyped-def] # pragma: no cover
    X, y, weights, shift, factor, w, b, slope, low, high, row_bound, intercept, gradient
):
    """One read: per row the residual, the loss, and its push on the gradient. z = (x - shift)·factor.

    r = z·w + b - y, push ψ = clip(slope·r, low, high), value ψ·(r - ψ/(2·slope)), gradient += ω·ψ·z.
    A finite `row_bound` also holds ‖ψ·[z, 1]‖ within it. Returns Σω·value, Σω·ψ, Σω.
    """
    n, d = X.shape
    weighted = weights.size > 0
    bounded = row_bound < np.inf
    half_inverse = 0.5 / slope
    z = np.empty(d)
    value, push_sum, weight_sum = 0.0, 0.0, 0.0
    for i in range(n):
        for j in range(d):
            z[j] = (X[i, j] - shift[j]) * factor[j]
        r = 0.0
        for j in range(d):  # a sum in a loop that writes could be cut up one way or another, by where z lies in memory
            r += z[j] * w[j]
        r += b - y[i]
        lowest, highest = low, high
        if bounded:
            squares = 1.0 if intercept else 0.0
            for j in range(d):
                squares += z[j] * z[j]
            limit = row_bound / np.sqrt(squares) if squares > 0.0 else np.inf
            lowest, highest = max(low, -limit), min(high, limit)
        push = min(max(slope * r, lowest), highest)
        omega = weights[i] if weighted else 1.0
        value += omega * push * (r - push * half_inverse)
        push *= omega
        push_sum += push
        weight_sum += omega
        for j in range(d):
            gradient[j] += push * z[j]
    return value, push_sum, weight_sum
