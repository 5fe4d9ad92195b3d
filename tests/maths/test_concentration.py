"""Concentration, exchange, branch and bound: held against each other and against every subset."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline.maths.branch_and_bound import best_subset
from trueline.maths.concentration import Concentration, kept_weights
from trueline.maths.exchange import exchanged
from trueline.maths.moments import Moments
from trueline.maths.solve import least_squares
from trueline.rows.design import Design
from trueline.rows.source import ArraySource


def rows(n, seed, d=2):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = X.sum(axis=1) + rng.standard_t(1, size=n)
    return X, y


def misfit(Z, y, kept, penalty):
    """The least sum of squares of these rows, penalty included, by an augmented lstsq."""
    root = np.linalg.cholesky(penalty + 1e-300 * np.eye(len(penalty))).T if penalty.any() else penalty
    A, b = np.vstack([Z[kept], root]), np.append(y[kept], np.zeros(len(root)))
    return float(np.square(A @ np.linalg.lstsq(A, b, rcond=None)[0] - b).sum())


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), weighted=st.booleans(), penalty=st.sampled_from([0.0, 0.3]))
def test_a_step_never_raises_the_objective(seed, weighted, penalty):
    X, y = rows(80, seed)
    weights = np.random.default_rng(seed).uniform(0.2, 3.0, 80) if weighted else None
    moments = Moments.of(X, y, weights)
    design = Design.typical(ArraySource(X, y, weights), moments, least_squares(moments, 0.0, True, None), 0.0, True)
    theta = np.random.default_rng(seed).normal(size=3)
    h = 50.0 if weights is None else 0.6 * design.weight
    run = Concentration(design, theta, h, design.penalty(penalty), design.along(theta) - y)
    for _ in range(30):
        before = run.objective
        run.step()
        assert run.objective <= before and np.isclose(run.kept.sum(), h)
        squares = np.square(design.along(run.theta) - y)
        assert np.isclose(run.kept @ squares + run.theta @ run.penalty @ run.theta, run.objective)
    assert not run.step()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), penalty=st.sampled_from([0.0, 0.5]))
def test_an_exchange_lowers_the_sum_and_ends_where_no_swap_does(seed, penalty):
    X, y = rows(16, seed)
    Z, P = np.column_stack([X, np.ones(16)]), penalty * np.diag([1.0, 1.0, 0.0]) + 0.0
    P[2, 2] = 1e-12 if penalty else 0.0
    kept = np.arange(16) < 10
    better = exchanged(Z, y, kept, P)
    least = misfit(Z, y, better, P)
    assert better.sum() == 10 and least <= misfit(Z, y, kept, P) * (1 + 1e-9)
    for i in np.flatnonzero(better):
        for j in np.flatnonzero(~better):
            swapped = better.copy()
            swapped[i], swapped[j] = False, True
            assert misfit(Z, y, swapped, P) >= least * (1 - 1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_branch_and_bound_finds_what_trying_every_subset_does(seed):
    X, y = rows(13, seed)
    Z, none = np.column_stack([X, np.ones(13)]), np.zeros((3, 3))
    every = min(misfit(Z, y, np.isin(np.arange(13), subset), none) for subset in combinations(range(13), 8))
    found, proven = best_subset(Z, y, 8, np.arange(13) < 8, 10**7)
    assert proven and found.sum() == 8
    assert np.isclose(misfit(Z, y, found, none), every, rtol=1e-8)


def test_branch_and_bound_says_when_it_gave_up():
    X, y = rows(40, 0)
    known = np.arange(40) < 21
    found, proven = best_subset(np.column_stack([X, np.ones(40)]), y, 21, known, 1000)
    assert not proven and found.sum() == 21


def test_rows_of_the_border_count_in_part():
    squares, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 0.5, 2.0])
    assert np.allclose(kept_weights(squares, weights, 2.0), [0.0, 0.5, 1.5])
    assert np.allclose(kept_weights(squares, weights, 3.5), weights)
