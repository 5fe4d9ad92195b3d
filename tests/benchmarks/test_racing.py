"""A time counts only behind a right answer."""

from __future__ import annotations

import time

import numpy as np
import pytest
from benchmarks.racing import Contestant, distance, race

TRUTH = np.array([1.0, -2.0, 3.0])


def test_a_wrong_answer_has_no_time():
    planted = TRUTH * (1 + 1e-7)
    timings = race([Contestant("right", lambda: TRUTH, TRUTH), Contestant("wrong", lambda: planted, TRUTH)], 2, 1.0)
    assert timings["right"].seconds is not None
    assert timings["wrong"].seconds is None
    assert timings["wrong"].note.startswith("answer off by 1e-07")
    assert timings["wrong"].error == pytest.approx(1e-7)


def test_whoever_fails_does_not_stop_the_others():
    def fails():
        raise MemoryError("no room")

    timings = race([Contestant("fails", fails, TRUTH), Contestant("right", lambda: TRUTH, TRUTH)], 1, 1.0)
    assert timings["fails"].note == "failed: MemoryError: no room"
    assert timings["right"].seconds is not None


def test_contestants_take_turns():
    turns: list[str] = []
    field = [Contestant(name, lambda name=name: turns.append(name) or TRUTH, TRUTH) for name in "abc"]
    race(field, 3, 60.0)
    assert "".join(turns) == "abc" * 4


@pytest.mark.parametrize("answer", [[1.0, -2.0], [1.0, -2.0, np.nan], [[1.0], [-2.0], [3.0]]])
def test_answers_that_cannot_be_compared_are_infinitely_far(answer):
    assert distance(answer, TRUTH) == np.inf


def test_distance_is_relative_to_the_largest_entry():
    assert distance([1.0, -2.0, 3.3], TRUTH) == pytest.approx(0.1)


def test_a_first_run_that_compiles_does_not_count():
    runs: list[int] = []

    def slow_once():
        runs.append(1)
        time.sleep(0.2 if len(runs) == 1 else 0.0)
        return TRUTH

    timing = race([Contestant("compiles", slow_once, TRUTH)], 3, 0.05)["compiles"]
    assert len(runs) == 2
    assert timing.seconds < 0.2
