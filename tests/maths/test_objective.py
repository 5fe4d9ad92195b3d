from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline import Moments
from trueline.maths.losses import Squared
from trueline.maths.objective import MomentsObjective, QuadraticGap, largest_curvature, smallest_curvature
from trueline.maths.scaling import Scaling
from trueline.rows.passes import RowsObjective
from trueline.rows.source import ArraySource

options = pytest.mark.parametrize(
    ("half", "reg_lambda", "intercept"),
    [(half, lam, intercept) for half in (True, False) for lam in (0.0, 0.7) for intercept in (True, False)],
)


def rows(offset=0.0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3)) * [1, 5, 0.2] + offset
    return X, X @ [1.0, -1.0, 2.0] + rng.normal(size=80)


def objectives(X, y, half, reg_lambda, intercept):
    loss = Squared(half)
    source = ArraySource(X, y)
    by_rows = RowsObjective(loss, source, Scaling.none(3), reg_lambda, intercept)
    return MomentsObjective(Moments.of(X, y), loss.curvature_bound, reg_lambda, intercept), by_rows


@options
@given(theta=st.lists(st.floats(-10, 10), min_size=4, max_size=4))
def test_moments_and_rows_give_one_loss_and_gradient(half, reg_lambda, intercept, theta):
    X, y = rows()
    w, b = np.array(theta[:3]), theta[3] if intercept else 0.0
    one, other = (objective.value_and_gradient(w, b) for objective in objectives(X, y, half, reg_lambda, intercept))
    assert one[0] == pytest.approx(other[0], rel=1e-12, abs=1e-10)
    assert np.allclose(one[1], other[1], rtol=1e-11, atol=1e-10)
    assert one[2] == pytest.approx(other[2], rel=1e-11, abs=1e-11)


@options
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_the_gap_is_the_distance_to_the_minimum(half, reg_lambda, intercept, offset):
    X, y = rows(offset if intercept else 0.0)
    objective, _ = objectives(X, y, half, reg_lambda, intercept)
    moments = Moments.of(X, y)
    gap = QuadraticGap(moments, objective.slope, reg_lambda, intercept)
    gram = (moments.covariance if intercept else moments.second)[:-1]
    best = np.linalg.solve(gram[:, :-1] + reg_lambda * np.eye(3), gram[:, -1])
    best_b = float(moments.mean[-1] - best @ moments.mean[:-1]) if intercept else 0.0
    smallest = objective.value_and_gradient(best, best_b)[0]
    for shift in (np.array([1.0, -2.0, 0.5]), np.zeros(3)):
        value, dw, db = objective.value_and_gradient(
            best + shift, best_b - (shift @ moments.mean[:-1] if intercept else 0)
        )
        assert gap(dw, db) == pytest.approx(value - smallest, rel=1e-8, abs=1e-9)


def test_the_gap_sees_a_small_column_beside_a_huge_one():
    """A pseudo-inverse cut at rounding of the largest column would call this converged."""
    X, y = rows()
    X = X * [1e9, 1.0, 1e-9]
    objective, _ = objectives(X, y, True, 0.0, True)
    value, dw, db = objective.value_and_gradient(np.array([1e-9, -1.0, 0.0]), 0.0)
    gap = QuadraticGap(Moments.of(X, y))(dw, db)
    assert 0.01 * value < gap < value


@pytest.mark.parametrize("intercept", [True, False])
def test_curvatures_are_the_hessian_s(intercept):
    X, y = rows(2.0)
    design = np.column_stack([X, np.ones(len(y))]) if intercept else X
    penalty = np.diag([0.4] * 3 + [0.0] * intercept)
    truth = np.linalg.eigvalsh(2 * (design.T @ design / len(y) + penalty))
    moments = Moments.of(X, y)
    assert largest_curvature(moments, 2.0, 0.4, intercept) == pytest.approx(truth[-1], rel=1e-12)
    if intercept:  # the centred coordinates put the penalty on w alone, as the loss does
        assert smallest_curvature(moments, 2.0, 0.4, intercept) == pytest.approx(truth[0], rel=1e-9)


def test_the_smallest_curvature_survives_beside_a_huge_one():
    X, y = rows()
    far = smallest_curvature(Moments.of(X + 1e8, y), 1.0, 0.0, True)
    variance = np.linalg.eigvalsh(np.cov(X.T, bias=True))[0]
    assert 0 < far < variance
    mean = (X + 1e8).mean(axis=0)
    inverse = 1 + mean @ np.linalg.solve(np.cov(X.T, bias=True), mean)  # the corner of H⁻¹, which dominates it
    assert far == pytest.approx(1 / inverse, rel=1e-6)
