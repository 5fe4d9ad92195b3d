"""Levers: a category moves as one, what nobody can misreport is left out, and the remedy has a measured price."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from trueline.audit.preparing import Given, prepare
from trueline.audit.sections.categories import categories
from trueline.audit.sections.levers import levers
from trueline.errors import OptionError
from trueline.findings import Severity

WORTH = {"bog": -4.0, "city": 2.0, "isle": 9.0}


def homes(n=240):
    rng = np.random.default_rng(2)
    place = np.array(["bog", "city", "city", "isle"])[np.arange(n) % 4]
    rooms = rng.integers(1, 9, size=n)
    price = 2.0 * rooms + np.array([WORTH[one] for one in place]) + 0.1 * rng.normal(size=n)
    return pa.table({"place": place, "rooms": rooms, "price": price})


def ground(table, **options):
    return prepare(table, "price", None, Given("quick", 0.5, 2, 0), options)


def test_a_category_is_one_lever_from_its_usual_level_to_its_best():
    found = ground(homes(), one_hot=["place"])
    (one,) = categories(found)
    assert (one.name, one.levels, one.levels[one.usual]) == ("place", ("city", "isle", "bog"), "city")
    section = levers(found)
    lines = {row[0]: row for row in section.tables[0].rows}
    assert set(lines) == {"place: city → isle", "rooms"}
    assert lines["place: city → isle"][3] == pytest.approx(7.0, abs=0.2)
    assert lines["place: city → isle"][4] == pytest.approx(13.0, abs=0.2)
    kinds = {finding.rule_id: finding for finding in section.findings}
    assert "Switching `place` (city → isle) buys" in kinds["category-lever"].title
    assert kinds["category-lever"].severity is Severity.LOW and kinds["cheap-lever"].severity is Severity.MEDIUM
    assert "Leaving `place` out would end it, but costs a factor of" in kinds["category-lever"].advice
    assert kinds["category-lever"].evidence["remedy_cost"] > 1


def test_the_usual_level_is_not_switched_to_itself():
    table = homes()
    best = table.filter(pa.array([place == "isle" for place in table["place"].to_pylist()]))
    many = pa.concat_tables([table, *[best] * 3])
    section = levers(ground(many, one_hot=["place"]))
    assert "place: city → isle" in [row[0] for row in section.tables[0].rows]


def test_encoded_columns_are_told_by_their_names_unless_two_are_1_at_once():
    table = homes()
    place = np.array(table["place"].to_pylist())
    split = {f"place:{one}": (place == one).astype(int) for one in ("bog", "city")}
    (one,) = categories(ground(pa.table({**split, "rooms": table["rooms"], "price": table["price"]})))
    assert one.levels == ("bog", "city", "any other")
    flags = {"has:pool": (np.arange(240) % 2), "has:view": (np.arange(240) % 3 == 0).astype(int)}
    assert categories(ground(pa.table({**flags, "rooms": table["rooms"], "price": table["price"]}))) == ()


def test_what_nobody_can_misreport_is_left_out():
    section = levers(ground(homes(), one_hot=["place"], frozen=["place"]))
    assert [row[0] for row in section.tables[0].rows] == ["rooms"]
    assert "2 features that nobody can misreport" in section.text and "the one column that there is" in section.text
    assert "category-lever" not in [finding.rule_id for finding in section.findings]
    nothing = levers(ground(homes(), one_hot=["place"], frozen=["place", "rooms"]))
    assert nothing.not_run and not nothing.findings
    with pytest.raises(OptionError, match="frozen: 'plaice' is no feature, did you mean place"):
        ground(homes(), one_hot=["place"], frozen=["plaice"])


def test_an_effect_that_is_asked_about_is_not_advised_away():
    kinds = {one.rule_id: one for one in levers(ground(homes(), one_hot=["place"], effects=["rooms"])).findings}
    assert "Leave" not in kinds["cheap-lever"].advice and "its effect is asked for" in kinds["cheap-lever"].advice
    assert "Leaving `place` out would end it, but costs a factor of" in kinds["category-lever"].advice


def test_values_outside_the_data_come_with_the_price_of_clipping():
    far = next(one for one in levers(ground(homes(), one_hot=["place"])).findings if one.rule_id == "extrapolation")
    assert far.where == ("rooms",) and "Clip to the ranges seen in training" in far.advice
    assert abs(far.evidence["remedy_cost"]) < 0.05 and far.evidence["left"] == pytest.approx(14.0, abs=0.3)
