"""A schema names everything in the way with the flag that removes it, and turns tables into numbers by name."""

from __future__ import annotations

import hashlib
import json
import shlex

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from trueline.errors import ArtifactError, CellsError, ColumnsError, DataError, OptionError
from trueline.rows import Schema
from trueline.rows import open as open_rows

FLATS = {
    "region": ["north", "south", "west", "north", "south", "west"],
    "rooms": [2, 3, 4, 5, 6, 7],
    "size": [20.5, 30.0, 41.5, 50.0, 61.0, 70.5],
    "lift": [True, False, True, True, False, False],
    "price": [310.0, 405.0, 500.0, 590.0, 700.0, 805.0],
}


def as_csv(columns, path):
    pd.DataFrame(columns).to_csv(path / "flats.csv", index=False)
    return path / "flats.csv"


def as_parquet(columns, path):
    parquet.write_table(pa.table(columns), path / "flats.parquet")
    return path / "flats.parquet"


FORMS = {
    "pandas": lambda columns, path: pd.DataFrame(columns),
    "polars": lambda columns, path: pl.DataFrame(columns),
    "pyarrow": lambda columns, path: pa.table(columns),
    "csv": as_csv,
    "parquet": as_parquet,
}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def learn(table, target="price", **options):
    return Schema.learn(open_rows(table), target, **options)


def fixes(error) -> dict[str, str | None]:
    return {problem.column: problem.fix for problem in error.value.problems}


@pytest.fixture
def schema() -> Schema:
    return learn(pd.DataFrame(FLATS), one_hot=["region"])


@each_form
def test_every_form_of_a_table_has_the_same_schema_and_the_same_numbers(form, tmp_path, schema):
    table = form(FLATS, tmp_path)
    assert learn(table, one_hot=["region"]).hash == schema.hash
    X, y = open_rows(table).encoded(schema).to_arrays()
    expected = np.column_stack(
        [
            np.equal(FLATS["region"], "south"),
            np.equal(FLATS["region"], "west"),
            FLATS["rooms"],
            FLATS["size"],
            FLATS["lift"],
        ]
    )
    np.testing.assert_array_equal(X, expected)
    np.testing.assert_array_equal(y, FLATS["price"])
    assert X.dtype == np.float64 and X.flags.c_contiguous


def test_what_a_schema_learns(schema):
    assert schema.names == ("region", "rooms", "size", "lift")
    assert schema.feature_names == ("region=south", "region=west", "rooms", "size", "lift")
    assert schema.dropped_levels == {"region": "north"}
    assert [column.kind for column in schema.columns] == ["category", "integer", "numeric", "boolean"]
    assert schema.columns[0].levels == ("north", "south", "west")
    assert [(column.low, column.high) for column in schema.columns] == [(None, None), (2, 7), (20.5, 70.5), (0, 1)]
    assert (schema.target, schema.dropped, schema.nulls) == ("price", (), "refuse")


@each_form
def test_all_problems_of_a_table_at_once_each_with_its_flag(form, tmp_path):
    columns = {
        **FLATS,
        "street id": [f"s{number}" for number in range(6)],
        "size": [20.5, None, 41.5, None, 61.0, 70.5],
        "flat_id": [11, 12, 13, 14, 15, 16],
        "empty": [None] * 6,
    }
    table = form(columns, tmp_path)
    with pytest.raises(CellsError) as error:
        learn(table)
    assert fixes(error) == {
        "region": "--one-hot region",
        "street id": "--drop 'street id'",
        "size": "--drop-missing",
        "flat_id": "--drop flat_id",
        "empty": "--drop empty",
    }
    places = {problem.column: (problem.row, problem.count) for problem in error.value.problems}
    assert places["region"] == (1, 6) and places["size"] == (2, 2)
    assert "'north'" in str(error.value)
    # The flags are all that is needed.
    options: dict[str, list[str]] = {"one-hot": [], "drop": [], "drop-missing": []}
    for fix in fixes(error).values():
        flag, *names = shlex.split(fix)
        options[flag[2:]] += names
    learnt = learn(table, one_hot=options["one-hot"], drop=options["drop"], drop_missing=True)
    assert learnt.nulls == "drop"
    assert open_rows(table).encoded(learnt).to_arrays()[0].shape == (4, 5)


def test_the_advice_says_it_for_the_shell_and_for_python():
    frame = pd.DataFrame({"region": ["n", "s"] * 3, "size": [1.5, None] * 3, "price": range(6)})
    with pytest.raises(CellsError) as error:
        learn(frame)
    assert error.value.advice == (
        "Try --one-hot region --drop-missing; in Python Schema.learn(..., one_hot=['region'], drop_missing=True)"
    )


