"""The body of a request, never more of it than may be asked for, and not for longer than it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from .refusals import RefusedError
from .settings import Settings

__all__ = ["ClientGoneError", "check_type", "read_body"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

CLOSE = {"Connection": "close"}  # what is left of the body would be taken for the next request
LINGER = 8  # times the largest body that is read on and thrown away, so that a caller who is still sending hears why


class ClientGoneError(Exception):
    """The caller hung up; there is nobody to answer."""


def check_type(headers: Mapping[str, str]) -> None:
    """Only JSON as it is.

    Callers that offer to change the protocol are told not to: until it is changed the HTTP parser sees no body.

    Raises
    ------
    RefusedError
        "wrong_type", "malformed"; names what was sent.
    """
    if "upgrade" in headers and "upgrade" in headers.get("connection", "").lower():
        said = f"this is HTTP/1.1 and stays so: send without Upgrade: {headers['upgrade'][:40]}"
        raise RefusedError("malformed", said, (), CLOSE)
    sent = headers.get("content-type", "")
    kind, _, parameters = sent.partition(";")
    good = parameters.strip().lower() in ("", "charset=utf-8", 'charset="utf-8"')
    if kind.strip().lower() != "application/json" or not good:
        raise RefusedError("wrong_type", f"send application/json in UTF-8, not {sent[:80]!r}", (), CLOSE)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise RefusedError("wrong_type", "send the body as it is, not compressed", (), CLOSE)


async def read_body(receive: Receive, headers: Mapping[str, str], settings: Settings) -> bytes:
    """All of a body.

    Parameters
    ----------
    receive : callable
        Of the request.
    headers : dict
        Lower-case names.
    settings : Settings

    Raises
    ------
    RefusedError
        "too_large" by what was announced or by what came; "too_slow".
    ClientGoneError
        The caller hung up.
    """
    announced = headers.get("content-length", "0")
    large = not announced.isdecimal() or len(announced) > 15 or int(announced) > settings.max_body
    if large and "expect" in headers:  # waits for a word before it sends
        raise _too_large(settings)
    size = 0
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(settings.timeout):
            more = True
            while more and size <= LINGER * settings.max_body:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                part, more = message.get("body", b""), message.get("more_body", False)
                size += len(part)
                large = large or size > settings.max_body
                if large:
                    parts.clear()
                else:
                    parts.append(part)
    except TimeoutError:
        if not large:
            said = f"the body did not arrive within {settings.timeout:g} s"
            raise RefusedError("too_slow", said, (), CLOSE) from None
    if large:
        raise _too_large(settings)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(settings: Settings) -> RefusedError:
    return RefusedError("too_large", f"one request may have {settings.max_body} bytes", (), CLOSE)
