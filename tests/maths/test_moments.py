from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trueline import Moments
from trueline.errors import ShapeError
from trueline.maths.scaling import Scaling
from trueline.rows.passes import moments_of
from trueline.rows.source import ArraySource

tables = st.integers(1, 40).flatmap(
    lambda n: arrays(np.float64, (n, 4), elements=st.integers(-1000, 1000).map(lambda v: v / 8))
)


def split(table):
    return np.ascontiguousarray(table[:, :3]), np.ascontiguousarray(table[:, 3])


def same(a: Moments, b: Moments) -> bool:
    b = b.about(a.pivot)
    return (
        a.rows == b.rows
        and bool(np.isclose(a.weight, b.weight))
        and np.allclose(a.total, b.total, rtol=1e-12, atol=1e-9)
        and np.allclose(a.scatter, b.scatter, rtol=1e-12, atol=1e-7)
    )


@given(tables)
def test_mean_and_covariance_are_the_exact_ones(table):
    moments = Moments.of(*split(table))
    exact = [[Fraction(value) for value in row] for row in table.tolist()]
    mean = [sum(column) / len(exact) for column in zip(*exact, strict=True)]
    assert np.allclose(moments.mean, [float(m) for m in mean], rtol=1e-14, atol=1e-13)
    for i in range(4):
        for j in range(4):
            truth = sum((row[i] - mean[i]) * (row[j] - mean[j]) for row in exact) / len(exact)
            assert moments.covariance[i, j] == pytest.approx(float(truth), rel=1e-12, abs=1e-10)


