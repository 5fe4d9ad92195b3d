"""One JSON line for every request, written in batches by a thread: a slow reader of the log slows no answer."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from typing import TextIO

__all__ = ["AccessLog"]

PAUSE = 0.1  # seconds between two batches
LONGEST = 200  # characters of a path


class AccessLog:
    """Lines that wait to be written.

    They are spelled where they are made: a thread that did so would hold up answers, one that only writes does not.

    Parameters
    ----------
    stream : text stream, optional
        None keeps no log.
    most : int
        Lines that may wait; when nobody reads the log, older ones are dropped, and a line says how many.
    """

    def __init__(self, stream: TextIO | None = None, most: int = 100_000) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque(maxlen=most)
        self._added = self._written = 0
        self._paths: dict[str, str] = {}
        self._stopping = threading.Event()
        self._writer: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write."""
        if self._stream is not None and self._writer is None:
            self._writer = threading.Thread(target=self._write_on, name="access log", daemon=True)
            self._writer.start()

    def add(
        self, id_: str, key: str | None, client: str, method: str, path: str, status: int, seconds: float, rows: int,
        reason: str | None,
    ) -> None:  # fmt: skip
        """One line; its time is now."""
        if self._stream is None:
            return
        shown = self._paths.get(path) or self._spelled(path, status)
        self._waiting.append(
            f'{{"time": "{_now()}", "id": "{id_}", "key": {_quoted(key)}, "client": {json.dumps(client)}, '
            f'"method": {json.dumps(method)}, "path": {shown}, "status": {status}, "ms": {1000 * seconds:.3f}, '
            f'"rows": {rows}, "reason": {_quoted(reason)}}}\n'
        )
        self._added += 1

    def stop(self, patience: float = 2.0) -> None:
        """Write what waits, for at most so many seconds.

        Parameters
        ----------
        patience : float
        """
        self._stopping.set()
        if self._writer is not None:
            self._writer.join(patience)

    def _spelled(self, path: str, status: int) -> str:
        """As JSON; remembered where it was a good one, of which there are few."""
        spelled = json.dumps(path[:LONGEST])
        if status < 400 and len(self._paths) < 100:
            self._paths[path] = spelled
        return spelled

    def _write_on(self) -> None:
        while not self._stopping.wait(PAUSE):
            self._write_waiting()
        self._write_waiting()

    def _write_waiting(self) -> None:
        lines = []
        while self._waiting:
            lines.append(self._waiting.popleft())
        lost = max(self._added - self._written - len(lines) - len(self._waiting), 0)
        self._written += len(lines) + lost
        if lost:
            lines.append(f'{{"time": "{_now()}", "log_lines_dropped": {lost}}}\n')
        if lines and self._stream is not None:
            try:
                self._stream.write("".join(lines))
                self._stream.flush()
            except (OSError, ValueError):  # the reader of the log has gone; the server has not
                self._stream = None


def _now() -> str:
    now = time.time()
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1000):03d}Z"


def _quoted(word: str | None) -> str:
    """A word of our own: letters, digits and underscores."""
    return "null" if word is None else f'"{word}"'
