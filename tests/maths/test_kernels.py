"""The compiled loops against NumPy, for every remainder of rows and columns."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numba.core.errors import NumbaError

from trueline.maths.kernels import add_scatter, add_value_and_gradient
from trueline.maths.losses import Ramp

NONE = np.empty(0)


def rows(n, d, dtype):
    rng = np.random.default_rng(n * 1000 + d)
    X, y = rng.normal(size=(n, d)).astype(dtype), rng.normal(size=n)
    return X, y, rng.uniform(0.5, 2, n), rng


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("d", [1, 3, 4, 5, 7, 8, 9, 16, 20, 31, 33])
def test_the_scatter_is_that_of_numpy(d, dtype):
    for n, weighted in product([1, 7, 8, 15, 16, 17, 127, 128, 129, 300], [False, True]):
        X, y, weights, rng = rows(n, d, dtype)
        pivot = rng.normal(size=d + 1)
        z = np.column_stack([X.astype(np.float64), y]) - pivot
        omega = weights if weighted else np.ones(n)
        total, scatter = np.zeros(d + 1), np.zeros((d + 1, d + 1))
        add_scatter(X, y, weights if weighted else NONE, pivot, total, scatter)
        assert np.allclose(total, omega @ z, rtol=1e-13, atol=1e-12)
        assert np.allclose(scatter, np.tril(z.T @ (z * omega[:, None])), rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("d", [1, 5, 8, 20])
@pytest.mark.parametrize("row_bound", [np.inf, 0.8])
def test_value_and_gradient_are_those_of_numpy(d, dtype, row_bound):
    for n, weighted, intercept in product([1, 2, 3, 4, 63, 64, 65, 200], [False, True], [False, True]):
        X, y, weights, rng = rows(n, d, dtype)
        shift, factor, w = rng.normal(size=d), rng.uniform(0.5, 2, d), rng.normal(size=d)
        z = (X.astype(np.float64) - shift) * factor
        omega = weights if weighted else np.ones(n)
        ramp = Ramp(2.0, -0.7, 0.9).bounded(row_bound / np.sqrt(np.square(z).sum(axis=1) + intercept))
        r = z @ w + 0.3 - y
        push = omega * ramp.derivative(r)
        gradient = np.zeros(d)
        found = add_value_and_gradient(
            X, y, weights if weighted else NONE, shift, factor, w, 0.3, 2.0, -0.7, 0.9, row_bound, intercept, gradient
        )
        assert np.allclose(found, [omega @ ramp.value(r), push.sum(), omega.sum()], rtol=1e-12, atol=1e-12)
        assert np.allclose(gradient, push @ z, rtol=1e-12, atol=1e-12)


def test_the_scatter_of_rows_that_are_not_contiguous_is_refused():
    """Squares are read by address: a stride would be read past."""
    X, y, _, _ = rows(40, 18, "float64")
    with pytest.raises(NumbaError, match="contiguous"):
        add_scatter(X[:, ::2], y, NONE, np.zeros(10), np.zeros(10), np.zeros((10, 10)))
