"""``POST /predict``: the bits of `Model.predict`, or one shape of refusal that names the thing."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression

from trueline import LinearRegressionGD, Schema
from trueline.errors import TruelineWarning
from trueline.faces.loading import schema_of
from trueline.faces.serve.application import application
from trueline.faces.serve.service import Named, Service
from trueline.faces.serve.settings import Settings
from trueline.rows import Column
from trueline.ship import load, save

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}
TEXT = json.dumps(GOOD)


def alone(model, table):
    """What the model says of each row by itself."""
    return [float(model.predict(table.slice(i, 1))[0]) for i in range(table.num_rows)]


def rows_of(table):
    return [{name: row[name] for name in GOOD} for row in table.to_pylist()]


@pytest.fixture
def table():
    rng = np.random.default_rng(7)
    n = 200
    return pa.table({"region": [("north", "south", "west")[i] for i in rng.integers(0, 3, n)],
                     "rooms": rng.integers(1, 9, n), "age": rng.uniform(0.5, 79, n),
                     "balcony": rng.integers(0, 2, n).astype(bool)})  # fmt: skip


@pytest.mark.parametrize("n", [1, 2, 7, 200])
def test_the_bits_are_those_of_the_model(served, model, table, n):
    part = table.slice(0, n)
    expected = alone(model, part)
    assert expected == pytest.approx(model.predict(part).tolist(), rel=1e-14)
    answer = served.ask({"rows": rows_of(part)})
    assert answer.status_code == 200
    assert answer.json() == {"predictions": expected, "model": "flats@3", "warnings": []}
    columns = {name: part[name].to_pylist() for name in GOOD}
    assert served.ask({"columns": columns}).json()["predictions"] == expected
    shuffled = [dict(reversed(row.items())) for row in rows_of(part)]
    assert served.ask({"rows": shuffled}).json()["predictions"] == expected


def test_a_closer_look_gives_the_same_bits(served, model, table):
    """One row beyond the range of training sends all of them through the schema."""
    part = table.slice(0, 50)
    beyond = pa.table({**{name: part[name] for name in GOOD}, "age": [500.0, *part["age"].to_pylist()[1:]]})
    answer = served.ask({"rows": rows_of(beyond)}).json()
    with pytest.warns(TruelineWarning, match="age"):
        assert answer["predictions"] == alone(model, beyond)
    assert [(w["column"], w["kind"], w["rows"], w["value"], w["policy"]) for w in answer["warnings"]] == [
        ("age", "range", [1], "500", "warn")
    ]


def test_a_row_has_the_same_answer_in_any_company(served, table):
    rows = rows_of(table)
    together = served.ask({"rows": rows}).json()["predictions"]
    assert [served.ask({"rows": [row]}).json()["predictions"][0] for row in rows] == together
    beyond = served.ask({"rows": [{**GOOD, "age": 500}, *rows]}).json()  # the slow way through the schema
    assert beyond["warnings"] and beyond["predictions"][1:] == together


STRICT = {
    "no JSON": (b"{", 400, "malformed"),
    "nothing": (b"", 400, "malformed"),
    "NaN": (b'{"rows": [{"region": "south", "rooms": NaN, "age": 1, "balcony": true}]}', 400, "malformed"),
    "Infinity": (b'{"rows": [{"region": "south", "rooms": -Infinity, "age": 1, "balcony": true}]}', 400, "malformed"),
    "1e999": (TEXT.replace("20.5", "1e999"), 422, "wrong_cells"),
    "-1e999": (TEXT.replace("20.5", "-1e999"), 422, "wrong_cells"),
    "5000 digits": (TEXT.replace("20.5", "9" * 5000), 400, "malformed"),
    "4000 digits": (TEXT.replace("20.5", "9" * 4000), 422, "wrong_cells"),
    "beyond 2**53": (TEXT.replace("20.5", str(2**53 + 1)), 422, "wrong_cells"),
    "a number as text": (TEXT.replace("20.5", '"20.5"'), 422, "wrong_cells"),
    "a truth as a number": (TEXT.replace("20.5", "true"), 422, "wrong_cells"),
    "a number as a level": (TEXT.replace('"south"', "1"), 422, "wrong_cells"),
    "an unknown level": (TEXT.replace("south", "east"), 422, "wrong_cells"),
    "null": (TEXT.replace("20.5", "null"), 422, "wrong_cells"),
    "an empty level": (TEXT.replace("south", ""), 422, "wrong_cells"),
    "a list": (TEXT.replace("20.5", "[20.5]"), 422, "wrong_cells"),
    "an object": (TEXT.replace("20.5", "{}"), 422, "wrong_cells"),
    "a key twice": (TEXT.replace('"rooms": 3', '"rooms": 3, "rooms": 4'), 400, "malformed"),
    "a missing column": (TEXT.replace('"rooms": 3, ', ""), 422, "wrong_columns"),
    "an extra column": (TEXT.replace('"rooms": 3', '"rooms": 3, "tax": 1'), 422, "wrong_columns"),
    "the target": (TEXT.replace('"rooms": 3', '"rooms": 3, "price": 1'), 422, "wrong_columns"),
    "nested 100,000 deep": (b"[" * 100_000, 400, "malformed"),
    "nested 100,000 deep in a row": (TEXT.replace("20.5", '{"a":' * 100_000 + "1" + "}" * 100_000), 400, "malformed"),
    "half a surrogate pair": (TEXT.replace("south", "\\ud800"), 400, "malformed"),
    "no UTF-8": (b'{"rows": "\xff"}', 400, "malformed"),
    "UTF-16": ('{"rows": []}'.encode("utf-16"), 400, "malformed"),
    "a byte order mark": (b"\xef\xbb\xbf" + b'{"rows": []}', 400, "malformed"),
    "a NUL": (TEXT.replace("south", "\0"), 400, "malformed"),
    "two documents": (b'{"rows": []} {}', 400, "malformed"),
    "a comment": (b'{"rows": []} // ', 400, "malformed"),
    "a trailing comma": (b'{"rows": [],}', 400, "malformed"),
    "a leading zero": (TEXT.replace("20.5", "020.5"), 400, "malformed"),
    "a bare list": (b"[]", 422, "wrong_shape"),
    "a number": (b"3", 422, "wrong_shape"),
    "no rows": (b'{"rows": []}', 422, "wrong_shape"),
    "rows that are none": (b'{"rows": [1]}', 422, "wrong_shape"),
    "rows and columns": (b'{"rows": [], "columns": {}}', 422, "wrong_shape"),
    "something else": (b'{"instances": []}', 422, "wrong_shape"),
    "ragged columns": (b'{"columns": {"rooms": [1, 2], "age": [1]}}', 422, "wrong_shape"),
    "columns that are none": (b'{"columns": {"rooms": 1}}', 422, "wrong_shape"),
    "empty columns": (b'{"columns": {"rooms": []}}', 422, "wrong_shape"),
    "too many rows": ('{"rows": [' + ", ".join([TEXT] * 12) + "]}", 413, "too_large"),
}


@pytest.mark.parametrize("name", STRICT)
def test_strict_bodies(serve, name):
    body, status, reason = STRICT[name]
    if isinstance(body, str):
        body = (body if body.startswith('{"rows') else f'{{"rows": [{body}]}}').encode()
    served = serve(max_rows=10)
    got, error = served.error(body)
    assert (got, error["reason"]) == (status, reason)
    assert served.ask({"rows": [GOOD]}).status_code == 200  # still serving


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "it is empty"),
        (b" \r\n", "it is empty"),
        (b'\xef\xbb\xbf{"rows": []}', "byte order mark"),
        ('{"rows": []}'.encode("utf-16"), "byte order mark"),
        (gzip.compress(b'{"rows": []}'), "compressed"),
        (b'{"rows": [],}', "trailing comma"),
    ],
)
def test_what_is_no_json_is_called_by_its_name(served, body, words):
    assert words in served.error(body)[1]["message"]


def test_a_value_is_repeated_as_it_was_sent(served):
    rows = [{**GOOD, "age": True}, {**GOOD, "age": [None]}]
    assert [problem["value"] for problem in served.error({"rows": rows})[1]["problems"]] == ["true", "[null]"]


def test_colons_in_text_are_no_keys_and_hide_no_twins(serve):
    served = serve(policies={"columns": ["region"], "unknown_level": "warn"})
    assert served.ask({"rows": [{**GOOD, "region": "a:b::c"}]}).status_code == 200
    twins = f'{{"rows": [{TEXT.replace("south", "a:b")}], "rows": [{TEXT}]}}'
    assert served.error(twins.encode())[1]["reason"] == "malformed"
    inner = TEXT.replace('"rooms": 3', '"rooms": 3, "rooms": 3')
    assert "'rooms' twice" in served.error(f'{{"rows": [{inner}]}}'.encode())[1]["message"]


def test_a_refusal_names_column_row_and_value(served):
    status, error = served.error({"rows": [GOOD, {**GOOD, "region": "east"}, {**GOOD, "region": "east"}]})
    assert status == 422
    [problem] = error["problems"]
    assert (problem["column"], problem["rows"], problem["value"], problem["count"]) == ("region", [2, 3], "east", 2)
    assert "region" in error["message"] and "'east'" in error["message"]


def test_everything_wrong_is_said_at_once(served):
    wrong = {"region": 1, "rooms": "3", "age": None, "balcony": [1]}
    rows = [wrong, {**GOOD, "region": "east"}, GOOD]
    found = [(problem["column"], problem["rows"]) for problem in served.error({"rows": rows})[1]["problems"]]
    assert sorted(found) == [("age", [1]), ("balcony", [1]), ("region", [1]), ("region", [2]), ("rooms", [1])]
    _, error = served.error({"rows": [{"region": "south", "Rooms": 3}, {"rooms": 3}]})
    assert [p["column"] for p in error["problems"] if p["kind"] == "missing"] == ["age", "balcony", "region", "rooms"]
    assert [p["column"] for p in error["problems"] if p["kind"] == "extra"] == ["Rooms"]


def test_thousands_of_strange_columns_cost_little(served):
    row = {f"x{i}": 1 for i in range(50_000)}
    started = time.perf_counter()
    status, error = served.error({"rows": [row]})
    assert status == 422 and len(error["problems"]) <= 51
    assert time.perf_counter() - started < 2


def test_policies(serve, model):
    row = {**GOOD, "age": 200.0}
    refusing = serve(policies={"columns": ["age"], "out_of_range": "refuse"})
    status, error = refusing.error({"rows": [row]})
    assert status == 422 and error["problems"][0]["value"] == "200"
    clipping = serve(policies={"columns": ["age"], "out_of_range": "clip"})
    answer = clipping.ask({"rows": [row]}).json()
    highest = model.schema.columns[[c.name for c in model.schema.columns].index("age")].high
    assert answer["predictions"] == clipping.ask({"rows": [{**row, "age": highest}]}).json()["predictions"]
    assert answer["warnings"][0]["policy"] == "clip"
    lenient = serve(policies={"extra": "warn"})
    assert lenient.ask({"rows": [{**GOOD, "tax": [1]}]}).json()["warnings"][0]["column"] == "tax"
    guessing = serve(policies={"columns": ["region"], "unknown_level": "warn"})
    answer = guessing.ask({"rows": [{**GOOD, "region": "east"}]}).json()
    assert answer["predictions"] == guessing.ask({"rows": [{**GOOD, "region": "north"}]}).json()["predictions"]
    assert answer["warnings"][0]["kind"] == "unknown"


def test_an_answer_that_overflows(model, client_of):
    line = replace(model.line, w=model.line.w * 1e300, b=model.line.b)
    big = Named(replace(model, line=line), model.schema, "big")
    service = Service(big, Settings())
    client = client_of(application(service))
    answer = client.post("/predict", json={"rows": [{**GOOD, "rooms": 2**53, "age": 0.5}, GOOD]})
    assert answer.status_code == 422
    assert answer.json()["error"]["reason"] == "overflow"
    [problem] = answer.json()["error"]["problems"]
    assert (problem["kind"], problem["count"], problem["rows"]) == ("overflow", 1, [1])


def test_rounding(serve, served):
    exact = served.ask({"rows": [GOOD]}).json()["predictions"][0]
    assert serve(round=2).ask({"rows": [GOOD]}).json()["predictions"] == [round(exact, 2)]
    rough = serve(round=-2)
    assert rough.ask({"rows": [GOOD]}).json()["predictions"] == [round(exact, -2)]
    assert rough.client.get("/card").json()["coefficients"] is None
    assert len(served.client.get("/card").json()["coefficients"]) == 5


def test_a_model_without_a_schema_is_matched_by_its_names(tmp_path, client_of):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0, 5.0], "b": [0.0, 1.0, 0.0, 3.0]})
    save(LinearRegression().fit(frame, 10 * frame["a"] - frame["b"]), tmp_path / "m.json")
    model = load(tmp_path / "m.json")
    client = client_of(application(Service(Named(model, schema_of(model, tmp_path), "m"), Settings())))
    answer = client.post("/predict", json={"rows": [{"b": 1, "a": 100}]})
    assert answer.json()["predictions"] == model.predict(pd.DataFrame({"a": [100.0], "b": [1.0]})).tolist()
    assert client.post("/predict", json={"rows": [{"b": 1e300, "a": 2**53}]}).status_code == 200


def test_a_model_that_clips_its_features_clips_them_here_too(serve, tmp_path):
    X = np.linspace(0.0, 1.0, 50)[:, None]
    schema = Schema((Column("x", "numeric"),))
    save(LinearRegressionGD(clip_features=(0.1, 0.9)).fit(X, X[:, 0]), tmp_path / "m.json", schema=schema)
    clipping = load(tmp_path / "m.json")
    expected = clipping.predict([[-9.0], [0.5], [9.0]]).tolist()
    assert abs(expected[2]) < 2
    for body in ({"rows": [{"x": -9.0}, {"x": 0.5}, {"x": 9.0}]}, {"columns": {"x": [-9.0, 0.5, 9.0]}}):
        answer = serve(named=Named(clipping, schema, "line")).ask(body)
        assert answer.json()["predictions"] == pytest.approx(expected, rel=1e-15)


def test_columns_are_held_to_the_number_of_rows_too(serve):
    served = serve(max_rows=2)
    for n, status in ((2, 200), (3, 413)):
        assert served.ask({"columns": {name: [cell] * n for name, cell in GOOD.items()}}).status_code == status
