"""Descent: how the loss falls when the model is trained epoch by epoch, on standardised columns."""

from __future__ import annotations

from ...models.linear_regression_gd import LinearRegressionGD
from ..ground import Ground, quietly
from ..saying import amount, count
from ..section import Section

__all__ = ["descent"]

HOW = "LinearRegressionGD(standardize=True, lr='auto') on these rows: full-batch epochs, exact to rounding."
EPOCHS = 200


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
        f"Least squares by gradient descent: after {count(len(history), 'epoch')} the loss is "
        f"{amount(history[-1], 5)}, status {model.status_.name.lower().replace('_', ' ')}."
    )
    return Section("", "", text=text, how=HOW, chart={"kind": "loss", "data": data})
