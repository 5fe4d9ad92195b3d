"""Scales of residuals: what they equal, and that weights count rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import median_abs_deviation

from trueline.maths.robust_scale import mad, proposal_2, scale_estimator

Z = np.linspace(-9, 9, 100_001)
EXPECTED = float(np.trapezoid(np.minimum(Z * Z, 6.25) * np.exp(-Z * Z / 2) / np.sqrt(2 * np.pi), Z))


@pytest.mark.parametrize("n", [1, 2, 7, 100, 50_001, 120_000])
def test_mad_is_scipys_about_zero(n):
    r = np.random.default_rng(n).normal(size=n) + 0.5
    assert np.isclose(mad(r), median_abs_deviation(r, center=lambda a, axis: 0.0, scale="normal"), rtol=1e-12)


@pytest.mark.parametrize("n", [60_000, 60_001])
def test_the_median_of_many_is_numpys_whatever_their_order(n):
    rng = np.random.default_rng(n)
    smooth = rng.normal(size=n)
    for r in (smooth, np.sort(smooth), np.round(smooth), np.where(np.arange(n) % 30 == 0, 5.0, 1.0), smooth[::-1] ** 3):
        assert mad(r) == 1.482602218505602 * np.median(np.abs(r))


@given(seed=st.integers(0, 1000), name=st.sampled_from(["mad", "proposal2"]))
def test_a_weight_counts_a_residual_so_often(seed, name):
    rng = np.random.default_rng(seed)
    r, counts = rng.standard_t(2, size=30), rng.integers(1, 5, 30)
    freedom = float(counts.sum() - 3)
    repeated = scale_estimator(name, None, freedom)(np.repeat(r, counts))
    assert np.isclose(scale_estimator(name, counts.astype(float), freedom)(r), repeated, rtol=1e-12)


@given(seed=st.integers(0, 1000), factor=st.sampled_from([1e-100, 1e-8, 3.0, 1e100]))
def test_proposal_2_solves_its_equation_in_any_unit(seed, factor):
    r = np.random.default_rng(seed).standard_cauchy(size=50)
    s = proposal_2(r, None, 47.0)
    assert np.isclose(np.minimum(np.square(r / s), 6.25).sum(), 47.0 * EXPECTED, rtol=1e-7)
    assert np.isclose(proposal_2(r * factor, None, 47.0), s * factor, rtol=1e-9)


def test_mostly_zeros_have_no_scale():
    r = np.zeros(20)
    r[:3] = 1.0
    assert mad(r) == 0.0 and proposal_2(np.zeros(20), None, 18.0) == 0.0
