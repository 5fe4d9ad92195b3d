"""Scale of residuals that outliers cannot move far: MAD about zero, Huber's proposal 2."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

__all__ = ["PROPOSAL_2", "mad", "proposal_2", "scale_estimator"]

Array = NDArray[np.float64]

MAD = 1.482602218505602  # 1/Φ⁻¹(3/4): the standard deviation of normal residuals
MANY = 50_000  # numbers from which a median is found among those near it
SAMPLE = 2_000  # of them say where that is
PROPOSAL_2 = 2.5  # where proposal 2 cuts residuals off, in scales


def mad(r: Array, weights: Array | None = None) -> float:
    """Median of |r| times 1.4826, in the units of r: about zero, not about the median of r.

    Weights count rows: the answer is that of each row repeated so often.
    """
    size = np.abs(r)
    if weights is None:
        return MAD * _median(size)
    order = np.argsort(size, kind="stable")
    passed = np.cumsum(weights[order])
    half = 0.5 * passed[-1]
    lower, upper = np.searchsorted(passed, half), np.searchsorted(passed, half, side="right")
    return MAD * 0.5 * float(size[order[min(lower, len(r) - 1)]] + size[order[min(upper, len(r) - 1)]])


def _median(size: Array) -> float:
    """``np.median``, quicker for many numbers: a sample says where to look, and only what lies there is sorted."""
    n = len(size)
    if n >= MANY:
        low, high = np.quantile(size[:: n // SAMPLE], [0.45, 0.55])
        below, near = int(np.count_nonzero(size < low)), size[(size >= low) & (size <= high)]
        first, last = (n - 1) // 2 - below, n // 2 - below
        if first >= 0 and last < len(near):
            found = np.partition(near, [first, last])
            return 0.5 * float(found[first] + found[last])
    return float(np.median(size))


def proposal_2(r: Array, weights: Array | None, freedom: float, cut: float = PROPOSAL_2) -> float:
    """s with Σω·min(r²/s², cut²) = freedom · E[min(z², cut²)], z normal. Huber (1981), eq. 7.7.

    Parameters
    ----------
    r, weights : ndarray (n_samples,)
    freedom : float
        Σω less the number of coefficients.
    cut : float
        Residuals beyond so many scales count as if they lay there.
    """
    density = math.exp(-cut * cut / 2) / math.sqrt(2 * math.pi)
    expected = 2 * float(ndtr(cut)) - 1 - 2 * cut * density + 2 * cut * cut * float(ndtr(-cut))
    target, squares = freedom * expected, np.square(r)
    omega = np.ones(len(r)) if weights is None else weights
    s2 = float(omega @ squares) / target if target > 0 else 0.0
    for _ in range(200):
        if s2 <= 0:
            return 0.0
        beyond = squares > cut * cut * s2
        # Σ of the squares within, over what is left of the target once each row beyond has taken cut²: Newton's step
        left = target - cut * cut * float(omega[beyond].sum())
        within = float(omega[~beyond] @ squares[~beyond])
        after = within / left if left > 0 else s2 / 4
        if abs(after - s2) <= 4e-16 * s2 or after == s2:
            break
        s2 = after
    return math.sqrt(s2)


def scale_estimator(name: str, weights: Array | None, freedom: float) -> Callable[[Array], float]:
    """The function from residuals to their scale that goes by this name, "mad" or "proposal2"."""
    if name == "mad":
        return lambda r: mad(r, weights)
    return lambda r: proposal_2(r, weights, freedom)
