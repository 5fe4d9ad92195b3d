"""LeastSquares: the closed form, ridge included, from one read of the rows where their conditioning allows it."""

from __future__ import annotations

from typing import Any, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from ..errors import OptionError
from ..maths.moments import Moments
from ..maths.solve import least_squares
from ..rows.executor import single_threaded_blas
from ..rows.passes import SourceRows
from . import influence, prediction, statistics
from .adding import add_rows
from .base import LinearModel, all_or_nothing
from .first_read import summarise, warn_constant
from .forgetting import forget_rows
from .from_moments import hold
from .options import is_number
from .vouching import warn_doubts

__all__ = ["LeastSquares"]

Array = NDArray[np.float64]


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
        self._check_penalty()
        with all_or_nothing(self):
            source = self._source(X, y, sample_weight)
            with single_threaded_blas():
                summary = summarise(source, None, self.fit_intercept)
                solution = least_squares(summary.moments, self.reg_lambda, self.fit_intercept, SourceRows(source))
            hold(self, summary.moments, solution)
            warn_constant(summary)
            warn_doubts(solution, summary, self.fit_intercept)
        return self

    def partial_fit(self, X: ArrayLike, y: ArrayLike | str, sample_weight: ArrayLike | None = None) -> Self:
        """Add rows to the fit, which keeps their moments alone. Without a fit to add to it is `fit`.

        Parameters
        ----------
        X, y, sample_weight : as for `fit`
            In the form of the first call. After it a single row will do.

        Returns
        -------
        self

        Raises
        ------
        DataError
            Rows that cannot be used, or other columns or levels than those of earlier rows. The model stays as it was.

        Warns
        -----
        PrecisionWarning
            Fewer than 6 digits can be vouched for without the earlier rows; `fit` on all of them may give more.

        Examples
        --------
        >>> model = LeastSquares().partial_fit([[0.0], [1.0]], [1.0, 3.0]).partial_fit([[5.0]], [11.0])
        >>> model.coef_, model.moments_.rows
        (array([2.]), 3)
        """
        if not hasattr(self, "coef_"):
            return self.fit(X, y, sample_weight)
        self._check_penalty()
        with all_or_nothing(self):
            add_rows(self, X, y, sample_weight)
        return self

    def forget(self, X: ArrayLike, y: ArrayLike | str, sample_weight: ArrayLike | None = None) -> Self:
        """Take rows out of the fit, without the others: what is left is the fit of the rest.

        Equal to a refit on the remaining rows to 1e-9 of the largest coefficient (in equilibrated units), or a warning
        says how many digits are left. It cannot know whether these rows were ever in the fit; it refuses what no rows
        could have left behind. Metrics, plots and files made earlier still remember the rows, and so does `schema_`
        (levels, smallest and largest values). Whoever holds the moments from before and after can work out what was
        taken out: a single row exactly.

        Parameters
        ----------
        X, y, sample_weight : as for `fit`
            The rows as they were in the fit, weights included.

        Returns
        -------
        self

        Raises
        ------
        DataError
            These rows cannot have been in the fit (too many, too heavy, a spread that would be negative), or the rest
            does not determine it (columns that no longer vary, or that determine each other); columns are named and the
            model stays as it was.
        ShapeError
            Too few rows would be left.

        Warns
        -----
        PrecisionWarning
            Subtraction cancelled so much that fewer than 9 digits can be vouched for; a refit has them.

        Examples
        --------
        >>> model = LeastSquares().fit([[0.0], [1.0], [2.0], [9.0]], [1.0, 3.0, 5.0, -7.0])
        >>> model.forget([[9.0]], [-7.0]).coef_.round(12), model.moments_.rows
        (array([2.]), 3)
        """
        self._check_penalty()
        with all_or_nothing(self):
            forget_rows(self, X, y, sample_weight)
        return self

    def _check_penalty(self) -> None:
        if not is_number(self.reg_lambda, least=0):
            raise OptionError(f"reg_lambda must be a number of at least 0, got {self.reg_lambda!r}")

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
