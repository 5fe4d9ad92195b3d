"""Laws that inference obeys, and its formulas spelled out over the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline import LeastSquares, Moments
from trueline.models.basis import inference_basis
from trueline.models.covariance import KINDS
from trueline.models.prediction import prediction_interval
from trueline.models.statistics import summary_of

ROBUST = KINDS[1:5]
seeds = st.integers(0, 2**32 - 1)
law = settings(deadline=None, max_examples=40)


def rows(seed, n=40, d=3):
    """X and y whose errors grow along the first column, on a grid of 1/64 so that shifts are exact."""
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(n, d)) * 64) / 64
    y = X.sum(axis=1) + 1 + rng.normal(size=n) * (1 + np.abs(X[:, 0]))
    return X, np.round(y * 64) / 64


def summarise(X, y, cov, weights=None, intercept=True, groups=None):
    model = LeastSquares(fit_intercept=intercept).fit(X, y, weights)
    if cov == "moments":
        return summary_of(model)
    groups = np.arange(len(y)) // 3 if cov == "cluster" and groups is None else groups
    return summary_of(model, cov, X, y, sample_weight=weights, groups=groups)


def sandwich(X, y, cov, weights=None, intercept=True, groups=None):
    """The covariance by its textbook formula, on the whole design."""
    A = np.column_stack([np.ones(len(y)), X]) if intercept else X
    omega = np.ones(len(y)) if weights is None else weights
    n, p = A.shape
    bread = np.linalg.inv(A.T @ (A * omega[:, None]))
    e = y - A @ (bread @ (A.T @ (omega * y)))
    h = omega * np.einsum("ij,jk,ik->i", A, bread, A)
    scores = A * (omega * e)[:, None]
    if cov == "classical":
        return bread * (omega @ e**2) / (n - p)
    if cov == "cluster":
        sums = np.array([scores[groups == g].sum(axis=0) for g in np.unique(groups)])
        G = len(sums)
        return bread @ (sums.T @ sums) @ bread * G / (G - 1) * (n - 1) / (n - p)
    factor = {"HC0": 1.0, "HC1": n / (n - p), "HC2": 1 / (1 - h), "HC3": 1 / (1 - h) ** 2}[cov]
    return bread @ (scores.T @ (scores * np.broadcast_to(factor, n)[:, None])) @ bread


@law
@given(seeds, st.booleans(), st.booleans())
@pytest.mark.parametrize("cov", KINDS)
def test_the_textbook_formula(cov, seed, weighted, intercept):
    X, y = rows(seed)
    weights = np.random.default_rng(seed + 1).uniform(0.2, 3, len(y)) if weighted else None
    groups = np.random.default_rng(seed + 2).integers(0, 7, len(y)) if cov == "cluster" else None
    found = summarise(X, y, cov, weights, intercept, groups).covariance
    truth = sandwich(X, y, cov, weights, intercept, groups)
    assert np.allclose(found, truth, rtol=1e-9, atol=1e-11 * np.abs(truth).max())


@law
@given(seeds, st.integers(-30, 30), st.integers(-30, 30))
@pytest.mark.parametrize("cov", ["moments", *KINDS])
def test_scaling_a_column_scales_its_error_and_leaves_t(cov, seed, power, power_y):
    X, y = rows(seed)
    factor, unit = 3.0**power, 7.0**power_y
    before, after = summarise(X, y, cov), summarise(X * [1, factor, 1], y * unit, cov)
    assert np.allclose(after.t, before.t, rtol=1e-8)
    assert np.allclose(after.standard_errors, before.standard_errors * unit / [1, 1, factor, 1], rtol=1e-8)
    assert (after.r2, after.f) == pytest.approx((before.r2, before.f), rel=1e-8)


@law
@given(seeds, st.lists(st.sampled_from([0, 1, -1000, 10**6, 10**8]), min_size=4, max_size=4))
@pytest.mark.parametrize("cov", ["moments", *KINDS])
def test_shifting_columns_leaves_the_slopes_errors(cov, seed, shift):
    X, y = rows(seed)
    before, after = summarise(X, y, cov), summarise(X + shift[:3], y + shift[3], cov)
    assert np.allclose(after.standard_errors[1:], before.standard_errors[1:], rtol=1e-9)
    assert np.allclose(after.coef[1:], before.coef[1:], rtol=1e-7, atol=1e-9)
    assert (after.r2, after.f, after.aic) == pytest.approx((before.r2, before.f, before.aic), rel=1e-8)
    J = np.eye(4)  # the new intercept is the old one, less the shifts times their slopes
    J[0, 1:] = np.negative(shift[:3])
    truth = J @ before.covariance @ J.T
    assert after.standard_errors[0] == pytest.approx(np.sqrt(truth[0, 0]), rel=1e-8)


@pytest.mark.parametrize("cov", ["moments", *KINDS])
def test_an_offset_of_1e12_costs_no_digit(cov):
    X, y = rows(12, n=41)
    before, after = summarise(X, y, cov), summarise(X + 10**12, y + 10**12, cov)
    assert np.allclose(after.standard_errors[1:], before.standard_errors[1:], rtol=1e-11)
    assert after.f == pytest.approx(before.f, rel=1e-11)


def test_a_pivot_far_from_the_rows_that_count_costs_digits_and_says_so(monkeypatch):
    monkeypatch.setattr("trueline.rows.source.BLOCK_CELLS", 1)  # the first block's mean is the pivot
    X, y = rows(13, n=2048)
    first = (np.arange(2048) < 1024)[:, None]
    weights = np.where(first[:, 0], 1e-24, 1.0)
    near, far = (summarise(X + distance * first, y, "moments", weights) for distance in (0, 900))
    assert near.digits - far.digits > 4
    model = LeastSquares().fit(X + 900 * first, y, weights)
    assert inference_basis(model, None).error > 1e4 * inference_basis(LeastSquares().fit(X, y), None).error
    assert np.allclose(far.standard_errors, near.standard_errors, rtol=10**-far.digits)


@law
@given(seeds, st.integers(2, 5))
def test_copies_of_rows_say_nothing_new_where_clusters_are_told(seed, k):
    X, y = rows(seed)
    n, p = len(y), 4
    once = summarise(X, y, "HC0")
    copied = np.repeat(X, k, axis=0), np.repeat(y, k)
    assert np.allclose(summarise(*copied, "HC0").covariance, once.covariance / k, rtol=1e-9, atol=1e-12)
    told = summarise(*copied, "cluster", groups=np.repeat(np.arange(n), k))
    correction = n / (n - 1) * (k * n - 1) / (k * n - p)
    assert np.allclose(told.covariance, once.covariance * correction, rtol=1e-9, atol=1e-12)
    assert told.df_inference == n - 1


@pytest.mark.parametrize("cov", ["moments", *KINDS])
def test_a_row_of_weight_zero_is_no_row(cov):
    X, y = rows(1)
    weights = np.random.default_rng(2).uniform(0.5, 2, len(y))
    groups = np.arange(len(y)) // 3 if cov == "cluster" else None
    padded = np.vstack([X, X[:5] + 9]), np.append(y, y[:5] - 9), cov, np.append(weights, np.zeros(5)), True
    before = summarise(X, y, cov, weights, groups=groups)
    after = summarise(*padded, None if groups is None else np.append(groups, 99 + np.arange(5)))
    assert (after.n, after.df_resid, after.df_inference) == (before.n, before.df_resid, before.df_inference)
    assert np.allclose(after.covariance, before.covariance, rtol=1e-10)
    assert (after.aic, after.f) == pytest.approx((before.aic, before.f), rel=1e-10)


@pytest.mark.parametrize("cov", ["moments", *KINDS])
def test_scaling_all_weights_changes_no_error(cov):
    X, y = rows(3)
    weights = np.random.default_rng(4).uniform(0.5, 2, len(y))
    before, after = summarise(X, y, cov, weights), summarise(X, y, cov, 1000 * weights)
    assert np.allclose(after.covariance, before.covariance, rtol=1e-10)
    assert after.aic == pytest.approx(before.aic, rel=1e-12)


@pytest.mark.parametrize("cov", KINDS)
def test_blocks_do_not_show(cov, monkeypatch):
    X, y = rows(5, n=3000)
    groups = np.random.default_rng(6).integers(0, 50, len(y)).astype(str) if cov == "cluster" else None
    whole = summarise(X, y, cov, groups=groups)
    monkeypatch.setattr("trueline.rows.source.BLOCK_CELLS", 1)  # blocks of 1024 rows
    cut = summarise(X, y, cov, groups=groups)
    assert np.allclose(cut.covariance, whole.covariance, rtol=1e-12, atol=1e-18)
    monkeypatch.setenv("TRUELINE_NUM_THREADS", "1")
    assert np.array_equal(summarise(X, y, cov, groups=groups).covariance, cut.covariance)


def test_blocks_and_removed_rows_do_not_show_in_the_likelihood(monkeypatch):
    X, y = rows(5, n=3000)
    weights = np.random.default_rng(6).uniform(0, 2, len(y)) * (np.arange(len(y)) % 7 > 0)
    whole = LeastSquares().fit(X, y, weights)
    monkeypatch.setattr("trueline.rows.source.BLOCK_CELLS", 1)
    cut = LeastSquares().fit(X, y, weights)
    assert summary_of(cut).aic == pytest.approx(summary_of(whole).aic, rel=1e-12)
    assert summary_of(cut).n == np.count_nonzero(weights)
    more = Moments.of(X[:50], y[:50], weights[:50])
    cut.moments_ = cut.moments_.merge(more).remove(more)
    assert summary_of(cut).aic == pytest.approx(summary_of(whole).aic, rel=1e-10)
    assert summary_of(cut).n == np.count_nonzero(weights)


@pytest.mark.filterwarnings("ignore:nearly dependent columns")
def test_robust_errors_of_nearly_dependent_columns_come_from_the_rows():
    X, y = rows(7)
    X[:, 2] = X[:, 1] + X[:, 2] / 2**14
    for cov in ROBUST:
        found, truth = summarise(X, y, cov), sandwich(X, y, cov)
        assert np.allclose(found.standard_errors, np.sqrt(np.diag(truth)), rtol=1e-6)
    Q = X @ np.array([[1.0, 0, 0], [0, 1, -(2.0**14)], [0, 0, 2.0**14]])  # the same columns, untangled exactly
    assert np.allclose(summarise(X, y, "HC3").standard_errors[3], summarise(Q, y, "HC3").standard_errors[3] * 2**14,
                       rtol=1e-10)  # fmt: skip


@pytest.mark.parametrize("intercept", [True, False])
def test_a_prediction_interval_holds_as_often_as_it_says(intercept):
    rng = np.random.default_rng(8)
    X = rng.normal(2, 1, size=(9, 2))
    new, held = np.array([[5.0, -1.0]]), 0
    for _ in range(1500):
        model = LeastSquares(fit_intercept=intercept).fit(X, X @ [1.0, -2.0] + 3 * intercept + rng.normal(size=9))
        _, low, high = prediction_interval(model, new, 0.8)
        held += low[0] <= (new @ [1.0, -2.0])[0] + 3 * intercept + rng.normal() <= high[0]
    assert abs(held / 1500 - 0.8) < 4 * np.sqrt(0.8 * 0.2 / 1500)


def test_a_coefficient_interval_holds_as_often_as_it_says():
    rng = np.random.default_rng(9)
    X, held = rng.normal(size=(8, 2)), 0
    for _ in range(1500):
        interval = summary_of(LeastSquares().fit(X, X @ [1.0, -2.0] + rng.normal(size=8))).interval(0.9)
        held += interval[1, 0] <= 1.0 <= interval[1, 1]
    assert abs(held / 1500 - 0.9) < 4 * np.sqrt(0.9 * 0.1 / 1500)


def test_the_prediction_interval_at_offsets():
    X, y = rows(10)
    near = prediction_interval(LeastSquares().fit(X, y), X[:5] + 1, 0.95)
    far = prediction_interval(LeastSquares().fit(X + 10**8, y), X[:5] + 1 + 10**8, 0.95)
    assert np.allclose(far.high - far.low, near.high - near.low, rtol=1e-8)


def test_statsmodels_itself_agrees():
    sm = pytest.importorskip("statsmodels.api")
    X, y = rows(11)
    theirs = sm.OLS(y, sm.add_constant(X)).fit()
    for cov in ROBUST:
        other = theirs.get_robustcov_results(cov)
        ours = summarise(X, y, cov)
        assert np.allclose(ours.covariance, other.cov_params(), rtol=1e-9, atol=1e-12)
        assert np.allclose(ours.p, other.pvalues, rtol=1e-8, atol=0)


def test_least_squares_offers_summary_intervals_and_influence():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2))
    y = X @ [1.0, -2.0] + 3.0 + rng.normal(size=80)
    model = LeastSquares().fit(X, y)
    assert np.array_equal(model.summary().standard_errors, summary_of(model).standard_errors)
    assert np.array_equal(model.summary("HC3", X, y).standard_errors, summary_of(model, "HC3", X, y).standard_errors)
    assert np.array_equal(model.summary().coef, [model.intercept_, *model.coef_])
    middle, low, high = model.predict(X, interval=0.95)
    assert np.array_equal(middle, model.predict(X))
    assert 0.88 < np.mean((low < y) & (y < high)) <= 1.0
    assert model.influence(X, y).leverage.sum() == pytest.approx(3)
