"""Every part of the bound against all subsets, and each of its parts planted wrong."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from audit.flip_designs import fewest_removals, small_design
from trueline.audit.flips.design import design_of, read_rows
from trueline.audit.flips.fit import Fit
from trueline.audit.flips.removal_bounds import Ground, cheap_bound, dense_bound, largest_eigenvalue
from trueline.audit.flips.removal_proof import prove
from trueline.maths.largest_sums import FEW, largest_row_sums


def ground(rng, n=11, p=2):
    Z = np.linalg.qr(rng.standard_t(3, size=(n, p)))[0]
    y = rng.standard_t(3, size=n)
    return Ground(Z @ Z.T, Z @ rng.normal(size=p), y - Z @ (Z.T @ y))


def drop(g, rows):
    """a_Sᵀ(I - M)⁻¹r_S."""
    M = g.H[np.ix_(rows, rows)]
    return g.a[rows] @ np.linalg.solve(np.eye(len(rows)) - M, g.r[rows])


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_no_set_exceeds_the_bounds(k, rng):
    finite = 0
    for _ in range(120):
        g = ground(rng, p=int(rng.integers(1, 3)))
        sets = [list(rows) for j in range(1, k + 1) for rows in combinations(range(11), j)]
        top = max(np.linalg.eigvalsh(g.H[np.ix_(rows, rows)])[-1] for rows in sets)
        assert largest_eigenvalue(g.H, k) >= top - 1e-12
        if top > 1 - 1e-9:
            continue
        worst = max(drop(g, rows) for rows in sets)
        for bound, L in (dense_bound(g, k), cheap_bound(np.diag(g.H), g.a, g.r, k)):
            assert bound >= worst - 1e-12
            assert top - 1e-12 <= L
            finite += np.isfinite(bound)
    assert finite > 20


def test_the_second_order_is_worth_its_time(rng):
    """On many rows the dense bound lies well below the cheap one."""
    Z = np.linalg.qr(rng.normal(size=(300, 8)))[0]
    y = rng.normal(size=300)
    g = Ground(Z @ Z.T, Z[:, 0], y - Z @ (Z.T @ y))
    dense, cheap = dense_bound(g, 8)[0], cheap_bound(np.diag(g.H), g.a, g.r, 8)[0]
    assert dense < 0.9 * cheap


def test_a_row_that_left_leaves_the_ground_of_the_others(rng):
    Z = rng.normal(size=(12, 3))
    y = rng.normal(size=12)
    c = np.array([1.0, 0.0, 0.0])

    def of(Z, y):
        inverse = np.linalg.inv(Z.T @ Z)
        return Ground(Z @ inverse @ Z.T, Z @ inverse @ c, y - Z @ (inverse @ (Z.T @ y)))

    rest, fresh = of(Z, y).without(4), of(np.delete(Z, 4, axis=0), np.delete(y, 4))
    for name in ("H", "a", "r"):
        np.testing.assert_allclose(getattr(rest, name), getattr(fresh, name), atol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 5, FEW + 1])
def test_row_sums_are_the_largest_of_all(k, rng):
    n = 7 if k < FEW else FEW + 20
    M = rng.normal(size=(n, n))
    M = M + M.T
    left, right = rng.normal(size=n), rng.normal(size=n)
    for both in (False, True):
        entries = np.outer(left, right) * M
        entries = (entries + entries.T) / 2 if both else entries
        for magnitudes in (False, True):
            values = np.abs(entries) if magnitudes else entries
            expected = [values[i, i] + np.sort(np.maximum(np.delete(values[i], i), 0))[::-1][: k - 1].sum()
                        for i in range(n)]  # fmt: skip
            found = largest_row_sums(M, left, right, k, both=both, magnitudes=magnitudes)
            np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("work", [0.0, 1e7])
def test_proofs_never_pass_the_truth(work, rng):
    tight = 0
    for _ in range(150):
        X, y = small_design(rng, "heavy tails")
        rows = read_rows(X, y, 0, 0.0, True)
        design = design_of(rows)
        design = replace(design, sign=float(np.sign(rows.coefficient())))
        truth = fewest_removals(X, y, True)
        proof = prove(design, None, 100, work)
        assert truth is None or proof.least <= truth
        tight += proof.least == truth
    assert work == 0.0 or tight > 100


def test_without_work_or_pairs_the_cheap_bound_is_left(rng):
    X = rng.normal(size=(400, 2))
    y = 0.5 * X[:, 0] + rng.normal(size=400)
    rows = read_rows(X, y, 0, 0.0, True)
    design = design_of(rows)
    proof = prove(design, 200, 10, 0.0)
    assert proof.by.startswith("first order") and proof.least > 1
    assert prove(design, 200, 1000, 0.0).least > proof.least


def test_a_row_far_out_is_not_taken_for_idle():
    """Its leverage is 1 to rounding, and yet the others determine the coefficient, with another sign."""
    rng = np.random.default_rng(0)
    x = np.append(rng.normal(size=20), 1e7)
    y = np.append(-x[:20] + 0.1 * rng.normal(size=20), 3e7)
    rows = read_rows(x[:, None], y, 0, 0.0, True)
    assert Fit.of(design_of(rows)).h[-1] > 1 - 1e-9
    assert prove(design_of(rows), None, 100, 1e6).least == 1
