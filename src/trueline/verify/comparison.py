"""compare_closed_form: a fitted model against `np.linalg.pinv` on the same rows, in the model's own space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..models.foreign import as_line

__all__ = ["Comparison", "compare_closed_form"]

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Comparison:
    """A model beside the closed form of the same problem, in the model's own (scaled) space.

    Parameters
    ----------
    w, b, mse : ndarray (n_features,), float, float
        The model's; `mse` is the mean of (prediction - y)², in squared units of y.
    closed_w, closed_b, closed_mse : ndarray (n_features,), float, float
        The closed form's.
    w_digits, b_digits, prediction_digits, mse_digits : float
        Decimal digits in which the two agree, relative to the largest value; at most 16.
    prediction_difference : float
        Largest difference between two predictions, in the units of y.
    """

    w: Array
    b: float
    mse: float
    closed_w: Array
    closed_b: float
    closed_mse: float
    w_digits: float
    b_digits: float
    prediction_digits: float
    mse_digits: float
    prediction_difference: float

    def __str__(self) -> str:
        rows = [
            ("w", "", "", self.w_digits),
            ("b", f"{self.b:.8g}", f"{self.closed_b:.8g}", self.b_digits),
            ("predictions", "", "", self.prediction_digits),
            ("MSE", f"{self.mse:.8g}", f"{self.closed_mse:.8g}", self.mse_digits),
        ]
        lines = [f"{'':<12}{'model':>16}{'closed form':>16}{'equal digits':>14}"]
        lines += [f"{name:<12}{mine:>16}{closed:>16}{digits:>14.1f}" for name, mine, closed, digits in rows]
        pairs = list(zip(self.w, self.closed_w, strict=True))[:10]
        lines += [f"{f'w[{j}]':<12}{mine:>16.8g}{closed:>16.8g}" for j, (mine, closed) in enumerate(pairs)]
        return "\n".join(lines)


def compare_closed_form(model: Any, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Comparison:
    """Hold a fitted model against ``np.linalg.pinv`` on the same rows, clipped and scaled as the model does.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, or a fitted scikit-learn linear model
        The closed form solves its squared loss with its penalty; a model of another loss differs from it, as it should.
    X, y, sample_weight : as for `fit`

    Returns
    -------
    Comparison

    Raises
    ------
    OptionError
        The model's penalty is not known, so there is no closed form to compare with.
    DataError
        Rows that cannot be used.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> X, y = np.array([[0.0], [1.0], [3.0]]), np.array([1.0, 2.0, 5.0])
    >>> compare_closed_form(LeastSquares().fit(X, y), X, y).w_digits > 12
    True
    """
    line = as_line(model)
    rows = line.rows(X, y, sample_weight)
    Z, target = line.scaling.apply(rows.X), rows.y
    weights = np.ones(len(target)) if rows.weights is None else rows.weights
    closed_w, closed_b = _closed_form(Z, target, weights, line.known_penalty(float(weights.sum())), line.fit_intercept)
    mine, theirs = Z @ line.w + line.b, Z @ closed_w + closed_b
    mse, closed_mse = (float(np.average((p - target) ** 2, weights=weights)) for p in (mine, theirs))
    rounding = EPS * float(np.average(target**2, weights=weights))
    return Comparison(
        line.w, line.b, mse, closed_w, closed_b, closed_mse, _digits(line.w, closed_w), _digits(line.b, closed_b),
        _digits(mine, theirs), _digits(mse, closed_mse, rounding), float(np.abs(mine - theirs).max()),
    )  # fmt: skip


def _closed_form(Z: Array, y: Array, weights: Array, reg_lambda: float, intercept: bool) -> tuple[Array, float]:
    """pinv of the design [1, Z]; the penalty as extra rows sqrt(Σω·λ)·I that leave b alone."""
    root = np.sqrt(weights)
    design = np.column_stack([np.ones(len(y)), Z]) if intercept else Z
    design, target = design * root[:, None], y * root
    if reg_lambda > 0:
        penalty = np.sqrt(weights.sum() * reg_lambda) * np.eye(Z.shape[1])
        extra = np.column_stack([np.zeros(Z.shape[1]), penalty]) if intercept else penalty
        design, target = np.vstack([design, extra]), np.append(target, np.zeros(Z.shape[1]))
    theta = np.linalg.pinv(design) @ target
    return (theta[1:], float(theta[0])) if intercept else (theta, 0.0)


def _digits(a: Array | float, b: Array | float, floor: float = 0.0) -> float:
    """Digits in which a and b agree, relative to the largest entry or to what rounding alone makes of it."""
    largest = max(float(np.max(np.abs(a), initial=0.0)), float(np.max(np.abs(b), initial=0.0)))
    difference = float(np.max(np.abs(np.subtract(a, b)), initial=0.0))
    if difference == 0:
        return 16.0
    return float(np.clip(-np.log10(difference / max(largest, floor)), 0.0, 16.0))
