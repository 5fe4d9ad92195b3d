"""Zelen's exact test: the law by enumeration in exact fractions, and its rate where the odds ratios are equal."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from trueline.maths.odds_ratios import phi, same_odds_p

TABLES = st.tuples(*[st.integers(0, 9)] * 4)


def by_enumeration(first, second):
    """All tables of these margins with this sum of upper left counts, in exact fractions."""
    a, b, c, d = first
    e, f, g, h = second
    weights = {}
    for x in range(a + e + 1):
        more = x - a
        if min(a + more, b - more, c - more, d + more, e - more, f + more, g + more, h - more) >= 0:
            weights[x] = Fraction(
                comb(a + b, x) * comb(c + d, c - more) * comb(e + f, e - more) * comb(g + h, g + more)
            )
    return float(sum(w for w in weights.values() if w <= weights[a]) / sum(weights.values()))


@given(TABLES, TABLES)
def test_it_is_the_enumerated_law(first, second):
    assert same_odds_p(first, second) == pytest.approx(by_enumeration(first, second), rel=1e-12)
    assert same_odds_p(second, first) == pytest.approx(same_odds_p(first, second), rel=1e-9)


def test_beside_a_table_as_large_as_life_it_is_fishers_of_odds_one():
    """Against 4e8 rows without association, what is left to chance is the second table: Fisher's exact test."""
    for second in ((8, 2, 1, 9), (30, 40, 50, 20), (5, 5, 5, 5)):
        _, fisher = fisher_exact(np.reshape(second, (2, 2)))
        assert same_odds_p((10**8,) * 4, second) == pytest.approx(fisher, rel=1e-4)


def test_how_often_either_happens_means_nothing(rng):
    """Odds ratio 6 in both laws, margins far apart: at most 5 % below 0.05."""
    often, seldom = np.array([0.06, 0.1, 0.1, 1.0]), np.array([1.0, 0.1, 0.1, 0.06])
    tables = zip(rng.multinomial(400, often / often.sum(), 2000), rng.multinomial(150, seldom / seldom.sum(), 2000),
                 strict=True)  # fmt: skip
    p = np.array([same_odds_p(first.tolist(), second.tolist()) for first, second in tables])
    assert 0.02 < (p <= 0.05).mean() < 0.065


def test_far_apart_is_small_and_never_nan():
    assert same_odds_p((5000, 10, 10, 5000), (10, 500, 500, 10)) < 1e-200
    assert same_odds_p((0, 0, 0, 0), (3, 1, 1, 3)) == 1.0
    assert same_odds_p((4, 4, 0, 0), (3, 1, 1, 3)) == 1.0


def test_phi_is_the_correlation_of_the_indicators(rng):
    first, second = rng.random(500) > 0.4, rng.random(500) > 0.7
    table = [int(np.sum((first == a) & (second == b))) for a in (False, True) for b in (False, True)]
    assert phi(table) == pytest.approx(np.corrcoef(first, second)[0, 1], rel=1e-12)
    assert phi((3, 0, 2, 0)) is None
