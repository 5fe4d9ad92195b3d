"""Prediction intervals: where a new observation lies, from the moments of the fit alone."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

from ..errors import OptionError, PrecisionWarning
from ..rows.executor import single_threaded_blas
from .basis import Array, inference_basis
from .gate import matrix_of
from .options import is_number
from .residuals import from_moments

__all__ = ["PredictionInterval", "prediction_interval"]


class PredictionInterval(NamedTuple):
    """Predictions and where a new observation lies with the asked probability, each (n_samples,), in units of y."""

    prediction: Array
    low: Array
    high: Array


def prediction_interval(model: Any, X: Any, level: float) -> PredictionInterval:
    """Where a new observation of weight 1 lies: ŷ ± t·s·√(1 + ‖q‖²), for independent normal errors of equal variance.

    Equals statsmodels' ``results.get_prediction(X).summary_frame(alpha)``, columns mean and obs_ci, and R's
    ``predict(interval = "prediction")``.

    Parameters
    ----------
    model : LeastSquares
        Fitted without a penalty.
    X : array or frame (n_samples, n_features)
    level : float
        Probability that the interval holds the observation, between 0 and 1.

    Returns
    -------
    PredictionInterval
        prediction, low, high.

    Raises
    ------
    OptionError
        `level` is not between 0 and 1; the fit is penalised, or too ill conditioned for moments.

    Warns
    -----
    PrecisionWarning
        The fit is perfect as far as moments can tell.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> X, y = np.arange(6.0)[:, None], np.array([1.0, 2.9, 5.2, 6.9, 9.1, 10.8])
    >>> found = prediction_interval(LeastSquares().fit(X, y), [[6.0]], 0.95)
    >>> found.prediction.round(2), found.low.round(2), found.high.round(2)
    (array([12.91]), array([12.31]), array([13.52]))
    """
    if not is_number(level) or not 0 < level < 1:
        raise OptionError(f"interval must be a probability between 0 and 1, such as 0.95, got {level!r}")
    with single_threaded_blas():
        basis = inference_basis(model, None)
        coef = np.asarray(model.coef_, dtype=np.float64)
        residuals = from_moments(basis, coef)
        if not residuals.resolved:
            warnings.warn("the residuals are smaller than moments can resolve: the intervals are upper bounds",
                          PrecisionWarning, stacklevel=3)  # fmt: skip
        prediction = model.predict(X)
        df = basis.problem.moments.rows - basis.problem.moments.idle - basis.size
        q = basis.coordinates(matrix_of(model, X, reset=False))
        spread = residuals.squares if residuals.resolved else residuals.bound
        reach = -stdtrit(df, (1 - level) / 2) * np.sqrt(spread / df * (1 + np.square(q).sum(axis=1)))
    return PredictionInterval(prediction, prediction - reach, prediction + reach)
