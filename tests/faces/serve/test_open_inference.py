"""Version 2 of the Open Inference Protocol: columns as tensors, matched by name."""

from __future__ import annotations

import pytest

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}
TYPES = {"region": "BYTES", "rooms": "INT64", "age": "FP64", "balcony": "BOOL"}
INFER = "/v2/models/flats/infer"
MATRIX = {"name": "input", "shape": [1, 4], "datatype": "FP64", "data": [1, 2, 3, 4]}


def tensors(**changes):
    return [{"name": name, "shape": [1], "datatype": TYPES[name], "data": [cell], **changes.get(name, {})}
            for name, cell in GOOD.items()]  # fmt: skip


def test_the_answer_is_that_of_predict(served):
    expected = served.ask({"rows": [GOOD]}).json()["predictions"]
    answer = served.ask({"id": "7", "inputs": tensors(), "outputs": [{"name": "predict"}]}, INFER).json()
    assert answer == {"model_name": "flats", "model_version": "3", "id": "7",
                      "outputs": [{"name": "predict", "shape": [1], "datatype": "FP64", "data": expected}]}  # fmt: skip
    nested = tensors(age={"shape": [1, 1], "data": [[20.5]]}, rooms={"shape": [1, 1]}, region={"parameters": {}})
    assert served.ask({"inputs": nested[::-1]}, INFER).json()["outputs"][0]["data"] == expected


def test_warnings_are_in_the_parameters(served):
    answer = served.ask({"inputs": tensors(age={"data": [200]})}, INFER).json()
    assert "age: outside" in answer["parameters"]["warnings"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "inputs"),
        ([], "inputs"),
        ({"inputs": 1}, "inputs"),
        ({"inputs": [1]}, "input 1"),
        ({"inputs": [{"name": "age"}]}, "input 1"),
        ({"inputs": tensors(), "more": 1}, "inputs"),
        ({"inputs": tensors(age={"extra": 1})}, "input 3"),
        ({"inputs": tensors() + tensors()[:1]}, "name of its own"),
        ({"inputs": tensors(age={"shape": [2]})}, "shape says 2 rows"),
        ({"inputs": tensors(age={"shape": []})}, "shape"),
        ({"inputs": tensors(age={"shape": [1, 2]})}, "shape"),
        ({"inputs": tensors(age={"shape": [-1]})}, "shape"),
        ({"inputs": tensors(age={"shape": ["1"]})}, "shape"),
        ({"inputs": tensors(age={"shape": [True]})}, "shape"),
        ({"inputs": tensors(age={"data": 1})}, "data must be a list"),
        ({"inputs": tensors(age={"data": [[1]]})}, "as long"),
        ({"inputs": tensors(age={"datatype": "BYTES"})}, "datatype"),
        ({"inputs": tensors(age={"datatype": []})}, "datatype"),
        ({"inputs": tensors(age={"name": ["age"]})}, "name of its own"),
        ({"inputs": tensors(age={"parameters": 1})}, "param"),
        ({"inputs": tensors(), "outputs": [{"name": "variance"}]}, "predict"),
        ({"inputs": tensors(), "outputs": 1}, "predict"),
        ({"inputs": tensors(), "id": 7}, '"id"'),
        ({"inputs": tensors(), "parameters": []}, "parameters"),
        ({"inputs": tensors(), "outputs": [{"name": "predict", "more": 1}]}, "predict"),
        ({"inputs": tensors(), "outputs": [{"name": "predict", "parameters": 1}]}, "predict"),
        ({"inputs": []}, "one tensor for each column"),
        ({"inputs": tensors(age={"shape": [2], "data": [1, 2]})}, "all of as many rows"),
        ({"inputs": [MATRIX]}, "by name, never by position: send one tensor of shape [rows] for each of region, rooms"),
        ({"inputs": [{**MATRIX, "data": [[1, 2, 3, 4]]}]}, "never by position"),
        ({"inputs": [{**MATRIX, "name": "age"}]}, "shape must be"),
    ],
)
def test_structures_that_are_refused(served, body, words):
    status, error = served.error(body, INFER)
    assert (status, error["reason"]) == (422, "wrong_shape") and words in error["message"]


def test_columns_are_the_schemas_business(served):
    status, error = served.error({"inputs": tensors()[1:]}, INFER)
    assert (status, error["reason"]) == (422, "wrong_columns") and error["problems"][0]["column"] == "region"
    assert served.error({"inputs": tensors(region={"data": ["east"]})}, INFER)[1]["reason"] == "wrong_cells"
    strange = [*tensors(), {"name": "tax", "shape": [1], "datatype": "FP64", "data": [1]}]
    assert served.error({"inputs": strange}, INFER)[1]["problems"][0]["column"] == "tax"


def test_health_and_metadata(served):
    assert served.client.get("/v2/health/live").status_code == 200
    assert served.client.get("/v2/health/ready").status_code == 200
    assert served.client.get("/v2").json()["name"] == "trueline"
    metadata = served.client.get("/v2/models/flats").json()
    assert {entry["name"]: entry["datatype"] for entry in metadata["inputs"]} == {
        "region": "BYTES",
        "rooms": "FP64",
        "age": "FP64",
        "balcony": "BOOL",
    }
    assert served.client.get("/v2/models/flats/ready").json()["ready"] is True
    served.service.stop_soon()
    for path in ("/v2/health/ready", "/v2/models/flats/ready"):
        assert served.client.get(path).status_code == 503
    assert served.client.get("/v2/health/live").status_code == 200
    answer = served.ask({"rows": [GOOD]})
    assert answer.status_code == 200 and answer.headers["connection"] == "close"


OTHERS = ["other", "..", "%2e%2e", "%252e", "a;b", "x" * 10_000, "flats%00", "flats%0A", "%E2%80%AEflats", "FLATS"]


@pytest.mark.parametrize("name", OTHERS)
def test_other_models_are_not_found(served, name):
    status, error = served.error({"inputs": tensors()}, f"/v2/models/{name}/infer")
    assert (status, error["reason"]) == (404, "not_found") and len(error["message"]) < 400
    assert served.client.get(f"/v2/models/{name}/ready").status_code == 404


def test_the_version_that_is_served_has_paths_of_its_own(served):
    expected = served.ask({"inputs": tensors()}, INFER).json()
    assert served.ask({"inputs": tensors()}, "/v2/models/flats/versions/3/infer").json() == expected
    metadata = served.client.get("/v2/models/flats/versions/3").json()
    assert metadata == served.client.get("/v2/models/flats").json() and metadata["versions"] == ["3"]
    assert served.client.get("/v2/models/flats/versions/3/ready").json() == {"name": "flats", "ready": True}


@pytest.mark.parametrize("version", ["2", "03", "3%0A", "latest", "%2e%2e"])
def test_other_versions_are_not_found(served, version):
    path = f"/v2/models/flats/versions/{version}"
    status, error = served.error({"inputs": tensors()}, f"{path}/infer")
    assert (status, error["reason"]) == (404, "not_found") and "flats in version 3" in error["message"]
    assert served.client.get(path).status_code == served.client.get(f"{path}/ready").status_code == 404


def test_what_the_pandas_codec_of_mlserver_sends(served):
    """One tensor for every column, [rows, 1], and parameters that say how it was made."""
    inputs = [{**tensor, "shape": [1, 1], "parameters": {"content_type": "np"}} for tensor in tensors()]
    answer = served.ask({"parameters": {"content_type": "pd"}, "inputs": inputs}, INFER)
    assert answer.json()["outputs"][0]["data"] == served.ask({"rows": [GOOD]}).json()["predictions"]
