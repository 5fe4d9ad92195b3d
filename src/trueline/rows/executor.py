"""Map a function over blocks and merge the answers in block order: threads on one machine.

The merge is a tree over block numbers, so the result's bits do not depend on the number of threads.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from ..errors import OptionError

__all__ = ["map_merge", "single_threaded_blas", "thread_count"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def thread_count() -> int:
    """Threads to use: `TRUELINE_NUM_THREADS`, or the processors this process may use (container limits honoured).

    Also at most `OMP_NUM_THREADS`, which joblib sets in its workers: a search with ``n_jobs`` does not oversubscribe.
    """
    wanted = os.environ.get("TRUELINE_NUM_THREADS", "")
    if wanted:
        if not wanted.isdigit() or int(wanted) < 1:
            raise OptionError(f"TRUELINE_NUM_THREADS must be a whole number of at least 1, got {wanted!r}")
        return int(wanted)
    shared = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return min(_available(), int(shared)) if shared.isdigit() and int(shared) > 0 else _available()


@cache
def _available() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, _container_limit()))


def _container_limit() -> int:
    """Whole processors that the control group grants; very many where nothing limits them."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return 1_000_000 if quota == "max" else max(1, round(int(quota) / int(period)))
    except (OSError, ValueError):
        return 1_000_000


def single_threaded_blas() -> AbstractContextManager[Any]:
    """Small products and solves on one thread: quicker at these sizes, and the same bits on any machine size."""
    return _blas().limit(limits=1, user_api="blas")  # type: ignore[no-any-return]


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def map_merge(
    function: Callable[[Item], Answer], blocks: Iterable[Item], merge: Callable[[Answer, Answer], Answer]
) -> Answer:
    """``merge`` over ``function(block)`` of all blocks, in block order.

    Parameters
    ----------
    function : callable
        Releases the interpreter lock for most of its time (compiled loops do).
    blocks : iterable
        At least one; read only a little ahead of the threads.
    merge : callable
        Associative up to rounding; called in the same tree whatever the number of threads.

    Examples
    --------
    >>> map_merge(lambda block: sum(block), [[1, 2], [3], [4, 5]], lambda a, b: a + b)
    15
    """
    from .compile_notice import announce_compiling  # loads numba, which a command's --help has no use for

    announce_compiling()
    return _merge_tree(_map_in_order(function, iter(blocks), thread_count()), merge)


def _map_in_order(function: Callable[[Item], Answer], blocks: Iterator[Item], n_threads: int) -> Iterator[Answer]:
    ahead = list(islice(blocks, 2))
    if n_threads == 1 or len(ahead) < 2:
        yield from map(function, ahead)
        yield from map(function, blocks)
        return
    with ThreadPoolExecutor(n_threads, thread_name_prefix="trueline") as pool:
        running: deque[Future[Answer]] = deque(pool.submit(function, block) for block in ahead)
        try:
            for block in blocks:
                running.append(pool.submit(function, block))
                if len(running) > n_threads:  # each may hold a copy of its rows, so one waits and no more
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()


def _merge_tree(answers: Iterable[Answer], merge: Callable[[Answer, Answer], Answer]) -> Answer:
    """A binary counter: neighbours of equal size are merged, so at most log2(blocks) answers are held."""
    held: list[tuple[int, Answer]] = []
    for answer in answers:
        size = 1
        while held and held[-1][0] == size:
            answer = merge(held.pop()[1], answer)
            size *= 2
        held.append((size, answer))
    _, total = held.pop()
    while held:
        total = merge(held.pop()[1], total)
    return total
