"""The compiled loops of robust fits over one block of rows: a line at every row, a pull, a slope along a step.

As in `kernels`: they release the interpreter lock, accumulate in float64 also for float32 rows, call no BLAS, and a
loop that sums never writes.
"""

from __future__ import annotations

import numpy as np

from .compiling import compiled

__all__ = ["add_pull", "line_values", "slope_along"]

BATCH = 64  # rows whose pulls are summed before they join the total: short sums lose fewer digits than a long one


@compiled(fastmath={"contract", "reassoc"})
def line_values(X, shift, slopes, b, out):  # type: ignore[no-untyped-def] # pragma: no cover
    """out[k] = Σ (x[k, j] - shift[j])·slopes[j] + b."""
    for k in range(len(X)):
        row, s = X[k], 0.0
        for j in range(len(slopes)):
            s += (row[j] - shift[j]) * slopes[j]
        out[k] = s + b


@compiled()
def add_pull(X, shift, push, total):  # type: ignore[no-untyped-def] # pragma: no cover
    """total[j] += Σ push[k]·(x[k, j] - shift[j])."""
    pulls = np.zeros(len(total))
    for first in range(0, len(X), BATCH):
        pulls[:] = 0.0
        _add_pulls(X[first : first + BATCH], shift, push[first : first + BATCH], pulls)
        for j in range(len(total)):
            total[j] += pulls[j]


@compiled(fastmath={"contract"})  # it must write, so its order of summation is left as it stands
def _add_pulls(x, shift, push, pulls):  # type: ignore[no-untyped-def] # pragma: no cover
    """Four rows at once; beyond the last row the push is 0."""
    last = len(x) - 1
    for k in range(0, last + 1, 4):
        x0, x1, x2, x3 = x[k], x[min(k + 1, last)], x[min(k + 2, last)], x[min(k + 3, last)]
        p0 = push[k]
        p1 = push[k + 1] if k + 1 <= last else 0.0
        p2 = push[k + 2] if k + 2 <= last else 0.0
        p3 = push[k + 3] if k + 3 <= last else 0.0
        for j in range(len(pulls)):
            c = shift[j]
            pulls[j] += p0 * (x0[j] - c) + p1 * (x1[j] - c) + p2 * (x2[j] - c) + p3 * (x3[j] - c)


@compiled(fastmath={"contract", "reassoc"})
def slope_along(r, d, omega, t, slope, low, high):  # type: ignore[no-untyped-def] # pragma: no cover
    """Σ ω·ψ(r + t·d)·d and Σ ω·ψ'(r + t·d)·d², with ψ = clip(slope·r, low, high); an empty `omega` means ω = 1."""
    first, second = 0.0, 0.0
    if len(omega) > 0:
        for k in range(len(r)):
            line = slope * (r[k] + t * d[k])
            move = omega[k] * d[k]
            first += min(max(line, low), high) * move
            second += move * d[k] if low <= line <= high else 0.0
    else:
        for k in range(len(r)):
            line = slope * (r[k] + t * d[k])
            first += min(max(line, low), high) * d[k]
            second += d[k] * d[k] if low <= line <= high else 0.0
    return first, slope * second
