"""What LinearRegressionGD's parameters mean: penalty, scaling, clipping, start, mini-batches; the readable form."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from trueline import Domain, LeastSquares, LinearRegressionGD
from trueline.errors import ConstantColumnWarning
from trueline.maths.descent import Status
from trueline.maths.losses import Huber

engines = pytest.mark.parametrize("engine", ["compiled", "numpy"])
intercepts = pytest.mark.parametrize("fit_intercept", [True, False])


@engines
@pytest.mark.parametrize("reg_lambda", [0.0, 0.3])
def test_mse_is_exactly_twice_half_mse(engine, reg_lambda, rows, descend):
    options = {"engine": engine, "reg_lambda": reg_lambda, "epochs": 40, "tol": 0}
    half, full = (descend(*rows, loss=loss, lr=lr, **options) for loss, lr in [("half_mse", 0.02), ("mse", 0.01)])
    assert np.allclose(full.w_, half.w_, rtol=1e-13) and np.isclose(full.b_, half.b_, rtol=1e-13)
    assert np.allclose(full.loss_history_, 2 * np.array(half.loss_history_), rtol=1e-13)
    assert np.allclose(full.gradient_norms_, 2 * np.array(half.gradient_norms_), rtol=1e-12)
    auto = [descend(*rows, loss=loss, **options) for loss in ("half_mse", "mse")]
    assert np.allclose(auto[0].w_, auto[1].w_, rtol=1e-13)


@engines
@intercepts
@pytest.mark.parametrize("weighted", [False, True])
def test_alpha_of_ridge_is_the_sum_of_weights_times_reg_lambda(engine, fit_intercept, weighted, rows):
    X, y = rows
    weights = np.linspace(0.0, 4.0, len(y)) if weighted else None
    alpha = 0.3 * (len(y) if weights is None else weights.sum())
    model = LinearRegressionGD(reg_lambda=0.3, fit_intercept=fit_intercept, engine=engine, tol=1e-20).fit(X, y, weights)
    ridge = Ridge(alpha=alpha, fit_intercept=fit_intercept, solver="cholesky").fit(X, y, weights)
    closed = LeastSquares(reg_lambda=0.3, fit_intercept=fit_intercept).fit(X, y, weights)
    assert np.allclose(model.coef_, ridge.coef_, rtol=1e-8)
    assert np.allclose(closed.coef_, ridge.coef_, rtol=1e-11)
    assert np.isclose(closed.intercept_, ridge.intercept_, rtol=1e-11)


@engines
@pytest.mark.parametrize("weighted", [False, True])
@intercepts
def test_standardising_centres_and_scales_or_only_scales_without_intercept(engine, weighted, fit_intercept, rows):
    X, y = rows
    weights = np.linspace(0.0, 4.0, len(y)) if weighted else None
    model = LinearRegressionGD(standardize=True, fit_intercept=fit_intercept, engine=engine).fit(X, y, weights)
    mu = np.average(X, axis=0, weights=weights) if fit_intercept else np.zeros(3)
    sigma = np.sqrt(np.average((X - mu) ** 2, axis=0, weights=weights))
    assert np.allclose(model.mu_, mu, rtol=1e-13) and np.allclose(model.sigma_, sigma, rtol=1e-13)
    assert np.allclose(model.coef_, model.w_ / sigma, rtol=1e-13)
    assert np.allclose(model.predict(X), (X - mu) / sigma @ model.w_ + model.b_, rtol=1e-12)
    assert np.allclose(model.coef_, LeastSquares(fit_intercept=fit_intercept).fit(X, y, weights).coef_, rtol=1e-4)


@engines
def test_the_penalty_acts_where_w_lives(engine, rows):
    X, y = rows
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    model = LinearRegressionGD(standardize=True, reg_lambda=0.5, engine=engine, tol=1e-18).fit(X, y)
    assert np.allclose(model.w_, LeastSquares(reg_lambda=0.5).fit(Z, y).coef_, rtol=1e-8)


@engines
def test_a_constant_column_beside_an_intercept_is_named_and_weighs_nothing(engine, rows):
    X, y = rows
    X[:, 1] = 0.1  # its mean rounds
    with pytest.warns(ConstantColumnWarning, match=r"X\[:, 1\]"):
        model = LinearRegressionGD(standardize=True, init="random", engine=engine).fit(X, y)
    assert model.sigma_[1] == 1.0 and model.w_[1] == model.coef_[1] == 0.0


@engines
def test_a_constant_column_without_intercept_is_the_intercept(engine, rows):
    X, y = rows
    X[:, 1] = 2.0
    model = LinearRegressionGD(standardize=True, fit_intercept=False, engine=engine, tol=1e-18).fit(X, y)
    with_intercept = LeastSquares().fit(X[:, [0, 2]], y)
    assert np.isclose(2.0 * model.coef_[1], with_intercept.intercept_, rtol=1e-6)
    assert model.intercept_ == 0.0


@engines
def test_feature_clipping_acts_on_raw_units_first_also_in_predict(engine, rows):
    X, y = rows
    low, high = np.quantile(X, [0.1, 0.9], axis=0, method="inverted_cdf")
    options = {"standardize": True, "engine": engine}
    quantiles = LinearRegressionGD(clip_features=(0.1, 0.9), **options).fit(X, y)
    domain = LinearRegressionGD(clip_features=Domain(low, high), **options).fit(X, y)
    by_hand = LinearRegressionGD(**options).fit(np.clip(X, low, high), y)
    wild = 100 * X
    for model in (quantiles, domain):
        assert np.allclose(model.mu_, np.clip(X, low, high).mean(axis=0), rtol=1e-13)
        assert np.allclose(model.coef_, by_hand.coef_, rtol=1e-12)
        assert np.allclose(model.predict(wild), np.clip(wild, low, high) @ model.coef_ + model.intercept_, rtol=1e-13)


def test_random_init_is_seeded_normal_with_deviation_a_hundredth(descend):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 400)), np.zeros(50)
    starts = {}

    def remember(seed):
        def callback(epoch, loss, w, b):
            starts.setdefault(seed, np.append(w, b))
            return True

        return callback

    for seed in (1, 2):
        descend(X, y, init="random", random_state=seed, callback=remember(seed))
    again = dict(starts)
    starts.clear()
    descend(X, y, init="random", random_state=1, engine="numpy", callback=remember(1))
    assert np.array_equal(again[1], starts[1]) and not np.array_equal(again[1], again[2])
    assert 0.008 < again[1].std() < 0.012 and abs(again[1].mean()) < 0.002


@engines
@pytest.mark.parametrize(
    "seed", [np.random.default_rng, np.random.RandomState, int], ids=["Generator", "RandomState", "int"]
)
def test_mini_batches_repeat_to_the_bit_and_differ_with_another_seed(engine, seed, rows, descend):
    options = {"batch_size": 7, "epochs": 5, "engine": engine}
    one, same, other = (descend(*rows, random_state=seed(k), **options) for k in (3, 3, 4))
    assert np.array_equal(one.coef_, same.coef_) and one.loss_history_ == same.loss_history_
    assert not np.array_equal(one.coef_, other.coef_)


def test_without_a_seed_runs_repeat_too(rows, descend):
    one, same = (descend(*rows, batch_size=7, epochs=3, init="random") for _ in range(2))
    assert np.array_equal(one.coef_, same.coef_)


@engines
def test_a_batch_of_all_rows_is_full_batch_descent(engine, rows, descend):
    options = {"lr": 0.05, "epochs": 30, "engine": engine}
    assert np.allclose(descend(*rows, batch_size=10_000, **options).coef_, descend(*rows, **options).coef_, rtol=1e-11)


class Louder(LinearRegressionGD):
    """Overrides the loss alone."""

    calls = 0

    def _loss(self, y_hat, y, sample_weight=None):
        type(self).calls += 1
        return super()._loss(y_hat, y, sample_weight)


class Signs(LinearRegressionGD):
    """Overrides the gradient alone: least absolute deviations by hand."""

    calls = 0

    def _gradients(self, X, y, y_hat, sample_weight=None):
        type(self).calls += 1
        push = np.sign(y_hat - y) / len(y)
        return X.T @ push, float(push.sum())


@pytest.mark.parametrize("kind", [Louder, Signs])
def test_a_subclass_with_its_own_formula_runs_on_the_readable_loop(kind, rows, descend):
    kind.calls = 0
    model = descend(*rows, kind=kind, engine="compiled", lr=0.05, epochs=20, tol=0)
    assert kind.calls == 21
    assert model.status_ is not Status.CONVERGED  # nothing is known of its minimum


def test_nothing_is_proven_of_a_subclass_s_own_loss(rows, descend):
    class Raised(LinearRegressionGD):
        def _loss(self, y_hat, y, sample_weight=None):
            return 1.0 + super()._loss(y_hat, y, sample_weight)

    assert descend(*rows, standardize=True).status_ is Status.CONVERGED
    assert descend(*rows, kind=Raised, standardize=True).status_ is Status.SETTLED


def test_a_subclass_that_changes_neither_stays_compiled(rows, descend):
    class Named(LinearRegressionGD):
        pass

    assert np.array_equal(descend(*rows, kind=Named).coef_, descend(*rows).coef_)


def test_the_readable_loop_stays_short():
    lines = inspect.getsource(LinearRegressionGD._fit_textbook).splitlines()
    assert len(lines) < 40


@pytest.mark.parametrize("weighted", [False, True])
def test_the_readable_form_is_the_page_of_maths(rows, weighted):
    """`_loss` and `_gradients` as the derivation writes them, penalty included."""
    X, y = rows
    weights = np.linspace(0.5, 2.0, len(y)) if weighted else None
    share = np.full(len(y), 1 / len(y)) if weights is None else weights / weights.sum()
    model = LinearRegressionGD(reg_lambda=0.2)
    model.w_, model.b_ = np.array([1.0, -1.0, 0.5]), 0.3
    y_hat = X @ model.w_ + model.b_
    r = y_hat - y
    dw, db = model._gradients(X, y, y_hat, weights)
    assert np.isclose(model._loss(y_hat, y, weights), share @ r**2 / 2 + 0.1 * model.w_ @ model.w_, rtol=1e-14)
    assert np.allclose(dw, X.T @ (share * r) + 0.2 * model.w_, rtol=1e-13) and np.isclose(db, share @ r, rtol=1e-13)
    assert np.array_equal(model._add_intercept(X), np.c_[np.ones(len(y)), X])
    mu, sigma = model._standardize_fit(X, weights)
    assert np.allclose(model._standardize_apply(X), (X - mu) / sigma, rtol=1e-15)
    assert np.allclose(np.average(model._standardize_apply(X), axis=0, weights=weights), 0, atol=1e-14)


@engines
def test_other_losses_reach_their_own_optimum(engine, rows):
    from scipy.optimize import minimize
    from scipy.special import huber

    X, y = rows
    y[::7] += 30.0
    model = LinearRegressionGD(loss=Huber(0.5), standardize=True, engine=engine, tol=1e-14).fit(X, y)
    objective = lambda theta: huber(0.5, X @ theta[1:] + theta[0] - y).mean()  # noqa: E731
    found = minimize(objective, np.append(model.intercept_, model.coef_), method="Nelder-Mead", tol=1e-12)
    assert objective(np.append(model.intercept_, model.coef_)) <= found.fun + 1e-12
    assert model.status_ is Status.CONVERGED


@engines
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.filterwarnings("ignore::trueline.errors.ConstantColumnWarning")
def test_a_column_of_zeros_weighs_nothing_without_intercept_too(engine, standardize, rows):
    X, y = rows
    X[:, 1] = 0.0
    options = {"standardize": standardize, "init": "random", "fit_intercept": False}
    assert LinearRegressionGD(engine=engine, **options).fit(X, y).coef_[1] == 0.0
