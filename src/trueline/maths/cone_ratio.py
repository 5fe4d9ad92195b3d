"""The largest (p·v)(q·v)/(vᵀMv) over a cone of half spaces, with a bound that multipliers prove."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar, nnls

__all__ = ["Ratio", "largest_ratio"]

Array = NDArray[np.float64]

REACH = 12.0  # of log α: a factor of e²⁴ between the normalised p·v and q·v
FINE = 1e-5  # of log α; the bound is flat there, so its own error is the square of this


@dataclass(frozen=True, eq=False)
class Ratio:
    """An upper bound, and the point that the bound touches.

    Parameters
    ----------
    bound : float
        No v of the cone with p·v > 0 and q·v > 0 has a larger ratio.
    v : ndarray (size,)
        Where the bound is attained, but for rounding.
    tilt : float
        log α of the multipliers; neighbouring problems have theirs nearby.
    """

    bound: float
    v: Array
    tilt: float


def largest_ratio(root: Array, p: Array, q: Array, cone: Array, tied: Array | None = None) -> Ratio:
    """Maximise (p·v)(q·v)/(vᵀMv) over {v : cone @ v >= 0, tied·v = 0, p·v > 0, q·v > 0}.

    By the inequality of the means √(pq) <= (αp + q/α)/2, and any multipliers μ >= 0 of the cone add what is not
    negative there: (p·v)(q·v)/(vᵀMv) <= ¼‖αp + q/α + coneᵀμ‖² in the norm of M⁻¹, for every α > 0. The smallest such
    bound is attained (Sion's minimax theorem: √(pq) is concave, the norm convex). μ is found by nonnegative least
    squares (Lawson and Hanson (1974), chapter 23); the bound holds for whatever μ >= 0 it gives.

    Parameters
    ----------
    root : ndarray (size, size)
        With M⁻¹ = rootᵀ @ root.
    p, q : ndarray (size,)
    cone : ndarray (half_spaces, size)
    tied : ndarray (size,), optional
        A hyperplane that v lies in.

    Examples
    --------
    >>> square = largest_ratio(np.eye(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.eye(2))
    >>> round(square.bound, 9), square.v.round(6)
    (0.5, array([0.707107, 0.707107]))
    """
    P, Q = root @ p, root @ q
    walls = np.column_stack([root @ cone.T, P, Q])
    if tied is not None:  # its multiplier is free: take it out by projection
        normal = root @ tied
        normal /= np.linalg.norm(normal)
        P, Q = P - normal * (normal @ P), Q - normal * (normal @ Q)
        walls -= np.outer(normal, normal @ walls)
    size = float(np.linalg.norm(P)), float(np.linalg.norm(Q))
    if min(size) == 0.0:
        return Ratio(0.0, np.zeros_like(p), 0.0)
    P, Q = P / size[0], Q / size[1]
    length = np.linalg.norm(walls, axis=0)
    walls = walls[:, length > 0] / length[length > 0]

    def touching(tilt: float) -> Array:
        return _residual(walls, np.exp(tilt) * P + np.exp(-tilt) * Q)

    best = minimize_scalar(lambda tilt: float(np.square(touching(tilt)).sum()), bounds=(-REACH, REACH),
                           method="bounded", options={"xatol": FINE})  # fmt: skip
    tilt = float(best.x)
    touched = touching(tilt)
    square = float(touched @ touched)
    v = root.T @ touched / np.sqrt(square) if square > 0 else np.zeros_like(p)
    return Ratio(0.25 * square * size[0] * size[1], v, tilt)


def _residual(walls: Array, w: Array) -> Array:
    """w + walls @ μ with the μ >= 0 that makes it shortest; without help from μ where the search for it stalls."""
    try:
        multipliers = nnls(walls, -w)[0]
    except RuntimeError:  # too many exchanges: μ = 0 is as valid, only weaker
        return w
    return np.asarray(w + walls @ multipliers)