@given(tables, st.lists(st.integers(0, 40), max_size=5))
def test_any_cut_merges_to_the_whole(table, cuts):
    X, y = split(table)
    pieces = np.split(np.arange(len(y)), sorted(cut for cut in cuts if cut <= len(y)))
    parts = [Moments.of(X[piece], y[piece]) for piece in pieces if len(piece)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    assert same(Moments.of(X, y), merged)


@given(tables, st.integers(0, 40))
def test_removing_undoes_merging(table, cut):
    X, y = split(table)
    if not 0 < cut < len(y):
        return
    whole = Moments.of(X, y)
    assert same(Moments.of(X[:cut], y[:cut]), whole.remove(Moments.of(X[cut:], y[cut:])))


@given(tables)
def test_a_weight_is_a_repetition(table):
    X, y = split(table)
    repeats = np.arange(len(y)) % 3
    weighted = Moments.of(X, y, repeats.astype(float))
    repeated = Moments.of(np.repeat(X, repeats, axis=0), np.repeat(y, repeats))
    repeated = repeated.about(weighted.pivot)
    assert weighted.weight == repeated.weight == repeats.sum()
    assert np.allclose(weighted.total, repeated.total, atol=1e-9)
    assert np.allclose(weighted.scatter, repeated.scatter, rtol=1e-12, atol=1e-7)


def test_scaled_moments_are_those_of_scaled_rows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(5, 3, (60, 3)), rng.normal(size=60)
    scaling = Scaling(X.mean(axis=0), X.std(axis=0), np.array([False, True, False]))
    assert same(scaling.moments(Moments.of(X, y)), Moments.of(scaling.apply(X), y))


def test_an_offset_costs_no_digits():
    rng = np.random.default_rng(1)
    X, y = rng.integers(-8, 8, (5000, 2)) / 4.0, rng.integers(-8, 8, 5000) / 4.0
    far = Moments.of(X + 2.0**27, y + 2.0**27)
    assert np.allclose(far.covariance, Moments.of(X, y).covariance, rtol=1e-13, atol=1e-14)


def test_float32_rows_are_accumulated_in_float64():
    rng = np.random.default_rng(2)
    X = rng.normal(1e3, 1, (20_000, 2)).astype(np.float32)
    y = rng.normal(size=20_000)
    assert np.array_equal(Moments.of(X, y).covariance, Moments.of(X.astype(np.float64), y).covariance)


def test_second_moments_are_about_zero():
    X, y = np.array([[1.0], [3.0]]), np.array([2.0, 5.0])
    z = np.column_stack([X, y])
    assert np.allclose(Moments.of(X, y).second, z.T @ z / 2)


def test_what_does_not_fit_together_is_refused():
    X, y = np.ones((3, 2)), np.ones(3)
    with pytest.raises(ShapeError, match=r"X \(3, 2\), y \(2,\)"):
        Moments.of(X, y[:2])
    with pytest.raises(ShapeError, match="weights"):
        Moments.of(X, y, np.ones(2))
    with pytest.raises(ShapeError, match="2 and of 1 features"):
        Moments.of(X, y).merge(Moments.of(X[:, :1], y))
    with pytest.raises(ShapeError, match="cannot remove 3 rows"):
        Moments.of(X[:2], y[:2]).remove(Moments.of(X, y))


def test_the_peak_stays_when_rows_go_and_steps_count():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    far = np.array([[1e3, 0.0]])
    both = Moments.of(X, y).merge(Moments.of(far, np.zeros(1)))
    rest = both.remove(Moments.of(far, np.zeros(1)))
    assert np.array_equal(rest.peak[:-1], np.diag(both.scatter)) and rest.peak[-1] == 21
    assert (rest.peak[:-1] >= np.diag(rest.scatter)).all() and rest.peak[0] > 1e4 * rest.scatter[0, 0]
    assert rest.steps > both.steps > Moments.of(X, y).steps == 0


def test_the_peak_follows_pivot_and_scale():
    X, y = np.array([[0.0], [2.0]]), np.array([1.0, 3.0])
    moments = Moments.of(X, y)
    away = moments.about(moments.pivot + np.array([100.0, 0.0]))
    assert away.peak[0] >= away.scatter[0, 0] and np.isclose(away.peak[1], moments.peak[1]) and away.steps == 1
    scaled = moments.scaled(np.zeros(1), np.full(1, 3.0))
    assert np.allclose(scaled.peak, [9 * moments.peak[0], moments.peak[1], 2])


def test_blocks_of_one_read_are_merged_in_a_tree_so_steps_stay_few():
    source = ArraySource(np.ones((2**21, 8)), np.ones(2**21))
    assert moments_of(source).steps <= 4


def test_rows_of_no_weight_and_the_logarithms_of_weights_are_counted_through_merging_and_removing(rng):
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    weights = rng.uniform(0.5, 2.0, 30)
    weights[[3, 4, 20]] = 0.0
    whole = Moments.of(X, y, weights)
    first, last = Moments.of(X[:10], y[:10], weights[:10]), Moments.of(X[10:], y[10:], weights[10:])
    merged = first.merge(last)
    assert (whole.idle, first.idle, last.idle, merged.idle) == (3, 2, 1, 3)
    assert merged.log_weight == pytest.approx(np.log(weights[weights > 0]).sum(), rel=1e-12)
    left = whole.remove(first)
    assert left.idle == 1 and left.rows == 20
    assert left.log_weight == pytest.approx(last.log_weight, abs=1e-12)


def test_all_rows_may_go_and_no_more(rng):
    X, y = rng.normal(size=(10, 2)), rng.normal(size=10)
    whole = Moments.of(X, y)
    assert whole.remove(whole).rows == 0
    heavy = Moments.of(X[:5], y[:5], np.full(5, 2.0 + 1e-9))
    many = Moments.of(np.vstack([X, X[:1]]), np.append(y, y[0]), np.full(11, 0.1))
    for other in (heavy, many):  # too much weight on few rows; too many rows of little weight
        with pytest.raises(ShapeError, match="cannot remove"):
            whole.remove(other)
    assert whole.remove(Moments.of(X[:5], y[:5], np.full(5, 2.0))).weight == pytest.approx(0.0, abs=1e-12)


def test_another_pivot_and_another_scale_are_those_of_the_rows(rng):
    X, y, weights = rng.normal(size=(20, 2)), rng.normal(size=20), rng.uniform(0.5, 2.0, 20)
    moments, pivot = Moments.of(X, y, weights), np.array([0.5, -2.0, 3.0])
    moved = moments.about(pivot)
    z = np.column_stack([X, y]) - pivot
    assert np.array_equal(moved.pivot, pivot)
    assert np.allclose(moved.total, weights @ z) and np.allclose(moved.scatter, z.T @ (z * weights[:, None]))
    assert np.allclose(moved.mean, moments.mean) and np.allclose(moved.covariance, moments.covariance)
    shift, factor = np.array([1.0, -1.0]), np.array([4.0, 0.25])
    scaled, direct = moments.scaled(shift, factor), Moments.of((X - shift) * factor, y, weights)
    assert np.allclose(scaled.mean, direct.mean) and np.allclose(scaled.covariance, direct.covariance)
    assert np.allclose(scaled.total / scaled.weight + scaled.pivot, direct.mean)
