"""LeastSquares: the closed form, ridge included, from one read of the rows where their conditioning allows it."""

from __future__ import annotations

import warnings
from typing import Any, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from ..errors import OptionError, PrecisionWarning, RankWarning
from ..maths.moments import Moments
from ..maths.scaling import Scaling
from ..maths.solve import Solution, least_squares
from ..rows.executor import single_threaded_blas
from ..rows.passes import SourceRows
from . import influence, prediction, statistics
from .base import LinearModel, Summary, all_or_nothing, column_name, summarise, warn_constant
from .options import is_number

__all__ = ["LeastSquares"]

Array = NDArray[np.float64]

FEW_DIGITS = 6.0  # fewer vouched digits than this are worth a warning


class LeastSquares(LinearModel):
    """Least squares and ridge, solved in closed form.

    Minimises mean((X @ coef_ + intercept_ - y)²)/2 + reg_lambda/2·‖coef_‖². Equals scikit-learn's
    ``LinearRegression`` for reg_lambda = 0 and ``Ridge(alpha=Σweights·reg_lambda)`` otherwise.

    Parameters
    ----------
    reg_lambda : float
        Penalty on the coefficients in the units of the data, never on the intercept.
    fit_intercept : bool

    Attributes
    ----------
    coef_, intercept_ : ndarray (n_features,), float
        In the units of the data.
    moments_ : Moments
        Summary of the training rows.
    rank_ : int
        Number of columns that say something of their own; below n_features the smallest coefficients are given.
    condition_ : float
        Condition number of the centred and equilibrated columns.
    solver_ : str
        The road taken: "cholesky", "refined", "qr" or "minimum-norm".
    digits_ : float
        Decimal digits vouched for, relative to the largest coefficient in equilibrated units.

    Raises
    ------
    OptionError
        `reg_lambda` is negative or not finite.
    DataError
        Rows that cannot be used: what, which column, which row.

    Notes
    -----
    See `trueline.maths.solve` for the roads and their sources.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([1.0, 3.0, 5.0, 7.0])
    >>> model = LeastSquares().fit(X, y)
    >>> model.coef_, model.intercept_, model.solver_
    (array([2.]), 1.0, 'cholesky')
    """

    def __init__(self, reg_lambda: float = 0.0, fit_intercept: bool = True) -> None:
        self.reg_lambda = reg_lambda
        self.fit_intercept = fit_intercept

    moments_: Moments
    rank_: int
    condition_: float
    solver_: str
    digits_: float

    def fit(self, X: ArrayLike, y: ArrayLike | str, sample_weight: ArrayLike | None = None) -> Self:
        """Solve for the coefficients.

        Parameters
        ----------
        X : array or frame (n_samples, n_features), or a stream of `rows.open`
        y : array (n_samples,), or the name of a column of X
        sample_weight : array (n_samples,), optional
            How often each row counts; not negative. For standard errors they are inverse variances.

        Returns
        -------
        self
        """
        if not is_number(self.reg_lambda, least=0):
            raise OptionError(f"reg_lambda must be a number of at least 0, got {self.reg_lambda!r}")
        with all_or_nothing(self):
            source = self._source(X, y, sample_weight)
            with single_threaded_blas():
                summary = summarise(source, None, self.fit_intercept)
                solution = least_squares(summary.moments, self.reg_lambda, self.fit_intercept, SourceRows(source))
            self.coef_, self.intercept_ = solution.coef, solution.intercept
            self.moments_, self.scaling_ = summary.moments, Scaling.none(source.n_features)
            self.rank_, self.condition_ = solution.rank, solution.condition
            self.solver_, self.digits_ = solution.solver, solution.digits
            warn_constant(summary)
            _warn(solution, summary, self.fit_intercept)
        return self

    @overload
    def predict(self, X: ArrayLike, interval: None = None) -> Array: ...

    @overload
    def predict(self, X: ArrayLike, interval: float) -> prediction.PredictionInterval: ...

    def predict(self, X: ArrayLike, interval: float | None = None) -> Array | prediction.PredictionInterval:
        """The line at each row, and on request where a new observation lies.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
            With the columns of `fit`, in the same order.
        interval : float, optional
            Probability that a new observation of weight 1 lies between `low` and `high`, e.g. 0.95.

        Returns
        -------
        ndarray (n_samples,), or with `interval` the tuple (prediction, low, high) of such arrays
            In the units of y.
        """
        return super().predict(X) if interval is None else prediction.prediction_interval(self, X, interval)

    def summary(
        self, cov: str = "classical", X: Any = None, y: Any = None,
        *, sample_weight: ArrayLike | None = None, groups: ArrayLike | None = None,
    ) -> statistics.Summary:  # fmt: skip
        """Standard errors, t, p, intervals, R², F, AIC: see `trueline.models.statistics.summary_of`.

        Parameters
        ----------
        cov : {"classical", "HC0", "HC1", "HC2", "HC3", "cluster"}
            What is assumed of the errors. All but "classical" read the rows of the fit once more.
        X, y, sample_weight : as for `fit`, optional
            The rows of the fit.
        groups : array (n_samples,), optional
            The cluster of each row, for "cluster".
        """
        check_is_fitted(self, "coef_")
        return statistics.summary_of(self, cov, X, y, sample_weight=sample_weight, groups=groups)

    def influence(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> influence.Influence:
        """Leverage, studentised residuals, Cook's distance and DFBETAS of every row of the fit, from one more read.

        Parameters
        ----------
        X, y, sample_weight : as for `fit`
            The rows of the fit.
        """
        check_is_fitted(self, "coef_")
        return influence.influence_of(self, X, y, sample_weight=sample_weight)


def _warn(solution: Solution, summary: Summary, intercept: bool) -> None:
    """Say what cannot be vouched for, why, and what to do."""
    involved = [j for j in solution.dependent if not summary.constant[j]]
    if involved:
        names = [column_name(summary.source.names, j) for j in involved]
        listed = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        n_features = summary.source.n_features
        why = "these columns determine each other"
        if summary.moments.rows < n_features + intercept:
            unknowns = f"{n_features} coefficients" + (" and an intercept" if intercept else "")
            why = f"{summary.moments.rows} rows cannot determine {unknowns}"
        warnings.warn(
            f"rank {solution.rank} of {n_features}: {why}: {listed}. The smallest coefficients that fit are given; "
            "drop columns or set reg_lambda",
            RankWarning, stacklevel=3,
        )  # fmt: skip
    elif solution.digits < FEW_DIGITS:
        warnings.warn(
            f"nearly dependent columns (condition {solution.condition:.1e}): only {int(solution.digits)} digits of the "
            "coefficients can be vouched for. Centre the powers of a variable, or drop columns",
            PrecisionWarning, stacklevel=3,
        )  # fmt: skip
