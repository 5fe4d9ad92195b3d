"""Columns that go together: counted exactly, remembered on request, and missed when they no longer do."""

from __future__ import annotations

import json
from copy import deepcopy
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest

from trueline import LeastSquares, Schema
from trueline.errors import ArtifactError, OptionError
from trueline.ship import DriftMonitor, load, save
from trueline.ship.drift.pairs import PairCounter, middles_of
from trueline.ship.drift.reference import Reference


def tied(rng, rows, r=0.8, columns=4):
    """Normal columns, the first two of correlation r."""
    X = rng.standard_normal((rows, columns))
    X[:, 1] = r * X[:, 0] + np.sqrt(1 - r * r) * X[:, 1]
    return X


def watch(X, alpha=0.01, correlations=True):
    model = LeastSquares().fit(X, X.sum(axis=1))
    return DriftMonitor(model, alpha, reference=Reference.of(model, X, correlations=correlations))


def test_counts_are_those_of_a_loop_over_rows_and_blocks(rng):
    values, middles = rng.standard_normal((300, 4)).round(1), np.array([0.0, 0.3, -0.5, 5.0])
    values[rng.random(values.shape) < 0.1] = np.nan
    counter = PairCounter(dict(zip("abcd", range(4), strict=True)), middles)
    for block in np.array_split(values, 7):
        counter.add(block)
    expected = []
    for i, j in combinations(range(4), 2):
        four = [0, 0, 0, 0]
        for row in values:
            if np.isfinite(row[[i, j]]).all():
                four[2 * int(row[i] > middles[i]) + int(row[j] > middles[j])] += 1
        expected.append(four)
    assert counter.pairs.counts.tolist() == expected


def test_a_middle_has_rows_on_both_sides_where_it_can():
    assert middles_of(np.array([[1.0, 0.0, 3.0], [1.0, 1.0, 3.0], [2.0, 1.0, 3.0]])).tolist() == [1.0, 0.0, 3.0]


def test_a_correlation_that_turns_is_drift_though_no_column_changed(rng):
    X, window = tied(rng, 3000), tied(rng, 300, -0.8)
    assert not {"x0", "x1"} & set(watch(X, correlations=False).check(window).drifted)  # columns alone look as before
    report = watch(X).check(window)
    turned = report.pairs[0]
    assert report.alarm and "x0 & x1" in report.drifted and turned.name == "x0 & x1"
    assert np.sin(np.pi / 2 * turned.reference_phi) == pytest.approx(0.8, abs=0.05)
    assert np.sin(np.pi / 2 * turned.phi) == pytest.approx(-0.8, abs=0.12)
    assert "x0 & x1: phi +0." in str(report) and json.dumps(report.to_dict(), allow_nan=False)


def test_a_pair_alone_is_an_alarm(rng):
    """Of two columns that the model does not feel, so that its predictions stay as they were."""
    model, X = SimpleNamespace(coef_=np.array([0.0, 0.0, 1.0]), intercept_=0.0), tied(rng, 2000, columns=3)
    monitor = DriftMonitor(model, reference=Reference.of(model, X, correlations=True))
    report = monitor.check(tied(rng, 300, -0.8, columns=3))
    assert report.drifted == ("x0 & x1",) and report.alarm and report.status == "drift"


def test_columns_and_pairs_have_half_of_the_level_each(rng):
    report = watch(tied(rng, 1000)).check(tied(rng, 200, 0.4) + 0.1)
    for family in ([*report.features, report.prediction], report.pairs):
        smallest = min(family, key=lambda each: each.p)
        assert smallest.adjusted == pytest.approx(min(1.0, 2 * len(family) * smallest.p)) and smallest.p < 0.1


@pytest.mark.parametrize("shape", [lambda z: z, lambda z: np.where(z < 0.5, 0.0, np.round(z)), lambda z: np.exp(2 * z)])
def test_false_alarms_are_as_rare_as_they_say(rng, shape):
    """Columns and pairs together."""
    alarms = [watch(shape(tied(rng, 400)), 0.05).check(shape(tied(rng, 150))).alarm for _ in range(150)]
    assert binomtest(sum(alarms), len(alarms), 0.05, alternative="greater").pvalue > 0.001


def test_a_shift_of_a_mean_is_no_drift_of_a_pair_of_independent_columns(rng):
    report = watch(rng.standard_normal((3000, 3))).check(rng.standard_normal((500, 3)) + np.eye(3)[0])
    assert "x0" in report.drifted and not any(pair.drifted for pair in report.pairs)


def test_the_file_keeps_them_on_request_and_categories_are_left_out(rng, tmp_path):
    X = tied(rng, 500, columns=3)
    table = pa.table({"a": X[:, 0], "region": rng.choice(["n", "s"], 500), "b": X[:, 1], "y": X.sum(axis=1)})
    schema = Schema.learn(table, "y", one_hot=["region"])
    matrix, y = schema.source(table).to_arrays()
    model = LeastSquares().fit(matrix, y)
    save(model, tmp_path / "m.json", X=matrix, y=y, schema=schema, correlations=True)
    stored = load(tmp_path / "m.json")
    assert stored.reference.pairs.names == [("a", "b")] and stored.reference.pairs.counts.sum() == 450
    save(stored, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "m.json").read_bytes()
    report = DriftMonitor(stored).check(table.slice(0, 200))
    assert [pair.name for pair in report.pairs] == ["a & b"] and report.complete
    missing = DriftMonitor(stored).check(table.drop_columns(["b"]))
    assert missing.pairs[0].not_judged and missing.pairs[0].p is None


def test_what_cannot_be_kept_is_refused(rng, tmp_path):
    X, path = rng.standard_normal((100, 65)), tmp_path / "m.json"
    model = LeastSquares().fit(X, X[:, 0])
    with pytest.raises(OptionError, match="65 columns of numbers go together"):
        save(model, path, X=X, y=X[:, 0], correlations=True)
    for given in ({}, {"X": X, "y": X[:, 0], "reference": False}):
        with pytest.raises(OptionError, match="correlations are part of the reference"):
            save(model, path, correlations=True, **given)
    assert not path.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"columns": ["x0", "x0", "x2"]}, {"columns": ["x0", "x1", "x9"]}, {"columns": None}, {"middles": [0.0, 1.0]},
        {"middles": [0.0, 1.0, None]}, {"counts": [[1, 1, 1, 1]]}, {"counts": [[1, 1, 1]] * 3},
        {"counts": [[-1, 1, 1, 1]] * 3}, {"counts": [[True, 1, 1, 1]] * 3}, {"counts": [[10**9, 1, 1, 1]] * 3},
        {"counts": [[10**400, 1, 1, 1]] * 3}, {"counts": "123"}, {"more": 1},
    ],
)  # fmt: skip
def test_what_no_rows_left_behind_is_refused(rng, change):
    X = rng.standard_normal((100, 3))
    values = Reference.learn(["x0", "x1", "x2"], X, X[:, 0], correlations=True).to_dict()
    assert Reference.from_dict(deepcopy(values)).to_dict() == values
    values["pairs"] |= change
    with pytest.raises(ArtifactError, match="reference: pairs: "):
        Reference.from_dict(values)
