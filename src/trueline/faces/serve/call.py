"""One request, as far as the log wants to know of it, and how it is refused."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from itertools import count

from starlette.requests import Request
from starlette.responses import Response

from .refusals import RefusedError

__all__ = ["Call", "call_of", "fault", "refused"]

PREFIX = secrets.token_hex(4)  # of request ids: this process
NUMBERS = count(1)


def _next_id() -> str:
    return f"{PREFIX}-{next(NUMBERS):x}"


@dataclass(slots=True)
class Call:
    """What is kept of a request.

    Parameters
    ----------
    headers : dict
        Lower-case names.
    key : str, optional
        Id of the key that was shown.
    rows : int
        That were predicted.
    status : int
        Of the answer.
    reason : str, optional
        Why it was refused.
    id : str
        Made here; also in the answer.
    """

    headers: dict[str, str]
    key: str | None = None
    rows: int = 0
    status: int = 0
    reason: str | None = None
    id: str = field(default_factory=_next_id)


def call_of(request: Request) -> Call:
    """What the guard keeps of a request."""
    call: Call = request.scope["trueline"]
    return call


def refused(call: Call, error: RefusedError) -> Response:
    """A refusal as an answer, noted for the log."""
    call.reason = error.reason
    return Response(error.body(), error.status, error.headers, "application/json")


def fault(call: Call) -> RefusedError:
    """What a caller hears of a fault."""
    return RefusedError("internal", f"a fault of the server; its log knows it as {call.id}")
