"""QuantileRegression: the line below which a given share of the rows lies, exact and proven."""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning

from ..maths.losses import Quantile
from ..rows.executor import single_threaded_blas
from .base import LinearModel, all_or_nothing
from .quantile_fit import QuantileFit, fit_quantile
from .robust_status import FitStatus, RobustStart, hold_line

__all__ = ["QuantileRegression"]


class QuantileRegression(LinearModel):
    """Quantile regression, solved exactly: at a vertex, with a proof that none is better.

    Minimises mean(tau·(y - line) where the line is too low, (1 - tau)·(line - y) where it is too high). With tau = 0.5
    this is least absolute deviations, median regression. Equals R's ``quantreg::rq(tau)``, statsmodels' ``QuantReg``
    and scikit-learn's ``QuantileRegressor(quantile=tau, alpha=0)``.

    *Breakdown point*: rows with far-out y up to min(tau, 1 - tau) while their columns are ordinary; a single row with
    far-out columns (leverage) can move the line anywhere: 1/n. *Efficiency* on normal errors, tau = 0.5: 64 %.

    Parameters
    ----------
    tau : float
        Share of the rows that should lie below the line, strictly between 0 and 1.
    fit_intercept : bool

    Attributes
    ----------
    coef_, intercept_ : ndarray (n_features,), float
        In the units of the data.
    loss_ : Quantile
        The loss of one row.
    objective_ : float
        Mean loss over the rows, in the units of y.
    gap_ : float
        `objective_` lies at most so far above the smallest possible: the gap to a feasible point of the dual over all
        rows (units of y); inf where nothing is proven.
    basis_ : ndarray of int (rank,)
        Rows through which the line passes, counted from 0; as many as there are coefficients.
    unique_ : bool
        Whether this is the only line of that loss. Ties are common with few or rounded y.
    n_iter_ : int
        Linear programmes solved.
    rank_ : int
        Number of columns that say something of their own.
    status_ : FitStatus
        ``status_.advice`` says what to do about it.

    Raises
    ------
    OptionError
        `tau` is not between 0 and 1.
    DataError
        Rows that cannot be used: what, which column, which row.

    Notes
    -----
    Koenker and Bassett (1978), eq. 1.1; the proof is their dual, Koenker (2005), eq. 6.5: pushes a between -tau and
    1 - tau with Σω·a = 0 and Σω·a·x = 0. See `trueline.models.quantile_fit` for the road.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), np.array([1.0, 3.0, 5.0, 7.0, -90.0])
    >>> model = QuantileRegression(0.5).fit(X, y)
    >>> model.coef_.round(9), round(model.intercept_, 9), model.gap_ < 1e-12
    (array([2.]), 1.0, True)
    """

    def __init__(self, tau: float = 0.5, fit_intercept: bool = True) -> None:
        self.tau = tau
        self.fit_intercept = fit_intercept

    loss_: Quantile
    objective_: float
    gap_: float
    basis_: NDArray[np.intp]
    unique_: bool
    n_iter_: int
    rank_: int
    status_: FitStatus

    def fit(self, X: ArrayLike, y: ArrayLike | str, sample_weight: ArrayLike | None = None) -> Self:
        """Find the vertex and prove it.

        Parameters
        ----------
        X : array or frame (n_samples, n_features), or a stream of `rows.open` (held in memory)
        y : array (n_samples,), or the name of a column of X
        sample_weight : array (n_samples,), optional
            How often each row counts; not negative.

        Returns
        -------
        self

        Warns
        -----
        ConvergenceWarning
            No proof was found, which takes columns near the end of what float64 tells apart.
        RankWarning, ConstantColumnWarning
            Columns that determine each other, or never change.
        """
        loss = Quantile(self.tau)
        with all_or_nothing(self), single_threaded_blas():
            start = RobustStart.of(self, X, y, sample_weight, 0.0, self.fit_intercept)
            self._keep(start, fit_quantile(start, self.tau), loss)
        return self

    def _keep(self, start: RobustStart, found: QuantileFit, loss: Quantile) -> None:
        hold_line(self, start, found.theta)
        self.loss_, self.objective_, self.gap_ = loss, found.loss, found.gap
        self.basis_, self.n_iter_, self.status_ = start.row_numbers[found.basis], found.tries, found.status
        self.unique_ = found.status is FitStatus.CONVERGED
        if found.status is FitStatus.SETTLED:
            warnings.warn(f"no proof that this line is optimal was found. {found.status.advice}", ConvergenceWarning,
                          stacklevel=3)  # fmt: skip
