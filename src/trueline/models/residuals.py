"""The residual sum of squares of a fit, from moments or from rows, and how much of it is more than rounding."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from ..errors import PrecisionWarning
from .basis import EPS, Array, Basis

__all__ = ["ResidualSquares", "from_moments", "from_rows", "rounding", "warn_precision"]

FEW_DIGITS = 6.0  # fewer vouched digits than this are worth a warning


@dataclass(frozen=True)
class ResidualSquares:
    """Σωe² and what is known of its error.

    Parameters
    ----------
    squares : float
        In squared units of y; 0 for a perfect fit, NaN where moments cannot tell it from one.
    bound : float
        It is no larger than this.
    seen : bool
        The rows were read, so zero means zero.
    """

    squares: float
    bound: float
    seen: bool

    @property
    def resolved(self) -> bool:
        """Whether it can be told from zero."""
        return self.squares > 0

    def digits(self, basis: Basis) -> float:
        """Decimal digits of a standard error that are vouched for.

        Parameters
        ----------
        basis : Basis
        """
        error = basis.error + (0.5 * (self.bound / self.squares - 1) if self.resolved else not self.seen)
        return max(0.0, -float(np.log10(min(max(error, EPS), 1.0))))


def rounding(basis: Basis, coef: Array) -> float:
    """The size of residuals, in units of y, that cannot be told from zero: what rounding y = x·coef + b may leave.

    Parameters
    ----------
    basis : Basis
    coef : ndarray (n_features,)
    """
    return _grain(np.sqrt(np.diag(basis.problem.moments.second)), coef)


def _grain(size: Array, coef: Array) -> float:
    return float(4 * (len(coef) + 1) * EPS * (size[-1] + np.abs(coef) @ size[:-1]))


def from_moments(basis: Basis, coef: Array) -> ResidualSquares:
    """[-u, 1]·S·[-u, 1]ᵀ in centred, equilibrated coordinates, with a bound on what cancels there.

    Parameters
    ----------
    basis : Basis
    coef : ndarray (n_features,)
    """
    problem, moments = basis.problem, basis.problem.moments
    scale = np.append(problem.factor, 1.0)
    gram = problem.gram * np.outer(scale, scale)
    drift = np.abs(moments.total / moments.weight) * scale if basis.intercept else np.zeros_like(scale)
    u = np.append(-basis.equilibrated(coef), 1.0)
    squares = float(u @ gram @ u) * moments.weight
    cancelled = float(np.abs(u) @ (np.abs(gram) + np.outer(drift, drift)) @ np.abs(u)) * moments.weight
    doubt = EPS * (4 * len(u) + float(np.sqrt(moments.rows))) * cancelled
    floor = moments.weight * rounding(basis, coef) ** 2
    bound = max(squares, 0.0) + doubt
    return ResidualSquares(squares if squares > max(doubt, floor) else float("nan"), bound, seen=False)


def from_rows(basis: Basis, coef: Array, squares: float) -> ResidualSquares:
    """What a read of the rows added up; 0 where that is no more than their rounding.

    Parameters
    ----------
    basis : Basis
    coef : ndarray (n_features,)
    squares : float
        Σωe² as it was added up.
    """
    weight = basis.problem.moments.weight
    if squares <= weight * rounding(basis, coef) ** 2:
        return ResidualSquares(0.0, weight * rounding(basis, coef) ** 2, seen=True)
    arithmetic = _grain(np.sqrt(np.diag(basis.problem.gram)), coef)  # offsets are gone before residuals are formed
    return ResidualSquares(squares, squares + 2 * arithmetic * float(np.sqrt(weight * squares)), seen=True)


def warn_precision(basis: Basis, residuals: ResidualSquares) -> None:
    """Say what cannot be vouched for, why, and what to do, to the caller of the caller's caller.

    Parameters
    ----------
    basis : Basis
    residuals : ResidualSquares
    """
    way_out = "Centre the powers of a variable, or drop columns"
    if not residuals.seen:
        way_out = "Pass the rows of the fit: summary(cov, X, y)"
    if not residuals.resolved and residuals.seen:
        said = "the residuals are zero to rounding: standard errors are 0, and there is nothing to test"
    elif not residuals.resolved:
        said = f"the residuals are smaller than moments can resolve, so they give no standard errors. {way_out}"
    elif residuals.digits(basis) < FEW_DIGITS:
        said = f"only {residuals.digits(basis):.0f} digits of the standard errors can be vouched for. {way_out}"
    else:
        return
    warnings.warn(said, PrecisionWarning, stacklevel=4)
