"""One law over every loss and option: the compiled engine gives what the readable loop gives, to 1e-12."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from trueline import Domain, LinearRegressionGD
from trueline.errors import ConstantColumnWarning
from trueline.maths.losses import Huber, Loss, Quantile, Squared

LOSSES = [Squared(), Squared(half=False), Huber(0.7), Quantile(0.5), Quantile(0.9)]


class LogCosh:
    """A loss from outside, with no compiled form of its own."""

    curvature_bound = 1.0

    def __repr__(self):
        return "LogCosh()"

    def value(self, r):
        return np.logaddexp(r, -r) - np.log(2)

    def derivative(self, r):
        return np.tanh(r)

    def curvature(self, r):
        return 1 - np.tanh(r) ** 2


def rows(seed=0, n=90, d=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * [1.0, 3.0, 0.5, 2.0] + [0.0, 5.0, -1.0, 2.0]
    y = X @ [1.0, -2.0, 0.5, 3.0] + 4.0 + rng.standard_t(2, size=n)
    return X, y, rng.integers(0, 4, size=n).astype(float)


def fit(engine, X, y, weights, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", ConstantColumnWarning)
        return LinearRegressionGD(engine=engine, random_state=7, **options).fit(X, y, sample_weight=weights)


def assert_same_descent(a, b, scale):
    assert a.n_iter_ == b.n_iter_
    assert a.status_ is b.status_
    assert np.allclose(a.w_, b.w_, rtol=0, atol=1e-12 * scale)
    assert abs(a.b_ - b.b_) <= 1e-12 * scale
    assert np.allclose(a.loss_history_, b.loss_history_, rtol=1e-12, atol=1e-12 * a.loss_history_[0])
    assert np.allclose(a.parameter_norms_, b.parameter_norms_, rtol=0, atol=1e-12 * scale)
    assert np.allclose(a.mu_, b.mu_, atol=1e-12) and np.allclose(a.sigma_, b.sigma_, rtol=1e-12)


@pytest.mark.parametrize("loss", [*LOSSES, LogCosh()], ids=repr)
@pytest.mark.parametrize(
    ("intercept", "standardize", "reg_lambda", "weighted"),
    list(product([True, False], [True, False], [0.0, 0.3], [0, 1])),
)
def test_engines_agree(loss: Loss, intercept, standardize, reg_lambda, weighted):
    X, y, weights = rows()
    lr = 0.05 if np.isinf(loss.curvature_bound) else "auto"
    options = {
        "loss": loss, "fit_intercept": intercept, "standardize": standardize, "reg_lambda": reg_lambda,
        "epochs": 60, "lr": lr,
    }  # fmt: skip
    one, other = (fit(engine, X, y, weights if weighted else None, **options) for engine in ("numpy", "compiled"))
    assert_same_descent(one, other, scale=10)
    assert one.loss_history_[-1] < one.loss_history_[0]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize(
    "options",
    [
        {"momentum": 0.8},
        {"clip_gradient": 0.5},
        {"clip_row_gradient": 1.5},
        {"clip_row_gradient": 1.5, "standardize": True, "reg_lambda": 0.1},
        {"clip_row_gradient": 1.5, "fit_intercept": False},
        {"clip_features": (0.05, 0.95)},
        {"clip_features": Domain([-1, 2, -2, 0], [1, 8, 0, 4]), "standardize": True},
        {"batch_size": 16},
        {"batch_size": 32, "clip_row_gradient": 2.0, "standardize": True, "momentum": 0.5},
        {"init": "random"},
    ],
    ids=str,
)
@pytest.mark.parametrize("weighted", [False, True])
def test_engines_agree_on_options(loss, options, weighted):
    X, y, weights = rows(1)
    lr = 0.02 if np.isinf(loss.curvature_bound) else "auto"
    one, other = (
        fit(engine, X, y, weights if weighted else None, loss=loss, lr=lr, epochs=40, **options)
        for engine in ("numpy", "compiled")
    )
    assert_same_descent(one, other, scale=10)


def test_moments_give_the_iterates_of_the_loop_over_rows():
    X, y, _ = rows(2)
    for momentum in (0.0, 0.9):
        one, other = (fit(engine, X, y, None, epochs=500, momentum=momentum, tol=0) for engine in ("numpy", "compiled"))
        assert one.n_iter_ == other.n_iter_ == 500
        assert np.allclose(one.w_, other.w_, rtol=0, atol=1e-10)
        assert np.allclose(one.loss_history_, other.loss_history_, rtol=1e-10)


def test_a_constant_column_keeps_weight_zero_on_both_engines():
    X, y, _ = rows(3)
    X[:, 2] = 0.1
    for standardize, init in product([True, False], ["zeros", "random"]):
        one, other = (
            fit(engine, X, y, None, epochs=50, standardize=standardize, init=init) for engine in ("numpy", "compiled")
        )
        assert one.w_[2] == other.w_[2] == 0.0
        assert_same_descent(one, other, scale=10)
