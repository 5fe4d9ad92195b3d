"""Epochs that were not run end where they would have ended."""

from __future__ import annotations

import warnings
from decimal import Decimal, localcontext

import numpy as np
import pytest

from trueline import LeastSquares, LinearRegressionGD, Moments
from trueline.errors import OptionError
from trueline.maths.descent import Step
from trueline.maths.objective import MomentsObjective, largest_curvature
from trueline.maths.trajectory import Trajectory, _heavy_ball


def rows(d=4):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, d)) * np.logspace(0, -1.5, d) + 0.5
    return X, X @ np.arange(1.0, d + 1) + rng.normal(size=200)


def run(moments, k, lr, momentum, slope, reg_lambda, intercept, w, b):
    """The epochs themselves, without a rule that stops them: momentum may overshoot at first."""
    objective, step = MomentsObjective(moments, slope, reg_lambda, intercept), Step(lr, momentum)
    losses = [objective.value_and_gradient(w, b)[0]]
    for _ in range(k):
        move_w, move_b = step(*objective.value_and_gradient(w, b)[1:])
        w, b = w + move_w, b + move_b
        losses.append(objective.value_and_gradient(w, b)[0])
    return w, b, losses


@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("slope", [1.0, 2.0])
@pytest.mark.parametrize("reg_lambda", [0.0, 0.2])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("share", [0.3, 1.0, 1.6])
def test_equal_to_running_them(momentum, slope, reg_lambda, intercept, share):
    X, y = rows()
    moments = Moments.of(X, y)
    lr = share / largest_curvature(moments, slope, reg_lambda, intercept)
    w, b = np.array([1.0, -1.0, 0.5, 2.0]), 0.3 if intercept else 0.0
    trajectory = Trajectory(moments, lr, momentum, slope, reg_lambda, intercept, w, b)
    for k in (0, 1, 2, 7, 2000):
        ran_w, ran_b, losses = run(moments, k, lr, momentum, slope, reg_lambda, intercept, w, b)
        got_w, got_b = trajectory.state(k)
        assert np.allclose(got_w, ran_w, rtol=0, atol=1e-10)
        assert got_b == pytest.approx(ran_b, abs=1e-10)
        assert np.allclose(trajectory.loss(range(k + 1)), losses, rtol=1e-10, atol=1e-12)


def test_where_two_roots_meet():
    """lr·λ = (1 - √β)²: the recurrence has a double root, and a formula that divides by their difference fails."""
    moments = Moments.of(np.array([[-1.0], [1.0]]), np.array([1.0, 3.0]))
    for beta in (0.25, 0.81):
        for nudge in (0.0, 1e-15, 1e-12, 1e-9, -1e-9):
            lr = (1 - np.sqrt(beta)) ** 2 + nudge
            ran_w, ran_b, _ = run(moments, 30, lr, beta, 1.0, 0.0, True, np.zeros(1), 0.0)
            w, b = Trajectory(moments, lr, beta).state(30)
            assert w[0] == pytest.approx(ran_w[0], rel=1e-9)
            assert b == pytest.approx(ran_b, rel=1e-9)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_billion_epochs_are_least_squares(momentum):
    X, y = rows()
    moments = Moments.of(X, y)
    lr = 1 / largest_curvature(moments, 1.0, 0.0, True)
    w, b = Trajectory(moments, lr, momentum).state(10**9)
    best = LeastSquares().fit(X, y)
    assert np.allclose(w, best.coef_, rtol=1e-10)
    assert b == pytest.approx(best.intercept_, rel=1e-10)


def test_slow_directions_keep_their_digits():
    """After k epochs a direction of curvature λ has moved k·lr·λ of its way: tiny, and right to many digits."""
    X = np.array([[-1.0, -1e-3], [1.0, -1e-3], [-1.0, 1e-3], [1.0, 1e-3]])
    moments = Moments.of(X, X @ [1.0, 1e3])
    w, _ = Trajectory(moments, 1.0).state(10)
    assert w[1] == pytest.approx(-np.expm1(10 * np.log1p(-1e-6)) * 1e3, rel=1e-9)


