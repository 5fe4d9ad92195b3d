"""Where `limits` counts: two numbers per caller, and no thread.

Its own memory storage starts a thread every ten milliseconds while requests come in, which costs a third of a small
request's processor time; one event loop needs neither threads nor locks.
"""

from __future__ import annotations

import time

from limits.storage import Storage

__all__ = ["Counters"]

MOST = 100_000  # callers that are remembered before the expired ones are looked for


class Counters(Storage):
    """Counts that expire, in this process; of a single thread."""

    STORAGE_SCHEME = ["trueline"]  # noqa: RUF012 - how `limits` declares it

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a storage behind a network could raise; here nothing."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, from now on for so many seconds where it is the first."""
        now = time.time()
        count, until = self._counts.get(key, (0, 0.0))
        if until <= now:
            if len(self._counts) >= MOST:
                self._counts = {name: kept for name, kept in self._counts.items() if kept[1] > now}
            count, until = 0, now + expiry
        self._counts[key] = count + amount, until
        return count + amount

    def get(self, key: str) -> int:
        """The count so far."""
        count, until = self._counts.get(key, (0, 0.0))
        return count if until > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When it begins anew, in seconds since 1970."""
        return self._counts.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """Memory is there."""
        return True

    def reset(self) -> int:
        """Forget all."""
        forgotten = len(self._counts)
        self._counts.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one."""
        self._counts.pop(key, None)