@each_form
def test_rows_with_blanks_are_dropped_wherever_the_blank_is(form, tmp_path):
    columns = {
        **FLATS,
        "region": ["north", None, *FLATS["region"][2:]],
        "price": [310.0, 405.0, None, 590.0, 700.0, 805.0],
    }
    table = form(columns, tmp_path)
    with pytest.raises(CellsError) as error:
        learn(table, one_hot=["region"])
    assert fixes(error) == {"region": "--drop-missing", "price": "--drop-missing"}
    learnt = learn(table, one_hot=["region"], drop_missing=True)
    X, y = open_rows(table).encoded(learnt).to_arrays()
    np.testing.assert_array_equal(y, [310, 590, 700, 805])
    np.testing.assert_array_equal(X[:, 2], [2, 5, 6, 7])


def test_levels_and_ranges_come_from_the_rows_that_are_kept():
    frame = pd.DataFrame({"r": ["a", "b", "c", "a"], "x": [1.0, 2.0, np.nan, 3.0], "z": [1.5, 2, 99, 3], "y": range(4)})
    learnt = learn(frame, "y", one_hot=["r"], drop_missing=True)
    assert learnt.columns[0].levels == ("a", "b")
    assert learnt.columns[2].high == 3.0


def test_dropping_blanks_until_nothing_is_left_is_an_error():
    frame = pd.DataFrame({"a": [1.5, None], "b": [None, 2.5], "y": [1.0, 2.0]})
    with pytest.raises(DataError, match="no rows are left, every one of 2 has a blank"):
        learn(frame, "y", drop_missing=True)


@pytest.mark.parametrize(
    ("target", "options", "words", "fix"),
    [
        ("prize", {}, "prize: no such column to be the target, did you mean price", "--target price"),
        (
            "price",
            {"one_hot": ["regoin"], "drop": ["region"]},
            "regoin: no such column to one-hot, did you mean region",
            None,
        ),
        ("price", {"drop": ["colour"], "one_hot": ["region"]}, "colour: no such column to drop", None),
        ("price", {"drop": ["price"], "one_hot": ["region"]}, "price: is the target, so it cannot be in drop", None),
        ("price", {"one_hot": ["region"], "drop": ["region"]}, "region: is both in one-hot and in drop", None),
    ],
)
def test_names_that_do_not_fit_are_named_with_what_is_there(target, options, words, fix):
    with pytest.raises(ColumnsError, match="The columns are region, rooms, size, lift, price") as error:
        learn(pd.DataFrame(FLATS), target, **options)
    assert words in str(error.value)
    assert error.value.problems[0].fix == fix


def test_a_misspelt_target_hides_no_other_problem():
    with pytest.raises(ColumnsError) as error:
        learn(pd.DataFrame(FLATS), "prize")
    assert fixes(error) == {"prize": "--target price", "region": "--one-hot region"}


def test_a_target_of_text_has_no_flag():
    with pytest.raises(CellsError, match="region: text") as error:
        learn(pd.DataFrame(FLATS), "region")
    assert fixes(error) == {"region": None}


def test_text_among_numbers_is_not_a_category():
    frame = pd.DataFrame({"a": pd.Series([1.0, 2.0, "?", 4.0], dtype=object), "y": range(4)})
    with pytest.raises(CellsError, match=r"a: text among numbers \(first '\?'\) \(1 row, first in row 3\)") as error:
        learn(frame, "y")
    assert fixes(error) == {"a": "--drop a"}


@pytest.mark.parametrize(
    ("name", "values", "is_id"),
    [
        ("id", range(6), True),
        ("customer_id", [5, 3, 9, 1, 0, 7], True),
        ("customerId", range(6), True),
        ("__index_level_0__", range(6), True),
        ("customer_id", [5, 3, 9, 5, 0, 7], False),
        ("grid", range(6), False),
        ("price_index", range(6), False),
        ("id", [0.5, 1, 2, 3, 4, 5], False),
    ],
)
def test_numbers_of_the_row_are_no_measurement(name, values, is_id):
    frame = pd.DataFrame({"x": [1.5, 2, 1, 3, 4, 2], name: list(values), "y": [1.0, 2, 3, 4, 5, 6]})
    if not is_id:
        assert learn(frame, "y").names == ("x", name)
        return
    with pytest.raises(CellsError, match="an id") as error:
        learn(frame, "y")
    assert fixes(error) == {name: f"--drop {name}"}


