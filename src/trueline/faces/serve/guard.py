"""What stands before every route: keys, rates, one shape of refusal, one log line, one measurement."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .body import ClientGoneError
from .refusals import RefusedError
from .service import Service

__all__ = ["Call", "Door", "Guard", "call_of", "fault", "refused"]

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = secrets.token_hex(4)  # of request ids: this process
NUMBERS = count(1)
ALWAYS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
HUNG_UP = 499  # in the log and the metrics only

faults = logging.getLogger("trueline.serve")


@dataclass(frozen=True)
class Door:
    """How one path is guarded and counted.

    Parameters
    ----------
    route : str
        The label of its measurements.
    scope : str, optional
        What a key must be good for; None is open to everybody.
    endpoint : callable, optional
        Answers POST on this very path without a search through all routes.
    """

    route: str
    scope: str | None = "predict"
    endpoint: Callable[[Request], Awaitable[Response]] | None = None


@dataclass(slots=True)
class Call:
    """One request, as far as the log wants to know."""

    id: str
    headers: dict[str, str]
    key: str | None = None
    rows: int = 0
    status: int = 0
    reason: str | None = None


def call_of(request: Request) -> Call:
    """What the guard keeps of a request."""
    call: Call = request.scope["trueline"]
    return call


class Guard:
    """The outermost application.

    Parameters
    ----------
    app : ASGI application
        With the routes.
    service : Service
    doors : dict of str to Door
        By path.
    """

    def __init__(self, app: App, service: Service, doors: Mapping[str, Door]) -> None:
        self.app, self.service, self.doors = app, service, dict(doors)
        self._other = Door("other")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._not_http(scope, receive, send)
            return
        started = time.perf_counter()
        door = self.doors.get(scope["path"], self._other)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        call = scope["trueline"] = Call(f"{PREFIX}-{next(NUMBERS):x}", headers)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                message["headers"] = [*message["headers"], *ALWAYS, (b"x-request-id", call.id.encode())]
                if self.service.draining:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        self.service.answering += 1
        try:
            await self._answer(scope, receive, sending, door)
        finally:
            self.service.answering -= 1
            self._note(scope, call, door, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, door: Door) -> None:
        call: Call = scope["trueline"]
        try:
            self._admit(scope, call, door)
            if door.endpoint is None or scope["method"] != "POST":
                await self.app(scope, receive, send)
                return
            response = await door.endpoint(Request(scope, receive))
        except RefusedError as error:
            response = refused(call, error)
        except ClientGoneError:
            call.status = HUNG_UP
            return
        except Exception:  # the caller gets no traceback, the log does
            faults.exception("request %s", call.id)
            if call.status:
                return
            response = refused(call, fault(call))
        await response(scope, receive, send)

    def _admit(self, scope: Scope, call: Call, door: Door) -> None:
        service = self.service
        if service.hosts is not None and _host(call.headers) not in service.hosts:
            raise RefusedError("wrong_host", f"this server does not answer to {call.headers.get('host', '')[:80]!r}")
        if door.scope is None:
            return
        if service.keys is not None:
            try:
                call.key = service.keys.ring().admit(call.headers, door.scope).id
            except RefusedError as error:
                call.key = error.key
                raise
        if service.rates is not None:
            service.rates.take(f"key {call.key}" if call.key else _caller(scope))

    def _note(self, scope: Scope, call: Call, door: Door, seconds: float) -> None:
        service = self.service
        service.metrics.answered(door.route, call.status, seconds, call.rows)
        if call.reason is not None:
            service.metrics.refused(call.reason)
        service.log.add(
            call.id, call.key, _caller(scope), scope["method"], scope["path"], call.status, seconds, call.rows,
            call.reason,
        )  # fmt: skip

    async def _not_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self.app(scope, receive, send)


def refused(call: Call, error: RefusedError) -> Response:
    """A refusal as an answer, noted for the log."""
    call.reason = error.reason
    return Response(error.body(), error.status, error.headers, "application/json")


def fault(call: Call) -> RefusedError:
    """What a caller hears of a fault."""
    return RefusedError("internal", f"a fault of the server; its log knows it as {call.id}")


def _caller(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "somebody"


def _host(headers: Mapping[str, str]) -> str:
    """Without the port; an IPv6 address without its brackets."""
    host = headers.get("host", "").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host
