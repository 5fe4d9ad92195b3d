"""Two samples of counts: the law is exact, so p-values hold at every size; and they hold at no other law."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
from scipy.stats import binomtest, chi2_contingency, chisquare, hypergeom, wasserstein_distance

from trueline.maths import two_sample
from trueline.maths.effect_sizes import psi, psi_by_chance, wasserstein
from trueline.maths.two_sample import holm, p_value, statistic


def tables(pooled, size):
    """Every way to draw `size` rows, (n, cells), and its probability."""
    found = [()]
    for count in pooled:
        found = [(*head, k) for head in found for k in range(count + 1) if sum(head) + k <= size]
    whole = np.array([table for table in found if sum(table) == size])
    ways = np.prod([[float(np.round(np.exp(two_sample._log_choose(h, k)))) for h, k in zip(pooled, table, strict=True)]
                    for table in whole], axis=1)  # fmt: skip
    return whole, ways / ways.sum()


def test_the_tail_is_scipys():
    for found, marked, total, size in ((30, 1000, 6000, 100), (3, 1000, 6000, 100), (0, 5, 20, 4), (4, 9, 12, 7)):
        law = hypergeom(total, marked, size)
        above = two_sample._hypergeometric_tail(found, marked, total, size, above=True)
        below = two_sample._hypergeometric_tail(found, marked, total, size, above=False)
        assert above == pytest.approx(law.sf(found - 1), rel=1e-9)
        assert below == pytest.approx(law.cdf(found), rel=1e-9)


def test_levels_are_compared_by_pearsons_chi_square():
    first, second = np.array([40, 30, 20, 10]), np.array([5, 9, 2, 4])
    both = np.array([first, second])
    n, m = both.sum(axis=1)
    found = statistic(first + second, second, ordered=False) * (n + m) ** 2 / (n * m)
    assert found == pytest.approx(chi2_contingency(both, correction=False).statistic, rel=1e-12)


def test_cells_in_order_are_compared_by_anderson_and_darling(rng):
    """∫(F - G)²/(H(1 - H)) dH, edge by edge, but for a constant."""
    first, second = rng.multinomial(50, [0.2] * 5), rng.multinomial(20, [0.2] * 5)
    pooled, total = first + second, 70
    expected = 0.0
    for edge in range(1, 5):
        F, G, H = (counts[:edge].sum() / counts.sum() for counts in (first, second, pooled))
        mass = (pooled[edge - 1] + pooled[edge]) / 2 / total
        expected += (F - G) ** 2 / (H * (1 - H)) * mass
    constant = (50 * 20 / total) ** 2 / total**2
    assert statistic(pooled, second, ordered=True) == pytest.approx(expected * constant, rel=1e-12)


@pytest.mark.parametrize("pooled", [(3, 4, 5), (1, 1, 9, 1), (2, 0, 3, 2, 1)])
def test_draws_follow_the_law_of_all_outcomes(pooled, rng):
    whole, chances = tables(pooled, 4)
    drawn = two_sample._draws(np.array(pooled), 4, 20_000, rng)
    found = np.array([(drawn == table).all(axis=1).sum() for table in whole])
    often = chances * 20_000 > 5
    assert found.sum() == 20_000
    assert chisquare(found[often], chances[often] / chances[often].sum() * found[often].sum()).pvalue > 0.001


@pytest.mark.parametrize(("ordered", "spread"), [(True, False), (True, True), (False, False)])
@pytest.mark.parametrize("pooled", [(3, 4, 5), (1, 1, 9, 1), (6, 6), (2, 0, 3, 2, 1)])
def test_no_level_is_exceeded_over_all_outcomes(pooled, ordered, spread):
    whole, chances = tables(pooled, 4)
    p = np.array([p_value(np.array(pooled) - table, table, ordered, spread) for table in whole])
    for level in (0.01, 0.05, 0.1, 0.25):
        assert chances[p <= level].sum() <= level * 1.3  # of few outcomes; a large p is known to a third of it


def test_shift_and_spread_are_weighed_by_their_exact_means():
    """Over all outcomes the two parts of the statistic have the means 1 and 1/3."""
    pooled = np.array([3, 4, 2, 5])
    whole, chances = tables(pooled, 4)
    assert chances @ two_sample._mood(pooled, whole) == pytest.approx(1.0, rel=1e-12)
    assert chances @ statistic(pooled, whole, True, spread=True) == pytest.approx(4 / 3, rel=1e-12)


def test_another_spread_is_found(rng):
    edges = np.linspace(-1.7, 1.7, 23)
    first = np.bincount(np.searchsorted(edges, rng.standard_normal(3000)), minlength=24)
    found = [[p_value(first, np.bincount(np.searchsorted(edges, 1.25 * rng.standard_normal(250)), minlength=24),
                      spread=spread) for spread in (False, True)] for _ in range(40)]  # fmt: skip
    without, with_it = (np.array(found) <= 0.001).sum(axis=0)
    assert with_it > without + 10


def test_where_nothing_changed_p_is_spread_evenly(rng):
    shares = rng.dirichlet(np.ones(12))
    p = [p_value(rng.multinomial(400, shares), rng.multinomial(150, shares)) for _ in range(400)]
    for level in (0.05, 0.2, 0.5):
        assert binomtest(int(np.sum(np.array(p) <= level)), len(p), level).pvalue > 0.001


def test_resampling_the_reference_alone_alarms_too_often(rng):
    """The trap that the law avoids: the reference is a sample too."""

    def apart(first, second):
        return np.square(np.cumsum(first - second, axis=-1)).sum(axis=-1)

    shares, naive, exact = np.full(10, 0.1), 0, 0
    for _ in range(300):
        first, second = rng.multinomial(500, shares), rng.multinomial(500, shares)
        draws = rng.multinomial(500, first / 500, size=500)
        naive += (1 + np.sum(apart(first, draws) >= apart(first, second))) / 501 <= 0.05
        exact += p_value(first, second) <= 0.05
    assert binomtest(int(naive), 300, 0.05).pvalue < 1e-4 and naive > 30
    assert binomtest(int(exact), 300, 0.05).pvalue > 0.01


def test_the_order_of_levels_means_nothing_and_that_of_cells_does(rng):
    first, second = rng.multinomial(300, [0.2] * 5), np.array([30, 10, 30, 10, 30])
    turned = np.array([3, 1, 4, 0, 2])
    straight, mixed = p_value(first, second, False), p_value(first[turned], second[turned], False)
    assert straight == pytest.approx(mixed, rel=0.7)  # other draws of the same law
    assert statistic(first + second, second, True) != statistic((first + second)[turned], second[turned], True)


def test_the_same_counts_get_the_same_p():
    first, second = np.array([100, 80, 60, 40]), np.array([10, 12, 8, 1])
    assert p_value(first, second) == p_value(first.copy(), second.copy())
    assert p_value(np.insert(first, 2, 0), np.insert(second, 2, 0)) == p_value(first, second)  # cells without rows


def test_small_levels_can_be_reached():
    assert p_value(np.full(10, 500), np.array([300, 0, 0, 0, 0, 0, 0, 0, 0, 0])) < 1e-100
    assert p_value(np.full(10, 500), np.array([20, 20, 20, 20, 20, 20, 20, 20, 20, 45])) > 1e-9


def test_the_two_ways_to_a_p_share_the_level_between_them(monkeypatch):
    """Each alone is valid; the smaller of both is so only where together they spend the level once."""
    for drawn, by_edge in ((0.0095, 1.0), (1.0, 0.0005)):
        monkeypatch.setattr(two_sample, "_drawn", lambda *_, share=drawn: share)
        monkeypatch.setattr(two_sample, "_edge_tail", lambda *_, share=by_edge: share)
        assert p_value(np.array([50, 50]), np.array([6, 4])) == pytest.approx(0.01)


@pytest.mark.parametrize("ordered, looked_at", [(True, 2), (False, 3)])
def test_an_edge_is_paid_for_on_both_sides_and_with_all_that_were_looked_at(ordered, looked_at):
    tails = {(90, 5, 5): hypergeom(1100, 590, 100).sf(89), (0, 60, 40): hypergeom(1100, 500, 100).pmf(0)}
    for second, tail in tails.items():
        found = p_value(np.array([500, 300, 200]), np.array(second), ordered=ordered)
        assert found == pytest.approx(2 * looked_at * tail / 0.05, rel=1e-7, abs=0.0)


def test_nothing_to_compare_is_no_evidence():
    nothing = np.zeros(3, dtype=np.int64)
    assert p_value(np.array([5, 0, 0]), np.array([9, 0, 0])) == 1.0
    assert p_value(np.array([5, 2, 1]), nothing) == p_value(nothing, np.array([5, 2, 1])) == 1.0


def test_very_large_samples(rng):
    same = np.array([2, 3, 4, 1]) * 10**9
    assert p_value(same, rng.multinomial(1000, same / same.sum())) > 0.001
    assert p_value(same, rng.multinomial(10**6, [0.205, 0.3, 0.395, 0.1])) < 1e-6
    even = [p_value(same, rng.multinomial(200, same / same.sum())) for _ in range(100)]
    assert binomtest(int(np.sum(np.array(even) <= 0.3)), 100, 0.3).pvalue > 0.001


def test_holm_is_closed_testing_by_bonferroni(rng):
    """A hypothesis is called false where every set that holds it is."""
    for _ in range(20):
        p = rng.random(5) ** 3
        every = list(chain.from_iterable(combinations(range(5), size) for size in range(1, 6)))
        closed = [max(min(1.0, len(some) * min(p[j] for j in some)) for some in every if i in some) for i in range(5)]
        np.testing.assert_allclose(holm(p), closed)
    assert holm(np.array([])).size == 0


def test_wasserstein_is_scipys(rng):
    first, second = rng.multinomial(50, [0.2] * 5), np.array([3, 0, 4, 9, 1])
    x, y = np.sort(rng.normal(size=5)), np.sort(rng.normal(size=5))
    y[1] = np.nan
    there = ~np.isnan(y)
    expected = wasserstein_distance(x, y[there], first, second[there])
    assert wasserstein(first, second, x, y) == pytest.approx(expected, rel=1e-12)
    assert wasserstein(first, first, x, x) == 0


def test_psi_by_chance_is_its_mean_where_nothing_changed(rng):
    shares = np.full(10, 0.1)
    found = [psi(rng.multinomial(5000, shares), rng.multinomial(300, shares)) for _ in range(500)]
    assert np.mean(found) == pytest.approx(psi_by_chance(np.full(10, 500), np.full(10, 30)), rel=0.1)
    assert psi(np.array([5, 5]), np.array([50, 50])) == pytest.approx(0, abs=1e-3)
