"""The exact minimum of a quantile loss over a band of rows, the others glued into one constant pull.

With residuals r of the band and the pull c of all other rows, whose sides are taken as known, the move Δ minimises
Σω·ρ(r + z̃·Δ) + c·Δ. Its dual has one equation per coefficient, which is what makes it small: the largest Σ b·r with
Σ b·z̃ = -c and ω·(-τ) <= b <= ω·(1-τ). Portnoy and Koenker (1997), §3; Koenker (2005), eq. 6.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.optimize import linprog

__all__ = ["Vertex", "band_vertex"]

Array = NDArray[np.float64]

AT_END = 1e-7  # a push this near an end, in parts of its range, is at it: what the linear programme is solved to
ON_LINE = 1e-7  # a residual this small, beside those of the band, is 0


@dataclass(frozen=True, eq=False)
class Vertex:
    """Where the line of the band's minimum passes exactly.

    Parameters
    ----------
    basis : ndarray of int (size,)
        Places in the band of the rows on the line.
    move : ndarray (size,)
        Δ.
    push : ndarray (n_band,)
        The dual's b, at an end for all but the basis.
    """

    basis: NDArray[np.intp]
    move: Array
    push: Array


def band_vertex(z: Array, r: Array, weights: Array | None, pull: Array, tau: float) -> Vertex | None:
    """Solve the band's linear programme; None where the glued rows leave it no solution.

    Parameters
    ----------
    z : ndarray (n_band, size)
        Rows, independent columns near size 1.
    r : ndarray (n_band,)
        Residuals, prediction - y, where the move starts.
    weights : ndarray (n_band,), optional
    pull : ndarray (size,)
        Of the rows that are not in the band.
    tau : float
    """
    unit = float(np.abs(r).max()) or 1.0
    omega = np.ones(len(r)) if weights is None else weights
    heavy = float(omega.mean())
    low, high = -tau * omega / heavy, (1 - tau) * omega / heavy
    ends: Any = np.column_stack([low, high])
    found = linprog(-r / unit, A_eq=z.T, b_eq=-pull / heavy, bounds=ends, method="highs-ds")
    if found.status != 0:
        return None
    b, move = np.asarray(found.x), np.asarray(found.eqlin.marginals)
    inner = np.minimum(b - low, high - b) > AT_END * (high - low)
    basis = _basis(z, np.abs(r / unit + z @ move), inner)
    if basis is None:
        return None
    exact = np.asarray(np.linalg.solve(z[basis], -r[basis]), dtype=np.float64)
    push = np.where(b - low < high - b, low, high)
    push[basis] = b[basis]
    return Vertex(basis, exact, push * heavy)


def _basis(z: Array, miss: Array, inner: NDArray[np.bool_]) -> NDArray[np.intp] | None:
    """As many independent rows on the line as there are coefficients, those whose push is between its ends first."""
    size = z.shape[1]
    near = np.flatnonzero((miss <= ON_LINE) | inner)
    if len(near) < size:
        near = np.argsort(miss, kind="stable")[: 4 * size]
    if len(near) < size:
        return None
    order = near[np.lexsort((miss[near], ~inner[near]))]
    if inner[order[:size]].all() and np.linalg.cond(z[order[:size]]) < 1e10:
        return np.asarray(order[:size])
    priority = np.where(inner[order], 1.0, 1e-4)
    _, triangle, pivots = qr((z[order] * priority[:, None]).T, mode="economic", pivoting=True)
    if abs(triangle[size - 1, size - 1]) <= 1e-15 * abs(triangle[0, 0]):
        return None
    return np.asarray(order[pivots[:size]])
