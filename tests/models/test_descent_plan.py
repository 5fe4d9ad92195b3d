"""Learning rates, limits, the reference loss, and which options are refused."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from trueline import LinearRegressionGD
from trueline.errors import DivergenceError, OptionError
from trueline.maths.losses import Huber, Quantile, Squared, best_constant
from trueline.models.descent_plan import Plan
from trueline.rows.source import ArraySource

engines = pytest.mark.parametrize("engine", ["compiled", "numpy"])


def plan(X, y, weights=None, **options) -> tuple[Plan, LinearRegressionGD]:
    model = LinearRegressionGD(**options)
    return Plan.of(model, ArraySource(X, y, weights)), model


def hessian(X, weights=None, *, intercept=True, standardize=False, reg_lambda=0.0, slope=1.0):
    """Of the squared loss, written out."""
    share = np.full(len(X), 1 / len(X)) if weights is None else weights / weights.sum()
    if standardize:
        mu = share @ X if intercept else 0.0
        X = (X - mu) / np.sqrt(share @ (X - mu) ** 2)
    design = np.c_[X, np.ones(len(X))] if intercept else X
    H = design.T @ (share[:, None] * design)
    return slope * (H + reg_lambda * np.diag([1.0] * X.shape[1] + [0.0] * intercept))


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("reg_lambda", [0.0, 3.0])
@pytest.mark.parametrize(("loss", "slope"), [("half_mse", 1.0), ("mse", 2.0), (Huber(1.0), 1.0)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_auto_lr_is_one_over_the_largest_eigenvalue(rows, intercept, standardize, reg_lambda, loss, slope, weighted):
    X, y = rows
    weights = np.linspace(0, 3, len(y)) if weighted else None
    made, model = plan(
        X, y, weights, fit_intercept=intercept, standardize=standardize, reg_lambda=reg_lambda, loss=loss
    )
    H = hessian(X, weights, intercept=intercept, standardize=standardize, reg_lambda=reg_lambda, slope=slope)
    assert np.isclose(made.step(model).lr, 1 / np.linalg.eigvalsh(H)[-1], rtol=1e-12)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize(("loss", "slope"), [("half_mse", 1.0), ("mse", 2.0)])
def test_auto_lr_of_mini_batches_holds_for_the_longest_row(rows, loss, slope, standardize):
    X, y = rows
    made, model = plan(X, y, batch_size=4, loss=loss, reg_lambda=0.5, standardize=standardize)
    Z = (X - X.mean(axis=0)) / X.std(axis=0) if standardize else X
    assert np.isclose(made.step(model).lr, 1 / (slope * ((Z**2).sum(axis=1).max() + 1 + 0.5)), rtol=1e-12)


@engines
@pytest.mark.parametrize("loss", ["mae", Quantile(0.9)], ids=str)
def test_auto_lr_is_refused_without_a_curvature_bound(rows, engine, loss):
    with pytest.raises(OptionError, match=r"lr='auto' needs a loss with bounded curvature.*QuantileRegression"):
        LinearRegressionGD(loss=loss, engine=engine).fit(*rows)


@engines
def test_without_a_curvature_bound_the_step_decays_and_the_best_iterate_is_kept(rows, descend, engine):
    X, y = rows
    path = []
    callback = lambda epoch, loss, w, b: path.append(np.append(w, b))  # noqa: E731
    model = descend(X, y, loss="mae", lr=3.0, epochs=50, tol=0, callback=callback, engine=engine)
    moves = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert np.allclose(moves, 3.0 / np.sqrt(np.arange(1, 51)) * model.gradient_norms_[:-1], rtol=1e-10)
    best = int(np.argmin(model.loss_history_))
    assert best < 50 and np.array_equal(np.append(model.w_, model.b_), path[best])
    assert np.isclose(np.abs(model.predict(X) - y).mean() / 2, min(model.loss_history_), rtol=1e-12)


@pytest.mark.parametrize("loss", [Squared(), Squared(half=False), Huber(1.0), Quantile(0.9)], ids=repr)
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_reference_is_the_loss_of_the_best_constant(rows, loss, intercept, weighted):
    X, y = rows
    weights = np.linspace(0, 3, len(y)) if weighted else None
    reference = plan(X, y, weights, loss=loss, lr=0.1, fit_intercept=intercept)[0].reference
    average = lambda c: np.average(loss.value(c - y), weights=weights)  # noqa: E731
    constants = np.append(np.linspace(y.min(), y.max(), 20_001), y) if intercept else [0.0]
    expected = min(average(c) for c in constants)
    assert np.isclose(reference, expected, rtol=1e-6) and reference <= expected * (1 + 1e-12)
    assert np.isclose(average(best_constant(loss, y, weights) if intercept else 0.0), reference, rtol=1e-12)


def test_the_reference_of_a_y_that_never_changes_is_a_rounding_error(rows):
    X, y = rows
    made = plan(X, np.full_like(y, 3.0))[0]
    assert np.isclose(made.reference, np.finfo(float).eps * 9.0)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000), d=st.integers(1, 5), spread=st.floats(0.0, 1.5), intercept=st.booleans(),
    momentum=st.sampled_from([0.0, 0.5, 0.9]), engine=st.sampled_from(["compiled", "numpy"]),
)  # fmt: skip
def test_just_under_the_limit_it_is_stable_and_just_over_it_diverges(seed, d, spread, momentum, intercept, engine):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, d)) * np.exp(spread * rng.normal(size=d))
    y = X @ rng.normal(size=d) + 1.0 + 0.1 * rng.normal(size=30)
    limit = 2 * (1 + momentum) / np.linalg.eigvalsh(hessian(X, intercept=intercept))[-1]
    options = {
        "momentum": momentum, "engine": engine, "fit_intercept": intercept, "init": "random", "random_state": seed,
        "tol": 0,
    }  # fmt: skip
    with pytest.raises(DivergenceError, match="descent diverged") as caught:
        LinearRegressionGD(lr=1.02 * limit, epochs=5000, **options).fit(X, y)
    assert f"{limit:.4g}" in str(caught.value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LinearRegressionGD(lr=0.98 * limit, epochs=5000, **options).fit(X, y)
    assert model.loss_history_[-1] <= model.loss_history_[0] and np.isfinite(model.coef_).all()


@engines
def test_a_lr_above_the_limit_may_be_tried_and_its_history_is_kept(rows, engine):
    with pytest.raises(DivergenceError) as caught:
        LinearRegressionGD(lr=5.0, engine=engine).fit(*rows)
    error = caught.value
    assert len(error.history) > 2 and error.history[-1] > 1e6 * error.history[0]
    assert "lr='auto'" in error.advice and "is unstable on these rows" in str(error)


BAD_OPTIONS = [
    ("lr", [0, -1.0, "fast", None, np.nan, np.inf, True]),
    ("epochs", [0, -1, 2.5, "10", None, True]),
    ("reg_lambda", [-0.1, np.nan, np.inf, "1", None]),
    ("tol", [-1e-3, np.nan, None]),
    ("momentum", [-0.1, 1.0, 1.5, np.nan, None]),
    ("batch_size", [0, -4, 2.5, "all"]),
    ("clip_gradient", [0, -1, np.nan, "1"]),
    ("clip_row_gradient", [0, -1, np.nan]),
    ("clip_features", [0.5, (0.9, 0.1), (0.1,), (-0.1, 0.9), "iqr", (np.nan, 1)]),
    ("init", ["ones", None, 0]),
    ("engine", ["gpu", None]),
    ("callback", [3, "stop"]),
    ("loss", ["l1", None, 3, Huber]),
]


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_OPTIONS for value in values], ids=str
)
def test_an_option_outside_what_it_may_be_is_named(rows, name, value):
    with pytest.raises(OptionError) as caught:
        LinearRegressionGD(**{name: value}).fit(*rows)
    assert name in str(caught.value) or name == "loss"
    assert str(value) in str(caught.value) or repr(value) in str(caught.value)


def test_row_clipping_needs_a_loss_that_it_knows(rows):
    class LogCosh:
        curvature_bound = 1.0
        value = derivative = curvature = staticmethod(np.tanh)

    with pytest.raises(OptionError, match="clip_row_gradient"):
        LinearRegressionGD(loss=LogCosh(), clip_row_gradient=1.0).fit(*rows)


@pytest.mark.parametrize("intercept", [True, False])
def test_the_reference_of_row_clipping_is_that_of_the_bounded_loss(rows, intercept):
    X, y = rows
    made = plan(X, y, clip_row_gradient=0.3, fit_intercept=intercept)[0]
    constants = np.linspace(y.min(), y.max(), 4001) if intercept else [0.0]
    objective = made.rows_objective()
    expected = min(objective.value_and_gradient(np.zeros(3), c)[0] for c in constants)
    assert np.isclose(made.reference, expected, rtol=1e-5)


@engines
def test_momentum_keeps_a_share_of_the_last_move_of_w_and_b(rows, descend, engine):
    X, y = rows
    theta, move, design = np.zeros(4), np.zeros(4), np.c_[X, np.ones(len(y))]
    for _ in range(7):
        move = 0.6 * move - 0.05 * design.T @ (design @ theta - y) / len(y)
        theta = theta + move
    model = descend(X, y, engine=engine, momentum=0.6, lr=0.05, epochs=7, tol=0)
    assert np.allclose([*model.w_, model.b_], theta, rtol=1e-11)
