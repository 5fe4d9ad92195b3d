"""Least trimmed squares: the global optimum where it is known, laws, breakdown, exact fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline import LeastSquares, TrimmedLeastSquares, verify
from trueline.errors import ExactFitWarning, OptionError, RankWarning, ShapeError
from trueline.models import trimmed_fit
from trueline.models.foreign import as_line
from trueline.models.robust_status import FitStatus


def leveraged(n=120, seed=0, share=0.2):
    """Three columns; a share of the rows lies far out in every column, on another line."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    y = X @ [1.0, -2.0, 3.0] + 2.0 + 0.5 * rng.normal(size=n)
    bad = int(share * n)
    X[:bad] += 20.0
    y[:bad] = -100.0 + rng.normal(size=bad)
    return X, y


@pytest.mark.parametrize("name", ["heart", "hbk", "coleman", "starsCYG", "stackloss"])
def test_published_and_enumerated_optima(name, truth):
    data = truth(f"lts/{name}")
    X, y = np.array(data["X"])[:, 1:], np.array(data["y"])
    model = TrimmedLeastSquares(h=data["h"]).fit(X, y)
    known, every = data["computed"], data["computed"]["exhaustive"]
    assert model.objective_ <= known["ssq_of_subset"] * (1 + 1e-9)
    if every:
        assert np.isclose(model.objective_, every["global_min_ssq"], rtol=1e-9) and model.certified_
        assert list(np.flatnonzero(model.support_) + 1) == sorted(every["subset"])
    if not every or every["published_subset_is_global_min"]:
        raw = [model.raw_intercept_, *model.raw_coef_]
        assert np.allclose(raw, known["raw_lts_coef_from_subset"], rtol=1e-7)
        assert np.isclose(np.square(y - X @ model.raw_coef_ - model.raw_intercept_)[
            model.support_].sum(), model.objective_, rtol=1e-9)  # fmt: skip
    if sorted(np.flatnonzero(~model.inliers_) + 1) == known["rows_dropped_1based"]:
        assert np.allclose([model.intercept_, *model.coef_], known["reweighted_coef"], rtol=1e-9)


@pytest.mark.parametrize(("share", "trim"), [(0.2, 0.25), (0.45, 0.5)])
@pytest.mark.parametrize("n", [120, 5000])
def test_rows_far_out_do_not_count_up_to_the_trim(n, share, trim):
    X, y = leveraged(n, share=share)
    bad = int(share * n)
    model = TrimmedLeastSquares(trim).fit(X, y)
    clean = LeastSquares().fit(X[bad:], y[bad:])
    assert not model.inliers_[:bad].any() and model.inliers_[bad:].mean() > 0.9
    assert np.abs(model.coef_ - clean.coef_).max() < 6 / np.sqrt(n)
    assert np.abs(LeastSquares().fit(X, y).coef_ - clean.coef_).max() > 1.0
    assert 0.4 < model.scale_ < 0.65 and 0.3 < model.raw_scale_ < 1.2  # the raw one takes all kept rows for normal


def test_farther_out_changes_nothing_and_beyond_the_breakdown_point_it_breaks():
    X, y = leveraged(200, share=0.2)
    far = X.copy()
    far[:40] *= 1e6
    assert np.allclose(TrimmedLeastSquares().fit(far, y).coef_, TrimmedLeastSquares().fit(X, y).coef_, rtol=1e-6)
    X, y = leveraged(200, share=0.4)
    assert np.abs(TrimmedLeastSquares(trim=0.25).fit(X, y).coef_ - [1, -2, 3]).max() > 0.5


@pytest.mark.parametrize("n", [40, 300, 2000])
@pytest.mark.parametrize("reg_lambda", [0.0, 0.1])
def test_the_raw_fit_is_the_fit_of_its_support_which_is_the_closest_rows(n, reg_lambda):
    X, y = leveraged(n)
    model = TrimmedLeastSquares(reg_lambda=reg_lambda).fit(X, y)
    own = LeastSquares(reg_lambda=reg_lambda).fit(X[model.support_], y[model.support_])
    assert np.allclose(own.coef_, model.raw_coef_, rtol=1e-9) and model.support_.sum() == model.h_
    squares = np.square(X @ model.raw_coef_ + model.raw_intercept_ - y)
    assert squares[model.support_].max() <= squares[~model.support_].min()
    penalty = model.h_ * reg_lambda * (model.raw_coef_ @ model.raw_coef_)
    assert np.isclose(np.sort(squares)[: int(model.h_)].sum() + penalty, model.objective_, rtol=1e-9)
    final = LeastSquares(reg_lambda=reg_lambda).fit(X[model.inliers_], y[model.inliers_])
    assert np.allclose(final.coef_, model.coef_, rtol=1e-9)


