"""Table 5 in small: rates are counted, and a rate that is not held is said so."""

from __future__ import annotations

from benchmarks.drift import PAIRED, DriftTables, Rate, drift_goals, power, section, ties, usual
from benchmarks.drift import false_alarms as alarms


def test_what_is_counted(rng):
    assert alarms("tied", 50, 3, rng).runs == 3
    assert usual(50, 20, rng)["Wasserstein/sd > 0.1"].share > 0.7  # the usual threshold knows nothing of the size
    assert alarms(PAIRED, 50, 2, rng).runs == 2 and ties(200, -0.7, 2, rng).share == 1.0
    found = power(200, 1.0, 2, rng)
    assert all(rate.share == 1.0 for rate in found.values())


def test_a_rate_that_is_not_held_misses_the_goal():
    tables = [DriftTables({"normal": {50: Rate(number, 1000)}}, {}, {}, {}) for number in (12, 62)]
    assert [goal.met for each in tables for goal in drift_goals(each)] == [True, False]
    assert [goal.met for goal in drift_goals(None)] == [None]


def test_the_section_names_every_kind_and_threshold():
    rates = {"PSI > 0.1": Rate(1, 2)}
    ties_found = {100: {0.0: Rate(90, 100)}}
    page = section(DriftTables({"normal": {50: Rate(1, 100)}}, {50: rates}, {200: {0.5: rates}}, ties_found))
    assert "| normal | 1.0% |" in page and "| 200, 0.5 sd | 50.0% |" in page and "| 50 | 50.0% |" in page
    assert "| 100 | 90.0% |" in page
    assert section(None) == ""
