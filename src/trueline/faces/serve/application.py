"""The application: routes, their description, and the guard before them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ... import __version__
from .documented import infer_body, predict_body, responses, secured
from .endpoints import Endpoints
from .guard import Door, Guard, call_of, fault, refused
from .refusals import RefusedError
from .service import Service

__all__ = ["Path", "application"]

NAME = [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}]
OBJECT, TEXT = {"type": "object"}, {"type": "string"}


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


def application(service: Service) -> Guard:
    """Everything that answers, for any ASGI server.

    Parameters
    ----------
    service : Service
    """
    paths = list(_paths(service))
    app = FastAPI(title=f"trueline: {service.served.label}", version=__version__, docs_url=None, redoc_url=None,
                  openapi_url=None, exception_handlers=HANDLERS)  # fmt: skip
    doors: dict[str, Door] = {}
    for path in paths:
        more: dict[str, Any] = {"parameters": NAME} if "{name}" in path.path else {}
        if path.body is not None:
            content = {"application/json": {"schema": path.body}}
            more["requestBody"] = {"required": True, "content": content}
        app.add_api_route(
            path.path, path.endpoint, methods=["GET" if path.body is None else "POST"],
            responses=path.responses, openapi_extra=more, summary=(path.endpoint.__doc__ or "").partition(": ")[2],
            description="", response_class=JSONResponse,
        )  # fmt: skip
        endpoint = None if path.body is None else path.endpoint
        doors[path.path.replace("{name}", service.served.name)] = Door(path.path, path.scope, endpoint)
    document = secured(app.openapi(), [path.path for path in paths if path.scope is None])

    async def described(request: Request) -> Response:
        return JSONResponse(document)

    app.add_api_route("/openapi.json", described, include_in_schema=False)
    doors["/openapi.json"] = Door("/openapi.json")
    return Guard(app, service, doors)


def _paths(service: Service) -> list[Path]:
    at, served, settings = Endpoints(service), service.served, service.settings
    rows, predictions = predict_body(served.schema, settings)
    tensors, tensor = infer_body(served, settings)
    model, lost = "/v2/models/{name}", ["not_found"]
    return [
        Path("/predict", at.predict, responses("Predictions.", predictions, body=True), body=rows),
        Path(f"{model}/infer", at.infer, responses("The tensor.", tensor, body=True, more=lost), body=tensors),
        Path(model, at.model, responses("Its tensors.", OBJECT, more=lost)),
        Path(f"{model}/ready", at.model_ready, responses("Ready.", OBJECT, more=[*lost, "busy"])),
        Path("/v2", at.server, responses("The server.", OBJECT)),
        Path("/v2/health/live", at.live, responses("Alive.", OBJECT, guarded=False), None),
        Path("/v2/health/ready", at.ready, responses("Ready.", OBJECT, guarded=False, more=["busy"]), None),
        Path("/card", at.card, responses("What is known about the model.", OBJECT)),
        Path("/", at.page, responses("A page to try it.", TEXT, guarded=False, media="text/html"), None),
        Path("/metrics", at.metrics, responses("For Prometheus.", TEXT, media="text/plain"), "metrics"),
        Path("/status", at.status, responses("What runs.", OBJECT), "admin"),
    ]


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return refused(call_of(request), error)


async def _http(request: Request, error: Exception) -> Response:
    """Starlette's own words for paths and methods, in our shape."""
    assert isinstance(error, HTTPException)
    reason = "wrong_method" if error.status_code == 405 else "not_found"
    said = f"{request.method} {request.url.path[:200]}: {error.detail}"
    return refused(call_of(request), RefusedError(reason, said, (), error.headers))


async def _fault(request: Request, error: Exception) -> Response:
    """What nobody foresaw; the guard hears of it too, and logs it."""
    return refused(call_of(request), fault(call_of(request)))


HANDLERS: dict[Any, Any] = {RefusedError: _refusal, HTTPException: _http, Exception: _fault}
