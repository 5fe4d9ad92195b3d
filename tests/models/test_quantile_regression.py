"""Quantile regression: exact vertices, their proof, laws, ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import QuantileRegressor
from sklearn.metrics import mean_pinball_loss

from trueline import LinearRegressionGD, QuantileRegression, verify
from trueline.errors import OptionError, RankWarning
from trueline.maths import vertex
from trueline.maths.losses import Quantile
from trueline.models import quantile_fit
from trueline.models.robust_status import FitStatus

TAUS = [0.05, 0.25, 0.5, 0.8, 0.99]
taus = pytest.mark.parametrize("tau", TAUS)


def heavy(n=150, seed=0, d=3):
    """Heavy-tailed noise that widens with the first column."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, X @ np.arange(1.0, d + 1) - 2.0 + rng.standard_t(2, size=n) * (1 + np.abs(X[:, 0]))


def test_engel_vertices(truth):
    data = truth("robust/quantile_engel")
    X, y = np.array(data["x"])[:, None], np.array(data["y"])
    for tau, exact in data["exact"].items():
        model = QuantileRegression(float(tau)).fit(X, y)
        assert np.isclose(model.coef_[0], exact["slope"], rtol=1e-9, atol=0)
        assert np.isclose(model.intercept_, exact["intercept"], rtol=1e-9, atol=0)
        assert np.isclose(model.objective_ * len(y), exact["objective"], rtol=1e-12)
        assert sorted(model.basis_ + 1) == exact["basis_rows_1based"]
        assert model.status_ is FitStatus.CONVERGED and model.unique_ and model.gap_ <= 1e-12


@taus
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_against_the_linear_programme_over_all_rows(tau, fit_intercept):
    X, y = heavy()
    weights = np.random.default_rng(1).uniform(0.1, 2.0, len(y))
    model = QuantileRegression(tau, fit_intercept).fit(X, y, weights)
    theirs = QuantileRegressor(quantile=tau, alpha=0, fit_intercept=fit_intercept).fit(X, y, weights)
    assert model.objective_ <= mean_pinball_loss(y, theirs.predict(X), sample_weight=weights, alpha=tau) * (1 + 1e-12)
    assert np.allclose(model.coef_, theirs.coef_, rtol=1e-6) and model.gap_ < 1e-12
    assert np.abs(model.predict(X) - y)[model.basis_].max() < 1e-12


@taus
def test_the_dual_bound_of_verify_agrees(tau):
    X, y = heavy()
    model = QuantileRegression(tau).fit(X, y)
    assert np.isclose(verify.certify(model, X, y).loss, model.objective_, rtol=1e-12)
    below = (y < model.predict(X) - 1e-9).mean()
    assert below <= tau <= below + 4 / len(y) + 1e-12  # Koenker and Bassett (1978), theorem 3.4


@pytest.mark.parametrize("n", [1000, 30_000])
@taus
def test_many_rows_go_through_the_band(n, tau):
    X, y = heavy(n, d=6)
    model = QuantileRegression(tau).fit(X, y)
    assert model.status_ is FitStatus.CONVERGED and model.gap_ < 1e-12
    nudged = model.coef_ + 1e-6 * np.random.default_rng(0).normal(size=6)
    assert np.mean(Quantile(tau).value(X @ nudged + model.intercept_ - y)) > model.objective_


@settings(max_examples=20)
@given(
    seed=st.integers(0, 1000), tau=st.sampled_from(TAUS), slope=st.floats(-5, 5),
    factor=st.sampled_from([1e-8, 0.3, 1e8]), column=st.sampled_from([1e-8, 30.0, 1e8]),
)  # fmt: skip
def test_equivariance(seed, tau, slope, factor, column):
    X, y = heavy(61, seed)
    model = QuantileRegression(tau).fit(X, y)
    if not model.unique_:
        return
    fit = lambda X, y, tau=tau: QuantileRegression(tau).fit(X, y)  # noqa: E731
    shuffled = np.random.default_rng(seed).permutation(61)
    assert np.allclose(fit(X[shuffled], y[shuffled]).coef_, model.coef_, rtol=1e-9, atol=1e-9)
    assert np.allclose(fit(X, y * factor).coef_, model.coef_ * factor, rtol=1e-9, atol=1e-9 * factor)
    assert np.allclose(fit(X, -y, 1 - tau).coef_, -model.coef_, rtol=1e-9, atol=1e-9)
    assert np.allclose(fit(X, y + slope * X[:, 1]).coef_, model.coef_ + np.array([0, slope, 0]), rtol=1e-9, atol=1e-9)
    assert np.allclose(fit(X * [1, column, 1], y).coef_ * [1, column, 1], model.coef_, rtol=1e-9, atol=1e-9)
    monotone = y + 5 * np.sign(y - model.predict(X)) * (np.abs(y - model.predict(X)) > 1e-9)
    assert np.allclose(fit(X, monotone).coef_, model.coef_, rtol=1e-9, atol=1e-9)  # only the sides matter


