"""Signs: what one row decides, what few rows turn, what was asked about, and what was not counted, each said once."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import ceil

import numpy as np
import pyarrow as pa
import pytest

from trueline.audit import replay
from trueline.audit.preparing import Given, prepare
from trueline.audit.saying import amount
from trueline.audit.sections.counts import counts
from trueline.audit.sections.inference import inference
from trueline.audit.severity import Terms, severity_of_sign
from trueline.errors import OptionError
from trueline.findings import Severity
from trueline.models.least_squares import LeastSquares


def ground(X, y, tolerance=1e3, attacker_rows=2, **options):
    return prepare(X, y, None, Given("quick", tolerance, attacker_rows, 0), options)


def hanging(n=120):
    """A trial without an effect, and one row far out that makes one."""
    rng = np.random.default_rng(3)
    treated, y = np.arange(n) % 2, rng.normal(size=n)
    y -= np.where(treated, y[treated == 1].mean() + 0.05, y[treated == 0].mean())
    y[1] += 60.0
    return pa.table({"treated": treated, "profit": y}), "profit"


def test_a_sign_that_one_row_decides_is_medium_and_says_both_numbers():
    table, y = hanging()
    section = counts(ground(table, y))
    (found,) = section.findings
    assert found.rule_id == "sign-hangs-on-one-row" and found.severity is Severity.MEDIUM
    seen = replay(table, y, section.facts["changes"][found.fingerprint])
    assert seen.flipped == ("treated",) and seen.changes.removed == (2,)
    assert seen.before[0] > 0.9 and -0.1 < seen.after[0] < 0
    said = f"hangs on one of 120 rows: {amount(seen.before[0])} with row 2, {amount(seen.after[0])} without it"
    assert said in found.title and abs(found.evidence["left"]) < 0.1


def test_noise_that_any_row_flips_stays_low():
    """A coefficient next to zero flips with one row too, but no row moves it far."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    y = rng.normal(size=200)
    y -= x * (x @ (y - y.mean()) / (x @ (x - x.mean()))) - 1e-3 * x
    (found,) = counts(ground(pa.table({"x": x, "y": y}), "y")).findings
    assert found.evidence["removed"] == 1
    assert found.rule_id == "sign-not-settled" and found.severity is Severity.LOW


def test_a_sign_is_a_conclusion_however_small_the_effect():
    terms = Terms(tolerance=100.0, attacker_rows=4)
    assert [severity_of_sign(0.1, rows, terms).value for rows in (0, 4, 20, 21, None)] == [
        "high", "medium", "low", "info", "info"]  # fmt: skip
    assert severity_of_sign(-300.0, 4, terms) is Severity.HIGH


def features(n=80, weak=0.8):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, 6))
    y = X @ [9.0, 8.0, 7.0, 6.0, 5.0, weak] + rng.normal(size=n)
    return pa.table({**{f"x{j}": X[:, j] for j in range(6)}, "y": y}), "y"


def test_effects_that_were_asked_about_come_first_and_get_findings_of_their_own():
    table, y = features()
    plain = counts(ground(table, y))
    assert "x5" not in [line["feature"] for line in plain.facts["counts"]]
    asked = counts(ground(table, y, effects=["x5", "x4"]))
    assert {line["feature"] for line in asked.facts["counts"][:2]} == {"x5", "x4"}
    assert {one.where for one in asked.findings} == {("x5",), ("x4",)}
    with pytest.raises(OptionError, match="effects: 'x6' is no feature"):
        ground(table, y, effects=["x6"])


def test_intervals_are_those_of_all_rows_also_where_rows_are_drawn(monkeypatch):
    table, y = features(2_500)
    whole = ground(table, y)
    expected = LeastSquares().fit(whole.X, whole.y).summary("HC3", whole.X, whole.y).intervals[1:]
    np.testing.assert_allclose(inference(whole).ends, expected)
    monkeypatch.setattr(sys.modules["trueline.audit.sections.counts"], "FEWEST_DRAWN", 200)
    section = counts(replace(whole, effort=replace(whole.effort, counted_cells=1)))
    assert "Counted on 200 rows of 2,500" in section.text and "Effects and intervals are those of all" in section.text
    for line in section.facts["counts"]:
        assert line["of"] == 200 and line["remove"]["certified"] == 0
        assert line["interval"] == pytest.approx(list(expected[whole.names.index(line["feature"])]))
    flips = section.findings[0]
    needed = ceil(flips.evidence["found"] * 2_500 / 200)  # of all rows, where so many of those drawn do
    assert flips.title.startswith(f"About {needed:,} ") and flips.attacker.startswith(f"adds {needed:,} row")
    assert flips.assurance == "sampled" and not section.facts["changes"]


def test_what_was_not_counted_is_said_once_with_names():
    table, y = features(40)
    found = ground(table.append_column("again", table["x0"]), y, effects=["x0", "again"])
    section = counts(found)
    assert section.text.count("one more can do anything") == 1 and "for `x1`, `x2`:" in section.text
    assert section.text.count("says something of its own") == 1 and "for `x0`, `again`:" in section.text
    why = inference(found).why
    assert "(x0, again)" in why and "X[:" not in why and "\n" not in why
