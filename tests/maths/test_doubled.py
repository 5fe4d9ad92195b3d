"""Pairs of numbers against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact import solve_exactly
from trueline.maths import doubled

numbers = st.floats(-1e100, 1e100).filter(lambda x: x == 0 or abs(x) > 1e-100)


def exactly(pair):
    return Fraction(float(pair[0])) + Fraction(float(pair[1]))


def close(pair, truth, unit=2.0**-100):
    return abs(exactly(pair) - truth) <= Fraction(unit) * abs(truth)


@given(numbers, numbers)
def test_a_sum_and_a_product_lose_nothing(a, b):
    assert exactly(doubled.two_sum(np.float64(a), np.float64(b))) == Fraction(a) + Fraction(b)
    assert exactly(doubled.two_product(np.float64(a), np.float64(b))) == Fraction(a) * Fraction(b)


@given(numbers, st.floats(-1, 1), numbers, st.floats(-1, 1))
def test_pairs_add_multiply_and_divide(a, fine_a, b, fine_b):
    x, y = (doubled.two_sum(np.float64(v), np.float64(v * f * 2.0**-54)) for v, f in ((a, fine_a), (b, fine_b)))
    exact_x, exact_y = exactly(x), exactly(y)
    total = abs(exact_x) + abs(exact_y)
    assert abs(exactly(doubled.add(x, y)) - exact_x - exact_y) <= total * Fraction(2.0**-103)
    assert close(doubled.multiply(x, y), exact_x * exact_y)
    if b != 0:
        assert close(doubled.divide(x, y), exact_x / exact_y)


def fractions(hi, lo=None):
    lo = np.zeros_like(hi) if lo is None else lo
    return [
        [Fraction(float(h)) + Fraction(float(v)) for h, v in zip(*rows, strict=True)]
        for rows in zip(hi, lo, strict=True)
    ]


@pytest.mark.parametrize("rows", [1, 50, doubled.CHUNK])
@pytest.mark.parametrize("spread", [0, 3, 12])
def test_products_of_rows_keep_twice_the_digits(rng, rows, spread):
    """Entries of one column spread over many powers of ten; errors are relative to the lengths of the columns."""
    Z = rng.normal(size=(rows, 2)) * 10.0 ** -rng.uniform(0, spread, (rows, 2)), rng.normal(size=(rows, 2)) * 1e-18
    Z = doubled.two_sum(*Z)
    V = doubled.multiply(Z, doubled.pair(rng.uniform(0.1, 3, (rows, 1))))
    found, left, right = doubled.product(V, Z), fractions(*V), fractions(*Z)
    for i in range(2):
        for j in range(2):
            truth = sum(a[i] * b[j] for a, b in zip(left, right, strict=True))
            size = np.sqrt(np.square(V[0][:, i]).sum() * np.square(Z[0][:, j]).sum())
            assert abs(exactly((found[0][i, j], found[1][i, j])) - truth) <= Fraction(size * 2.0**-98)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_gram_of_shifted_rows_over_several_chunks(rng, weighted):
    n = doubled.CHUNK + 300
    X, y = rng.normal(1e8, 1e-3, (n, 1)), rng.normal(size=n)
    weights = rng.uniform(0.1, 3, n) if weighted else None
    shift, factor = np.array([1e8, 0.5]), np.array([2.0**10, 1.0])
    found = doubled.gram(X, y, weights, shift, factor)
    columns = [[Fraction(1)] * n, [(Fraction(v) - Fraction(1e8)) * 1024 for v in X[:, 0]],
               [Fraction(v) - Fraction(0.5) for v in y]]  # fmt: skip
    omega = [Fraction(1)] * n if weights is None else [Fraction(w) for w in weights]
    for i in range(3):
        for j in range(3):
            truth = sum(o * a * b for o, a, b in zip(omega, columns[i], columns[j], strict=True))
            size = np.sqrt(found[0][i, i] * found[0][j, j])
            assert abs(exactly((found[0][i, j], found[1][i, j])) - truth) <= Fraction(size * doubled.UNIT)


@pytest.mark.parametrize("size", [1, 4, 9])
def test_systems_are_solved_to_the_last_digit(size):
    """Hilbert's matrix, whose condition at size 9 is 5e11; its fractions are rounded to pairs."""
    exact = [[Fraction(1, i + j + 1) for j in range(size + 1)] for i in range(size + 1)]
    hi = np.array([[float(value) for value in row] for row in exact])
    lo = np.array([[float(value - Fraction(float(value))) for value in row] for row in exact])
    truth = solve_exactly([row[:] for row in fractions(hi, lo)[:size]])
    u = doubled.solve((hi, lo))
    assert all(
        float(abs(exactly(pair) - t)) <= 1e-17 * abs(float(t))
        for pair, t in zip(zip(*u, strict=True), truth, strict=True)
    )


def test_what_is_not_positive_definite_has_no_solution():
    assert doubled.solve(doubled.pair(np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]))) is None
    assert doubled.solve(doubled.pair(np.array([[-1.0, 1.0], [1.0, 1.0]]))) is None
