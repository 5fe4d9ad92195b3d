"""The gradient check passes what is right, and catches each classic mistake."""

from __future__ import annotations

import numpy as np
import pytest

from trueline import LinearRegressionGD
from trueline.maths.losses import Huber, Quantile, Squared
from trueline.verify import check_gradient


def rows(scale=1.0):
    rng = np.random.default_rng(0)
    X = rng.normal(2, 1, (60, 3)) * [1.0, 100.0, 0.01]
    return X, scale * (X @ [1.0, 0.02, 50.0] + rng.normal(size=60)), rng.uniform(0, 2, 60)


@pytest.mark.parametrize("loss", [Squared(), Squared(half=False), Huber(0.5), Quantile(0.3)], ids=repr)
@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize(
    "options",
    [{}, {"reg_lambda": 0.5}, {"fit_intercept": False}, {"standardize": True},
     {"clip_row_gradient": 1.0, "reg_lambda": 0.1}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_every_loss_and_option_passes(loss, engine, options, scale):
    X, y, weights = rows(scale)
    for sample_weight in (None, weights):
        check = check_gradient(LinearRegressionGD(loss=loss, lr=0.1, engine=engine, **options), X, y, sample_weight)
        assert check.passed, str(check)
        assert check.worst_error < 1e-6
        assert check.analytic.shape == check.numeric.shape == (4,)


class ForgotTheMean(LinearRegressionGD):
    def _gradients(self, X, y, y_hat, sample_weight=None):
        dw, db = super()._gradients(X, y, y_hat, sample_weight)
        return dw * len(y), db * len(y)


class PenalisesTheIntercept(LinearRegressionGD):
    def _gradients(self, X, y, y_hat, sample_weight=None):
        dw, db = super()._gradients(X, y, y_hat, sample_weight)
        return dw, db + self.reg_lambda * self.b_


class WrongSign(LinearRegressionGD):
    def _gradients(self, X, y, y_hat, sample_weight=None):
        return X.T @ (y - y_hat) / len(y), float((y_hat - y).mean())


class BroadcastGradient(LinearRegressionGD):
    def _gradients(self, X, y, y_hat, sample_weight=None):
        r = y_hat - y[:, None]
        return X.T @ r / len(y), float(r.mean())


class BroadcastLoss(LinearRegressionGD):
    def _loss(self, y_hat, y, sample_weight=None):
        return float(np.mean((y_hat - y[:, None]) ** 2) / 2)


class OneCoordinate(LinearRegressionGD):
    def _gradients(self, X, y, y_hat, sample_weight=None):
        dw, db = super()._gradients(X, y, y_hat, sample_weight)
        dw = dw.copy()
        dw[1] *= 1.001
        return dw, db


@pytest.mark.parametrize("planted", [ForgotTheMean, PenalisesTheIntercept, WrongSign, BroadcastGradient, BroadcastLoss])
@pytest.mark.parametrize("standardize", [False, True])
def test_planted_mistakes_are_caught(planted, standardize):
    X, y, _ = rows()
    check = check_gradient(planted(reg_lambda=0.2, standardize=standardize), X, y)
    assert not check.passed
    assert not check
    assert "FAILED" in str(check)


def test_it_says_where():
    X, y, _ = rows()
    check = check_gradient(OneCoordinate(standardize=True), X, y)
    assert not check.passed
    assert check.where == "w[1]"
    assert check.worst_error == pytest.approx(1e-3, rel=0.01)


def test_a_wrong_shape_is_said_in_words():
    X, y, _ = rows()
    assert "dw has shape (3, 60), wanted (3,)" in str(check_gradient(BroadcastGradient(), X, y))


def test_the_model_is_not_touched():
    X, y, _ = rows()
    model = LinearRegressionGD(standardize=True).fit(X, y)
    before = model.w_.copy(), model.b_
    check_gradient(model, X, y)
    assert np.array_equal(model.w_, before[0])
    assert model.b_ == before[1]


def test_columns_have_their_names():
    import pyarrow as pa

    X, y, _ = rows()
    frame = pa.table({"income": X[:, 0], "tenure": X[:, 1], "age": X[:, 2]})
    assert check_gradient(OneCoordinate(), frame, y).where == "w[1] (tenure)"


def test_weights_that_the_gradient_forgets_are_caught():
    class ForgotTheWeights(LinearRegressionGD):
        def _gradients(self, X, y, y_hat, sample_weight=None):
            return super()._gradients(X, y, y_hat)

    X, y, weights = rows()
    assert check_gradient(ForgotTheWeights(), X, y).passed
    assert not check_gradient(ForgotTheWeights(), X, y, weights).passed
