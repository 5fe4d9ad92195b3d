"""Newton steps on a ramp: they end where the gradient is 0, and what they prove is true."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from trueline.maths.losses import Ramp
from trueline.maths.moments import Moments
from trueline.maths.newton import RampDescent, solve_positive
from trueline.maths.solve import least_squares
from trueline.rows.design import Design
from trueline.rows.source import ArraySource

RAMPS = [Ramp(1.0, -0.3, 0.3), Ramp(2.0, -0.2, 0.8), Ramp(1.0, -np.inf, np.inf), Ramp(50.0, -0.1, 0.9)]


def descent(n=300, penalty=0.0, weights=None, intercept=True):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(n, 3)) * [1.0, 10.0, 0.1] + [5.0, 0.0, -2.0]
    y = X @ [1.0, 0.2, -3.0] + rng.standard_t(2, size=n)
    source = ArraySource(X, y, weights)
    moments = Moments.of(X, y, weights)
    design = Design.of(source, moments, least_squares(moments, 0.0, intercept, None), 0.0, intercept)
    theta = np.zeros(design.size)
    return RampDescent(design, theta, design.along(theta) - y, design.gram(), design.penalty(penalty))


@pytest.mark.parametrize("ramp", RAMPS, ids=str)
@pytest.mark.parametrize("penalty", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_ends_at_the_minimum_and_every_proven_gap_held(ramp, penalty, weighted):
    weights = np.random.default_rng(0).uniform(0.5, 2.0, 300) if weighted else None
    state = descent(penalty=penalty, weights=weights)
    claims, last = [], np.inf
    for _ in range(60):
        before = state.value(ramp)
        assert before <= last * (1 + 1e-12)  # the search along the step never lets it rise
        claims.append((before, state.step(ramp)))
        last = before
    least = state.value(ramp)
    assert claims[-1][1] <= 1e-12 * least
    assert all(value - least <= gap + 1e-11 * value for value, gap in claims)

    def value(theta):
        r = state.walk.along(theta) - state.walk.y
        losses = ramp.value(r)
        return (losses.sum() if weights is None else weights @ losses) + theta @ state.penalty @ theta / 2

    assert np.isclose(value(state.theta), least, rtol=1e-12)
    assert minimize(value, state.theta, method="Nelder-Mead").fun >= least * (1 - 1e-12)


def test_the_gram_followed_is_the_gram_of_the_rows_on_the_line():
    state = descent()
    for height in (3.0, 0.5, 0.4, 0.7, 0.05):
        for _ in range(3):
            state.step(Ramp(1.0, -height, height))
            fresh = state.walk.gram(np.flatnonzero(state.inside_))
            assert np.allclose(state.gram_, fresh, rtol=1e-9, atol=1e-9 * np.abs(state.total).max())


def test_solve_positive_refuses_what_is_not():
    H = np.array([[4.0, 1.0], [1.0, 1e20]])
    assert np.allclose(H @ solve_positive(H, np.array([1.0, 2.0])), [1.0, 2.0])
    assert solve_positive(np.ones((2, 2)), np.ones(2)) is None
    assert solve_positive(np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones(2)) is None
