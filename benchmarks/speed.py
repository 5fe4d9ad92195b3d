"""Table 2 and the pictures: fits of tall data beside one read of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from . import limit
from .peers import Peer
from .racing import Contestant, Timing, race

__all__ = ["LIMIT", "SHAPES", "Curve", "Race", "curve", "fits", "line_by_cholesky", "rows_that_fit", "tall"]

Array = NDArray[np.floating]

LIMIT = "one read of X"
SHAPES = ((16_000_000, 5), (4_000_000, 20), (800_000, 100), (400_000, 200))
SHARE_OF_MEMORY = 1 / 16  # some peers hold several copies of X


@dataclass(frozen=True)
class Race:
    """All timings of one shape.

    Parameters
    ----------
    rows, columns : int
    timings : dict of str to Timing
    arithmetic : float
        Seconds that rows·columns² operations take at the speed of a matrix product.
    """

    rows: int
    columns: int
    timings: dict[str, Timing]
    arithmetic: float

    def ratio(self, name: str) -> float | None:
        """Time in units of one read; None where it does not count."""
        timing, read = self.timings.get(name), self.timings[LIMIT].seconds
        return timing.seconds / read if timing and timing.seconds and read else None


@dataclass(frozen=True)
class Curve:
    """Seconds against size, for everybody; `axis` says which size."""

    axis: str
    title: str
    seconds: dict[str, list[tuple[int, float]]]


def rows_that_fit(rows: int, columns: int, memory: float | None = None) -> int:
    """Rows of a shape, fewer where the machine's memory asks for it; `memory` in bytes."""
    held = memory if memory is not None else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(min(rows, held * SHARE_OF_MEMORY / (8 * columns)))


def tall(rows: int, columns: int, seed: int = 0) -> tuple[Array, Array]:
    """Rows of standard normal columns shifted by 1, and y with as much noise as signal."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, columns))
    X += 1.0
    return X, X @ np.linspace(1.0, 2.0, columns) / np.sqrt(columns) + rng.standard_normal(rows)


def line_by_cholesky(X: Array, y: Array) -> Array:
    """Intercept and coefficients by centred normal equations in NumPy: right for these well conditioned rows."""
    mean, mean_y = X.mean(axis=0, dtype=np.float64), y.mean(dtype=np.float64)
    gram, side = np.zeros((len(mean), len(mean))), np.zeros(len(mean))
    for first in range(0, len(X), 100_000):
        Z = X[first : first + 100_000] - mean
        gram += Z.T @ Z
        side += Z.T @ (y[first : first + 100_000] - mean_y)
    coef = np.linalg.solve(gram, side)
    return np.append(mean_y - mean @ coef, coef)


def fits(peers: Sequence[Peer], shapes: Sequence[tuple[int, int]], repeats: int, budget: float) -> list[Race]:
    """Every peer at every shape, in turns of `budget` seconds; one who needs five times that is not asked again."""
    warm_up(peers)
    rate = limit.arithmetic_rate()
    races, left = [], list(peers)
    for wanted, columns in shapes:
        rows = rows_that_fit(wanted, columns)
        X, y = tall(rows, columns)
        timings = race(contestants(left, X, y), repeats, budget)
        left = [peer for peer in left if (timings[peer.name].seconds or 0.0) <= 5 * budget]
        races.append(Race(rows, columns, timings, rows * columns**2 / rate))
    return races


def warm_up(peers: Sequence[Peer]) -> None:
    """Compile and import before any clock runs."""
    X, y = tall(2000, 3)
    for peer in peers:
        peer.fit(X, y)
    limit.read(X)


def contestants(peers: Sequence[Peer], X: Array, y: Array) -> list[Contestant]:
    """The limit first, then every peer."""
    truth = line_by_cholesky(X, y)
    read = Contestant(LIMIT, partial(limit.read, X), float(X.sum()))
    return [read, *(Contestant(peer.name, partial(peer.fit, X, y), truth) for peer in peers)]


def curve(peers: Sequence[Peer], axis: str, shapes: Sequence[tuple[int, int]], budget: float) -> Curve:
    """Times over growing shapes; who took longer than `budget` seconds, or was wrong, is not asked again."""
    warm_up(peers)
    left, seconds = list(peers), {name: [] for name in [LIMIT, *(peer.name for peer in peers)]}
    for rows, columns in shapes:
        X, y = tall(rows, columns)
        for name, timing in race(contestants(left, X, y), 15, budget / 2).items():
            if timing.seconds is not None:
                seconds[name].append((rows if axis == "n" else columns, timing.seconds))
        slow = {name for name, points in seconds.items() if points and points[-1][1] > budget}
        left = [peer for peer in left if peer.name not in slow]
    fixed = f"d = {shapes[0][1]}" if axis == "n" else f"n = {shapes[0][0]:,}"
    return Curve(axis, f"Least squares with an intercept, {fixed}", {k: v for k, v in seconds.items() if v})