def test_weights_count_rows():
    X, y = heavy()
    counts = np.arange(len(y)) % 3
    weighted = QuantileRegression(0.3).fit(X, y, counts)
    repeated = QuantileRegression(0.3).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert np.allclose(weighted.coef_, repeated.coef_, rtol=1e-9) and (counts[weighted.basis_] > 0).all()


def test_ties_are_said_and_still_optimal():
    X, y = np.zeros((4, 1)) + np.arange(4.0)[:, None] % 2, np.array([0.0, 0.0, 1.0, 1.0])
    model = QuantileRegression().fit(X, y)  # any two lines between the pairs
    assert model.status_ is FitStatus.NOT_UNIQUE and not model.unique_ and model.gap_ == 0.0
    assert model.objective_ == 0.25
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = np.round(np.maximum(X[:, 0], 0))
    model = QuantileRegression(0.7).fit(X, y)
    theirs = QuantileRegressor(quantile=0.7, alpha=0).fit(X, y)
    assert np.isclose(model.objective_, mean_pinball_loss(y, theirs.predict(X), alpha=0.7), rtol=1e-12)


def test_far_labels_do_not_matter_and_columns_may_determine_each_other():
    X, y = heavy()
    far = np.where(y > QuantileRegression().fit(X, y).predict(X) + 1.0, 1e9, y)
    assert np.allclose(QuantileRegression().fit(X, far).coef_, QuantileRegression().fit(X, y).coef_, rtol=1e-6)
    with pytest.warns(RankWarning, match=r"X\[:, 0\], X\[:, 3\]"):
        doubled = QuantileRegression().fit(np.c_[X, X[:, 0]], y)
    assert np.isclose(doubled.coef_[0], doubled.coef_[3]) and len(doubled.basis_) == 4


def test_the_same_bits_on_any_number_of_threads(monkeypatch, make_rows):
    X, y = make_rows(400_000)
    answers = []
    for threads in ("1", "3"):
        monkeypatch.setenv("TRUELINE_NUM_THREADS", threads)
        answers.append(QuantileRegression(0.7).fit(X, y).coef_)
    assert np.array_equal(*answers)


@pytest.mark.parametrize("tau", [0.0, 1.0, -0.5])
def test_tau_outside_what_it_may_be(tau):
    with pytest.raises(OptionError, match="tau must lie strictly between 0 and 1"):
        QuantileRegression(tau).fit(*heavy())


def test_a_wrong_vertex_is_not_proven(monkeypatch):
    """The proof can fail: hand it the line through other rows."""
    right = vertex.band_vertex

    def wrong(z, r, weights, pull, tau):
        found = right(z, r, weights, pull, tau)
        basis = np.argsort(-np.abs(r), kind="stable")[: z.shape[1]]
        return vertex.Vertex(basis, np.linalg.solve(z[basis], -r[basis]), found.push)

    monkeypatch.setattr(quantile_fit, "band_vertex", wrong)
    with pytest.warns(ConvergenceWarning, match="no proof"):
        model = QuantileRegression().fit(*heavy(60))
    assert model.gap_ == np.inf and model.status_ is FitStatus.SETTLED


def test_descent_points_here_for_an_automatic_rate():
    with pytest.raises(OptionError, match="exactly with QuantileRegression"):
        LinearRegressionGD(loss="mae").fit(*heavy())
