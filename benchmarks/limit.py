"""What no fit can beat: one read of X by all threads, and the arithmetic of a matrix product."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

import numpy as np
from numba import njit
from numpy.typing import NDArray

from trueline.rows.executor import thread_count

__all__ = ["arithmetic_rate", "read"]

CELLS = 2**20


@njit(nogil=True, fastmath={"reassoc"})  # type: ignore[untyped-decorator]
def _sum(cells):  # type: ignore[no-untyped-def] # pragma: no cover
    total = 0.0
    for i in range(cells.size):
        total += cells[i]
    return total


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_count())


def read(X: NDArray[np.floating]) -> float:
    """The sum of all cells, by all threads: as fast as memory gives them."""
    cells = X.reshape(-1)
    parts = [cells[first : first + CELLS] for first in range(0, cells.size, CELLS)]
    return sum(map(_sum, parts)) if len(parts) == 1 else sum(_threads().map(_sum, parts))


def arithmetic_rate(repeats: int = 20, size: int = 1500) -> float:
    """Operations per second of a matrix product, the best seen."""
    A = np.random.default_rng(0).standard_normal((size, size))
    product = partial(np.matmul, A, A)
    product()
    return 2.0 * size**3 / min(_seconds(product) for _ in range(repeats))


def _seconds(work: partial[object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
