"""What is known from moments alone: bounds that hold, combinations that are gone, moments of no rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline import Moments
from trueline.maths.doubt import Doubt, blur, impossible_columns
from trueline.maths.solve import least_squares


def rows(seed, n=40, d=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-3, 4, d) + rng.normal(size=d)
    return X, X @ rng.normal(size=d) + rng.normal(size=n)


@given(st.integers(0, 2**32 - 1), st.integers(0, 8))
def test_the_blur_holds_what_subtraction_lost(seed, power):
    X, y = rows(seed)
    far = X[:3] * 10.0**power
    both = Moments.of(np.vstack([X, far]), np.append(y, y[:3]))
    rest = both.remove(Moments.of(far, y[:3], pivot=both.pivot))
    seen, exact = rest.about(rest.mean), Moments.of(X - X.mean(axis=0), y - y.mean()).covariance
    known = blur(seen)[:-1]
    assert (np.abs(seen.covariance - exact) <= np.outer(known, known)).all()


@given(st.integers(0, 2**32 - 1), st.integers(0, 35))
def test_what_rows_leave_behind_is_never_impossible(seed, gone):
    X, y = rows(seed)
    X[:, 2] = X[:, 0] + X[:, 1]  # a combination whose spread is zero, so rounding decides its sign
    rest = Moments.of(X, y).remove(Moments.of(X[:gone], y[:gone])) if gone else Moments.of(X, y)
    assert impossible_columns(rest) == ()


def test_impossible_columns_are_found_alone_and_in_combination():
    X, y = rows(1)
    whole = Moments.of(X, y)
    far = X.mean(axis=0) + np.array([0, 9, 0]) * X.std(axis=0)
    assert impossible_columns(whole.remove(Moments.of(far[None], y[:1]))) == (1,)
    far = X.mean(axis=0) + np.array([-9, 0, 9]) * X.std(axis=0)
    assert impossible_columns(whole.remove(Moments.of(far[None], y[:1]))) == (0, 2)
    residual = Moments.of(X[:1], np.array([y[0] + 40 * np.std(y)]))
    assert impossible_columns(whole.remove(residual)) == (3,)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("reg_lambda", [0.0, 0.5])
def test_the_solution_is_that_of_lstsq(intercept, reg_lambda):
    X, y = rows(2, n=60)
    solution = Doubt(Moments.of(X, y), reg_lambda, intercept).solve()
    A, t = (X - X.mean(axis=0), y - y.mean()) if intercept else (X, y)
    A, t = np.vstack([A, np.sqrt(60 * reg_lambda) * np.eye(3)]), np.append(t, np.zeros(3))
    assert np.allclose(solution.coef, np.linalg.lstsq(A, t)[0], rtol=1e-8)
    assert solution.intercept == pytest.approx((y - X @ solution.coef).mean() if intercept else 0.0, rel=1e-8)
    assert solution.rank == 3 and 9 < solution.digits < 15.1


def test_columns_that_never_vary_are_left_out_and_combinations_named():
    X, y = rows(3)
    constant = Doubt(Moments.of(np.column_stack([X, np.full(40, 0.1)]), y), 0.0, True)
    assert constant.lost.tolist() == [False, False, False, True] and constant.undetermined == ()
    assert constant.solve().coef[3] == 0 and constant.solve().dependent == (3,)
    tangled = Doubt(Moments.of(np.column_stack([X, X[:, 1]]), y), 0.0, True)
    assert tangled.undetermined == (1, 3) and tangled.digits(np.zeros(4)) == 0
    assert Doubt(tangled.moments, 0.1, True).undetermined == ()


def test_the_mean_square_of_the_residuals():
    X, y = rows(4)
    doubt = Doubt(Moments.of(X, y), 0.0, True)
    solution = doubt.solve()
    value, error = doubt.mean_square(solution.coef)
    residual = y - X @ solution.coef - solution.intercept
    assert abs(value - np.mean(residual**2)) <= error < 1e-6 * value


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("reg_lambda", [0.0, 0.2])
def test_from_clean_moments_the_minimum_is_that_of_least_squares(rng, intercept, reg_lambda):
    X = rng.normal(size=(40, 3)) * [1e-4, 1.0, 1e5] + [1e-4, 0.0, -2e5]
    moments = Moments.of(X, X @ [1e4, -1.0, 1e-5] + rng.normal(size=40))
    found, plain = Doubt(moments, reg_lambda, intercept).solve(), least_squares(moments, reg_lambda, intercept, None)
    assert np.allclose(found.coef, plain.coef, rtol=1e-9) and found.intercept == pytest.approx(
        plain.intercept, rel=1e-9
    )
    assert (found.solver, found.rank, found.dependent) == ("cholesky", 3, ())
    second = moments.covariance if intercept else moments.second
    gram = second[:-1, :-1] + reg_lambda * np.eye(3)
    size = np.sqrt(np.diag(gram))
    assert found.condition == pytest.approx(np.sqrt(np.linalg.cond(gram / np.outer(size, size))), rel=1e-6)
    assert found.digits > 9


def test_a_combination_that_no_rows_could_have_is_named(rng):
    """Each column keeps a spread of its own; only x0 - x1 has a negative one."""
    X = rng.normal(size=(50, 3))
    X[:, 1] = X[:, 0] + 0.1 * X[:, 1]
    whole = Moments.of(X, X[:, 2] + rng.normal(size=50))
    assert impossible_columns(whole) == ()
    row = np.array([[3.0, -3.0, 0.0]])
    left = whole.remove(Moments.of(row, np.array([0.0])))
    assert (np.diag(left.covariance) > 0).all()
    assert impossible_columns(left) in ((0,), (1,))
