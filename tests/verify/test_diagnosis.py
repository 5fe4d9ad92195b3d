"""Every trap of `make_trap` and of the specification is found; plain rows raise no alarm."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from trueline import LinearRegressionGD
from trueline.errors import CellsError, DivergenceError
from trueline.findings import Severity
from trueline.rows.datasets import make_linear, make_trap
from trueline.verify import diagnose


def rules(X, y):
    return {finding.rule_id: finding for finding in diagnose(X, y)}


@pytest.mark.parametrize(
    ("trap", "rule", "where"),
    [
        ("collinear", "collinear-columns", {"X[:, 0]", "X[:, 1]", "X[:, 2]"}),
        ("nearly_collinear", "nearly-collinear-columns", {"X[:, 0]", "X[:, 1]"}),
        ("dummy", "collinear-columns", {"X[:, 0]", "X[:, 1]", "X[:, 2]"}),
        ("wide", "more-columns-than-rows", set()),
        ("wild_scales", "slow-descent", set()),
        ("large_offset", "slow-descent", set()),
        ("outliers", "extreme-rows", None),
        ("constant_column", "double-intercept", {"X[:, 1]"}),
        ("double_intercept", "double-intercept", {"X[:, 0]"}),
    ],
)
def test_every_trap_is_found(trap, rule, where):
    data = make_trap(trap)
    finding = rules(data.X, data.y)[rule]
    if where is not None:
        assert set(finding.where) == where
    assert finding.advice
    assert finding.evidence
    assert finding.reproduce


def test_the_outliers_found_are_the_planted_ones():
    data = make_trap("outliers")
    planted = {int(row) + 1 for row in np.flatnonzero(data.outliers)}
    evidence = rules(data.X, data.y)["extreme-rows"].evidence
    assert {entry["row"] for entry in evidence["rows"]} == planted


def test_plain_rows_raise_no_alarm():
    alarms = 0
    for seed in range(20):
        data = make_linear(200, 3, noise=1.0, random_state=seed)
        alarms += any(finding.severity.at_least(Severity.MEDIUM) for finding in diagnose(data.X, data.y))
    assert alarms <= 1


def test_the_largest_stable_lr_is_where_descent_breaks():
    data = make_linear(100, 3, noise=1.0, random_state=1)
    limit = rules(data.X, data.y)["largest-stable-lr"].evidence["lr_limit"]
    LinearRegressionGD(lr=0.99 * limit).fit(data.X, data.y)
    with pytest.raises(DivergenceError):
        LinearRegressionGD(lr=1.01 * limit).fit(data.X, data.y)


def test_the_epochs_announced_are_those_needed():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2)) * [1.0, 60.0]
    y = X @ [1.0, 1.0] + rng.normal(size=200)
    slow = rules(X, y)["slow-descent"]
    needed = LinearRegressionGD(epochs=10**6).fit(X, y).n_iter_
    assert 0.3 * slow.evidence["epochs"] < needed < 1.5 * slow.evidence["epochs"]
    assert slow.evidence["epochs_standardised"] < 100
    assert slow.advice == "Set standardize=True"


def test_a_missing_intercept_is_measured_in_units_of_y():
    data = make_linear(300, 2, intercept=5.0, noise=1.0, random_state=2)
    finding = rules(data.X, data.y)["missing-intercept"]
    residuals = data.y - data.X @ np.linalg.lstsq(data.X, data.y, rcond=None)[0]
    assert finding.effect == pytest.approx(abs(residuals.mean()))
    none = make_linear(300, 2, intercept=0.0, noise=1.0, random_state=2)
    assert "missing-intercept" not in rules(none.X, none.y)


def test_ids_are_recognised_and_measurements_are_not():
    rng = np.random.default_rng(3)
    ids, shuffled = np.arange(100.0) + 1000, rng.permutation(100) + 1.0
    X = np.column_stack([ids, shuffled, rng.integers(0, 50, 100), rng.normal(size=100)])
    found = [finding.where[0] for finding in diagnose(X, rng.normal(size=100)) if finding.rule_id == "id-like"]
    assert found == ["X[:, 0]", "X[:, 1]"]


def test_float32_overflow_is_foreseen():
    data = make_linear(50, 2, noise=1.0, random_state=4)
    assert rules(data.X * [1.0, 1e19], data.y)["float32-overflow"].where == ("X[:, 1]",)
    assert "float32-overflow" not in rules(data.X, data.y)


def test_cells_that_are_not_finite_are_named_and_the_rest_is_still_looked_at():
    data = make_trap("collinear")
    X, y = data.X.copy(), data.y.copy()
    X[4, 1], X[9, 1], y[2] = np.nan, np.inf, np.nan
    findings = diagnose(X, y)
    bad = [finding for finding in findings if finding.rule_id == "not-finite"]
    assert {(finding.where[0], finding.evidence["first_row"]) for finding in bad} == {
        ("X[:, 1]", 5),
        ("X[:, 1]", 10),
        ("y", 3),
    }
    assert all(finding.severity is Severity.CRITICAL for finding in bad)
    assert "collinear-columns" in {finding.rule_id for finding in findings}
    assert findings[0].severity is Severity.CRITICAL, "worst first"


def test_frames_speak_by_name():
    frame = pa.table({"income": [1.0, None, 3.0, 4.0], "limit": [1.0, 2.0, 3.0, 4.0]})
    assert [finding.where for finding in diagnose(frame, "limit")] == [("income",)]
    with pytest.raises(CellsError, match="region"):
        diagnose(pa.table({"region": ["a", "b"]}), [1.0, 2.0])


def test_fingerprints_are_stable_between_runs():
    data = make_trap("outliers")
    first, second = (sorted(finding.fingerprint for finding in diagnose(data.X, data.y)) for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first)


def test_a_row_far_out_on_the_line_is_extreme_too():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    X[7] = 40.0, 0.0
    y = X @ [1.0, 2.0] + 0.1 * rng.normal(size=60)
    assert rules(X, y)["extreme-rows"].where == ("row 8",)


@pytest.mark.parametrize(("condition", "told"), [(1_100.0, True), (900.0, False)])
def test_columns_nearly_determine_each_other_from_a_condition_of_a_thousand_on(condition, told):
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(100, 3)) - rng.normal(size=3))[0]
    Q = np.linalg.qr(Q - Q.mean(axis=0))[0]
    near = 2 / np.hypot(1, condition)  # of two columns of length 1 whose sum is `condition` times their difference
    X = np.column_stack([Q[:, 0] * np.sqrt(1 - near**2 / 4) + side * near / 2 * Q[:, 1] for side in (1.0, -1.0)])
    found = rules(X, Q[:, 2]).get("nearly-collinear-columns")
    assert (found is not None) is told
    assert found is None or found.evidence["condition"] == pytest.approx(condition)


def test_float32_overflows_in_the_sum_where_no_square_does():
    X = np.random.default_rng(0).choice([-1e18, 1e18], size=(400, 1))
    assert np.isfinite(np.float32(1e18) ** 2)
    assert "float32-overflow" in rules(X, X[:, 0] / 1e18) and "float32-overflow" not in rules(
        X[:300], X[:300, 0] / 1e18
    )
