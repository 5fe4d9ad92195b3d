"""Normal equations: what they say of the rows, against the rows."""

from __future__ import annotations

import numpy as np
import pytest

from trueline import Moments
from trueline.maths.normal_equations import NormalEquations
from trueline.maths.solve import least_squares


@pytest.fixture
def table(rng):
    X = rng.normal(size=(50, 3)) * [1e-5, 1.0, 1e4] + [3e-5, -1.0, 0.0]
    X[:, 1] += 1e5 * X[:, 0]
    return X, X @ [2e5, -1.0, 3e-4] + 5.0 + rng.normal(size=50), rng.uniform(0.5, 2.0, 50)


def centred(X, y, weights, intercept):
    if not intercept:
        return X, y
    return X - np.average(X, axis=0, weights=weights), y - np.average(y, weights=weights)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("reg_lambda", [0.0, 0.3])
def test_the_condition_is_that_of_the_equilibrated_columns(table, intercept, reg_lambda):
    X, y, weights = table
    problem = NormalEquations(Moments.of(X, y, weights), reg_lambda, intercept)
    Z, _ = centred(X, y, weights, intercept)
    K = (Z.T @ (Z * weights[:, None]) / weights.sum() + reg_lambda * np.eye(3)) * np.outer(
        problem.factor, problem.factor
    )
    factor, condition = problem.cholesky()
    assert np.allclose(np.tril(factor) @ np.tril(factor).T, K, rtol=1e-10)
    assert np.linalg.cond(K, 1) / 3 <= condition <= np.linalg.cond(K, 1) * 1.001
    assert np.array_equal(np.log2(problem.factor), np.round(np.log2(problem.factor)))
    assert ((np.diag(K) > 0.4) & (np.diag(K) < 2.1)).all()


@pytest.mark.parametrize("intercept", [True, False])
def test_the_misfit_is_the_ratio_of_what_is_left_to_what_is_fitted(table, intercept):
    X, y, weights = table
    problem = NormalEquations(Moments.of(X, y, weights), 0.0, intercept)
    solution = least_squares(problem.moments, 0.0, intercept, None)
    Z, target = centred(X, y, weights, intercept)
    fitted = Z @ solution.coef
    left = np.sqrt(weights @ np.square(target - fitted) / (weights @ np.square(fitted)))
    assert problem.misfit(solution.coef) == pytest.approx(left, rel=1e-9)
    assert problem.misfit(np.zeros(3)) == 1.0


def test_the_mean_of_the_shifted_rows_is_known_beyond_its_rounding(rng):
    """An offset of 1e8 rounds the centre, by a part of the spread that the corrected solve must know."""
    X = 1e8 + rng.normal(size=(40, 2)) * 1e-3
    problem = NormalEquations(Moments.of(X, X[:, 0] - 1e8), 0.0, True)
    exact = np.array(
        [np.mean((column - c).astype(np.longdouble)) for column, c in zip(X.T, problem.centre, strict=False)]
    )
    assert np.allclose(problem.left_of_centre, np.array(exact * problem.factor, dtype=float), rtol=1e-3, atol=1e-9)
    assert np.abs(problem.left_of_centre).max() > 1e-7
    assert not NormalEquations(problem.moments, 0.0, False).left_of_centre.any()


@pytest.mark.parametrize("reg_lambda", [0.0, 1e-9])
def test_from_moments_alone_nearly_dependent_columns_keep_their_penalty_and_weights(rng, reg_lambda):
    """Where the scatter cannot be factorised, its square root stands in for the rows."""
    X, weights = rng.normal(size=(60, 3))[:, [0, 1, 1]], rng.uniform(0.5, 2.0, 60)
    y = X[:, 0] + 2 * X[:, 1]
    solution = least_squares(Moments.of(X, y, weights), reg_lambda, True, None)
    assert np.allclose(solution.coef, [1.0, 1.0, 1.0], atol=1e-6)
    assert solution.intercept == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e12])
def test_from_moments_alone_the_units_of_y_do_not_matter(rng, unit):
    X = rng.normal(size=(60, 3))
    X[:, 1] = X[:, 0] + 1e-6 * X[:, 1]
    y = unit * (X @ [1.0, 2.0, 3.0])
    solution = least_squares(Moments.of(X, y), 0.0, True, None)
    error = np.abs(solution.coef - unit * np.array([1.0, 2.0, 3.0])).max() / (3 * unit)
    assert error <= 10.0**-solution.digits and solution.solver == "qr"
