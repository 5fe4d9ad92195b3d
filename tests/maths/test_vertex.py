"""The linear programme of a band: its vertex against every vertex, its push against the dual's equations."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from trueline.maths.losses import Quantile
from trueline.maths.vertex import band_vertex


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("tau", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_vertex_is_the_best_of_all(seed, tau, weighted):
    rng = np.random.default_rng(seed)
    z, r = np.column_stack([rng.normal(size=12), np.ones(12)]), rng.normal(size=12)
    omega = rng.uniform(0.5, 2.0, 12) if weighted else None
    pull = np.array([0.3, -0.2])  # of rows far away
    found = band_vertex(z, r, omega, pull, tau)

    def value(move):
        losses = Quantile(tau).value(r + z @ move)
        return float(losses.sum() if omega is None else omega @ losses) + float(pull @ move)

    pairs = [list(pair) for pair in combinations(range(12), 2)]
    every = min(value(np.linalg.solve(z[pair], -r[pair])) for pair in pairs)
    assert np.isclose(value(found.move), every, rtol=1e-12)
    assert np.abs(r + z @ found.move)[found.basis].max() < 1e-14
    assert np.allclose(z.T @ found.push, -pull, atol=1e-8)
    each = np.ones(12) if omega is None else omega
    assert (found.push >= -tau * each - 1e-9).all() and (found.push <= (1 - tau) * each + 1e-9).all()


def test_a_pull_that_the_band_cannot_hold_has_no_vertex():
    z, r = np.ones((3, 1)), np.array([-1.0, 0.0, 1.0])
    assert band_vertex(z, r, None, np.array([50.0]), 0.5) is None
