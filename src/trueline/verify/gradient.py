"""check_gradient: is the gradient the derivative of the loss? Central finite differences, every coordinate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from ..models.linear_regression_gd import LinearRegressionGD

__all__ = ["GradientCheck", "check_gradient"]

Array = NDArray[np.float64]

TOLERANCE = 1e-6  # central differences of a right gradient stay far below, of a wrong one far above
STEPS = (1e-2, 1e-4, 1e-5, 1e-6)  # in parts of a typical coordinate: long ones round less, short ones miss more kinks


@dataclass(frozen=True)
class GradientCheck:
    """Outcome of a gradient check.

    Parameters
    ----------
    passed : bool
        The worst relative error is at most 1e-6.
    worst_error : float
        Largest |analytic - numeric| / max(|analytic|, |numeric|, typical size), over all coordinates.
    where : str
        The coordinate of the worst error: ``"w[2] (tenure)"`` or ``"b"``.
    analytic, numeric : ndarray (n_features + 1,)
        Both gradients, db last, in the units of the loss per unit of the parameter.
    problem : str
        What kept the gradient from being checked at all, e.g. a wrong shape.
    """

    passed: bool
    worst_error: float
    where: str
    analytic: Array
    numeric: Array
    problem: str = ""

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        if self.problem:
            return f"gradient check FAILED: {self.problem}"
        verdict = "passed" if self.passed else "FAILED"
        return f"gradient check {verdict}: worst relative error {self.worst_error:.1e}, at {self.where}"


def check_gradient(model: LinearRegressionGD, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None,
                   *, random_state: int = 0) -> GradientCheck:  # fmt: skip
    """Compare a model's gradient with central finite differences of its loss, at a random point.

    Checks what `fit` would follow: `_loss` and `_gradients` of the readable loop (a subclass's own included), or the
    compiled objective. The model itself is not touched.

    Parameters
    ----------
    model : LinearRegressionGD
        Fitted or not.
    X, y, sample_weight : as for `fit`
    random_state : int
        Seeds the point: normal around 0, of the size at which each term moves the line by the spread of y.

    Returns
    -------
    GradientCheck
        True in a condition where the check passed.

    Raises
    ------
    DataError
        Rows that cannot be used.

    Examples
    --------
    >>> from trueline import LinearRegressionGD
    >>> X, y = np.array([[0.0], [1.0], [3.0]]), np.array([1.0, 2.0, 5.0])
    >>> check_gradient(LinearRegressionGD(), X, y).passed
    True
    >>> class Forgot(LinearRegressionGD):
    ...     def _gradients(self, X, y, y_hat, sample_weight=None):
    ...         return X.T @ (y_hat - y), float((y_hat - y).sum())  # no 1/n
    >>> print(check_gradient(Forgot(), X, y))
    gradient check FAILED: worst relative error 6.7e-01, at b
    """
    loss_at, gradient_at, names, scale = _functions(clone(model), X, y, sample_weight)
    theta = scale * np.random.default_rng(random_state).normal(size=len(names))
    if not model.fit_intercept:
        theta[-1] = 0.0
    problem, analytic = _analytic(gradient_at, theta)
    moving = np.arange(len(names) if model.fit_intercept else len(names) - 1)
    if problem or not np.isfinite(loss_at(theta)):
        nothing = np.full(len(names), np.nan)
        return GradientCheck(False, np.inf, "", nothing, nothing, problem or "the loss is not finite")
    numeric, errors = _compare(loss_at, analytic, theta, scale, moving)
    worst = int(np.argmax(errors))
    return GradientCheck(bool(errors[worst] <= TOLERANCE), float(errors[worst]), names[worst], analytic, numeric)


def _functions(
    model: LinearRegressionGD, X: Any, y: Any, sample_weight: Any
) -> tuple[Callable[[Array], float], Callable[[Array], tuple[Any, Any]], list[str], Array]:
    """The loss and the gradient as functions of θ = (w, b); names and typical sizes of its coordinates."""
    plan = model._prepare(model._source(X, y, sample_weight))
    columns = plan.source.names
    names = [f"w[{j}]" + (f" ({columns[j]})" if columns else "") for j in range(plan.source.n_features)] + ["b"]
    square = np.append(np.diag(plan.moments.second)[:-1], 1.0)
    spread = np.sqrt(float(plan.moments.covariance[-1, -1])) or 1.0
    scale = spread / np.sqrt(np.where(square > 0, square, 1.0))
    if not model._reads_as_textbook():
        objective = plan.objective()
        return (
            lambda theta: objective.value_and_gradient(theta[:-1], theta[-1])[0],
            lambda theta: objective.value_and_gradient(theta[:-1], theta[-1])[1:],
            names,
            scale,
        )
    Z, target, weights = model._textbook_rows(plan)

    def stand_at(theta: Array) -> Array:
        model.w_, model.b_ = theta[:-1].copy(), float(theta[-1])
        return np.asarray(Z @ model.w_ + model.b_)

    return (
        lambda theta: model._loss(stand_at(theta), target, weights),
        lambda theta: model._gradients(Z, target, stand_at(theta), weights),
        names,
        scale,
    )


def _analytic(gradient_at: Callable[[Array], tuple[Any, Any]], theta: Array) -> tuple[str, Array]:
    dw, db = gradient_at(theta)
    if np.shape(dw) != (len(theta) - 1,):
        return f"dw has shape {np.shape(dw)}, wanted {(len(theta) - 1,)}: has y been broadcast?", theta
    if np.shape(db) not in ((), (1,)):
        return f"db has shape {np.shape(db)}, wanted a number", theta
    return "", np.append(dw, db).astype(np.float64)


def _compare(
    loss_at: Callable[[Array], float], analytic: Array, theta: Array, scale: Array, moving: NDArray[np.intp]
) -> tuple[Array, Array]:
    """Numeric gradient and errors relative to the change of loss they stand for; the step that suits each is taken."""
    largest = float(np.abs(analytic * scale).max())
    numeric, errors = analytic.copy(), np.zeros(len(theta))
    for j in moving:
        candidates = [_slope(loss_at, theta, int(j), step * scale[j]) for step in STEPS]
        floor = 1e-3 * largest / scale[j] + np.finfo(float).tiny
        gaps = [abs(c - analytic[j]) / max(abs(c), abs(analytic[j]), floor) for c in candidates]
        best = int(np.argmin(gaps))
        numeric[j], errors[j] = candidates[best], gaps[best]
    return numeric, errors


def _slope(loss_at: Callable[[Array], float], theta: Array, j: int, step: float) -> float:
    up, down = theta.copy(), theta.copy()
    up[j] += step
    down[j] -= step
    return float((loss_at(up) - loss_at(down)) / (up[j] - down[j]))
