"""Connections that cannot be held for nothing: a head that must come in time and stay small, a reader that must read.

uvicorn bounds how long a connection may idle between requests, and nothing else: one that never sends a head, or
sends it byte by byte, or never reads its answer, is kept for as long as it likes. The clocks below are ours.
"""

from __future__ import annotations

import sys
from asyncio import TimerHandle
from http import HTTPStatus
from typing import Any

from httptools import HttpParserCallbackError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .guard import Guard
from .refusals import RefusedError

__all__ = ["LARGEST_HEAD", "MOST_CONNECTIONS", "BoundedConnection"]

HEAD_SECONDS = 10.0  # in which a request's head must be there, from the opening of the connection or its first byte
READ_SECONDS = 10.0  # in which a caller must make room for more of its answer
LARGEST_HEAD = 65_536  # bytes of request line and headers
MOST_CONNECTIONS = 2000  # beyond it the one that has idled longest makes room


class BoundedConnection(HttpToolsProtocol):
    """One connection of uvicorn's, with bounds."""

    _head_clock: TimerHandle | None = None
    _read_clock: TimerHandle | None = None
    _head_bytes = 0
    since = 0.0  # when it last began to idle

    def connection_made(self, transport: Any) -> None:
        """Start the clock, and make room."""
        super().connection_made(transport)
        self._start_head()
        if len(self.connections) > MOST_CONNECTIONS:
            idle = [other for other in self.connections if isinstance(other, BoundedConnection) and other is not self
                    and other.idle]  # fmt: skip
            if idle:
                min(idle, key=lambda other: other.since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        self._stop_head()
        self._stop_reading_clock()
        super().connection_lost(exc)

    @property
    def idle(self) -> bool:
        """Is nothing being answered?"""
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """Bytes of a head are counted until it is complete."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_clock is None:
            self._head_bytes = 0
        elif self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse(_large_head())

    def on_message_begin(self) -> None:
        """Another head begins."""
        super().on_message_begin()
        if self._head_clock is None:
            self._start_head()

    def on_headers_complete(self) -> None:
        """The head is there; one that came in a single piece is measured now."""
        self._stop_head()
        if self._head_bytes > LARGEST_HEAD and self._size_of_head() > LARGEST_HEAD:
            raise _large_head()  # the parser hands it to `send_400_response`
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """From now on it idles."""
        self.since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets the same shape of refusal as everything else."""
        error = sys.exception()
        within = error.__context__ if isinstance(error, HttpParserCallbackError) else None
        said = "the address cannot be read" if within else error or msg  # all that uvicorn itself stumbles over
        refusal = RefusedError("malformed", f"this is no HTTP/1.1: {said}")
        self._refuse(within if isinstance(within, RefusedError) else refusal)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """A caller that has said all may still hear the answer to it."""
        if self.idle or self.cycle.more_body:
            return None
        self.cycle.keep_alive = False
        return True

    def pause_writing(self) -> None:
        """The answer waits for its reader."""
        super().pause_writing()
        self._read_clock = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads."""
        super().resume_writing()
        self._stop_reading_clock()

    def timeout_keep_alive_handler(self) -> None:
        """Close politely what has been read to the end, and cut off the rest."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(text) + 4 for name, text in self.headers)  # and ": ", CR, LF

    def _refuse(self, error: RefusedError) -> None:
        """Before there is a request that an application could answer."""
        assert isinstance(self.app, Guard)
        content, id_ = error.body(), self.app.unread(self.client, error)
        if not self.idle and not self.cycle.more_body:  # what was asked before is answered, and is the last
            self.cycle.keep_alive = False
            return
        head = f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\ncontent-type: application/json\r\n"
        more = f"content-length: {len(content)}\r\nx-request-id: {id_}\r\nconnection: close\r\n\r\n"
        self.transport.write(f"{head}{more}".encode() + content)
        self.transport.close()

    def _start_head(self) -> None:
        self.since = self.loop.time()
        self._head_clock = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_head(self) -> None:
        if self._head_clock is not None:
            self._head_clock.cancel()
            self._head_clock = None

    def _stop_reading_clock(self) -> None:
        if self._read_clock is not None:
            self._read_clock.cancel()
            self._read_clock = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def _large_head() -> RefusedError:
    return RefusedError("large_head", f"request line and headers may have {LARGEST_HEAD} bytes together")
