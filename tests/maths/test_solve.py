"""The roads of the closed form: each is taken when it should be, and each is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from exact import exact_fit
from trueline import Moments
from trueline.maths.solve import least_squares
from trueline.rows.passes import SourceRows, moments_of
from trueline.rows.source import ArraySource


def solve(X, y, reg_lambda=0.0, intercept=True, weights=None, rows=True):
    source = ArraySource(X, y, weights)
    return least_squares(moments_of(source), reg_lambda, intercept, SourceRows(source) if rows else None)


@given(arrays(np.int64, (12, 3), elements=st.integers(-9, 9)), arrays(np.int64, 12, elements=st.integers(-99, 99)))
def test_full_rank_is_the_exact_answer(X, y):
    X, y = X.astype(np.float64), y.astype(np.float64)
    truth = exact_fit(X, y)
    assume(truth is not None)
    truth = np.array(truth[0], dtype=float), float(truth[1])
    solution = solve(X, y)
    assert solution.rank == 3
    scale = max(np.abs(truth[0]).max(), abs(truth[1]), 1e-3)
    assert np.allclose(solution.coef, truth[0], rtol=0, atol=1e-10 * scale)
    assert solution.intercept == pytest.approx(truth[1], abs=1e-10 * scale)


def polynomial(n, degree):
    x = np.arange(n, dtype=np.float64)
    return np.column_stack([x**power for power in range(1, degree + 1)])


def many_columns():
    """Too many for doubled precision, two of them nearly equal."""
    X = np.random.default_rng(0).normal(size=(200, 70))
    X[:, 1] = X[:, 0] + 1e-7 * X[:, 1]
    return X


@pytest.mark.parametrize(
    ("X", "road"),
    [
        (np.random.default_rng(0).normal(size=(50, 3)), "cholesky"),
        (polynomial(21, 5), "refined"),
        (polynomial(82, 11), "qr"),
        (polynomial(82, 15), "doubled"),
        (many_columns(), "qr"),
        (np.random.default_rng(0).normal(size=(50, 2))[:, [0, 1, 1]], "minimum-norm"),
        (np.random.default_rng(0).normal(size=(4, 9)), "minimum-norm"),
    ],
    ids=["cholesky", "refined", "qr", "doubled", "many-columns", "collinear", "wide"],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_each_road_is_taken_and_fits(X, road, weighted):
    rng = np.random.default_rng(1)
    y = X @ np.ones(X.shape[1]) + 1.0
    solution = solve(X, y, weights=rng.uniform(0.5, 2, len(y)) if weighted else None)
    assert solution.solver == road
    assert np.allclose(X @ solution.coef + solution.intercept, y, rtol=1e-6, atol=1e-8 * np.abs(y).max())


def test_the_corrected_solve_wins_digits_back():
    X = polynomial(21, 5)
    y = X.sum(axis=1) + 1  # Wampler1: every coefficient is 1
    plain, corrected = solve(X, y, rows=False), solve(X, y)
    assert (plain.solver, corrected.solver) == ("cholesky", "refined")
    digits = [-np.log10(np.abs(np.append(s.coef, s.intercept) - 1).max()) for s in (plain, corrected)]
    assert digits[1] >= 8.9
    assert digits[1] > digits[0] + 1


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("shape", [(30, 6), (5, 8)])
def test_minimum_norm_is_the_pseudo_inverse_on_centred_columns(intercept, shape):
    rng = np.random.default_rng(2)
    X, y = rng.normal(3, 1, shape), rng.normal(size=shape[0])
    X[:, 5] = X[:, 0] - 2 * X[:, 1]
    solution = solve(X, y, intercept=intercept)
    centre = X.mean(axis=0) if intercept else np.zeros(shape[1])
    truth = np.linalg.pinv(X - centre) @ (y - (y.mean() if intercept else 0.0))
    assert np.allclose(solution.coef, truth, atol=1e-10)
    assert solution.rank == np.linalg.matrix_rank(X - centre)
    assert {0, 1, 5} <= set(solution.dependent)


def test_wild_scales_do_not_change_the_rank():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(100, 3)) * [1e-8, 1.0, 1e8]
    y = X @ [1e8, 1.0, 1e-8] + 2.0
    solution = solve(X, y)
    assert solution.rank == 3
    assert np.allclose(solution.coef * [1e-8, 1.0, 1e8], 1.0, rtol=1e-12)


@pytest.mark.parametrize("shape", [(40, 4), (4, 9)])
@pytest.mark.parametrize("intercept", [True, False])
def test_ridge_equals_its_normal_equations(shape, intercept):
    rng = np.random.default_rng(4)
    X, y, weights = rng.normal(1, 1, shape), rng.normal(size=shape[0]), rng.uniform(0.5, 2, shape[0])
    solution = solve(X, y, 0.3, intercept, weights)
    centre, middle = (np.average(v, axis=0, weights=weights) if intercept else 0.0 * v[0] for v in (X, y))
    Z, omega = X - centre, weights / weights.sum()
    truth = np.linalg.solve(Z.T @ (Z * omega[:, None]) + 0.3 * np.eye(shape[1]), Z.T @ (omega * (y - middle)))
    assert np.allclose(solution.coef, truth, rtol=1e-10)
    assert solution.intercept == pytest.approx(middle - truth @ centre if intercept else 0.0, abs=1e-12)


def test_from_moments_alone_a_short_rank_is_still_found():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(60, 3))[:, [0, 1, 1]]
    solution = least_squares(Moments.of(X, X[:, 0] + 2 * X[:, 1]), 0.0, True, None)
    assert solution.rank == 2
    assert np.allclose(solution.coef, [1.0, 1.0, 1.0], atol=1e-6)


def test_the_digits_vouched_for_are_right():
    rng = np.random.default_rng(6)
    vouched, true = [], []
    for closeness in (1.0, 1e-3, 1e-6, 1e-9):
        X = rng.integers(-50, 50, (30, 2)).astype(float)
        X[:, 1] = X[:, 0] + closeness * X[:, 1]
        y = rng.integers(-50, 50, 30).astype(float)
        coef = np.array(exact_fit(X, y)[0], dtype=float)
        solution = solve(X, y)
        vouched.append(solution.digits)
        true.append(-np.log10(np.abs(solution.coef - coef).max() / np.abs(coef).max() + 1e-17))
    assert all(v <= t for v, t in zip(vouched, true, strict=True))
    assert vouched[0] > 12


@pytest.mark.parametrize("scales", [(1.0, 1.0), (1e-8, 1e8), (1e-4, 1e6)])
@pytest.mark.parametrize("shape", [(50, 3), (4, 9)])
def test_the_smallest_solution_is_one_whatever_the_units(scales, shape):
    """The same column twice in two units: predictions are those of the columns that say something."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=shape)
    y = X @ np.ones(shape[1]) + 2.0
    X = np.c_[X * scales[0], X[:, :2] * scales[1]]
    solution = solve(X, y)
    assert solution.solver == "minimum-norm"
    assert np.allclose(X @ solution.coef + solution.intercept, y, rtol=1e-9, atol=1e-9)
