"""Answers are merged in one fixed tree over block numbers: the same bits on any number of threads."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from trueline.errors import OptionError
from trueline.rows import executor
from trueline.rows.executor import map_merge, thread_count


@pytest.fixture(params=[1, 2, 5])
def threads(request, monkeypatch):
    monkeypatch.setenv("TRUELINE_NUM_THREADS", str(request.param))
    return request.param


def test_the_variable_sets_the_number_of_threads(threads):
    assert thread_count() == threads


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_number_of_threads_that_is_none_is_refused(monkeypatch, value):
    monkeypatch.setenv("TRUELINE_NUM_THREADS", value)
    with pytest.raises(OptionError, match="TRUELINE_NUM_THREADS"):
        thread_count()


@pytest.mark.parametrize(("shared", "count"), [("1", 1), ("3", 3), ("2,4", 2), ("99", 8), ("", 8), ("x", 8), ("0", 8)])
def test_a_limit_that_others_set_is_kept(monkeypatch, shared, count):
    monkeypatch.delenv("TRUELINE_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", shared)
    monkeypatch.setattr(executor, "_available", lambda: 8)
    assert thread_count() == count


def test_the_workers_of_a_parallel_search_share_the_processors(monkeypatch):
    """joblib tells each of its processes how many threads are left for it."""
    from joblib import Parallel, delayed

    monkeypatch.delenv("TRUELINE_NUM_THREADS", raising=False)
    workers = max(2, executor._available())
    counts = Parallel(n_jobs=workers, backend="loky")(delayed(thread_count)() for _ in range(workers))
    assert counts == [1] * workers


@pytest.mark.parametrize(
    ("quota", "limit"), [("150000 100000", 2), ("max 100000", 1_000_000), ("10000 100000", 1), ("", 1_000_000)]
)
def test_the_limit_of_a_container_is_read(monkeypatch, quota, limit):
    monkeypatch.setattr(executor.Path, "read_text", lambda path: quota)
    assert executor._container_limit() == limit


@pytest.mark.parametrize("n_blocks", [1, 2, 3, 7, 8, 100])
def test_answers_keep_the_order_of_their_blocks(threads, n_blocks):
    def slow_at_first(number):
        time.sleep(0.002 if number < 2 else 0)
        return [number]

    assert map_merge(slow_at_first, range(n_blocks), lambda a, b: a + b) == list(range(n_blocks))


def test_sums_have_the_same_bits_on_any_number_of_threads(monkeypatch, rng):
    blocks = rng.normal(size=(37, 1000)) * 10.0 ** rng.integers(-8, 8, size=(37, 1))

    def total():
        return map_merge(np.sum, blocks, lambda a, b: a + b)

    monkeypatch.setenv("TRUELINE_NUM_THREADS", "1")
    alone = total()
    for n_threads in ("2", "3", "8"):
        monkeypatch.setenv("TRUELINE_NUM_THREADS", n_threads)
        assert total().tobytes() == alone.tobytes()
    parts = [block.sum() for block in blocks]
    assert abs(alone - sum(parts)) <= 1e-12 * np.abs(parts).sum()


def test_neighbours_of_equal_size_are_merged_first(threads):
    tree = map_merge(str, range(6), lambda a, b: f"({a}{b})")
    assert tree == "(((01)(23))(45))"


def test_no_more_blocks_are_read_than_the_threads_can_soon_use(monkeypatch):
    monkeypatch.setenv("TRUELINE_NUM_THREADS", "2")
    read, finished, most = 0, 0, 0
    lock = threading.Lock()

    def blocks():
        nonlocal read, most
        for number in range(100):
            read += 1
            most = max(most, read - finished)
            yield number

    def work(number):
        nonlocal finished
        time.sleep(0.001)
        with lock:
            finished += 1
        return number

    assert map_merge(work, blocks(), max) == 99
    assert most <= 5


def test_an_error_in_a_block_reaches_the_caller(threads):
    def work(number):
        if number == 5:
            raise ArithmeticError("block 5")
        return number

    with pytest.raises(ArithmeticError, match="block 5"):
        map_merge(work, range(50), max)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("trueline")]
