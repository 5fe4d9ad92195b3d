"""Descent: how the loss falls when the model is trained epoch by epoch, on standardised columns."""

from __future__ import annotations

import numpy as np

from ...models.least_squares import LeastSquares
from ...models.linear_regression_gd import LinearRegressionGD
from ..ground import Ground, quietly
from ..saying import amount, count
from ..section import Section

__all__ = ["descent"]

HOW = "LinearRegressionGD(standardize=True, lr='auto') on these rows: full-batch epochs, exact to rounding."
EPOCHS = 200
SMALL = 1e-9  # of the variance of y: closer is there


def descent(ground: Ground) -> Section:
    """The loss of every epoch, up to 200.

    Parameters
    ----------
    ground : Ground
    """
    model = quietly(
        LinearRegressionGD(standardize=True, epochs=EPOCHS, reg_lambda=0.0, fit_intercept=ground.line.fit_intercept),
        ground.X,
        ground.y,
    )
    history = [float(loss) for loss in model.loss_history_]
    data = [{"epoch": i, "loss": loss} for i, loss in enumerate(history)]
    text = (
        f"Least squares by gradient descent: after {count(model.n_iter_, 'epoch')} the loss, half the mean squared "
        f"error, is {amount(history[-1], 5)}{_to_go(ground, history[-1])} (status: {model.status_})."
    )
    return Section("", "", text=text, how=HOW, chart={"kind": "loss", "data": data})


def _to_go(ground: Ground, loss: float) -> str:
    """How far that is from where it would end."""
    least = quietly(LeastSquares(fit_intercept=ground.line.fit_intercept), ground.X, ground.y)
    end = float(np.mean((least.predict(ground.X) - ground.y) ** 2)) / 2
    far = loss - end
    return f", {amount(far)} above the smallest possible" if far > SMALL * float(ground.y.var()) else ""
