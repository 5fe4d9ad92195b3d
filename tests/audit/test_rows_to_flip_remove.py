"""Removal against every subset: found is never below the truth, and certified never above it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from audit.flip_designs import KINDS, coefficient, fewest_removals, small_design
from trueline import LeastSquares, audit
from trueline.audit.flips.design import design_of, read_rows
from trueline.audit.flips.removal_exact import exact_sign
from trueline.errors import DataError

DESIGNS = 75  # of every kind: brute force over all subsets of up to nine rows


def asked(X, y, **options):
    try:
        return audit.rows_to_flip(X, y, 0, **options)
    except DataError:  # no coefficient of its own, or zero to rounding
        return None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("intercept", [True, False])
def test_the_truth_lies_between_certified_and_found(kind, intercept):
    rng = np.random.default_rng(KINDS.index(kind) + 10 * intercept)
    tight = 0
    for _ in range(DESIGNS):
        X, y = small_design(rng, kind)
        result = asked(X, y, fit_intercept=intercept)
        if result is None:
            continue
        truth = fewest_removals(X, y, intercept)
        if truth is None:
            assert result.found is None
            continue
        assert result.certified <= truth
        assert result.found is None or result.found >= truth
        tight += result.certified == truth == result.found
        if result.found is not None:
            assert len(result.rows) == result.found == len(set(result.rows))
            rest = coefficient(np.delete(X, result.rows, axis=0), np.delete(y, result.rows), intercept)
            assert np.sign(rest) == -np.sign(result.before.coef)
            assert rest == pytest.approx(result.after.coef, rel=1e-5, abs=1e-9 * abs(result.before.coef))
    assert tight > DESIGNS // 3


@pytest.mark.parametrize("intercept", [True, False])
def test_ridge_lies_between_too(intercept):
    rng = np.random.default_rng(5)
    for _ in range(25):
        X, y = small_design(rng, "normal")
        lam = float(rng.choice([0.01, 0.3]))
        result = asked(X, y, reg_lambda=lam, fit_intercept=intercept)
        truth = None
        for k in range(1, len(y) - 1):
            for rows in combinations(range(len(y)), k):
                rest = LeastSquares(lam, intercept).fit(np.delete(X, rows, axis=0), np.delete(y, rows)).coef_[0]
                if rest * result.before.coef < 0:
                    truth = k
                    break
            if truth is not None:
                break
        assert truth is None or result.certified <= truth
        assert result.found is None or result.found >= truth


def test_the_two_exact_cases_equal_brute_force():
    rng = np.random.default_rng(11)
    for trial in range(150):
        X, y = small_design(rng, "binary" if trial % 2 else "normal")
        X, intercept = X[:, :1], bool(trial % 2)
        rows = read_rows(X, y, 0, 0.0, intercept)
        design = design_of(rows)
        design = replace(design, sign=float(np.sign(rows.coefficient())))
        exact, truth = exact_sign(design), fewest_removals(X, y, intercept)
        assert (None if exact is None else len(exact)) == truth


def test_a_removal_that_leaves_nothing_to_estimate_is_no_flip():
    X = np.array([[1.0], [0.0], [0.0], [0.0], [0.0], [0.0]])
    result = audit.rows_to_flip(X, np.array([3.0, 1.0, 1.1, 0.9, 1.0, 1.2]), 0)
    assert result.found is None and "leaves nothing to estimate" in result.note
    assert result.certified == 1 or result.certified > 1


def test_rows_that_stand_alone_are_said():
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.normal(size=30), np.arange(30) == 4])
    result = audit.rows_to_flip(X, X[:, 0] * 0.3 + rng.normal(size=30), 0)
    assert "1 row alone determines something" in result.note
    assert 4 not in result.rows
