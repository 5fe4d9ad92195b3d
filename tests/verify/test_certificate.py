from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.linear_model import (
    HuberRegressor,
    Lasso,
    LinearRegression,
    QuantileRegressor,
    Ridge,
    RidgeCV,
    SGDRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from trueline import LeastSquares, LinearRegressionGD
from trueline.errors import OptionError, ShapeError
from trueline.maths.losses import Huber, Quantile
from trueline.verify import certify, compare_closed_form


def rows(offset=0.0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3)) * [1, 10, 0.1] + offset
    return X, X @ [1.0, 0.5, -3.0] + 2 + rng.standard_t(3, size=120), rng.uniform(0.2, 2, 120)


def half_mse(model, X, y, reg_lambda=0.0, w=None):
    return float(
        np.mean((model.predict(X) - y) ** 2) / 2 + reg_lambda / 2 * np.sum((model.coef_ if w is None else w) ** 2)
    )


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(tol=0), Ridge(alpha=3.0), RidgeCV(alphas=[0.1, 3.0]), LinearRegression(fit_intercept=False),
        make_pipeline(StandardScaler(), Ridge(alpha=5.0)), make_pipeline(MinMaxScaler(), LinearRegression(tol=0)),
        make_pipeline(RobustScaler(), MaxAbsScaler(), Ridge(alpha=0.5)),
        make_pipeline(StandardScaler(with_mean=False), "passthrough", LinearRegression(tol=0)),
        LeastSquares(), LeastSquares(0.3), LeastSquares(fit_intercept=False),
        LinearRegressionGD(standardize=True), LinearRegressionGD(standardize=True, reg_lambda=0.2, loss="mse"),
        LinearRegressionGD(standardize=True, clip_features=(0.1, 0.9)),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_optimal_is_certified_by_an_exact_gap(model):
    X, y, _ = rows()
    model.fit(X, y)
    certificate = certify(model, X, y)
    assert certificate.optimal, str(certificate)
    assert certificate.proof == "exact"
    assert 0 <= certificate.gap <= 1e-9 * certificate.reference
    assert compare_closed_form(model, X, y).prediction_digits > 4


@pytest.mark.parametrize("reg_lambda", [0.0, 0.4])
@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_the_gap_is_loss_minus_minimum(reg_lambda, offset):
    X, y, _ = rows(offset)
    best = LeastSquares(reg_lambda).fit(X, y)
    smallest = half_mse(best, X, y, reg_lambda)
    bent = LeastSquares(reg_lambda).fit(X, y)
    bent.coef_ = bent.coef_ + np.array([0.1, 0.0, 0.2])
    bent.intercept_ = bent.intercept_ - bent.coef_ @ [0.0, 0.0, 0.01]
    certificate = certify(bent, X, y)
    assert certificate.gap == pytest.approx(half_mse(bent, X, y, reg_lambda) - smallest, rel=1e-6)
    assert not certificate.optimal
    assert "NOT optimal" in str(certificate)


def test_a_stopped_descent_is_not_certified():
    X, y, _ = rows()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LinearRegressionGD(epochs=3).fit(X, y)
        sgd = SGDRegressor(max_iter=3, random_state=0).fit(X, y)
    assert not certify(model, X, y).optimal
    assert not certify(sgd, X, y).optimal


