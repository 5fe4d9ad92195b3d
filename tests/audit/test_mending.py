"""What a diagnosis advises: rows by their numbers in the table, columns that can go, and what that costs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from trueline.audit.preparing import Given, prepare
from trueline.audit.sections.diagnosis import diagnosis
from trueline.models.least_squares import LeastSquares


def table(n=90, **more):
    rng = np.random.default_rng(4)
    columns = {name: rng.normal(size=n) for name in ("a", "b", "c")}
    y = columns["a"] + 2 * columns["b"] + 0.3 * rng.normal(size=n)
    return {**columns, "y": y, **{name: make(columns) for name, make in more.items()}}


def ground(columns, tolerance=0.01, **options):
    return prepare(pa.table(columns), "y", None, Given("quick", tolerance, 2, 0), options)


def test_extreme_rows_are_called_as_in_the_table_and_their_pull_is_measured():
    columns = table()
    columns["a"][3] = np.nan  # left out, so what follows stands one row farther down than it is counted
    columns["y"][50] += 40.0
    found = ground(columns, drop_missing=True)
    (one,) = diagnosis(found).findings
    assert one.where == ("row 51",) and "row 51" in one.title and "Check where rows 51 come" in one.advice
    kept = np.flatnonzero(found.rows.numbers != 51)
    without = LeastSquares().fit(found.X[kept], found.y[kept])
    shift = np.sqrt(np.mean((without.predict(found.X) - found.predictions) ** 2))
    assert one.evidence["shift_without_them"] == one.effect == pytest.approx(shift)  # in units of y, as effects are
    assert one.evidence["left"] < 0.3 * shift and "remedy_cost" in one.evidence


def test_what_is_below_the_tolerance_is_not_mended():
    columns = table()
    columns["y"][50] += 4.0
    (one,) = diagnosis(ground(columns, tolerance=50.0)).findings
    assert "No remedy measured: that is below the tolerance" in one.advice


def test_columns_that_determine_each_other_are_named_and_their_price_is_nothing():
    columns = table(
        d=lambda known: known["a"] - known["b"], e=lambda known: 2 * known["c"], f=lambda known: -known["c"]
    )
    found = ground(columns)
    one = next(one for one in diagnosis(found).findings if one.rule_id == "collinear-columns")
    gone = one.evidence["leave_out"]
    assert len(gone) == 3 and "(--drop)" in one.advice and "reg_lambda" not in one.advice
    kept = [j for j, name in enumerate(found.names) if name not in gone]
    assert np.linalg.matrix_rank(found.X[:, kept]) == len(kept) == 3
    assert abs(one.evidence["remedy_cost"]) < 1e-6 and one.title.startswith("6 columns determine each other")


def test_a_column_that_never_changes_says_why_nothing_was_measured():
    columns = table(d=lambda known: np.ones(90))
    one = next(one for one in diagnosis(ground(columns)).findings if one.rule_id == "double-intercept")
    assert one.evidence["no_remedy"] == "leaving it out changes no prediction"
