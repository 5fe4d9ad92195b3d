"""HuberRegression: a line that outliers in y cannot pull far, with the scale of its own residuals."""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning

from ..errors import ExactFitWarning, OptionError, ShapeError
from ..maths.losses import Huber
from ..rows.executor import single_threaded_blas
from .base import LinearModel, all_or_nothing
from .huber_fit import HuberFit, fit_huber
from .options import is_number, is_whole
from .robust_status import FitStatus, RobustStart, check_penalty, hold_line

__all__ = ["HuberRegression"]

Array = NDArray[np.float64]


class HuberRegression(LinearModel):
    """Huber's M-estimate of a line, by semismooth Newton.

    Minimises mean(huber(r)) + reg_lambda/2·‖coef_‖² over coef_ and intercept_, with r = X @ coef_ + intercept_ - y and
    huber(r) = r²/2 up to |r| = delta·scale_, linear beyond. scale_ is held fixed in this minimum, and equals what
    `scale` makes of the minimum's own residuals. This equals R's ``MASS::rlm(psi = psi.huber)`` ("mad") and SAS's
    ROBUSTREG with Huber's proposal 2 ("proposal2"). scikit-learn's ``HuberRegressor`` minimises something else: a loss
    of coefficients and scale together, in which the scale is neither of these.

    *Breakdown point*: rows with far-out y up to 1/2 leave scale_ bounded, and the line too while their columns are
    ordinary; a single row with far-out columns (leverage) can still move it anywhere: 1/n. Use `TrimmedLeastSquares`
    against those. *Efficiency* on normal errors: 95 % with delta = 1.345.

    Parameters
    ----------
    delta : float
        Where a row's pull stops growing: in scales (dimensionless), or in the units of y with ``scale=None``.
    scale : "mad", "proposal2" or None
        "mad": median of |r| times 1.4826, about zero; breaks down at 1/2. "proposal2": Huber (1981), eq. 7.7, residuals
        cut at 2.5 scales, n - p degrees of freedom. None: the scale is 1, and the minimum is that of ``Huber(delta)``.
    reg_lambda : float
        Penalty on the coefficients in the units of the data, never on the intercept.
    fit_intercept : bool
    tol : float
        Largest proven gap of the loss, as a share of the loss.
    max_iter : int
        Newton steps at most.

    Attributes
    ----------
    coef_, intercept_ : ndarray (n_features,), float
        In the units of the data.
    scale_ : float
        In the units of y; 1 with ``scale=None``, 0 where more than half of the rows are fitted exactly.
    loss_ : Huber
        The loss of one row that was minimised, in the units of y.
    gap_ : float
        The mean loss lies at most so far above its minimum at this scale: proven by the dual (units of y squared); inf
        where nothing is proven.
    outliers_ : int
        Rows beyond delta·scale_.
    n_iter_ : int
        Newton steps taken.
    rank_ : int
        Number of columns that say something of their own.
    status_ : FitStatus
        ``status_.advice`` says what to do about it.

    Raises
    ------
    OptionError
        A parameter outside what it may be.
    ShapeError
        As many coefficients as rows, or more, which leaves no residual to take a scale from.
    DataError
        Rows that cannot be used: what, which column, which row.

    Notes
    -----
    Huber (1964), §4, and (1981), §7.8. A Newton step is least squares on the rows within delta·scale_; few rows change
    sides after the first, so their part of the Gram is added and taken off. See `trueline.maths.newton`.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.arange(8.0)[:, None], 2 * np.arange(8.0) + np.array([1.1, 0.9, 1.0, 1.2, 0.8, 1.1, 0.9, 99.0])
    >>> model = HuberRegression().fit(X, y)
    >>> model.coef_.round(2), round(model.intercept_, 2), model.status_.label
    (array([2.03]), 0.96, 'converged')
    """

    def __init__(
        self, delta: float = 1.345, scale: str | None = "mad", reg_lambda: float = 0.0, fit_intercept: bool = True,
        tol: float = 1e-12, max_iter: int = 200,
    ) -> None:  # fmt: skip
        self.delta = delta
        self.scale = scale
        self.reg_lambda = reg_lambda
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    scale_: float
    loss_: Huber
    gap_: float
    outliers_: int
    n_iter_: int
    rank_: int
    status_: FitStatus

    def fit(self, X: ArrayLike, y: ArrayLike | str, sample_weight: ArrayLike | None = None) -> Self:
        """Find line and scale.

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
            max_iter was not enough.
        ExactFitWarning
            More than half of the rows lie exactly on one line.
        RankWarning, ConstantColumnWarning
            Columns that determine each other, or never change.
        """
        self._check_options()
        with all_or_nothing(self), single_threaded_blas():
            start = RobustStart.of(self, X, y, sample_weight, self.reg_lambda, self.fit_intercept)
            if self.scale == "proposal2" or (self.scale == "mad" and self.reg_lambda == 0):
                _refuse_few(start)
            found = fit_huber(start, self.delta, self.scale, self.reg_lambda, self.tol, self.max_iter)
            self._keep(start, found)
        return self

    def _keep(self, start: RobustStart, found: HuberFit) -> None:
        hold_line(self, start, found.theta)
        self.scale_, self.gap_, self.n_iter_, self.status_ = found.scale, found.gap, found.steps, found.status
        height, noise = self.delta * found.scale, start.noise(found.theta)
        self.loss_ = Huber(max(height, noise, float(np.finfo(np.float64).tiny)))
        r = start.design.along(found.theta) - start.design.y
        self.outliers_ = int((np.abs(r) > max(height, noise)).sum())
        if found.status is FitStatus.EXACT_FIT:
            warnings.warn(
                "more than half of the rows lie exactly on one line, so their residuals have no scale; the line "
                f"through them is given, {self.outliers_} rows lie off it",
                ExactFitWarning, stacklevel=3,
            )  # fmt: skip
        elif found.status is not FitStatus.CONVERGED:
            near = (
                f"the loss is within {found.gap:.2g} of its minimum" if np.isfinite(found.gap) else "nothing is proven"
            )
            warnings.warn(
                f"{found.status.label} after {found.steps} Newton steps; {near}, the scale may still move. "
                f"{found.status.advice}", ConvergenceWarning, stacklevel=3,
            )  # fmt: skip

    def _check_options(self) -> None:
        check_penalty(self.reg_lambda)
        unit = "scales" if self.scale is not None else "the units of y"
        if not is_number(self.delta, above=0.0):
            raise OptionError(f"delta must be a positive number (in {unit}), got {self.delta!r}")
        if not (self.scale is None or (isinstance(self.scale, str) and self.scale in ("mad", "proposal2"))):
            raise OptionError(f"scale must be 'mad', 'proposal2' or None, got {self.scale!r}")
        if not is_number(self.tol, above=0.0):
            raise OptionError(f"tol must be a positive number, got {self.tol!r}")
        if not is_whole(self.max_iter):
            raise OptionError(f"max_iter must be a whole number of at least 1, got {self.max_iter!r}")


def _refuse_few(start: RobustStart) -> None:
    if start.freedom <= 0 and start.design.size > 0:
        raise ShapeError(
            f"{start.design.weight:g} rows and {start.design.size} coefficients: every row is fitted exactly, so there "
            "is no scale", advice="Give more rows, or delta in the units of y with scale=None",
        )  # fmt: skip
