"""The compiled loops over one block of rows: the scalar form of the derivation.

They release the interpreter lock, are cached on disk (compiled once per machine), accumulate in float64 also
for float32 rows, and call no BLAS, so their bits depend on the rows alone. A loop that sums never writes: the
compiler could cut such a loop up one way or another, by where its arrays lie in memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import NumbaError
from numba.extending import intrinsic

from .compiling import compiled

__all__ = ["add_scatter", "add_value_and_gradient"]

TILE = 3  # by 3 columns: nine sums stay in registers while six loads feed them
LANES = 8  # rows and columns turned at once: float64 fills a cache line
FEW = 32  # columns, of which 128 rows stay in the nearest cache; more columns gain from longer sums instead


@compiled(fastmath={"contract", "reassoc"})
def add_scatter(X, y, weights, pivot, total, scatter):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add Σ ω(z-p) to `total` and Σ ω(z-p)(z-p)ᵀ to the lower triangle of `scatter`, z = [x, y].

    An empty `weights` means ω = 1.
    """
    n, d = X.shape
    size = (d + TILE) // TILE * TILE
    chunk = 128 if d < FEW else 256
    z = np.zeros((max(size, LANES), chunk + 8))  # + 8: columns a power of two apart would share a place in the cache
    v = np.zeros_like(z) if weights.size > 0 else z
    sums = np.zeros((size, size))
    centre = np.zeros(len(z))
    centre[: d + 1] = pivot
    for first in range(0, n, chunk):
        rows = min(chunk, n - first)
        width = (rows + 7) // 8 * 8
        z[:, rows:width] = 0.0
        _turn(X, first, rows, centre, z)
        for k in range(rows):
            z[d, k] = y[first + k] - pivot[d]
        if weights.size > 0:
            v[:, rows:width] = 0.0
            for j in range(d + 1):
                for k in range(rows):
                    v[j, k] = weights[first + k] * z[j, k]
        for j in range(d + 1):
            s = 0.0
            for k in range(width):
                s += v[j, k]
            total[j] += s
        _add_products(v[:size], z[:size], width, sums)
    for i in range(d + 1):
        for j in range(i + 1):
            scatter[i, j] += sums[i, j]


@compiled()
def _turn(X, first, rows, pivot, z):  # type: ignore[no-untyped-def] # pragma: no cover
    """z[j, k] = X[first + k, j] - pivot[j]: rows become columns; z beyond its first d columns may hold anything."""
    n, d = X.shape
    squares = rows
    if d < LANES:  # a square reaches into the rows that follow, which must be there; below four columns it is all waste
        squares = min(rows, n - first - LANES) if d >= 4 else 0
    squares = max(squares, 0) // LANES * LANES
    for k in range(0, squares, LANES):
        for j in range(0, d, LANES):
            _turn_square(X, first + k, min(j, max(d - LANES, 0)), pivot, z, k)  # type: ignore[call-arg]
    x = X[first : first + rows]
    for j in range(d):
        for k in range(squares, rows):
            z[j, k] = x[k, j] - pivot[j]


@intrinsic
def _turn_square(typing: Any, X: Any, row: Any, column: Any, pivot: Any, z: Any, place: Any) -> Any:
    """z[column + j, place + k] = X[row + k, column + j] - pivot[column + j] for eight rows k and eight columns j.

    Written in the compiler's own language: left to itself it moves the cells one by one, at half the speed of memory.
    No bounds are checked.
    """
    if X.layout != "C":
        raise NumbaError("rows must be contiguous")

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        X_, row_, column_, pivot_, z_, place_ = arguments
        double = ir.VectorType(ir.DoubleType(), LANES)

        def eight(array_type: Any, array: Any, *at: Any) -> Any:
            """Pointer to eight neighbours."""
            struct = context.make_array(array_type)(context, builder, array)
            cell = cgutils.get_item_pointer(context, builder, array_type, struct, at)  # type: ignore[no-untyped-call]
            return builder.bitcast(cell, ir.VectorType(context.get_data_type(array_type.dtype), LANES).as_pointer())

        centre = builder.load(eight(pivot, pivot_, column_), align=8)
        lines = []
        for k in range(LANES):
            line = builder.load(eight(X, X_, builder.add(row_, row_.type(k)), column_), align=X.dtype.bitwidth // 8)
            wide = line if line.type == double else builder.fpext(line, double)
            lines.append(builder.fsub(wide, centre))
        for s in (1, 2, 4):  # swap the off-diagonal quarters of all squares of size 2s: 2 by 2, 4 by 4, 8 by 8
            masks = [[c if (c ^ k) & s == 0 else LANES + (c ^ s) for c in range(LANES)] for k in range(LANES)]
            masks = [ir.Constant(ir.VectorType(ir.IntType(32), LANES), mask) for mask in masks]
            lines = [builder.shuffle_vector(lines[k], lines[k ^ s], masks[k]) for k in range(LANES)]
        for j in range(LANES):
            builder.store(lines[j], eight(z, z_, builder.add(column_, column_.type(j)), place_), align=8)
        return context.get_dummy_value()

    return types.void(X, types.intp, types.intp, pivot, z, types.intp), build


@compiled(fastmath={"contract", "reassoc"})
def _add_products(v, z, width, sums):  # type: ignore[no-untyped-def] # pragma: no cover
    """Lower triangle of sums += v·zᵀ, three columns by three: each cell is a sum along the rows."""
    for i in range(0, len(z), TILE):
        a0, a1, a2 = v[i], v[i + 1], v[i + 2]
        for j in range(0, i + TILE, TILE):
            b0, b1, b2 = z[j], z[j + 1], z[j + 2]
            s00 = s01 = s02 = s10 = s11 = s12 = s20 = s21 = s22 = 0.0
            for k in range(width):
                s00 += a0[k] * b0[k]
                s01 += a0[k] * b1[k]
                s02 += a0[k] * b2[k]
                s10 += a1[k] * b0[k]
                s11 += a1[k] * b1[k]
                s12 += a1[k] * b2[k]
                s20 += a2[k] * b0[k]
                s21 += a2[k] * b1[k]
                s22 += a2[k] * b2[k]
            sums[i, j] += s00
            sums[i, j + 1] += s01
            sums[i, j + 2] += s02
            sums[i + 1, j] += s10
            sums[i + 1, j + 1] += s11
            sums[i + 1, j + 2] += s12
            sums[i + 2, j] += s20
            sums[i + 2, j + 1] += s21
            sums[i + 2, j + 2] += s22


@compiled(fastmath={"contract", "reassoc"})
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
