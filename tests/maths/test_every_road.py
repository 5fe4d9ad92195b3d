"""Every road of the closed form against exact fractions: weights, penalty, intercept, columns that say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from exact import exact_fit
from trueline.maths.normal_equations import NormalEquations
from trueline.maths.solve import least_squares
from trueline.rows.passes import SourceRows, moments_of
from trueline.rows.source import ArraySource

ROADS = ["cholesky", "refined", "qr", "doubled"]
roads = pytest.mark.parametrize("road", ROADS)
intercepts = pytest.mark.parametrize("intercept", [True, False])


def table(road):
    """Three columns of whole numbers and a constant one (all zero without intercept), weights in eighths."""
    rng = np.random.default_rng(1)
    X = rng.integers(-50, 50, (30, 4)).astype(float)
    size = {"cholesky": 0, "refined": 1000, "qr": 2_000_000, "doubled": 2_000_000}[road]
    if size:
        X[:, 0] = rng.integers(-size, size, 30)
        X[:, 3] = X[:, 0] + rng.integers(-1, 2, 30)
    noise = {"qr": 0, "doubled": 100_000}.get(road, 1) * rng.integers(-50, 50, 30)
    return X, X @ [3.0, 0.0, 1.0, -2.0] + noise, rng.integers(4, 16, 30) / 8


def truth(X, y, weights, reg_lambda, intercept):
    """The penalty as rows of its own, the intercept as a column."""
    d = X.shape[1]
    design = np.column_stack([np.ones(len(y)), X]) if intercept else X
    if reg_lambda:
        extra = np.zeros((d, design.shape[1]))
        extra[:, -d:] = np.eye(d)
        design, y = np.vstack([design, extra]), np.append(y, np.zeros(d))
        weights = np.append(weights, np.full(d, weights.sum() * reg_lambda))
    theta = np.array(exact_fit(design, y, weights, intercept=False)[0], dtype=float)
    return (theta[1:], theta[0]) if intercept else (theta, 0.0)


@roads
@intercepts
@pytest.mark.parametrize("reg_lambda", [0.0, 2.0**-22])
@pytest.mark.parametrize("silent", [False, True])
def test_coefficients_and_intercept(road, intercept, reg_lambda, silent):
    X, y, weights = table(road)
    y = y + 7.0 * intercept
    if silent:
        X[:, 1] = 5.0 * intercept  # constant beside an intercept, else all zero
    source = ArraySource(X, y, weights)
    solution = least_squares(moments_of(source), reg_lambda, intercept, SourceRows(source))
    live = [0, 2, 3] if silent else [0, 1, 2, 3]
    coef, b = truth(X[:, live], y, weights, reg_lambda, intercept)
    assert solution.solver == road and solution.rank == len(live)
    assert solution.dependent == ((1,) if silent else ())
    assert not silent or solution.coef[1] == 0.0
    error = np.abs(solution.coef[live] - coef).max() / np.abs(coef).max()
    assert error <= 10.0 ** -(solution.digits - 1) and solution.digits >= 6
    assert abs(solution.intercept - b) <= 10.0 ** -(solution.digits - 2) * np.abs(y).max()
    assert road != "doubled" or error < 1e-15


@roads
@intercepts
def test_the_condition_is_that_of_equilibrated_columns(road, intercept):
    X, y, weights = table(road)
    source = ArraySource(X, y, weights)
    moments = moments_of(source)
    solution = least_squares(moments, 0.0, intercept, SourceRows(source))
    Z = (X - (np.average(X, axis=0, weights=weights) if intercept else 0.0)) * np.sqrt(weights)[:, None]
    true = np.linalg.cond(Z * NormalEquations(moments, 0.0, intercept).factor)
    assert true / 3 <= solution.condition <= true * 3


def test_two_tables_that_differ_in_scale_alone_have_the_same_answer_and_the_same_digits():
    """Powers of two change no bit of anything but the units."""
    X, y, weights = table("doubled")
    scale, unit = 2.0 ** np.array([-30, 5, 40, -3]), 2.0**20
    fits = []
    for rows, target in ((X, y), (X * scale, y * unit)):
        source = ArraySource(rows, target, weights)
        fits.append(least_squares(moments_of(source), 0.0, True, SourceRows(source)))
    assert np.array_equal(fits[0].coef, fits[1].coef * scale / unit)
    assert fits[0].digits == fits[1].digits and fits[0].condition == fits[1].condition


@intercepts
def test_of_columns_that_determine_each_other_only_those_are_named(intercept):
    rng = np.random.default_rng(2)
    X = rng.integers(-9, 9, (30, 5)).astype(float)
    X[:, 3] = X[:, 0] - 2 * X[:, 2]
    source = ArraySource(X, X @ [1.0, 2.0, 3.0, 0.0, 1.0])
    solution = least_squares(moments_of(source), 0.0, intercept, SourceRows(source))
    assert solution.solver == "minimum-norm" and solution.rank == 4 and solution.condition == np.inf
    assert solution.dependent == (0, 2, 3) and solution.digits > 10
