"""A model of flats behind the application, asked without a socket; and servers on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

from trueline import LeastSquares, Schema
from trueline.faces.serve.access_log import AccessLog
from trueline.faces.serve.application import application
from trueline.faces.serve.key_file import KeyFile, change_keys
from trueline.faces.serve.keys import new_key
from trueline.faces.serve.service import Named, Service
from trueline.faces.serve.settings import Settings
from trueline.ship import load, save

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}


def flats(n: int = 300) -> pa.Table:
    """Every kind of column, and a price."""
    rng = np.random.default_rng(5)
    rooms, age = rng.integers(1, 9, n), np.round(rng.uniform(0, 80, n), 1)
    price = 100 * rooms - age + 50 * (np.arange(n) % 3) + rng.normal(size=n)
    regions = [("north", "south", "west")[i % 3] for i in range(n)]
    return pa.table({"region": regions, "rooms": rooms, "age": age, "balcony": [i % 2 == 0 for i in range(n)],
                     "price": price})  # fmt: skip


@pytest.fixture(scope="session")
def model_file(tmp_path_factory) -> Path:
    """The fit of the flats, with everything a file can remember."""
    table = flats()
    schema = Schema.learn(table, "price", one_hot=["region"])
    X, y = schema.source(table).to_arrays()
    names = {name: X[:, j] for j, name in enumerate(schema.feature_names)}
    path = tmp_path_factory.mktemp("model") / "flats.json"
    save(LeastSquares().fit(pa.table(names), y), path, schema=schema, X=X, y=y)
    return path


@pytest.fixture(scope="session")
def model(model_file):
    return load(model_file)


class Client:
    """Requests to an application, without a socket."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)


@pytest.fixture
def client_of() -> type[Client]:
    return Client


@dataclass
class Served:
    """The application and what it is made of; `ask` sends JSON or bytes."""

    service: Service
    app: Any
    client: Client
    key: str = ""

    def ask(self, body: Any, path: str = "/predict", **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", **{n.replace("_", "-"): v for n, v in headers.items()}}
        return self.client.post(path, content=content, headers=headers)

    def error(self, body: Any, path: str = "/predict", **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and error of a refusal, whose shape is always the same."""
        answer = self.ask(body, path, **headers)
        said = answer.json()
        assert set(said) == {"error"} and set(said["error"]) == {"reason", "message", "problems"}, said
        assert "Traceback" not in answer.text
        return answer.status_code, said["error"]


@pytest.fixture
def serve(model, tmp_path) -> Callable[..., Served]:
    """``serve(max_rows=5, policies={...}, scopes=("predict",))``; `named` is another model."""

    def make(
        policies: dict[str, Any] | None = None, scopes: tuple[str, ...] = (), log: Any = None,
        named: Named | None = None, **settings: Any,
    ) -> Served:  # fmt: skip
        schema = model.schema if policies is None else model.schema.with_policies(**policies)
        keys, text = None, ""
        if scopes:
            key, text = new_key(scopes)
            change_keys(tmp_path / "keys.json", lambda kept: [*kept, key])
            keys = KeyFile(tmp_path / "keys.json")
        served = named or Named(replace(model, schema=schema), schema, "flats", "3")
        service = Service(served, Settings(**settings), keys, AccessLog(log))
        app = application(service)
        return Served(service, app, Client(app), text)

    return make


@pytest.fixture
def served(serve) -> Served:
    return serve()


@pytest.fixture
def listening(serve) -> Iterator[Callable[..., tuple[int, Served]]]:
    """``port, served = listening(timeout=1.0)``: on a socket, in a thread of this process."""
    from trueline.faces.serve.running import listen, make_server

    running = []

    def start(**options: Any) -> tuple[int, Served]:
        made = serve(**options)
        door = listen("127.0.0.1", 0)
        server = make_server(made.service)
        thread = threading.Thread(target=lambda: server.run(sockets=[door]), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        running.append((server, thread))
        return door.getsockname()[1], made

    yield start
    for server, thread in running:
        with contextlib.suppress(RuntimeError):
            server.should_exit = server.force_exit = True
        thread.join(10)
