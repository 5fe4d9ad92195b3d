"""The application: paths, their description, and the guard before them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ... import __version__
from .answers import CARD, LIVE, METADATA, MODEL_READY, PREDICTIONS, READY, SERVER, STATUS, TENSORS, TEXT
from .documented import completed, infer_body, predict_body, responses
from .endpoints import Endpoints
from .guard import Door, Guard
from .service import Service

__all__ = ["Path", "application"]

MODEL = "/v2/models/{name}"


@dataclass(frozen=True)
class Path:
    """One path: who may ask, what answers, what is said about it.

    Parameters
    ----------
    path : str
    endpoint : callable
    responses : dict
        As OpenAPI has them.
    scope : str, optional
        None is open to everybody.
    body : dict, optional
        JSON Schema; makes it POST.
    """

    path: str
    endpoint: Callable[[Request], Awaitable[Response]]
    responses: dict[int | str, dict[str, Any]]
    scope: str | None = "predict"
    body: dict[str, Any] | None = field(default=None)

    @property
    def method(self) -> str:
        """The one it takes."""
        return "GET" if self.body is None else "POST"


def application(service: Service) -> Guard:
    """Everything that answers, for any ASGI server.

    Parameters
    ----------
    service : Service
    """
    paths = _paths(service)
    document = _described(service, paths)

    async def described(request: Request) -> Response:
        return JSONResponse(document)

    names = {"name": service.served.name, "version": service.served.version}
    doors = {path.path.format(**names): Door(path.path, path.endpoint, path.scope, path.method) for path in paths}
    return Guard(service, {**doors, "/openapi.json": Door("/openapi.json", described)})


def _described(service: Service, paths: list[Path]) -> dict[str, Any]:
    """OpenAPI of all paths; FastAPI writes it, and answers nothing."""
    app = FastAPI(title=f"trueline: {service.served.label}", version=__version__)
    for path in paths:
        more: dict[str, Any] = {"parameters": [{"name": name, "in": "path", "required": True, "schema": TEXT}
                                               for name in re.findall(r"{(\w+)}", path.path)]}  # fmt: skip
        if path.body is not None:
            content = {"application/json": {"schema": path.body}}
            more["requestBody"] = {"required": True, "content": content}
        app.add_api_route(
            path.path, path.endpoint, methods=[path.method], responses=path.responses, openapi_extra=more,
            summary=(path.endpoint.__doc__ or "").partition(": ")[2], description="", response_class=JSONResponse,
        )  # fmt: skip
    return completed(app.openapi(), [path.path for path in paths if path.scope is None])


def _paths(service: Service) -> list[Path]:
    at, rows = Endpoints(service), predict_body(service.served.schema, service.settings)
    return [
        Path("/predict", at.predict, responses("Predictions.", PREDICTIONS, body=True), body=rows),
        *_model_paths(service, at, MODEL), *_model_paths(service, at, MODEL + "/versions/{version}"),
        Path("/v2", at.server, responses("The server.", SERVER)),
        Path("/v2/health/live", at.live, responses("Alive.", LIVE, guarded=False), None),
        Path("/v2/health/ready", at.ready, responses("Ready.", READY, guarded=False, more=["busy"]), None),
        Path("/card", at.card, responses("What is known about the model.", CARD)),
        Path("/", at.page, responses("A page to try it.", TEXT, guarded=False, media="text/html"), None),
        Path("/metrics", at.metrics, responses("For Prometheus.", TEXT, media="text/plain"), "metrics"),
        Path("/status", at.status, responses("What runs.", STATUS), "admin"),
    ]  # fmt: skip


def _model_paths(service: Service, at: Endpoints, model: str) -> list[Path]:
    tensors, lost = infer_body(service.served, service.settings), ["not_found"]
    return [
        Path(f"{model}/infer", at.infer, responses("The tensor.", TENSORS, body=True, more=lost), body=tensors),
        Path(model, at.model, responses("Its tensors.", METADATA, more=lost)),
        Path(f"{model}/ready", at.model_ready, responses("Ready.", MODEL_READY, more=[*lost, "busy"])),
    ]
