"""The page at ``/``: nothing loaded from elsewhere, nothing in it from the model, a policy that says so."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

from trueline.faces.serve.application import application
from trueline.faces.serve.service import Named, Service
from trueline.faces.serve.settings import Settings


def test_it_stands_alone(served):
    answer = served.client.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    text = answer.text
    assert not re.search(r"(src|href)=(?!\"data:)", text) and "//" not in re.sub(r"\n//.*|^//.*", "", text)
    [script] = re.findall(r"<script>(.*?)</script>", text, re.S)
    policy = answer.headers["content-security-policy"]
    print_ = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{print_}'" in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "innerHTML" not in script and "eval" not in script and "insertAdjacent" not in script


def test_names_are_never_part_of_it(model, client_of):
    """It is the same page for every model; what a model says comes as JSON and is written as text."""
    evil = "</script><img src=x onerror=alert(1)>"
    columns = tuple(replace(column, name=f"{evil}{i}") for i, column in enumerate(model.schema.columns))
    schema = replace(model.schema, columns=columns, target=evil)
    service = Service(Named(replace(model, schema=schema, reference=None), schema, "evil"), Settings())
    client = client_of(application(service))
    assert evil not in client.get("/").text
    card = client.get("/card")
    assert card.headers["content-type"] == "application/json" and card.json()["target"] == evil
    assert card.headers["x-content-type-options"] == "nosniff"
