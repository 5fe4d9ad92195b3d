"""Rows in good coordinates: what they do equals plain NumPy, and lines go there and back."""

from __future__ import annotations

import numpy as np
import pytest

from trueline.maths.moments import Moments
from trueline.maths.robust_kernels import slope_along
from trueline.maths.solve import least_squares
from trueline.rows.design import Design
from trueline.rows.passes import SourceRows
from trueline.rows.source import ArraySource


def design(kind, how=Design.of, n=70_000, dtype=np.float64, weights=None, intercept=True):
    """The design of some rows, and the rows: their columns plain, doubled, nearly doubled, or with a constant."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(n, 4)) * [1.0, 100.0, 1e-6, 1.0] + [3.0, 0.0, 1e-3, -50.0]
    extra = {"doubled": X[:, :1], "nearly": X[:, :1] + 1e-7 * rng.normal(size=(n, 1)), "constant": np.full((n, 1), 7.0)}
    X = np.hstack([X, extra[kind]]) if kind in extra else X
    X, y = X.astype(dtype), rng.normal(size=n)
    source = ArraySource(X, y, weights)
    moments = Moments.of(X, y, weights)
    solution = least_squares(moments, 0.0, intercept, SourceRows(source))
    return how(source, moments, solution, 0.0, intercept), X, solution


@pytest.mark.parametrize("kind", ["plain", "doubled", "nearly", "constant"])
@pytest.mark.parametrize("how", [Design.of, Design.typical])
@pytest.mark.parametrize("intercept", [True, False])
def test_sums_and_lines_are_those_of_the_rows(kind, how, intercept):
    found, X, solution = design(kind, how, intercept=intercept)
    Z = found.take(np.arange(len(X)))
    assert Z.shape[1] == found.size == solution.rank + intercept
    theta = np.random.default_rng(0).normal(size=found.size)
    line = Z @ theta
    assert np.allclose(found.along(theta), line, rtol=1e-9, atol=1e-9)
    assert np.allclose(found.along_many(np.stack([theta, -theta])), [line, -line], rtol=1e-9, atol=1e-9)
    assert np.allclose(found.pull(line), Z.T @ line, rtol=1e-9, atol=1e-6)
    assert np.allclose(found.gram(), Z.T @ Z, rtol=1e-9, atol=1e-6)
    some = np.arange(0, len(X), 3)
    kappa = np.linspace(-1, 1, len(some))
    assert np.allclose(found.gram(some, kappa), (Z[some] * kappa[:, None]).T @ Z[some], rtol=1e-9, atol=1e-6)
    coef, b = found.undo(theta)
    size = np.abs(line).max() * (1e-6 if kind == "nearly" else 1e-9)
    assert np.allclose(X @ coef + b, line, rtol=0, atol=size)
    assert np.allclose(found.along(found.redo(coef, b)), line, rtol=0, atol=size)


def test_rows_of_weight_0_are_no_rows():
    weights = np.arange(70_000.0) % 3
    found, X, _ = design("plain", weights=weights)
    assert len(found.y) == (weights > 0).sum() and found.weight == weights.sum()
    Z = (X - found.centre) * found.factor
    assert np.allclose(found.gram()[:-1, :-1], (Z * weights[:, None]).T @ Z, rtol=1e-9, atol=1e-6)


def test_float32_is_summed_in_float64():
    found, X, _ = design("plain", dtype=np.float32)
    assert found.rows.X.dtype == np.float32
    Z = (X.astype(np.float64) - found.centre) * found.factor
    assert np.allclose(found.along(np.ones(5)), Z.sum(axis=1) + 1.0, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_slope_along_a_step_is_the_derivative(weighted):
    rng = np.random.default_rng(2)
    r, d = rng.normal(size=(2, 1001))
    omega = rng.uniform(0, 2, 1001) if weighted else np.empty(0)
    push = np.clip(2.0 * (r + 0.3 * d), -0.4, 0.9)
    inside = np.abs(push - 2.0 * (r + 0.3 * d)) == 0
    each = omega if weighted else np.ones(1001)
    found = slope_along(r, d, omega, 0.3, 2.0, -0.4, 0.9)
    assert np.allclose(found, [(each * push * d).sum(), 2.0 * (each * d * d)[inside].sum()], rtol=1e-12)
