"""Laws that every loss must obey; a new loss is tested by adding it to LOSSES."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import huber
from sklearn.metrics import mean_pinball_loss, mean_squared_error

from trueline.errors import OptionError
from trueline.maths import losses
from trueline.maths.kernels import add_value_and_gradient
from trueline.maths.losses import BY_NAME, Huber, Quantile, Ramp, Squared, best_constant, by_name

LOSSES = [Squared(), Squared(half=False), Huber(), Huber(0.3), Quantile(), Quantile(0.9), Ramp(2.0, -1.0, 0.5)]
residuals = st.floats(-1e3, 1e3).filter(lambda r: r == 0 or abs(r) > 1e-290)  # a step is steep, not infinitely so
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)


def kinks(loss) -> list[float]:
    """Where the derivative has a corner or a jump."""
    ramp = getattr(loss, "ramp", loss)
    return [end / ramp.slope for end in (ramp.low, ramp.high) if np.isfinite(end)]


@every_loss
@given(r=residuals)
def test_derivative_is_the_slope_of_value(loss, r):
    step = 1e-6 * max(1.0, abs(r))
    if any(abs(r - kink) < 4 * step for kink in kinks(loss)):
        return
    numeric = (loss.value(np.array([r + step])) - loss.value(np.array([r - step]))) / (2 * step)
    assert np.allclose(loss.derivative(np.array([r])), numeric, rtol=1e-6, atol=1e-6)


@every_loss
@given(r=residuals)
def test_curvature_is_the_slope_of_derivative(loss, r):
    step = 1e-4
    if any(abs(r - kink) < 4 * step for kink in kinks(loss)):
        return
    numeric = (loss.derivative(np.array([r + step])) - loss.derivative(np.array([r - step]))) / (2 * step)
    assert np.allclose(loss.curvature(np.array([r])), numeric, rtol=1e-6, atol=1e-6)
    assert loss.curvature(np.array([r]))[0] <= loss.curvature_bound


@every_loss
@given(a=residuals, b=residuals)
def test_convex_zero_at_zero_and_never_negative(loss, a, b):
    value = loss.value(np.array([a, b, (a + b) / 2, 0.0]))
    assert value[2] <= (value[0] + value[1]) / 2 + 1e-9 * (1 + value[0] + value[1])
    assert value[3] == 0
    assert (value >= 0).all()


@every_loss
@given(r=residuals)
def test_the_ramp_is_the_same_loss(loss, r):
    ramp, r = getattr(loss, "ramp", loss), np.array([r])
    assert np.allclose(ramp.value(r), loss.value(r), rtol=1e-12, atol=1e-290)
    assert np.allclose(ramp.derivative(r), loss.derivative(r), rtol=1e-12)
    assert np.allclose(ramp.curvature(r), loss.curvature(r))
    assert ramp.curvature_bound == loss.curvature_bound


@every_loss
@given(r=residuals, limit=st.floats(1e-3, 1e3))
def test_a_bounded_loss_has_the_clipped_derivative_and_its_integral(loss, r, limit):
    bounded = getattr(loss, "ramp", loss).bounded(limit)
    assert np.allclose(bounded.derivative(np.array([r])), np.clip(loss.derivative(np.array([r])), -limit, limit))
    grid = np.linspace(0.0, r, 20_001)
    middle = (grid[1:] + grid[:-1]) / 2
    integral = np.sum(np.clip(loss.derivative(middle), -limit, limit)) * (r / 20_000)
    assert np.allclose(bounded.value(np.array([r])), integral, rtol=1e-3, atol=1e-3 * abs(r) + 1e-9)


@every_loss
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("row_bound", [np.inf, 0.8])
def test_the_compiled_loop_is_the_formula(loss, dtype, weighted, row_bound):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(53, 3)).astype(dtype), rng.normal(size=53)
    weights = rng.uniform(0, 2, 53) if weighted else np.empty(0)
    shift, factor, w, b = rng.normal(size=3), rng.uniform(0.5, 2, 3), rng.normal(size=3), 0.3
    ramp = getattr(loss, "ramp", loss)
    gradient = np.zeros(3)
    value, push, weight = add_value_and_gradient(
        X, y, weights, shift, factor, w, b, ramp.slope, float(ramp.low), float(ramp.high), row_bound, True, gradient
    )
    z = (X.astype(np.float64) - shift) * factor
    r, omega = z @ w + b - y, weights if weighted else np.ones(53)
    rows = ramp.bounded(row_bound / np.sqrt(1 + np.square(z).sum(axis=1)))
    assert value == pytest.approx(omega @ rows.value(r), rel=1e-12)
    assert push == pytest.approx(omega @ rows.derivative(r), rel=1e-12, abs=1e-12)
    assert np.allclose(gradient, (omega * rows.derivative(r)) @ z, rtol=1e-11, atol=1e-12)
    assert weight == pytest.approx(omega.sum())
    norms = np.abs(rows.derivative(r)) * np.sqrt(1 + np.square(z).sum(axis=1))
    assert (norms <= row_bound * (1 + 1e-12)).all()


@every_loss
@pytest.mark.parametrize("weighted", [False, True])
def test_the_best_constant_beats_its_neighbours(loss, weighted):
    rng = np.random.default_rng(1)
    y, weights = rng.exponential(size=101), rng.uniform(0.1, 3, 101) if weighted else np.ones(101)
    best = best_constant(loss, y, weights if weighted else None)
    at = [np.average(loss.value(c - y), weights=weights) for c in (best, best - 1e-3, best + 1e-3)]
    assert at[0] <= min(at[1:]) + 1e-12


def test_the_losses_equal_their_known_calls():
    rng = np.random.default_rng(2)
    y, fit = rng.normal(size=50), rng.normal(size=50)
    r = fit - y
    assert np.mean(Squared(half=False).value(r)) == pytest.approx(mean_squared_error(y, fit))
    assert np.array_equal(2 * Squared().value(r), Squared(half=False).value(r))
    assert np.allclose(Huber(0.7).value(r), huber(0.7, r))
    assert np.mean(Quantile(0.9).value(r)) == pytest.approx(mean_pinball_loss(y, fit, alpha=0.9))
    assert np.mean(by_name("mae").value(r)) == pytest.approx(np.abs(r).mean() / 2)


@pytest.mark.parametrize(
    "make",
    [lambda: Huber(0), lambda: Huber(-1), lambda: Huber(float("nan")), lambda: Quantile(0), lambda: Quantile(1.0),
     lambda: by_name("l2"), lambda: by_name(3), lambda: by_name(Huber)],
)  # fmt: skip
def test_losses_refuse_what_they_may_not_be(make):
    with pytest.raises(OptionError):
        make()


def test_every_name_is_a_loss():
    assert all(by_name(name) is loss for name, loss in BY_NAME.items())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("by_row", [False, True])
def test_the_average_of_many_rows_is_that_of_all_at_once(monkeypatch, weighted, by_row):
    """It goes through the rows a slice at a time; the ends of a ramp may differ from row to row."""
    monkeypatch.setattr(losses, "SLICE", 7)
    rng = np.random.default_rng(3)
    y, weights = rng.normal(size=40), rng.uniform(0.5, 2.0, 40) if weighted else None
    ends = rng.uniform(0.1, 1.0, 40) if by_row else 0.7
    ramp = losses.Ramp(1.0, -ends, ends)
    values = ramp.value(0.25 - y)
    expected = np.average(values, weights=weights)
    assert losses.average_loss(ramp, 0.25, y, weights) == pytest.approx(expected, rel=1e-14)
    assert losses.average_loss(Squared(), 0.25, y, weights) == pytest.approx(
        np.average(0.5 * (0.25 - y) ** 2, weights=weights), rel=1e-14
    )


@pytest.mark.parametrize(
    "make", [lambda: Huber(0.0), lambda: Huber(np.inf), lambda: Quantile(1.0), lambda: Quantile(0.0)]
)
def test_a_refused_parameter_is_named_with_its_value(make):
    with pytest.raises(
        OptionError, match=r"(delta must be a positive number|tau must lie strictly).*got (0\.0|inf|1\.0)"
    ):
        make()
