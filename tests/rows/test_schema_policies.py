"""A schema at prediction: every violation is named, and refused, clipped or warned of as its column says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pyarrow import parquet

from trueline import LeastSquares
from trueline.errors import CellsError, ColumnsError, DataError, OptionError, TruelineWarning
from trueline.rows import Column, Schema
from trueline.rows import open as open_rows
from trueline.ship import Model, load, save

FLATS = {
    "region": ["north", "south", "west", "north"],
    "rooms": [2, 3, 4, 5],
    "size": [20.5, 30.0, 41.5, 50.0],
    "lift": [True, False, True, True],
    "price": [310.0, 405.0, 500.0, 590.0],
}


def as_csv(columns, path):
    pd.DataFrame(columns).to_csv(path / "t.csv", index=False)
    return open_rows(path / "t.csv")


def as_parquet(columns, path):
    parquet.write_table(pa.table(columns), path / "t.parquet")
    return open_rows(path / "t.parquet")


FORMS = {
    "pandas": lambda columns, path: pd.DataFrame(columns),
    "polars": lambda columns, path: pl.DataFrame(columns),
    "pyarrow": lambda columns, path: pa.table(columns),
    "csv": as_csv,
    "parquet": as_parquet,
}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@pytest.fixture
def schema() -> Schema:
    return Schema.learn(pa.table(FLATS), "price", one_hot=["region"])


def kinds(check):
    return {(v.column, v.kind): (v.count, v.rows, v.policy) for v in check.violations}


@each_form
def test_every_violation_is_named_whatever_becomes_of_it(form, tmp_path, schema):
    table = form(
        {
            "region": ["north", "mars", "south", None],
            "tax": [1, 2, 3, 4],
            "rooms": [2.5, 3.0, 99.0, -4.0],
            "lift": [True, False, True, False],
        },
        tmp_path,
    )
    check = schema.check(table)
    assert kinds(check) == {
        ("size", "missing"): (4, (), "refuse"),
        ("tax", "extra"): (4, (), "refuse"),
        ("region", "unknown"): (1, (2,), "refuse"),
        ("region", "blank"): (1, (4,), "refuse"),
        ("rooms", "range"): (2, (3, 4), "warn"),
        ("rooms", "fraction"): (1, (1,), "warn"),
    }
    assert check.refused and check.n_rows == 4
    assert {problem.column for problem in check.problems()} == {"size", "tax", "region"}
    assert any("rooms: outside 2 to 5" in line and "rows: 3, 4" in line for line in check.notes())
    assert str(check).count("\n") == 6


def test_a_table_like_that_of_training_has_no_violations(schema):
    check = schema.check(pa.table(FLATS))
    assert not check.violations and not check.refused and str(check) == "4 rows: no violations"
    X, found = schema.apply(pa.table(FLATS))
    assert found == check
    np.testing.assert_array_equal(X, schema.encode(pa.table(FLATS))[0])


def test_the_first_few_rows_of_many_over_many_pieces(tmp_path, schema):
    n = 150_000
    rooms = np.full(n, 3.0)
    rooms[70_000::10_000] = 9
    table = {"region": ["north"] * n, "rooms": rooms, "size": np.full(n, 30.0), "lift": [True] * n}
    (found,) = schema.check(as_parquet(table, tmp_path)).violations
    assert found.rows == (70_001, 80_001, 90_001, 100_001, 110_001) and found.count == 8 and found.example == "9"


def test_out_of_range_by_policy(schema):
    wild = pa.table({**FLATS, "rooms": [2.0, 9.0, -1.0, 2.5]})
    X, check = schema.apply(wild)
    assert X[:, 2].tolist() == [2, 9, -1, 2.5]
    assert [v.policy for v in check.violations] == ["warn", "warn"]
    X, check = schema.with_policies(["rooms"], out_of_range="clip").apply(wild)
    assert X[:, 2].tolist() == [2, 5, 2, 2.5]
    assert {v.kind: v.policy for v in check.violations} == {"range": "clip", "fraction": "warn"}
    strict = schema.with_policies(["rooms"], out_of_range="refuse")
    with pytest.raises(CellsError) as error:
        strict.apply(wild)
    assert [(p.column, p.row, p.count) for p in error.value.problems] == [("rooms", 2, 2), ("rooms", 4, 1)]
    assert "outside 2 to 5" in str(error.value)
    assert strict.apply(pa.table(FLATS))[0].shape == (4, 5)
    with pytest.raises(CellsError, match="rooms"):
        strict.apply(wild.slice(3, 1))


def test_the_ends_of_the_range_are_within_it(schema):
    strict = schema.with_policies(out_of_range="refuse")
    row = {name: values[:1] for name, values in FLATS.items()}
    for size, good in ((20.5, True), (50.0, True), (np.nextafter(50, 51), False), (np.nextafter(20.5, 0), False)):
        assert strict.check(pa.table({**row, "size": [size]})).refused is not good


def test_blanks_and_infinities_do_not_hide_what_is_out_of_range(schema):
    table = pa.table({**FLATS, "size": [None, 999.0, float("inf"), 30.0]})
    assert kinds(schema.check(table)) == {
        ("size", "blank"): (1, (1,), "refuse"),
        ("size", "infinite"): (1, (3,), "refuse"),
        ("size", "range"): (1, (2,), "warn"),
    }


def test_unknown_levels_can_be_taken_for_the_reference(schema):
    table = pa.table({**FLATS, "region": ["mars", "south", "venus", None]})
    mild = schema.with_policies(unknown_level="warn")
    assert kinds(mild.check(table))[("region", "unknown")] == (2, (1, 3), "warn")
    X, check = mild.apply(table.slice(0, 3))
    assert X[:, :2].tolist() == [[0, 0], [1, 0], [0, 0]]
    assert "taken for the reference level" in check.notes()[0]
    with pytest.raises(CellsError, match="blank"):
        mild.apply(table)
    with pytest.raises(CellsError, match="'mars'"):
        schema.apply(table.slice(0, 3))
    with pytest.raises(CellsError, match="'mars'"):
        mild.encode(table.slice(0, 3))  # the numbers that are written there, no policy


def test_other_columns_can_be_let_pass(schema):
    table = pa.table({**FLATS, "tax": [1, 2, 3, 4]})
    with pytest.raises(ColumnsError, match="tax: not a column"):
        schema.apply(table)
    mild = schema.with_policies(extra="warn")
    X, check = mild.apply(table)
    np.testing.assert_array_equal(X, schema.apply(pa.table(FLATS))[0])
    assert check.notes() == ("tax: not a column of the schema",)
    with pytest.raises(ColumnsError, match="rooms: missing"):
        mild.apply(table.drop_columns(["rooms"]))


def test_policies_are_changed_by_name_or_refused(schema):
    changed = schema.with_policies(["rooms", "size"], out_of_range="clip")
    assert [c.out_of_range for c in changed.columns] == ["warn", "clip", "clip", "warn"]
    assert changed.hash != schema.hash
    assert Schema.from_dict(changed.to_dict()) == changed
    everywhere = schema.with_policies(out_of_range="refuse", unknown_level="warn")
    assert [getattr(c, c.policy_name) for c in everywhere.columns] == ["warn", "refuse", "refuse", "refuse"]
    with pytest.raises(ColumnsError, match="romos: no such column, did you mean rooms"):
        schema.with_policies(["romos"], out_of_range="clip")
    with pytest.raises(ColumnsError, match="region: is category, and has no policy out_of_range"):
        schema.with_policies(["region"], out_of_range="clip")
    for wrong in ({"out_of_range": "ignore"}, {"unknown_level": "clip"}, {"extra": "clip"}):
        with pytest.raises(OptionError, match="must be one of"):
            schema.with_policies(**wrong)
    with pytest.raises(OptionError, match="columns must be a list"):
        schema.with_policies("rooms", out_of_range="clip")


def test_rows_without_a_range_are_not_judged():
    schema = Schema((Column("a", "numeric"),))
    assert not schema.check(pa.table({"a": [1e300, -1e300]})).violations


def test_a_table_without_rows_is_an_error(schema):
    with pytest.raises(DataError, match="no rows"):
        schema.check(pa.table(FLATS).slice(0, 0))


def test_predict_applies_the_policies_and_says_so(tmp_path, schema):
    save(
        LeastSquares(reg_lambda=0.1).fit(*schema.source(pa.table(FLATS)).to_arrays()),
        tmp_path / "m.json",
        schema=schema,
    )
    model = load(tmp_path / "m.json")
    wild = pa.table({**FLATS, "rooms": [2, 9, 9, 5]})
    with pytest.warns(TruelineWarning, match=r"(?s)rooms: outside 2 to 5.*\(2 rows: 2, 3\)"):
        model.predict(wild)
    clipping = Model(model.kind, model.line, None, schema.with_policies(out_of_range="clip"))
    with pytest.warns(TruelineWarning, match="clipped"):
        clipped = clipping.predict(wild)
    assert np.array_equal(clipped, model.predict(pa.table({**FLATS, "rooms": [2, 5, 5, 5]})))
    strict = Model(model.kind, model.line, None, schema.with_policies(out_of_range="refuse"))
    with pytest.raises(CellsError, match="rooms: outside 2 to 5"):
        strict.predict(wild)


def test_the_json_schema_of_a_row(schema):
    found = schema.json_schema()
    assert found["required"] == ["region", "rooms", "size", "lift"] and found["additionalProperties"] is False
    assert found["properties"] == {
        "region": {"type": "string", "enum": ["north", "south", "west"]},
        "rooms": {"type": "number"}, "size": {"type": "number"}, "lift": {"type": ["boolean", "number"]},
    }  # fmt: skip
    strict = schema.with_policies(out_of_range="refuse", unknown_level="warn", extra="warn").json_schema()
    assert strict["additionalProperties"] is True
    assert strict["properties"] == {
        "region": {"type": "string"},
        "rooms": {"type": "integer", "minimum": 2, "maximum": 5},
        "size": {"type": "number", "minimum": 20.5, "maximum": 50},
        "lift": {"type": ["boolean", "integer"], "minimum": 0, "maximum": 1},
    }  # fmt: skip


@pytest.mark.parametrize("policy", ["warn", "refuse"])
def test_the_json_schema_takes_what_apply_takes(schema, policy):
    """Held against an independent implementation of JSON Schema."""
    schema = schema.with_policies(out_of_range=policy)
    Draft202012Validator.check_schema(schema.json_schema())
    validator = Draft202012Validator(schema.json_schema())
    good = {"region": "south", "rooms": 3, "size": 30.0, "lift": True}
    changes = [{}, {"rooms": 9}, {"rooms": 2.5}, {"rooms": 4.0}, {"size": 50.1}, {"region": "mars"}, {"lift": 0},
               {"lift": 2}, {"size": None}, {"rooms": "3"}, {"tax": 1}, {"lift": 0.5}]  # fmt: skip
    for change in changes:
        row = {**good, **change}
        refused = schema.check(pa.table({name: [value] for name, value in row.items()})).refused
        assert validator.is_valid(row) is not refused, change


number = st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([2.0, 5.0, np.inf, -np.inf]))


@given(st.lists(st.tuples(number, number), min_size=1, max_size=30), st.sampled_from(["warn", "clip", "refuse"]))
def test_apply_refuses_what_check_refuses_and_counts_by_hand(cells, policy):
    learnt = Schema.learn(pa.table({"a": [2.5, 5.0], "k": [2, 5], "y": [0, 1]}), "y").with_policies(out_of_range=policy)
    a, k = (pa.array([pair[j] for pair in cells], pa.float64()) for j in (0, 1))
    table = pa.table({"a": a, "k": k})
    check = learnt.check(table)
    for name, values, low in (("a", a, 2.5), ("k", k, 2.0)):
        outside = [i for i, v in enumerate(values.to_pylist(), 1)
                   if v is not None and np.isfinite(v) and not low <= v <= 5]  # fmt: skip
        found = kinds(check).get((name, "range"))
        assert (found and found[:2]) == ((len(outside), tuple(outside[:5])) if outside else None)
    try:
        X, applied = learnt.apply(table)
    except CellsError as error:
        assert check.refused and len(error.problems) == len(check.problems())
    else:
        assert not check.refused and applied == check
        if policy == "clip":
            assert (X >= [2.5, 2]).all() and (X <= 5).all()
