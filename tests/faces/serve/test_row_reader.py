"""The short way through a body and the schema's own way agree, bit for bit, on every body."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline.errors import DataError
from trueline.faces.serve.refusals import RefusedError
from trueline.faces.serve.row_reader import RowReader
from trueline.faces.serve.strict_json import parse
from trueline.rows import Column, Schema

SCHEMA = Schema((
    Column("height", "numeric", (), -2.5, 7.25),
    Column("side", "category", ("", "left", "right")[1:]),
    Column("count", "integer", (), 0.0, 9.0),
    Column("sold", "boolean", (), 0.0, 1.0),
    Column("free", "numeric"),
))  # fmt: skip
NUMBERS = st.one_of(
    st.floats(-3, 8),
    st.integers(-1, 10),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**70), 2**70),
)
ODD = st.one_of(st.none(), st.booleans(), st.sampled_from(["left", "1", "up", ""]), st.lists(st.integers(), max_size=1))
CELLS = {
    "height": NUMBERS | ODD,
    "side": st.sampled_from(["left", "right"]) | ODD,
    "count": st.integers(0, 9) | NUMBERS | ODD,
    "sold": st.booleans() | st.sampled_from([0, 1, 0.0, 1.0]) | NUMBERS | ODD,
    "free": NUMBERS | ODD,
}
USUAL = {"height": st.floats(-2.5, 7.25), "side": st.sampled_from(["left", "right"]), "count": st.integers(0, 9),
         "sold": st.booleans(), "free": st.floats(-1e9, 1e9)}  # fmt: skip


def outcome(read):
    try:
        return read()
    except RefusedError as error:
        return error.reason


@settings(max_examples=300)
@given(st.lists(st.fixed_dictionaries(CELLS) | st.fixed_dictionaries(USUAL), min_size=1, max_size=5))
def test_whatever_the_short_way_takes_the_long_way_gives_too(rows):
    reader = RowReader(SCHEMA)
    body = parse(json.dumps({"rows": rows}).encode())
    short, long = outcome(lambda: reader.read(body)), outcome(lambda: reader.unusual.rows(body["rows"]))
    columns = {name: [row[name] for row in body["rows"]] for name in SCHEMA.names}
    side = outcome(lambda: reader.read({"columns": columns}))
    if isinstance(short, str):
        assert short == long == side
        return
    for other in (long, side):
        assert short.X.tobytes() == other.X.tobytes() and short.raw.tobytes() == other.raw.tobytes()
        assert short.warnings == other.warnings
    assert short.X.flags.c_contiguous


@given(st.lists(st.fixed_dictionaries(USUAL), min_size=1, max_size=5))
def test_usual_rows_are_those_of_the_schema(rows):
    X, check = SCHEMA.apply(pa.table({name: [row[name] for row in rows] for name in SCHEMA.names}))
    taken = RowReader(SCHEMA)._usual_rows(rows)
    assert taken is not None and taken.X.tobytes() == X.tobytes() and not check.violations


def test_columns_and_keys_are_matched_by_name_in_whatever_order_they_come():
    row = {"height": 1.5, "side": "right", "count": 3, "sold": True, "free": 7.0}
    turned = dict(reversed(row.items()))
    reader = RowReader(SCHEMA)
    for body in ({"rows": [row, turned]}, {"columns": {name: [cell, cell] for name, cell in turned.items()}}):
        assert reader.read(body).X.tolist() == [[1.5, 1.0, 3.0, 1.0, 7.0]] * 2
        assert reader.read(body).raw.tolist() == [[1.5, 1.0, 3.0, 1.0, 7.0]] * 2


@pytest.mark.parametrize("change", [
    {"height": 7.26}, {"height": -2.51}, {"count": 3.5}, {"count": 10}, {"side": "up"}, {"sold": 2}, {"sold": 0.5},
    {"free": 2**53 + 1}, {"free": math.inf}, {"free": None}, {"free": "1"}, {"height": True}, {"side": ["left"]},
])  # fmt: skip
def test_the_short_way_gives_way(change):
    row = {"height": 1.0, "side": "left", "count": 3, "sold": True, "free": 0.0}
    reader = RowReader(SCHEMA)
    assert reader._usual_rows([row]) is not None
    assert reader._usual_rows([row, {**row, **change}]) is None
    lists = {name: [cell, change.get(name, cell)] for name, cell in row.items()}
    assert outcome(lambda: reader.read({"columns": lists})) == outcome(lambda: reader.unusual.columns(lists, 2)) or (
        reader.read({"columns": lists}).warnings
    )


@pytest.mark.parametrize(
    "columns",
    [
        (Column("only", "numeric"),),
        (Column("only", "category", ("a", "b", "c")),),
        (Column("only", "boolean", (), 0.0, 0.0),),
        (Column("a", "category", ("x", "y")), Column("b", "boolean", (), 0.0, 1.0)),
    ],
    ids=lambda columns: columns[0].kind,
)
def test_schemas_of_one_kind_of_column(columns):
    schema = Schema(columns)
    row = {
        c.name: {"numeric": 3.5, "category": "b" if "b" in c.levels else "y", "boolean": False}[c.kind] for c in columns
    }
    X, _ = schema.apply(pa.table({name: [cell] for name, cell in row.items()}))
    reader = RowReader(schema)
    assert reader._usual_rows([row]).X.tolist() == X.tolist()
    assert reader.read({"columns": {name: [cell] for name, cell in row.items()}}).X.tolist() == X.tolist()


def test_columns_of_numbers_alone_lie_in_memory_row_by_row():
    """As a frame's do in `Model.predict`: another layout may be summed in another order."""
    schema = Schema(tuple(Column(name, "numeric") for name in "abc"))
    taken = RowReader(schema).read({"columns": {"a": [1.0, 2.0], "b": [3.0, 4.0], "c": [5.0, 6.0]}})
    assert taken.X.flags.c_contiguous and taken.X.tolist() == [[1, 3, 5], [2, 4, 6]]


def test_a_boolean_that_was_never_true_in_training():
    reader = RowReader(Schema((Column("sold", "boolean", (), 0.0, 0.0),)))
    assert [warning["kind"] for warning in reader.read({"rows": [{"sold": True}]}).warnings] == ["range"]


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_numbers_are_read_to_the_bit(number):
    read = parse(f'{{"rows": [{{"x": {number!r}}}]}}'.encode())["rows"][0]["x"]
    assert np.float64(read).tobytes() == np.float64(number).tobytes()


@pytest.mark.parametrize(
    "spelled",
    [
        "9007199254740993",
        "0.1000000000000000055511151231257827",
        "2.2250738585072011e-308",
        "1.7976931348623158e308",
        "5e-324",
        "2.4703282292062328e-324",
        "100000000000000016777215",
        "-0.0",
        "1E5",
        "123456789012345678901234567890e-20",
    ],
)
def test_hard_spellings_are_read_as_python_reads_them(spelled):
    assert parse(f"[{spelled}]".encode())[0] == json.loads(spelled)


def test_the_schema_refuses_what_it_always_refused():
    with pytest.raises(DataError):
        SCHEMA.apply(pa.table({"height": [1.0]}))
