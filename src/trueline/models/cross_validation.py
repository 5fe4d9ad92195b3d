"""LeastSquaresCV: ridge with its penalty chosen by cross-validation, from one summary per fold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import check_cv

from ..errors import OptionError
from ..maths.moments import Moments
from ..maths.objective import MomentsObjective
from ..maths.scaling import Scaling
from ..maths.solve import least_squares
from ..rows.executor import single_threaded_blas
from ..rows.passes import SourceRows, moments_of
from ..rows.source import ArraySource, in_memory
from .base import LinearModel, all_or_nothing
from .first_read import summarise, warn_constant
from .options import is_number

__all__ = ["LeastSquaresCV"]

Array = NDArray[np.float64]


class LeastSquaresCV(LinearModel):
    """Ridge whose penalty is chosen by cross-validation, in one read of the rows however many penalties there are.

    The moments of each fold are summed once; those of a training set are the merged moments of the other folds, and
    both its fit and the error on its fold follow from moments alone. Equals scikit-learn's ``cross_val_score`` over
    ``Ridge(alpha=n_train·reg_lambda)`` (in a Pipeline after ``StandardScaler`` with `standardize`), to rounding.

    Parameters
    ----------
    reg_lambdas : sequence of float
        Penalties to try, on the mean loss: the same for every fold size.
    cv : int or splitter
        Folds; a whole number is ``KFold(cv)``, unshuffled. Every row must be held out exactly once.
    standardize : bool
        Scale columns to mean 0 and deviation 1, learnt anew on every training set.

    Attributes
    ----------
    reg_lambda_ : float
        The penalty of the smallest mean error.
    mse_path_, r2_path_ : ndarray (n_reg_lambdas, n_folds)
        Mean squared error (squared units of y) and R² on each held-out fold.
    coef_, intercept_ : ndarray (n_features,), float
        Of the fit with `reg_lambda_` to all rows, in the units of the data.

    Raises
    ------
    OptionError
        No penalties, a negative one, or folds that do not hold out every row exactly once.
    DataError
        Rows that cannot be used: what, which column, which row.

    Examples
    --------
    >>> from trueline.rows.datasets import load_diabetes
    >>> data = load_diabetes()
    >>> model = LeastSquaresCV([0.0, 1e-5, 1e-4, 1e-3]).fit(data.X, data.y)
    >>> model.reg_lambda_, model.mse_path_.shape
    (0.0001, (4, 5))
    """

    scaling_: Scaling

    def __init__(self, reg_lambdas: Sequence[float] = (0.0, 1e-3, 1e-2, 0.1, 1.0), cv: Any = 5,
                 standardize: bool = False) -> None:  # fmt: skip
        self.reg_lambdas = reg_lambdas
        self.cv = cv
        self.standardize = standardize

    def fit(self, X: ArrayLike, y: ArrayLike | str, sample_weight: ArrayLike | None = None) -> Self:
        """Choose the penalty, then fit all rows with it.

        Parameters
        ----------
        X : array or frame (n_samples, n_features), or a stream of `rows.open`
        y : array (n_samples,), or the name of a column of X
        sample_weight : array (n_samples,), optional
            How often each row counts, in fits and errors alike; not negative.

        Returns
        -------
        self
        """
        penalties = list(self.reg_lambdas)
        if not penalties or not all(is_number(penalty, least=0) for penalty in penalties):
            raise OptionError(f"reg_lambdas must be numbers of at least 0, got {self.reg_lambdas!r}")
        with all_or_nothing(self):
            source = in_memory(self._source(X, y, sample_weight))
            with single_threaded_blas():
                summary = summarise(source, None, True)
                warn_constant(summary)
                folds = [moments_of(fold) for fold in _folds(source, self.cv)]
                scores = [
                    [self._error(train, fold, penalty) for train, fold in _leave_one_out(folds)]
                    for penalty in penalties
                ]
                self.mse_path_ = np.array(scores)
                spread = np.array([fold.covariance[-1, -1] for fold in folds])
                with np.errstate(divide="ignore", invalid="ignore"):
                    self.r2_path_ = 1.0 - self.mse_path_ / spread
                self.reg_lambda_ = float(penalties[int(np.argmin(self.mse_path_.mean(axis=1)))])
                rows = None if self.standardize else SourceRows(source)
                self.coef_, self.intercept_ = self._solve(summary.moments, self.reg_lambda_, rows)
            self.scaling_ = Scaling.none(source.n_features)
        return self

    def _solve(self, moments: Moments, penalty: float, rows: SourceRows | None = None) -> tuple[Array, float]:
        """coef, intercept in the units of the data."""
        if not self.standardize:
            solution = least_squares(moments, penalty, True, rows)
            return solution.coef, solution.intercept
        none = Scaling.none(moments.n_features)
        scaling = none.standardized(*Scaling.spread(moments, none.constant, True))
        solution = least_squares(scaling.moments(moments), penalty, True, None)
        return scaling.undo(solution.coef, solution.intercept)

    def _error(self, train: Moments, fold: Moments, penalty: float) -> float:
        """Mean squared error on the fold of the fit to the others."""
        return MomentsObjective(fold, slope=2.0).value_and_gradient(*self._solve(train, penalty))[0]


def _folds(source: ArraySource, cv: Any) -> Iterator[ArraySource]:
    """The rows of each held-out fold; together all rows, each once."""
    held_out = [part for _, part in check_cv(cv).split(source.X, source.y)]
    if not np.array_equal(np.sort(np.concatenate(held_out)), np.arange(source.n_rows)):
        raise OptionError("cv must hold out every row exactly once, as KFold does",
                          advice="Repeated or partial splits need a fit each: use cross_val_score")  # fmt: skip
    for part in held_out:
        rows = slice(part[0], part[-1] + 1) if part[-1] - part[0] + 1 == len(part) else part  # a slice is not a copy
        yield ArraySource(source.X[rows], source.y[rows], None if source.weights is None else source.weights[rows])


def _leave_one_out(folds: list[Moments]) -> Iterator[tuple[Moments, Moments]]:
    """Every fold beside the merged moments of all others: merging, unlike removing, loses no digits."""
    before = [None, *accumulate(folds[:-1], Moments.merge)]
    after = [*list(accumulate(folds[:0:-1], lambda later, fold: fold.merge(later)))[::-1], None]
    for left, fold, right in zip(before, folds, after, strict=True):
        if left is None or right is None:
            yield (left or right), fold
        else:
            yield left.merge(right), fold
