"""How much Gaussian noise (ε, δ) asks for, exactly, and how far one row can move the sums of a regression."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr

from ..errors import OptionError
from ..models.options import is_number

__all__ = ["delta_of", "privacy_budget", "sensitivities"]


def delta_of(mu: float, epsilon: float) -> float:
    """The smallest δ with which a μ-Gaussian-private release is (ε, δ)-private.

    Φ(-ε/μ + μ/2) - e^ε·Φ(-ε/μ - μ/2): Dong, Roth and Su (2022), corollary 2.13; Balle and Wang (2018), theorem 8, with
    μ = sensitivity/σ.

    Parameters
    ----------
    mu, epsilon : float

    Examples
    --------
    >>> round(delta_of(1.0, 1.0), 4)
    0.1269
    """
    upper, lower = log_ndtr(-epsilon / mu + mu / 2), log_ndtr(-epsilon / mu - mu / 2)
    return float(-np.exp(upper) * np.expm1(min(epsilon + lower - upper, 0.0)))


def privacy_budget(epsilon: float, delta: float) -> float:
    """The largest μ whose Gaussian release is (ε, δ)-private; several releases share it as μ² = Σ(sensitivity/σ)².

    Parameters
    ----------
    epsilon : float
        Above 0.
    delta : float
        Between 0 and 1: the chance that the bound on ε fails. Below 1/n, or one row may simply be published.

    Raises
    ------
    OptionError
        Outside those ranges.

    Notes
    -----
    Composition: Dong, Roth and Su (2022), Gaussian differential privacy, corollary 3.3.

    Examples
    --------
    >>> mu = privacy_budget(1.0, 1e-6)
    >>> round(mu, 4), round(delta_of(mu, 1.0) / 1e-6, 6)
    (0.2367, 1.0)
    """
    if not is_number(epsilon, above=0):
        raise OptionError(f"epsilon must be a finite number above 0, got {epsilon!r}",
                          advice="Without noise there is no privacy; LeastSquares is that fit")  # fmt: skip
    if not (is_number(delta, above=0) and delta < 1):
        raise OptionError(f"delta must lie between 0 and 1, got {delta!r}", advice="Take it well below 1/n, say 1e-6")
    high = 1.0
    while delta_of(high, epsilon) < delta:
        high *= 2
    low = high
    while delta_of(low, epsilon) > delta:
        low /= 2
    if low == high:
        return high
    return float(brentq(lambda mu: delta_of(mu, epsilon) - delta, low, high, xtol=1e-15, rtol=1e-12))


def sensitivities(size: int) -> tuple[float, float, float]:
    """How far adding or removing one row of the cube [-1, 1]ⁿ moves AᵀA, Aᵀv and the smallest eigenvalue of AᵀA.

    Each is attained, by a corner: the entries of AᵀA on and above the diagonal are `size`·(`size`+1)/2 products of
    magnitude at most 1, those of Aᵀv `size` such; λ_min moves by at most ‖a‖² (Weyl).

    Parameters
    ----------
    size : int
        Columns of A, that of ones for the intercept among them; v lies in [-1, 1].

    Returns
    -------
    gram, cross, smallest : float
        Euclidean norms; gram counts each entry on and above the diagonal once.
    """
    return float(np.sqrt(size * (size + 1) / 2)), float(np.sqrt(size)), float(size)
