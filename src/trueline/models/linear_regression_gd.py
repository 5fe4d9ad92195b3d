"""LinearRegressionGD: linear regression by gradient descent, written to be read.

With ``engine="numpy"`` the loop in `_fit_textbook` is all there is: forward, loss, gradients, update, history,
stop. With ``engine="compiled"`` the same iterates come from `trueline.maths.descent`, much faster.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning

from ..maths.descent import Status, Step, Watch, batch_rows, descend
from ..maths.losses import Loss, Ramp, by_name
from ..maths.scaling import ROUNDING, Scaling
from ..rows.domain import Domain
from ..rows.dual import push_limits
from ..rows.executor import single_threaded_blas
from ..rows.passes import penalty_factor
from ..rows.source import Source, in_memory
from .base import LinearModel, all_or_nothing
from .descent_plan import Plan, closing_words, final_status

__all__ = ["LinearRegressionGD"]

Array = NDArray[np.float64]


class LinearRegressionGD(LinearModel):
    """Linear regression by full-batch or mini-batch gradient descent.

    Minimises mean(loss(X @ w + b - y)) + reg_lambda/2·‖w‖² (reg_lambda·‖w‖² for "mse"), b never penalised. With the
    default loss and reg_lambda = λ it converges to scikit-learn's ``Ridge(alpha=Σweights·λ)``, with λ = 0 to
    ``LinearRegression``.

    Parameters
    ----------
    lr : float or "auto"
        Learning rate. "auto" is 1/L, L the largest eigenvalue of the Hessian (for mini-batches 1/max‖[x_i, 1]‖²).
    epochs : int
        Reads of the data at most.
    fit_intercept : bool
    standardize : bool
        Scale columns to mean 0 and deviation 1 first (without intercept: root mean square 1, uncentred). Descent is
        then fast whatever the units; on its own it is no defence against poisoned rows.
    reg_lambda : float
        Penalty on w, in the space where w lives (standardised if `standardize`).
    tol : float
        Stop when the loss is within ``tol`` x (loss of the best constant) of its minimum; 0 runs all epochs.
    verbose : bool
        A live line on stderr, and the same as records of the logger ``trueline.descent``.
    loss : str or Loss
        "half_mse", "mse", "huber", "mae" (half the absolute error, ``Quantile(0.5)``), or a loss object such as
        ``Huber(1.5)``.
    momentum : float
        Heavy ball, 0 <= momentum < 1.
    batch_size : int, optional
        Rows per step, reshuffled every epoch; all rows by default.
    clip_gradient : float, optional
        Largest norm of the whole gradient. Stability only: it reaches the same, possibly poisoned, optimum.
    clip_row_gradient : float, optional
        Largest norm of any one row's push on (w, b). A defence: no row pulls harder. The loss reported is then the
        one whose gradient this is, linear for a row beyond its bound.
    clip_features : (float, float) or Domain, optional
        Clip each column at two of its quantiles, learnt in `fit`, or at a Domain's bounds. Also used in `predict`.
    init : "zeros" or "random"
        Random is normal with deviation 0.01, from `random_state`.
    random_state : int, Generator or RandomState, optional
        Seeds `init` and the mini-batches; None means 0, so every run can be repeated.
    engine : "compiled" or "numpy"
        Same answers to rounding; "numpy" is the readable loop. A subclass that overrides `_loss` or `_gradients`
        always runs on it.
    callback : callable (epoch, loss, w, b), optional
        Called every epoch; returns True to stop.

    Attributes
    ----------
    w_, b_ : ndarray (n_features,), float
        In the (standardised) space of the descent.
    mu_, sigma_ : ndarray (n_features,)
        In the units of each column; 0 and 1 without `standardize`.
    coef_, intercept_ : ndarray (n_features,), float
        In the units of the data.
    loss_history_, gradient_norms_, parameter_norms_ : list of float
        Entry k is the state after k epochs, entry 0 the start; so one more entry than `n_iter_`.
    n_iter_ : int
        Epochs run.
    status_ : Status
        How descent ended; ``status_.advice`` says what to do about it.

    Raises
    ------
    OptionError
        A parameter outside what it may be.
    DataError
        Rows that cannot be used: what, which column, which row.
    DivergenceError
        Descent ran away; `history` holds the losses.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([1.0, 3.0, 5.0, 7.0])
    >>> model = LinearRegressionGD(standardize=True).fit(X, y)
    >>> model.status_.label, model.coef_.round(4), round(model.intercept_, 4)
    ('converged', array([2.]), 1.0)
    """

    w_: Array
    b_: float
    mu_: Array
    sigma_: Array
    _limits: Array  # of each row's push, while the readable loop runs

    def __init__(
        self, lr: float | str = "auto", epochs: int = 10_000, fit_intercept: bool = True, standardize: bool = False,
        reg_lambda: float = 0.0, tol: float = 1e-12, verbose: bool = False, *, loss: str | Loss = "half_mse",
        momentum: float = 0.0, batch_size: int | None = None, clip_gradient: float | None = None,
        clip_row_gradient: float | None = None, clip_features: tuple[float, float] | Domain | None = None,
        init: str = "zeros", random_state: Any = None, engine: str = "compiled",
        callback: Callable[[int, float, Array, float], object] | None = None,
    ) -> None:  # fmt: skip
        self.lr = lr
        self.epochs = epochs
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.reg_lambda = reg_lambda
        self.tol = tol
        self.verbose = verbose
        self.loss = loss
        self.momentum = momentum
        self.batch_size = batch_size
        self.clip_gradient = clip_gradient
        self.clip_row_gradient = clip_row_gradient
        self.clip_features = clip_features
        self.init = init
        self.random_state = random_state
        self.engine = engine
        self.callback = callback

    def fit(self, X: ArrayLike, y: ArrayLike | str, sample_weight: ArrayLike | None = None) -> Self:
        """Descend from `init` until converged, out of epochs, or stopped.

        Parameters
        ----------
        X : array or frame (n_samples, n_features), or a stream of `rows.open`
        y : array (n_samples,), or the name of a column of X
        sample_weight : array (n_samples,), optional
            How often each row counts; not negative.

        Returns
        -------
        self
        """
        with all_or_nothing(self):
            plan = self._prepare(self._source(X, y, sample_weight))
            watch, step = plan.watch(self, self._overrides()), plan.step(self)
            with single_threaded_blas(), np.errstate(over="ignore", invalid="ignore"):
                if self._reads_as_textbook():
                    self._fit_textbook(*self._textbook_rows(plan), watch, step, plan.rng)
                else:
                    size = self.batch_size
                    batches = None if size is None else partial(plan.batches, size)
                    self.w_, self.b_ = descend(plan.objective(), self.w_, self.b_, step, watch, batches)
            self.__dict__.pop("_limits", None)
            self._keep(watch, plan, step.lr)
        return self

    # --- the readable form: everything a learner needs to see -----------------------------------------------------

    def _fit_textbook(
        self, X: Array, y: Array, sample_weight: Array | None, watch: Watch, step: Step, rng: np.random.Generator
    ) -> None:
        while True:
            y_hat = X @ self.w_ + self.b_  # forward
            loss = self._loss(y_hat, y, sample_weight)
            dw, db = self._gradients(X, y, y_hat, sample_weight)
            if watch.stops(loss, self.w_, self.b_, dw, db):  # history, stop
                break
            if self.batch_size is None:
                self._update(step, dw, db)
                continue
            for rows in batch_rows(len(y), self.batch_size, rng):
                weights = None if sample_weight is None else sample_weight[rows]
                y_hat = X[rows] @ self.w_ + self.b_
                self._update(step, *self._gradients(X[rows], y[rows], y_hat, weights))
        self.w_, self.b_ = watch.answer(self.w_, self.b_)

    def _update(self, step: Step, dw: Array, db: float) -> None:
        move_w, move_b = step(dw, db)  # momentum·(last move) - lr·gradient
        self.w_ = self.w_ + move_w
        self.b_ = self.b_ + move_b

    def _loss(self, y_hat: Array, y: Array, sample_weight: Array | None = None) -> float:
        """Mean loss of the rows, plus the penalty on the current `w_`."""
        data = float(np.average(self._row_loss().value(y_hat - y), weights=sample_weight))
        return data + self._penalty() / 2 * float(self.w_ @ self.w_) if self.reg_lambda else data

    def _gradients(
        self, X: Array, y: Array, y_hat: Array, sample_weight: Array | None = None
    ) -> tuple[Array, float]:  # fmt: skip
        """dw (n_features,) and db of `_loss`, for X already scaled; the penalty on the current `w_` included."""
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        share = weights / (weights.sum() or 1.0)
        push = share * self._row_loss(X).derivative(y_hat - y)  # d loss / d y_hat, row by row
        dw = X.T @ push + self._penalty() * self.w_ if self.reg_lambda else X.T @ push
        return dw, float(push.sum()) if self.fit_intercept else 0.0

    def _row_loss(self, X: Array | None = None) -> Loss | Ramp:
        """The loss of each row; with `clip_row_gradient` the one whose push on the rows X is bounded."""
        loss = by_name(self.loss)
        if self.clip_row_gradient is None:
            return loss
        limits = self._limits if X is None else push_limits(X, self.clip_row_gradient, self.fit_intercept)
        return loss.ramp.bounded(limits)  # type: ignore[attr-defined, no-any-return]

    def _penalty(self) -> float:
        return self.reg_lambda * penalty_factor(by_name(self.loss))

    def _add_intercept(self, X: Array) -> Array:
        """A column of ones in front, as ``np.linalg.pinv`` needs it for the closed form."""
        return np.column_stack([np.ones(len(X)), X])

    def _standardize_fit(self, X: Array, sample_weight: Array | None = None) -> tuple[Array, Array]:
        """Learn and keep `mu_` and `sigma_`: mean and population deviation of each column."""
        mu = np.average(X, axis=0, weights=sample_weight) if self.fit_intercept else np.zeros(X.shape[1])
        sigma = np.sqrt(np.average((X - mu) ** 2, axis=0, weights=sample_weight))
        self.mu_, self.sigma_ = mu, np.where(sigma <= ROUNDING * np.abs(mu), 1.0, sigma)
        return self.mu_, self.sigma_

    def _standardize_apply(self, X: Array) -> Array:
        """Rows in the space of `w_`, with the `mu_` and `sigma_` learnt in `fit`."""
        return np.asarray((X - self.mu_) / self.sigma_)

    # --- around the loop ------------------------------------------------------------------------------------------

    def _reads_as_textbook(self) -> bool:
        """Whether `fit` runs the readable loop."""
        return self.engine == "numpy" or self._overrides()

    def _overrides(self) -> bool:
        own = LinearRegressionGD
        return type(self)._loss is not own._loss or type(self)._gradients is not own._gradients

    def _prepare(self, source: Source) -> Plan:
        """Learn clipping and scaling, and stand at the start."""
        plan = Plan.of(self, source)
        self._adopt(plan.scaling)
        self.w_, self.b_ = plan.start(self.init)
        return plan

    def _adopt(self, scaling: Scaling) -> None:
        self.scaling_, self.mu_, self.sigma_ = scaling, scaling.mu, scaling.sigma

    def _textbook_rows(self, plan: Plan) -> tuple[Array, Array, Array | None]:
        """Rows as the readable loop sees them: clipped, scaled, constant columns 0."""
        rows = in_memory(plan.source)
        X = plan.scaling.clip(rows.X).astype(np.float64)
        if self.standardize:
            self._standardize_fit(X, rows.weights)
            X = self._standardize_apply(X)
            self._adopt(plan.scaling.standardized(self.mu_, self.sigma_))
        X = np.where(plan.scaling.constant, 0.0, X)
        if self.clip_row_gradient is not None:
            self._limits = push_limits(X, self.clip_row_gradient, self.fit_intercept)
        return X, rows.y, rows.weights

    def _keep(self, watch: Watch, plan: Plan, lr: float) -> None:
        """Record, status, and the line in the units of the data."""
        self.loss_history_, self.gradient_norms_ = watch.losses, watch.gradient_norms
        self.parameter_norms_, self.n_iter_ = watch.parameter_norms, watch.n_epochs
        self.b_ = float(self.b_)
        self.coef_, self.intercept_ = self.scaling_.undo(self.w_, self.b_)
        self.status_, gap = final_status(watch, plan, None if self._overrides() else (self.w_, self.b_))
        if self.status_ is not Status.CONVERGED:
            warnings.warn(closing_words(self.status_, watch, gap, lr), ConvergenceWarning, stacklevel=3)
