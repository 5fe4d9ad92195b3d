"""Residuals of a fit on fewer and fewer rows: out of the moments where that is exact enough, else by a refit."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..maths.doubt import Doubt
from ..maths.moments import Moments
from ..models.least_squares import LeastSquares
from ..models.options import is_number
from ..rows.executor import single_threaded_blas
from .meta import Array, Mask, Rows, fit_on

__all__ = ["Refits"]

ENOUGH = 8.0  # digits that decide which row is the worst


class Refits:
    """Fits of one estimator on subsets of its rows.

    Parameters
    ----------
    estimator : regressor
    rows : Rows
    """

    def __init__(self, estimator: Any, rows: Rows) -> None:
        self.estimator, self.rows = estimator, rows
        self.fast = type(estimator) is LeastSquares and is_number(estimator.reg_lambda, least=0)

    def residuals(self, keep: Mask) -> Array:
        """X @ coef + intercept - y of every row, of the fit on the kept ones.

        Parameters
        ----------
        keep : ndarray of bool (n_samples,)

        Returns
        -------
        ndarray (n_samples,)
            In the units of y.
        """
        fast = self._by_removal(keep)
        if fast is not None:
            return fast
        fitted = fit_on(self.estimator, self.rows, keep)
        return np.asarray(fitted.predict(self.rows.given), dtype=np.float64).ravel() - self.rows.y

    def _by_removal(self, keep: Mask) -> Array | None:
        """From the moments of all rows less those of the others; None where too few digits would be left."""
        if not self.fast:
            return None
        moments, gone = self.rows.moments, ~keep
        if gone.any():
            weights = self.rows.omega[gone] if self.rows.weighted else None
            moments = moments.remove(Moments.of(self.rows.X[gone], self.rows.y[gone], weights, moments.pivot))
        with single_threaded_blas():
            doubt = Doubt(moments, self.estimator.reg_lambda, self.estimator.fit_intercept)
            if doubt.undetermined or doubt.lost.any():
                return None
            found = doubt.solve()
        if found.digits < ENOUGH:
            return None
        return self.rows.X @ found.coef + found.intercept - self.rows.y
