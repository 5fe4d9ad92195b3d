"""Contestants run in turns, so that a busy machine slows them all; a time counts only behind a right answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Contestant", "Timing", "distance", "race"]


@dataclass(frozen=True)
class Contestant:
    """Work to time, and the answer it must give.

    Parameters
    ----------
    name : str
    run : callable () -> array-like
    truth : array-like
        The answer, from elsewhere.
    tolerance : float
        Largest distance from it at which a time counts.
    """

    name: str
    run: Callable[[], ArrayLike]
    truth: ArrayLike
    tolerance: float = 1e-8


@dataclass(frozen=True)
class Timing:
    """The shortest of all runs, in seconds.

    Parameters
    ----------
    name : str
    seconds : float or None
        None where the answer was wrong or never came; `note` says which.
    error : float
        Distance of the answer from the truth.
    note : str
    """

    name: str
    seconds: float | None
    error: float = float("nan")
    note: str = ""


def distance(answer: ArrayLike, truth: ArrayLike) -> float:
    """Largest difference, relative to the largest entry of the truth; infinite for a shape or number that is off."""
    got, wanted = np.asarray(answer, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if got.shape != wanted.shape or not np.isfinite(got).all():
        return float("inf")
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


def race(contestants: Sequence[Contestant], repeats: int, budget: float) -> dict[str, Timing]:
    """Everybody once to be checked and to compile, then in turns.

    Parameters
    ----------
    contestants : sequence of Contestant
    repeats : int
        Turns at most.
    budget : float
        Seconds that one contestant may spend on its turns, one turn aside. Only where even the first run took five
        times that long does the first run count.
    """
    timings, allowed = {}, {}
    for contestant in contestants:
        timing = _first(contestant)
        timings[contestant.name] = timing
        allowed[contestant.name] = _turns(timing, repeats, budget)
    for turn in range(repeats):
        for contestant in contestants:
            timing = timings[contestant.name]
            if turn < allowed[contestant.name] and timing.seconds is not None:
                seconds, _ = _clocked(contestant.run)
                timings[contestant.name] = replace(timing, seconds=min(timing.seconds, seconds))
    return timings


def _turns(first: Timing, repeats: int, budget: float) -> int:
    """At least one where it can be afforded: a first run may have compiled something."""
    if first.seconds is None or first.seconds > 5 * budget:
        return 0
    return max(1, min(repeats, int(budget / first.seconds)))


def _first(contestant: Contestant) -> Timing:
    try:
        seconds, answer = _clocked(contestant.run)
    except Exception as error:  # a peer may fail in any way; the others go on
        return Timing(contestant.name, None, note=f"failed: {type(error).__name__}: {error}".splitlines()[0])
    error = distance(answer, contestant.truth)
    if not error <= contestant.tolerance:
        return Timing(contestant.name, None, error, f"answer off by {error:.0e}; {seconds:.3g} s does not count")
    return Timing(contestant.name, seconds, error)


def _clocked(run: Callable[[], ArrayLike]) -> tuple[float, ArrayLike]:
    start = time.perf_counter()
    answer = run()
    return time.perf_counter() - start, answer