def test_directions_without_curvature_do_not_drift():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 2))[:, [0, 1, 1]]
    y = X.sum(axis=1) + rng.normal(size=50)
    moments = Moments.of(X, y)
    w, b = Trajectory(moments, 0.1).state(10**9)
    truth = np.linalg.pinv(np.column_stack([X, np.ones(50)])) @ y
    assert np.allclose([*w, b], truth, atol=1e-9)


def test_it_is_the_descent_of_the_estimator():
    X, y = rows()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LinearRegressionGD(lr=0.05, epochs=123, tol=0, momentum=0.5).fit(X, y)
    trajectory = Trajectory(Moments.of(X, y), 0.05, 0.5)
    assert np.allclose(trajectory.state(123)[0], model.w_, atol=1e-12)
    assert np.allclose(trajectory.loss(range(124)), model.loss_history_, rtol=1e-11)


@pytest.mark.parametrize("epochs", [-1, 2.5])
def test_what_is_no_number_of_epochs_is_refused(epochs):
    with pytest.raises(OptionError, match="whole number"):
        Trajectory(Moments.of(*rows()), 0.1).state(epochs)


def heavy_ball_in_decimals(k, step, beta):
    """f(k) by the recurrence's roots, to sixty digits; by the recurrence itself where they are complex or meet."""
    with localcontext() as context:
        context.prec = 60
        step, beta = Decimal(step), Decimal(beta)
        total = 1 + beta - step
        square = total * total - 4 * beta
        if square <= 0 or k <= 60:
            before, now = Decimal(1), Decimal(1)
            for _ in range(k):
                before, now = now, now - step * now + beta * (now - before)
            return now
        root = square.sqrt()
        r1, r2 = ((total + sign * root) / 2 for sign in (1, -1))
        c = (1 - step - r2) / (r1 - r2)
        return c * r1**k + (1 - c) * r2**k


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("step", [1e-12, 1e-9, 1e-3, 0.0026334, 0.5, 1.0, 1.9])
@pytest.mark.parametrize("k", [0, 1, 2, 7, 50, 10**3, 10**9, 10**12])
def test_what_is_left_of_a_distance_keeps_its_digits(beta, step, k):
    """Slow modes over very many epochs: 1 - r is tiny, and k times it is not."""
    if k > 1000 and (1 + beta - step) ** 2 <= 4 * beta:
        k = 1000  # complex roots: the recurrence is the witness
    truth = heavy_ball_in_decimals(k, step, beta)
    with np.errstate(all="ignore"):
        left, gone = _heavy_ball(np.array([[float(k)]]), np.array([[step]]), beta)
    assert abs(float(Decimal(float(left[0, 0])) - truth)) <= 1e-13 + 2e-12 * abs(float(1 - truth))
    assert abs(float(Decimal(float(gone[0, 0])) - (1 - truth))) <= 1e-13 + 2e-12 * abs(float(1 - truth))


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_directions_that_say_nothing_stay_where_they_began(momentum):
    """Two equal columns: along their difference the Hessian is flat, for the state and for the loss."""
    X, y = rows()
    moments = Moments.of(X[:, [0, 1, 1]], y)
    w, lr = np.array([0.5, 2.0, -1.0]), 0.5 / largest_curvature(moments, 1.0, 0.0, True)
    path = Trajectory(moments, lr, momentum, w=w, b=0.25)
    for k in (0, 1, 40, 400):
        end, b = run(moments, k, lr, momentum, 1.0, 0.0, True, w, 0.25)[:2]
        assert np.allclose(path.state(k)[0], end, rtol=1e-9) and path.state(k)[1] == pytest.approx(b, rel=1e-9)
        assert path.state(k)[0][1] - path.state(k)[0][2] == pytest.approx(3.0, rel=1e-12)
        value = MomentsObjective(moments, 1.0, 0.0, True).value_and_gradient(end, b)[0]
        assert path.loss([k])[0] == pytest.approx(value, rel=1e-9)
