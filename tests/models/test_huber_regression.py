"""Huber's line and scale: published answers, laws, certificates, and what is said when something is in the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from trueline import HuberRegression, LeastSquares, LinearRegressionGD, QuantileRegression, verify
from trueline.errors import ConstantColumnWarning, ExactFitWarning, OptionError, RankWarning, ShapeError
from trueline.maths import newton
from trueline.maths.losses import Huber
from trueline.models.robust_status import FitStatus

KINDS = [{}, {"scale": "proposal2"}, {"scale": None}, {"reg_lambda": 0.05}, {"fit_intercept": False}]
kinds = pytest.mark.parametrize("options", KINDS, ids=str)


def spoilt(n=200, seed=0, share=0.1):
    """Four columns, t-distributed noise, a share of the labels far out."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    y = X @ [1.0, -2.0, 3.0, 0.5] + 2.0 + rng.standard_t(3, size=n)
    y[: int(share * n)] += 30.0
    return X, y


@pytest.mark.parametrize(("scale", "name"), [("mad", "Huber_MAD"), ("proposal2", "Huber_H2")])
def test_stack_loss_as_published(scale, name, truth):
    data = truth("robust/huber_stackloss")
    fit = data["fits"][name]
    model = HuberRegression(scale=scale).fit(np.array(data["X"])[:, :3], data["y"])
    found = [*model.coef_, model.intercept_]
    assert np.allclose(found, fit["params"], rtol=1e-3) and np.isclose(model.scale_, fit["scale"], rtol=1e-3)
    assert np.allclose(found, fit["statsmodels_tight_params"], rtol=1e-7)  # both iterated to the end
    assert np.isclose(model.scale_, fit["statsmodels_tight_scale"], rtol=1e-7)
    assert model.status_ is FitStatus.CONVERGED


@kinds
def test_the_minimum_is_that_of_its_own_loss(options):
    X, y = spoilt()
    model = HuberRegression(**options).fit(X, y)
    assert model.status_ is FitStatus.CONVERGED and model.gap_ < 1e-12
    certificate = verify.certify(model, X, y)  # another road to the same proof
    assert certificate.optimal and certificate.gradient_norm < 1e-9
    assert model.loss_ == Huber(model.delta * model.scale_)


def test_descent_on_the_same_loss_comes_to_the_same_line(descend):
    X, y = spoilt()
    model = HuberRegression(scale=None, delta=1.2).fit(X, y)
    slow = descend(X, y, loss=Huber(1.2), tol=1e-16, epochs=100_000)
    assert np.allclose(slow.coef_, model.coef_, rtol=1e-5) and np.isclose(slow.intercept_, model.intercept_, rtol=1e-5)


def test_the_scale_is_that_of_its_own_residuals():
    X, y = spoilt()
    model = HuberRegression().fit(X, y)
    assert np.isclose(model.scale_, 1.482602218505602 * np.median(np.abs(model.predict(X) - y)), rtol=1e-9)
    model = HuberRegression(scale="proposal2").fit(X, y)
    squares = np.minimum(np.square((model.predict(X) - y) / model.scale_), 2.5**2)
    z = np.linspace(-9, 9, 200_001)
    expected = np.trapezoid(np.minimum(z**2, 2.5**2) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi), z)
    assert np.isclose(squares.sum(), (200 - 5) * expected, rtol=1e-7)


def test_far_labels_do_not_pull_and_a_large_delta_is_least_squares():
    X, y = spoilt()
    far = y.copy()
    for height in (1e9, 1e15, 1e100):
        far[:20] = height
        assert np.allclose(HuberRegression().fit(X, far).coef_, HuberRegression().fit(X, y).coef_, rtol=1e-9), height
    assert np.allclose(HuberRegression(delta=1e6).fit(X, y).coef_, LeastSquares().fit(X, y).coef_, rtol=1e-9)
    assert np.abs(LeastSquares().fit(X, far).coef_).max() > 1e6


@kinds
@settings(max_examples=15)
@given(
    seed=st.integers(0, 1000), slope=st.floats(-5, 5), factor=st.sampled_from([1e-8, 0.3, 7.0, 1e8]),
    column=st.sampled_from([1e-8, 0.1, 30.0, 1e8]),
)  # fmt: skip
def test_equivariance(options, seed, slope, factor, column):
    X, y = spoilt(60, seed)
    model = HuberRegression(**options).fit(X, y)
    shuffled = np.random.default_rng(seed).permutation(60)
    mixed = HuberRegression(**options).fit(X[shuffled], y[shuffled])
    assert np.allclose(mixed.coef_, model.coef_, rtol=1e-7, atol=1e-9)
    if "reg_lambda" in options:
        return
    moved = HuberRegression(**options).fit(X, y + X[:, 1] * slope)
    assert np.allclose(moved.coef_, model.coef_ + np.array([0, slope, 0, 0]), rtol=1e-7, atol=1e-7)
    wider = HuberRegression(**options).fit(X * [1, column, 1, 1], y)
    assert np.allclose(wider.coef_ * [1, column, 1, 1], model.coef_, rtol=1e-7, atol=1e-8)
    if model.scale is not None:
        scaled = HuberRegression(**options).fit(X, y * factor)
        assert np.allclose(scaled.coef_, model.coef_ * factor, rtol=1e-7, atol=1e-9 * factor)
        assert np.isclose(scaled.scale_, model.scale_ * factor, rtol=1e-7)