@settings(max_examples=12)
@given(
    seed=st.integers(0, 1000), slope=st.floats(-5, 5), factor=st.sampled_from([1e-8, 0.3, 1e8]),
    column=st.sampled_from([1e-8, 30.0, 1e8]),
)  # fmt: skip
def test_equivariance_of_the_proven_optimum(seed, slope, factor, column):
    X, y = leveraged(24, seed)
    fit = lambda X, y: TrimmedLeastSquares(0.3).fit(X, y)  # noqa: E731
    model = fit(X, y)
    assert model.certified_
    shuffled = np.random.default_rng(seed).permutation(24)
    assert np.allclose(fit(X[shuffled], y[shuffled]).coef_, model.coef_, rtol=1e-7)
    assert np.allclose(fit(X, y * factor).coef_, model.coef_ * factor, rtol=1e-7)
    assert np.isclose(fit(X, y * factor).scale_, model.scale_ * factor, rtol=1e-7)
    assert np.allclose(fit(X, y + slope * X[:, 1]).coef_, model.coef_ + np.array([0, slope, 0]), rtol=1e-7, atol=1e-7)
    assert np.allclose(fit(X * [1, column, 1], y).coef_ * [1, column, 1], model.coef_, rtol=1e-7)
    assert np.allclose(fit(X + 1000.0, y - 7.0).coef_, model.coef_, rtol=1e-7)


def test_nothing_to_trim_is_least_squares():
    X, y = leveraged()
    model = TrimmedLeastSquares(trim=0.0).fit(X, y)
    assert np.allclose(model.raw_coef_, LeastSquares().fit(X, y).coef_, rtol=1e-9) and model.certified_


def test_a_weight_counts_a_row_so_often():
    X, y = leveraged(90)
    counts = 1 + np.arange(90) % 2
    weighted = TrimmedLeastSquares().fit(X, y, counts)
    repeated = TrimmedLeastSquares().fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert np.isclose(weighted.objective_, repeated.objective_, rtol=1e-9) and weighted.h_ == repeated.h_
    assert np.allclose(weighted.coef_, repeated.coef_, rtol=1e-9)


def test_more_rows_than_h_on_a_line_is_an_exact_fit():
    X, y = leveraged(100)
    y[20:] = X[20:] @ [1.0, 2.0, 3.0] - 1.0
    with pytest.warns(ExactFitWarning, match="20 rows lie off it"):
        model = TrimmedLeastSquares(0.3).fit(X, y)
    assert np.allclose(model.coef_, [1, 2, 3], rtol=1e-12) and model.scale_ == 0 and model.raw_scale_ == 0
    assert model.status_ is FitStatus.EXACT_FIT and model.inliers_.sum() == 80
    with pytest.warns(ExactFitWarning, match="0 rows lie off it"):
        assert TrimmedLeastSquares().fit(X, X @ [1.0, 2.0, 3.0]).inliers_.all()


def test_repeated_rows_and_columns():
    X, y = leveraged(60)
    model = TrimmedLeastSquares().fit(np.repeat(X, 3, axis=0), np.repeat(y, 3))
    assert np.isfinite(model.coef_).all() and not model.inliers_[:36].any()
    with pytest.warns(RankWarning, match=r"X\[:, 0\], X\[:, 3\]"):
        doubled = TrimmedLeastSquares().fit(np.c_[X, X[:, 0]], y)
    assert np.isclose(doubled.coef_[0], doubled.coef_[3])
    assert np.isclose(doubled.coef_[0] * 2, TrimmedLeastSquares().fit(X, y).coef_[0], rtol=1e-6)


def test_seeds_repeat_and_threads_do_not_matter(monkeypatch):
    X, y = leveraged(200_000, seed=1)
    answers = []
    for threads in ("1", "3"):
        monkeypatch.setenv("TRUELINE_NUM_THREADS", threads)
        answers.append(TrimmedLeastSquares().fit(X, y))
    assert np.array_equal(answers[0].coef_, answers[1].coef_)
    assert np.array_equal(answers[0].support_, answers[1].support_)
    assert answers[0].status_ is FitStatus.LOCAL and not answers[0].certified_


@pytest.mark.parametrize(
    ("options", "words"),
    [({"trim": 0.6}, "trim must lie between 0 and 0.5"), ({"trim": -0.1}, "trim"), ({"h": 61}, "h must lie between 62"),
     ({"h": 121}, "and 120"), ({"h": 80.5}, "whole number"), ({"n_starts": 0}, "n_starts"),
     ({"max_iter": 0}, "max_iter"), ({"reg_lambda": -1.0}, "reg_lambda")],
    ids=str,
)  # fmt: skip
def test_options_outside_what_they_may_be(options, words):
    with pytest.raises(OptionError, match=words):
        TrimmedLeastSquares(**options).fit(*leveraged())


def test_too_few_rows_to_trim():
    X, y = leveraged(4)
    with pytest.raises(ShapeError, match="4 rows and 4 coefficients leave no row to trim"):
        TrimmedLeastSquares().fit(X, y)


def test_verify_refuses_what_has_no_loss_over_all_rows():
    X, y = leveraged()
    model = TrimmedLeastSquares().fit(X, y)
    assert np.array_equal(as_line(model).coef, model.coef_)
    with pytest.raises(OptionError, match=r"TrimmedLeastSquares has .* a loss over all rows that is not known here"):
        verify.certify(model, X, y)


def test_one_start_without_swaps_misses_the_optimum(monkeypatch):
    """The comparison with known optima can fail."""
    X, y = leveraged(200, share=0.4)
    good = TrimmedLeastSquares(trim=0.5).fit(X, y)
    monkeypatch.setattr(trimmed_fit, "exchanged", lambda Z, y, kept, penalty: kept)
    poor = [TrimmedLeastSquares(trim=0.5, n_starts=1, random_state=s).fit(X, y).objective_ for s in range(5)]
    assert max(poor) > good.objective_ * 1.0001
