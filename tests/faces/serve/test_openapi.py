"""The API does what it says of itself: every status documented, no 5xx, whatever schemathesis thinks of."""

from __future__ import annotations

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode, checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from trueline.faces.serve.refusals import REASONS, Reason

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}
PATHS = [
    "/predict",
    "/v2/models/{name}/infer",
    "/v2/models/{name}",
    "/v2/models/{name}/ready",
    "/v2/models/{name}/versions/{version}/infer",
    "/v2/models/{name}/versions/{version}",
    "/v2/models/{name}/versions/{version}/ready",
    "/v2",
    "/v2/health/live",
    "/v2/health/ready",
    "/card",
    "/",
    "/metrics",
    "/status",
]


def test_every_path_and_reason_is_described(served):
    document = served.client.get("/openapi.json").json()
    assert list(document["paths"]) == PATHS
    predict = document["paths"]["/predict"]["post"]
    assert set(predict["responses"]) == {
        "200",
        "400",
        "401",
        "403",
        "408",
        "413",
        "415",
        "421",
        "422",
        "429",
        "500",
        "503",
    }
    body = predict["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    row = body[0]["properties"]["rows"]["items"]
    assert row["additionalProperties"] is False and set(row["required"]) == set(GOOD)
    assert row["properties"]["region"]["enum"] == ["north", "south", "west"]
    assert document["paths"]["/predict"]["post"]["security"] and "security" not in document["paths"]["/"]["get"]
    said = json.dumps(document)
    assert all(f"{reason}: " in said for reason in REASONS if reason not in ("wrong_method", "large_head"))


CHECKS = [checks.not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
          negative_data_rejection]  # fmt: skip

# Its list of ways to say no lacks 413, for more rows than there may be.
CONFIG = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}}})


def explore(url, key, examples):
    """Everything that schemathesis can think of, right and wrong; each answer must be one that was described."""
    headers = {"X-API-Key": key} if key else {}
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", headers=headers, config=CONFIG)
    seen = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        takes = operation.method == "post" or "{" in operation.path
        for mode in GenerationMode if takes else [GenerationMode.POSITIVE]:
            cases = operation.as_strategy(generation_mode=mode)
            explore_one(cases, examples if takes else 2, url, headers, seen.setdefault(operation.label, set()))
    return seen


def explore_one(cases, examples, url, headers, seen):
    @seed(7)
    @settings(max_examples=examples, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def ask(case):
        answer = case.call(base_url=url, headers=headers)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    ask()


def test_a_short_exploration(listening):
    port, _ = listening()
    seen = explore(f"http://127.0.0.1:{port}", "", 8)
    assert {200, 422} <= seen["POST /predict"]
    assert len(seen) == len(PATHS)


@pytest.mark.faults
@pytest.mark.parametrize("guarded", [False, True], ids=["open", "guarded"])
def test_a_long_exploration(listening, guarded):
    policies = {"out_of_range": "refuse"} if guarded else None
    port, served = listening(scopes=("admin",) if guarded else (), max_rows=20, policies=policies)
    seen = explore(f"http://127.0.0.1:{port}", served.key, 250)
    assert {200, 422} <= seen["POST /predict"] and 404 in seen["GET /v2/models/{name}"]


def test_what_is_not_described_is_noticed(listening, monkeypatch):
    """The checks themselves: a status that no path documents."""
    monkeypatch.setitem(REASONS, "wrong_cells", Reason(418, "tea"))
    port, served = listening()
    document = served.client.get("/openapi.json").json()
    assert "418" in document["paths"]["/predict"]["post"]["responses"]  # so it is the table that describes
    monkeypatch.setitem(REASONS, "wrong_cells", Reason(409, "undocumented"))
    monkeypatch.setitem(REASONS, "wrong_columns", Reason(409, "undocumented"))
    monkeypatch.setitem(REASONS, "wrong_shape", Reason(409, "undocumented"))
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        explore(f"http://127.0.0.1:{port}", "", 25)