@kinds
def test_weights_count_rows_and_weight_0_is_no_row(options):
    X, y = spoilt(80)
    counts = np.arange(80) % 4
    weighted = HuberRegression(**options).fit(X, y, counts)
    repeated = HuberRegression(**options).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert np.allclose(weighted.coef_, repeated.coef_, rtol=1e-9) and np.isclose(weighted.scale_, repeated.scale_)


def test_offsets_float32_and_any_memory_layout():
    X, y = spoilt()
    plain = HuberRegression().fit(X, y)
    assert np.allclose(HuberRegression().fit(X + 1e8, y - 1e8).coef_, plain.coef_, atol=1e-7)  # what rounding X does
    wide = np.empty((400, 8))
    wide[::2, ::2] = X
    for same in (wide[::2, ::2], np.asfortranarray(X)):
        assert np.array_equal(HuberRegression().fit(same, y).coef_, plain.coef_)
    single = X.astype(np.float32)
    assert np.allclose(HuberRegression().fit(single, y).coef_, HuberRegression().fit(single.astype(float), y).coef_)


def test_the_same_bits_on_any_number_of_threads(monkeypatch, make_rows):
    X, y = make_rows(400_000)
    answers = []
    for threads in ("1", "3"):
        monkeypatch.setenv("TRUELINE_NUM_THREADS", threads)
        answers.append(HuberRegression().fit(X, y))
    assert np.array_equal(answers[0].coef_, answers[1].coef_) and answers[0].scale_ == answers[1].scale_


def test_columns_that_determine_each_other_share():
    X, y = spoilt()
    with pytest.warns(RankWarning, match=r"X\[:, 1\], X\[:, 4\]"):
        doubled = HuberRegression().fit(np.c_[X, X[:, 1]], y)
    alone = HuberRegression().fit(X, y)
    assert np.isclose(doubled.coef_[1], doubled.coef_[4]) and doubled.rank_ == 4
    assert np.isclose(doubled.coef_[1] + doubled.coef_[4], alone.coef_[1], rtol=1e-9)
    with pytest.warns(ConstantColumnWarning, match=r"X\[:, 4\]"):
        assert HuberRegression().fit(np.c_[X, np.full(200, 3.0)], y).coef_[4] == 0.0


@pytest.mark.parametrize("model", [HuberRegression(), QuantileRegression()], ids=repr)
def test_doubled_columns_of_very_unequal_units_keep_their_predictions(model):
    X, y = spoilt()
    wild = np.c_[X, X[:, 1]] * [1e-8, 1.0, 1e8, 1e3, 1e6]
    right = model.fit(X, y).predict(X)
    with pytest.warns(RankWarning):
        assert np.allclose(model.fit(wild, y).predict(wild), right, rtol=1e-7, atol=1e-7)


def test_more_than_half_on_a_line_is_said_and_that_line_is_given():
    X, y = spoilt(100)
    y[25:] = X[25:] @ [1.0, 2.0, 3.0, 4.0] - 1.0
    with pytest.warns(ExactFitWarning, match="25 rows lie off it"):
        model = HuberRegression().fit(X, y)
    assert np.allclose(model.coef_, [1, 2, 3, 4], rtol=1e-12) and model.scale_ == 0.0
    assert model.status_ is FitStatus.EXACT_FIT
    with pytest.warns(ExactFitWarning, match="0 rows lie off it"):
        HuberRegression().fit(X, X @ [1.0, 2.0, 3.0, 4.0])


def test_too_few_rows_have_no_scale():
    X, y = spoilt(5)
    with pytest.raises(ShapeError, match=r"5 rows and 5 coefficients.*scale=None"):
        HuberRegression().fit(X, y)
    assert np.allclose(HuberRegression(scale=None).fit(X, y).predict(X), y)


def test_running_out_of_steps_is_said():
    with pytest.warns(ConvergenceWarning, match="max_iter used up after 1 Newton steps"):
        model = HuberRegression(max_iter=1).fit(*spoilt())
    assert model.status_ is FitStatus.STEPS_USED_UP and model.status_.advice


@pytest.mark.parametrize(
    ("options", "words"),
    [({"delta": 0.0}, "delta.*in scales"), ({"delta": -1, "scale": None}, "units of y"), ({"scale": "sd"}, "'mad'"),
     ({"reg_lambda": -1.0}, "reg_lambda"), ({"tol": 0.0}, "tol"), ({"max_iter": 0}, "max_iter")],
    ids=str,
)  # fmt: skip
def test_options_outside_what_they_may_be(options, words):
    with pytest.raises(OptionError, match=words):
        HuberRegression(**options).fit(*spoilt())


def test_without_the_search_along_the_step_it_would_run_away(monkeypatch):
    """The law above can fail: undamped Newton does not come to the minimum of these rows."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(60, 2))
    y = X @ [1.0, 2.0] + 0.01 * rng.normal(size=60)
    y[:25] = 100.0 * rng.standard_cauchy(25)
    options = {"scale": None, "delta": 0.02, "max_iter": 50}
    assert HuberRegression(**options).fit(X, y).status_ is FitStatus.CONVERGED
    monkeypatch.setattr(newton.RampDescent, "_length", lambda *_: 1.0)
    with pytest.warns(ConvergenceWarning):
        HuberRegression(**options).fit(X, y)


def test_a_line_of_ours_is_seen_by_verify():
    X, y = spoilt()
    with pytest.warns(ConvergenceWarning):
        early = LinearRegressionGD(loss="huber", epochs=2).fit(X, y)
    assert not verify.certify(early, X, y).optimal
    assert verify.certify(HuberRegression(scale=None).fit(X, y), X, y).optimal