@pytest.mark.parametrize("loss", [Huber(0.8), Huber(5.0)], ids=repr)
@pytest.mark.parametrize("reg_lambda", [0.0, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_dual_bounds_robust_losses_from_above_and_tightly(loss, reg_lambda, weighted):
    X, y, weights = rows()
    sample_weight = weights if weighted else None
    options = {"loss": loss, "standardize": True, "reg_lambda": reg_lambda}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = LinearRegressionGD(tol=1e-15, **options).fit(X, y, sample_weight)
        early = LinearRegressionGD(epochs=6, **options).fit(X, y, sample_weight)
    assert certify(best, X, y, sample_weight, tol=1e-12).optimal
    certificate = certify(early, X, y, sample_weight)
    true_gap = early.loss_history_[-1] - best.loss_history_[-1]
    assert certificate.proof == "dual bound"
    assert true_gap <= certificate.gap * (1 + 1e-9)
    assert certificate.gap <= 20 * true_gap


def test_a_row_bounded_fit_is_certified_by_its_own_loss():
    X, y, _ = rows()
    model = LinearRegressionGD(standardize=True, clip_row_gradient=1.0, tol=1e-15).fit(X, y)
    assert certify(model, X, y).optimal


def test_quantile_regression_has_a_dual_bound_that_holds():
    X, y, _ = rows()
    vertex = QuantileRegressor(quantile=0.7, alpha=0, solver="highs").fit(X, y)
    certificate = certify(vertex, X, y)
    smallest = float(np.mean(Quantile(0.7).value(vertex.predict(X) - y)))
    assert certificate.loss == pytest.approx(smallest)
    assert certificate.gap >= 0
    assert certificate.loss - certificate.gap <= smallest + 1e-12


def test_a_model_of_another_penalty_must_say_which_loss_it_is_held_against():
    X, y, _ = rows()
    lasso = Lasso(alpha=0.1).fit(X, y)
    for check in (certify, compare_closed_form):
        with pytest.raises(OptionError, match="Lasso has a penalty that is not a sum of squares"):
            check(lasso, X, y)
    assert not certify(lasso, X, y, reg_lambda=0.0).optimal
    with pytest.raises(OptionError):
        certify(HuberRegressor().fit(X, y), X, y)


def test_what_is_no_line_is_refused():
    X, y, _ = rows()
    with pytest.raises(OptionError, match="no fitted linear model"):
        certify(LinearRegression(), X, y)
    bent = make_pipeline(FunctionTransformer(np.exp), LinearRegression()).fit(X / 10, y)
    with pytest.raises(OptionError, match="functiontransformer"):
        certify(bent, X, y)
    two = LinearRegression().fit(X, np.column_stack([y, y]))
    with pytest.raises(OptionError, match="2 targets"):
        certify(two, X, y)
    with pytest.raises(ShapeError, match="2 columns"):
        certify(LinearRegression().fit(X, y), X[:, :2], y)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("reg_lambda", [0.0, 0.5])
@pytest.mark.parametrize("standardize", [True, False])
def test_comparison_is_with_pinv_in_the_models_own_space(intercept, reg_lambda, standardize):
    X, y, weights = rows()
    X = X / [1, 10, 0.1]
    model = LinearRegressionGD(
        standardize=standardize, reg_lambda=reg_lambda, fit_intercept=intercept, epochs=100_000, tol=1e-14
    ).fit(X, y, weights)
    found = compare_closed_form(model, X, y, weights)
    Z = model._standardize_apply(X)
    design = model._add_intercept(Z) if intercept else Z
    gram = design.T @ (design * weights[:, None])
    gram += weights.sum() * reg_lambda * np.diag([0.0] * intercept + [1.0] * 3)
    theta = np.linalg.solve(gram, design.T @ (weights * y))
    assert np.allclose(found.closed_w, theta[intercept:], rtol=1e-9)
    assert found.closed_b == pytest.approx(theta[0] if intercept else 0.0, rel=1e-9)
    assert min(found.w_digits, found.b_digits, found.prediction_digits) > 5
    assert found.mse_digits > (5 if reg_lambda else 10)  # without a penalty the MSE is flat at the optimum
    assert found.prediction_difference < 1e-4


def test_digits_count_what_agrees():
    X, y, _ = rows()
    model = LeastSquares().fit(X, y)
    model.coef_ = model.coef_ * (1 + 1e-5)
    assert compare_closed_form(model, X, y).w_digits == pytest.approx(5, abs=0.05)
    assert "equal digits" in str(compare_closed_form(model, X, y))


def test_a_perfect_fit_has_equal_mse_to_rounding():
    X, _, _ = rows()
    y = X @ [1.0, 2.0, 3.0] + 4.0
    assert compare_closed_form(LeastSquares().fit(X, y), X, y).mse_digits > 10


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_gaps_are_measured_against_the_best_constant_and_a_bound_says_at_most(intercept, weighted):
    X, y, weights = rows()
    weights = weights if weighted else None
    plain = certify(LeastSquares(fit_intercept=intercept).fit(X, y, weights), X, y, weights)
    best = np.average(y, weights=weights) if intercept else 0.0
    assert plain.reference == pytest.approx(np.average((y - best) ** 2, weights=weights) / 2)
    assert "at most" not in str(plain) and plain.proof == "exact"
    bound = certify(LinearRegressionGD(loss=Huber(0.8), standardize=True).fit(X, y), X, y)
    assert f"at most {bound.gap:.2g} above" in str(bound) and bound.proof == "dual bound"