def test_one_hot_of_one_level_or_of_thousands_is_refused():
    frame = pd.DataFrame({"one": ["a"] * 2000, "many": [f"k{i}" for i in range(2000)], "y": range(2000)})
    with pytest.raises(CellsError) as error:
        learn(frame, "y", one_hot=["one", "many"])
    assert fixes(error) == {"one": "--drop one", "many": "--drop many"}


def test_truth_values_of_a_csv_are_numbers_where_the_whole_column_is_of_them(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("flag,y\nTrue,1\nfalse,2\nTRUE,3\n")
    learnt = learn(path, "y")
    assert learnt.columns[0].kind == "boolean"
    np.testing.assert_array_equal(open_rows(path).encoded(learnt).to_arrays()[0][:, 0], [1, 0, 1])


def test_columns_are_matched_by_name_in_any_order(schema):
    frame = pd.DataFrame(FLATS)
    X, rows = schema.encode(frame)
    shuffled = frame[["lift", "price", "size", "region", "rooms"]]
    np.testing.assert_array_equal(schema.encode(shuffled)[0], X)
    np.testing.assert_array_equal(schema.encode(frame.drop(columns="price"))[0], X)
    np.testing.assert_array_equal(rows, range(6))


def test_missing_and_extra_columns_are_all_named(schema):
    frame = pd.DataFrame(FLATS).drop(columns=["rooms", "lift"]).assign(room=1, colour="red")
    with pytest.raises(ColumnsError) as error:
        schema.encode(frame)
    assert [problem.column for problem in error.value.problems] == ["rooms", "lift", "room", "colour"]
    assert "rooms: missing, did you mean room?" in str(error.value)


def test_columns_that_were_dropped_may_be_there_or_not():
    learnt = learn(pd.DataFrame(FLATS), drop=["region", "lift"])
    assert learnt.dropped == ("lift", "region")
    with_dropped, _ = learnt.encode(pd.DataFrame(FLATS))
    without, _ = learnt.encode(pd.DataFrame(FLATS)[["size", "rooms"]])
    np.testing.assert_array_equal(with_dropped, without)


@each_form
def test_prediction_names_every_cell_that_it_cannot_use(form, tmp_path, schema):
    columns = {
        "lift": ["yes", "no", "yes", "no"],
        "size": [1.5, None, None, 4.5],
        "region": ["north", "east", "south", "mars"],
        "rooms": [1.0, 2.0, float("inf"), 4.0],
    }
    with pytest.raises(CellsError) as error:
        schema.encode(open_rows(form(columns, tmp_path)))
    found = {problem.column: (problem.row, problem.count) for problem in error.value.problems}
    assert found == {"lift": (1, 4), "size": (2, 2), "region": (2, 2), "rooms": (3, 1)}
    assert "levels not seen in training (first 'east'" in str(error.value)


def test_problems_are_counted_over_the_whole_file(tmp_path, schema):
    n_rows = 200_000
    regions = np.where(np.arange(n_rows) % 100_000 == 70_000, "mars", "north")
    table = pa.table({"region": regions, "rooms": np.ones(n_rows), "size": np.ones(n_rows), "lift": [True] * n_rows})
    parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(CellsError, match=r"2 rows, first in row 70001"):
        schema.encode(open_rows(tmp_path / "t.parquet"))


def test_blanks_at_prediction_are_refused_unless_asked(tmp_path):
    learnt = learn(pd.DataFrame(FLATS), one_hot=["region"], drop_missing=True)
    frame = pd.DataFrame(FLATS)
    frame.loc[1, "region"], frame.loc[4, "size"] = None, np.nan
    with pytest.raises(CellsError) as error:
        learnt.encode(frame)
    assert {p.column: p.row for p in error.value.problems} == {"region": 2, "size": 5}
    X, rows = learnt.encode(frame, drop_blanks=True)
    np.testing.assert_array_equal(rows, [0, 2, 3, 5])
    np.testing.assert_array_equal(X[:, 2], [2, 4, 5, 7])


def test_text_that_spells_numbers_is_never_cast(schema):
    frame = pd.DataFrame(FLATS).assign(rooms="3")
    with pytest.raises(CellsError, match=r"rooms: text, not numbers \(first '3'\)"):
        schema.encode(frame)


def test_numbers_can_be_levels(tmp_path):
    columns = {"zone": [1, 2, 10, 1], "y": [1.0, 2, 3, 4]}
    path = as_csv(columns, tmp_path)
    learnt = learn(pd.DataFrame(columns), "y", one_hot=["zone"])
    assert learnt.feature_names == ("zone=10", "zone=2")
    np.testing.assert_array_equal(open_rows(path).encoded(learnt).to_arrays()[0], [[0, 0], [0, 1], [1, 0], [0, 0]])


def test_a_schema_without_a_target_encodes_but_has_no_y():
    learnt = Schema.learn(pd.DataFrame({"a": [1.5, 2.5]}))
    np.testing.assert_array_equal(learnt.encode(pd.DataFrame({"a": [3]}))[0], [[3.0]])
    with pytest.raises(OptionError, match="no target"):
        open_rows(pd.DataFrame({"a": [1.5]})).encoded(learnt)


def test_a_list_given_as_text_is_refused():
    with pytest.raises(OptionError, match="one_hot must be a list"):
        learn(pd.DataFrame(FLATS), one_hot="region")


def test_two_features_of_one_name_are_refused():
    frame = pd.DataFrame({"a": ["b", "c"] * 2, "a=c": [1.5, 2, 3, 4], "y": range(4)})
    with pytest.raises(ColumnsError, match="a=c: two features would have this name"):
        learn(frame, "y", one_hot=["a"])


def test_a_schema_survives_json(schema):
    again = Schema.from_dict(json.loads(json.dumps(schema.to_dict())))
    assert again == schema
    assert again.hash == schema.hash


def test_the_hash_is_that_of_the_canonical_json():
    learnt = Schema.learn(pd.DataFrame({"größe": [0.1, 2.5], "y": [1, 2]}), "y")
    text = (
        '{"columns":[{"high":2.5,"kind":"numeric","levels":[],"low":0.1,"name":"größe","out_of_range":"warn"}],'
        '"dropped":[],"extra":"refuse","nulls":"refuse","target":"y"}'
    )
    assert learnt.hash == hashlib.sha256(text.encode()).hexdigest()


def changed(schema, path, value):
    values = json.loads(json.dumps(schema.to_dict()))
    *way, last = path
    at = values
    for step in way:
        at = at[step]
    if value is KeyError:
        del at[last]
    else:
        at[last] = value
    return values


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("columns",), KeyError), (("columns",), []), (("columns",), {"a": 1}), (("columns", 0), "region"),
        (("target",), 3), (("target",), "rooms"), (("dropped",), "x"), (("dropped",), [1]), (("dropped",), ["rooms"]),
        (("nulls",), "ignore"), (("nulls",), None), (("more",), 1),
        (("columns", 0, "name"), "rooms"), (("columns", 0, "name"), ""), (("columns", 0, "name"), None),
        (("columns", 0, "kind"), "numeric"), (("columns", 0, "kind"), "text"), (("columns", 1, "kind"), "category"),
        (("columns", 0, "levels"), ["south", "north", "west"]), (("columns", 0, "levels"), ["north"]),
        (("columns", 0, "levels"), ["north", "north"]), (("columns", 0, "levels"), [1, 2]),
        (("columns", 0, "levels"), "north"), (("columns", 1, "levels"), ["a", "b"]), (("columns", 0, "low"), 1.0),
        (("columns", 1, "low"), None), (("columns", 1, "low"), "2"), (("columns", 1, "low"), True),
        (("columns", 1, "low"), 8.0), (("columns", 1, "high"), float("nan")), (("columns", 1, "high"), float("inf")),
        (("columns", 1, "high"), KeyError), (("columns", 1, "extra"), 0), (("columns", 0, "kind"), []),
    ],
)  # fmt: skip
def test_a_damaged_schema_is_refused(schema, path, value):
    with pytest.raises(ArtifactError, match="schema"):
        Schema.from_dict(changed(schema, path, value))


@pytest.mark.parametrize("values", [None, [], "schema", 3, {}])
def test_what_is_no_schema_is_refused(values):
    with pytest.raises(ArtifactError, match="must have exactly the fields"):
        Schema.from_dict(values)


names = st.text(min_size=1, max_size=5)


@given(
    levels=st.lists(names.filter(lambda name: name.strip()), min_size=2, max_size=6, unique=True),
    numbers=st.lists(st.floats(-1e300, 1e300), min_size=6, max_size=6),
)
def test_any_learnt_schema_survives_json_and_encodes_its_own_table(levels, numbers):
    cells = (levels * 6)[: max(6, len(levels))]
    frame = pa.table({"level": cells, "number": (numbers * 6)[: len(cells)], "y": list(range(len(cells)))})
    learnt = Schema.learn(frame, "y", one_hot=["level"])
    assert Schema.from_dict(json.loads(json.dumps(learnt.to_dict()))) == learnt
    X, _ = learnt.encode(frame)
    reference = learnt.dropped_levels["level"]
    for cell, row in zip(cells, X, strict=True):
        ones = {name for name, value in zip(learnt.feature_names[:-1], row[:-1], strict=True) if value}
        assert ones == (set() if cell == reference else {f"level={cell}"})
