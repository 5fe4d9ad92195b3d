"""What OpenAPI says of every answer in JSON, held against real ones: all fields described, and none besides."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from trueline.faces.serve import answers
from trueline.faces.serve.application import application
from trueline.faces.serve.refusals import RefusedError
from trueline.faces.serve.service import Named, Service
from trueline.faces.serve.settings import Settings

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}
TYPES = {"region": "BYTES", "rooms": "INT64", "age": "FP64", "balcony": "BOOL"}
MODEL = "/v2/models/{name}"
VERSION = MODEL + "/versions/{version}"


def tensors(**changes):
    return {"inputs": [{"name": name, "shape": [1], "datatype": TYPES[name], "data": [changes.get(name, cell)]}
                       for name, cell in GOOD.items()]}  # fmt: skip


def check(document, path, method, answer):
    """An answer against what is said of its path, method and status; references lead into the document."""
    said = document["paths"][path][method]["responses"][str(answer.status_code)]
    schema = said["content"]["application/json"]["schema"]
    Draft202012Validator.check_schema(schema)
    found = list(Draft202012Validator({**schema, "components": document["components"]}).iter_errors(answer.json()))
    assert not found, (path, found[0].message, answer.text)


def strict_throughout(schema):
    """Every object in it names all of its fields."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            assert "additionalProperties" in schema, schema
        schema = list(schema.values())
    for inner in schema if isinstance(schema, list) else ():
        strict_throughout(inner)


GETS = ["/v2", "/v2/health/live", "/v2/health/ready", "/card", "/status", MODEL, f"{MODEL}/ready", VERSION,
        f"{VERSION}/ready"]  # fmt: skip
POSTS = {
    "good": ("/predict", {"rows": [GOOD]}, 200),
    "warned": ("/predict", {"rows": [{**GOOD, "age": 200, "rooms": 2.5}, GOOD]}, 200),
    "a strange column let pass": ("/predict", {"rows": [{**GOOD, "tax": 1}]}, 200),
    "no JSON": ("/predict", b"{", 400),
    "wrong shape": ("/predict", {"rows": [GOOD, 1]}, 422),
    "wrong columns": ("/predict", {"rows": [{"age": 1}]}, 422),
    "some lack a cell": ("/predict", {"rows": [GOOD, {"age": 1}]}, 422),
    "wrong cells": ("/predict", {"rows": [{"region": 1, "rooms": "x", "age": None, "balcony": []}]}, 422),
    "overflow": ("/predict", {"rows": [{**GOOD, "age": 1.7e308, "rooms": 1.7e308}] * 9}, 422),
    "tensors": (f"{MODEL}/infer", {**tensors(), "id": "7"}, 200),
    "tensors, warned": (f"{VERSION}/infer", tensors(age=200), 200),
    "tensors, wrong": (f"{MODEL}/infer", tensors(age="x"), 422),
}


@pytest.fixture
def lenient(serve):
    return serve(policies={"extra": "warn"}, scopes=("admin",), max_rows=20)


@pytest.mark.parametrize("path", GETS)
def test_what_is_asked_for(lenient, path):
    headers = {"x-api-key": lenient.key}
    document = lenient.client.get("/openapi.json", headers=headers).json()
    answer = lenient.client.get(path.format(name="flats", version="3"), headers=headers)
    assert answer.status_code == 200
    check(document, path, "get", answer)
    strict_throughout(document["paths"][path]["get"]["responses"])


@pytest.mark.parametrize("name", POSTS)
def test_what_is_sent(lenient, name):
    path, body, status = POSTS[name]
    document = lenient.client.get("/openapi.json", headers={"x-api-key": lenient.key}).json()
    answer = lenient.ask(body, path.format(name="flats", version="3"), x_api_key=lenient.key)
    assert answer.status_code == status
    check(document, path, "post", answer)


def test_what_the_guard_refuses(lenient):
    document = lenient.client.get("/openapi.json", headers={"x-api-key": lenient.key}).json()
    check(document, "/predict", "post", lenient.ask({"rows": [GOOD]}))
    check(document, "/predict", "post", lenient.ask({"rows": [GOOD] * 21}, x_api_key=lenient.key))
    check(document, "/card", "get", lenient.client.get("/card"))
    lenient.service.stop_soon()
    check(
        document,
        f"{MODEL}/ready",
        "get",
        lenient.client.get("/v2/models/flats/ready", headers={"x-api-key": lenient.key}),
    )


def test_a_card_with_the_least_that_can_be_known(model, client_of):
    bare = replace(model, training={}, data=None, reference=None, sha256=None)
    columns = tuple(replace(column, low=None, high=None) for column in model.schema.columns)
    schema = replace(model.schema, columns=columns, target=None)
    client = client_of(application(Service(Named(bare, schema, "bare"), Settings(round=2))))
    check(client.get("/openapi.json").json(), "/card", "get", client.get("/card"))


def test_more_problems_than_are_listed():
    many = RefusedError("wrong_cells", "many", [{"what": f"number {i}"} for i in range(99)])

    said = json.loads(many.body())
    assert said["error"]["problems"][-1] == {"what": "and 49 more"}
    Draft202012Validator(answers.ERROR).validate(said)


def test_a_field_that_nobody_described_is_noticed(lenient):
    said = lenient.ask({"rows": [{**GOOD, "age": 200}]}, x_api_key=lenient.key).json()
    said["warnings"][0]["surprise"] = 1
    assert not Draft202012Validator(answers.PREDICTIONS).is_valid(said)
    del said["warnings"][0]["surprise"], said["warnings"][0]["value"]
    assert not Draft202012Validator(answers.PREDICTIONS).is_valid(said)
