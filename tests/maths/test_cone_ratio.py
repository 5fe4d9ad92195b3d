"""largest_ratio: no point of the cone passes the bound, whatever the multipliers, and one point meets it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trueline.maths.cone_ratio as cone_ratio
from trueline.maths.cone_ratio import largest_ratio


def problem(seed, size=4, walls=5):
    """A cone with an inside: a point x of it, and half spaces that hold x."""
    rng = np.random.default_rng(seed)
    inside = rng.normal(size=size)
    cone = rng.normal(size=(walls, size))
    cone *= np.sign(cone @ inside)[:, None]
    p, q = (side * np.sign(side @ inside) for side in rng.normal(size=(2, size)))
    return rng, np.triu(rng.normal(size=(size, size))) + 2 * np.eye(size), p, q, cone, inside


def ratios(root, p, q, V):
    """(p·v)(q·v)/(vᵀMv), with M⁻¹ = rootᵀ root."""
    return (V @ p) * (V @ q) / np.square(np.linalg.solve(root.T, V.T)).sum(axis=0)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_nothing_in_the_cone_passes_the_bound_and_something_meets_it(seed):
    rng, root, p, q, cone, inside = problem(seed)
    found = largest_ratio(root, p, q, cone)
    V = np.vstack([inside + rng.normal(size=(400, 4)) * rng.exponential(size=(400, 1)),
                   found.v + 0.05 * rng.normal(size=(400, 4))])  # fmt: skip
    V = V[(V @ cone.T >= 0).all(axis=1) & (V @ p > 0) & (V @ q > 0)]
    assert (ratios(root, p, q, V) <= found.bound * (1 + 1e-9)).all()
    assert (cone @ found.v >= -1e-6).all()
    assert ratios(root, p, q, found.v[None])[0] == pytest.approx(found.bound, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_a_hyperplane_is_kept(seed):
    rng, root, p, q, cone, inside = problem(seed)
    tied = rng.normal(size=4)
    tied -= inside * (tied @ inside) / (inside @ inside)  # it goes through the inside
    free, found = largest_ratio(root, p, q, cone), largest_ratio(root, p, q, cone, tied)
    assert found.bound <= free.bound * (1 + 1e-9) and abs(tied @ found.v) < 1e-9
    assert ratios(root, p, q, inside[None])[0] <= found.bound
    assert ratios(root, p, q, found.v[None])[0] == pytest.approx(found.bound, rel=1e-6)


def test_the_bound_holds_when_the_search_for_multipliers_fails(monkeypatch):
    _, root, p, q, cone, _ = problem(3)
    right = largest_ratio(root, p, q, cone)

    def stalled(*_):
        raise RuntimeError("Maximum number of iterations reached.")

    monkeypatch.setattr(cone_ratio, "nnls", stalled)
    assert largest_ratio(root, p, q, cone).bound >= right.bound * (1 - 1e-12)


def test_a_direction_without_pull_moves_nothing():
    assert largest_ratio(np.eye(2), np.zeros(2), np.ones(2), np.eye(2)).bound == 0.0
