"""What stands before every path: keys, rates, one shape of refusal, one log line, one measurement."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .body import ClientGoneError
from .call import Call, fault, refused
from .refusals import RefusedError
from .service import Service

__all__ = ["Door", "Guard"]

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

ALWAYS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
HUNG_UP = 499  # in the log and the metrics only

faults = logging.getLogger("trueline.serve")


@dataclass(frozen=True)
class Door:
    """How one path is guarded, counted and answered.

    Parameters
    ----------
    route : str
        The label of its measurements.
    endpoint : callable
        Answers.
    scope : str, optional
        What a key must be good for; None is open to everybody.
    method : str
        The one it takes; HEAD comes with GET.
    """

    route: str
    endpoint: Callable[[Request], Awaitable[Response]]
    scope: str | None = "predict"
    method: str = "GET"

    @property
    def methods(self) -> tuple[str, ...]:
        """All that it takes."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)


class Guard:
    """The application: whoever may is led to the door of exactly this path, and to no other.

    Parameters
    ----------
    service : Service
    doors : dict of str to Door
        By path.
    """

    def __init__(self, service: Service, doors: Mapping[str, Door]) -> None:
        self.service, self.doors = service, dict(doors)
        self._other = Door("other", self._nowhere)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] != "websocket":
                raise ValueError(f"no {scope['type']} here")  # ASGI's way to say so, for servers that offer one
            await send({"type": "websocket.close", "code": 1008})
            return
        started = time.perf_counter()
        door = self.doors.get(scope["path"], self._other)
        headers = {name.decode("latin-1"): value.decode("latin-1").strip() for name, value in scope["headers"]}
        call = scope["trueline"] = Call(headers)

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
            if scope["method"] not in door.methods and door is not self._other:
                said = f"this path takes {door.method}, not {scope['method']}"
                raise RefusedError("wrong_method", said, (), {"Allow": ", ".join(door.methods)})
            response = await door.endpoint(Request(scope, receive))
        except RefusedError as error:
            response = refused(call, error)
        except ClientGoneError:
            call.status = HUNG_UP
            return
        except Exception:  # the caller gets no traceback, the log does
            faults.exception("request %s", call.id)
            response = refused(call, fault(call))
        await response(scope, receive, send)

    async def _nowhere(self, request: Request) -> Response:
        served, path = self.service.served, request.scope["path"]
        if path.startswith("/v2/models/"):
            said = f"no such path: this server has the model {served.name} in version {served.version}, and no other"
        else:
            said = f"no path {path[:200]!r} here; /openapi.json describes those there are"
        raise RefusedError("not_found", said)

    def _admit(self, scope: Scope, call: Call, door: Door) -> None:
        service = self.service
        if service.hosts is not None and _host(call.headers) not in service.hosts:
            said = f"this server answers to {', '.join(sorted(service.hosts))}, not to"
            raise RefusedError("wrong_host", f"{said} {call.headers.get('host', '')[:80]!r}")
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

    def unread(self, client: tuple[str, int] | None, error: RefusedError) -> str:
        """Count and log a request that was refused before its head could be read.

        Parameters
        ----------
        client : tuple (address, port), optional
        error : RefusedError

        Returns
        -------
        str
            Its id.
        """
        call = Call({}, status=error.status, reason=error.reason)
        self._note({"client": client, "method": "-", "path": "-"}, call, self._other, 0.0)
        return call.id


def _caller(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "somebody"


def _host(headers: Mapping[str, str]) -> str:
    """Without the port; an IPv6 address without its brackets."""
    host = headers.get("host", "").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host
