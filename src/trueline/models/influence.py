"""Influence: what each row does to a least-squares fit, exactly, from one more read of the rows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import PrecisionWarning
from ..rows.executor import map_merge, single_threaded_blas
from ..rows.source import Block
from .basis import EPS, Array, Basis, inference_basis
from .covariance import ALONE
from .fitted_rows import check_same_rows, fitted_rows
from .residuals import from_rows

__all__ = ["Influence", "influence_of"]


@dataclass(frozen=True, eq=False, repr=False)
class Influence:
    """What each row does to the fit, in the order of the rows.

    A row that alone determines a coefficient (leverage 1) cannot be dropped: all but its leverage is NaN, or infinite.

    Parameters
    ----------
    residuals : ndarray (n_samples,)
        e = y - ŷ, in units of y.
    leverage : ndarray (n_samples,)
        h = ω·xᵀ(XᵀΩX)⁻¹x, how much of its own prediction a row decides; between 0 and 1, the sum is p.
    standardized : ndarray (n_samples,)
        √ω·e / (s√(1-h)), internally studentised.
    studentized : ndarray (n_samples,)
        The same with s of the fit without the row: t-distributed with n-p-1 degrees of freedom.
    cooks_distance : ndarray (n_samples,)
        standardized² · h / ((1-h)·p).
    dfbeta : ndarray (n_samples, p)
        Coefficients minus those of the fit without the row, in their units, intercept first.
    scale : ndarray (p,)
        √diag (XᵀΩX)⁻¹, which times s is the classical standard error.
    deleted_error : ndarray (n_samples,)
        s of the fit without the row, in units of y.
    """

    residuals: Array
    leverage: Array
    standardized: Array
    studentized: Array
    cooks_distance: Array
    dfbeta: Array
    scale: Array
    deleted_error: Array

    @property
    def dfbetas(self) -> Array:
        """dfbeta in standard errors of the fit without the row, (n_samples, p); above 2/√n is worth a look."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.dfbeta / (self.deleted_error[:, None] * self.scale))

    @property
    def dffits(self) -> Array:
        """studentized · √(h/(1-h)), (n_samples,): the shift of a row's own prediction, in standard errors."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.studentized * np.sqrt(self.leverage / (1 - self.leverage)))

    def __repr__(self) -> str:
        def top(name: str, values: Array) -> str:
            if not np.isfinite(values).any():
                return f"no {name}"
            row = int(np.nanargmax(values))
            return f"largest {name} {values[row]:.3g} in row {row + 1}"

        with np.errstate(invalid="ignore"):
            parts = [top("leverage", self.leverage), top("Cook's distance", self.cooks_distance)]
        return f"Influence of {len(self.leverage)} rows: {', '.join(parts)}"


def influence_of(model: Any, X: Any, y: Any, *, sample_weight: ArrayLike | None = None) -> Influence:
    """Leverage, studentised residuals, Cook's distance and DFBETAS of every row of a fit.

    Parameters
    ----------
    model : LeastSquares
        Fitted without a penalty.
    X, y : as for `fit`
        The rows of the fit, in its form.
    sample_weight : array (n_samples,), optional
        As in `fit`.

    Returns
    -------
    Influence

    Raises
    ------
    OptionError, DataError
        As for `summary_of`.

    Warns
    -----
    PrecisionWarning
        The residuals are zero to rounding: no row has an influence that could be measured.

    Notes
    -----
    Deleting row i moves the coefficients by -(XᵀΩX)⁻¹xᵢωᵢeᵢ/(1-hᵢ), exactly: Belsley, Kuh and Welsch (1980),
    section 2.1. Equals statsmodels' ``results.get_influence()`` and R's ``rstandard``, ``rstudent``, ``dfbetas``.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [8.0]]), np.array([1.0, 2.9, 5.2, 6.9, 9.1, 14.0])
    >>> found = influence_of(LeastSquares().fit(X, y), X, y)
    >>> found.leverage.round(3)
    array([0.392, 0.267, 0.192, 0.167, 0.192, 0.792])
    >>> found
    Influence of 6 rows: largest leverage 0.792 in row 6, largest Cook's distance 7.37 in row 6
    """
    with single_threaded_blas():
        source = fitted_rows(model, X, y, sample_weight)
        basis = inference_basis(model, source)
        coef = np.asarray(model.coef_, dtype=np.float64)

        def look(block: Block) -> list[tuple[Array, Array, Array]]:
            omega = np.ones(len(block.y)) if block.weights is None else block.weights
            return [(basis.coordinates(block.X), basis.residuals(block.X, block.y, coef), omega)]

        pieces = map_merge(look, source.blocks(), lambda a, b: a + b)
        q, e, omega = (np.concatenate([piece[k] for piece in pieces]) for k in range(3))
        squares = float(omega @ np.square(e))
        check_same_rows(basis, coef, len(e), float(omega.sum()), squares, (omega * e) @ q)
        squares = from_rows(basis, coef, squares).squares
        if squares == 0:
            warnings.warn("the residuals are zero to rounding, so no row has an influence that could be measured",
                          PrecisionWarning, stacklevel=3)  # fmt: skip
        return _influence(basis, q, e, omega, squares)


def _influence(basis: Basis, q: Array, e: Array, omega: Array, squares: float) -> Influence:
    moments, p = basis.problem.moments, basis.size
    df = moments.rows - moments.idle - p
    leverage = omega * np.square(q).sum(axis=1)
    left = 1.0 - leverage
    left = np.where(left < ALONE, np.nan, left)
    e = e if squares > 0 else np.zeros_like(e)
    with np.errstate(divide="ignore", invalid="ignore"):
        standardized = np.sqrt(omega / left) * e / np.sqrt(squares / df)
        rest = squares - omega * np.square(e) / left  # Σωe² without the row
        rest = np.where(rest <= 16 * len(e) * EPS * squares, 0.0, rest)
        deleted_error = np.sqrt(rest / (df - 1))
        return Influence(
            residuals=e,
            leverage=leverage,
            standardized=standardized,
            studentized=np.sqrt(omega / left) * e / deleted_error,
            cooks_distance=np.square(standardized) * leverage / (left * p),
            dfbeta=(q * (omega * e / left)[:, None]) @ basis.lift.T,
            scale=np.linalg.norm(basis.lift, axis=1),
            deleted_error=deleted_error,
        )
