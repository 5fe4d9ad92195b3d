"""Levers: what each column, or one-hot group, can add to an output, and at what cost.

Everything is measured in a direction that helps: `position` is how far a column has moved, `gain` what the output won.
Costs add up over the levers: price·distance for the L1 norm, its square for L2; for L-infinity the largest counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Choice", "Lever", "Piece", "Slide"]

Array = NDArray[np.float64]

STEPS = 64  # whole positions that are looked at one by one; over longer ways the parabola is as good


class Piece(NamedTuple):
    """A stretch of a lever: after `u` of gain it has cost start·u + bend·u², for u up to `length`."""

    start: float
    bend: float
    length: float
    rate: float  # gain per unit of position
    end: float  # the position when all of it is won


class Lever(Protocol):
    """What the search asks of a lever; positions of a node lie in [low, high]."""

    @property
    def top(self) -> float: ...
    def gain(self, position: float) -> float: ...
    def cost(self, position: float, norm: float) -> float: ...
    def pieces(self, low: float, high: float, norm: float) -> list[Piece]: ...
    def relaxed(self, low: float, won: list[float], pieces: list[Piece]) -> float: ...
    def split(self, low: float, high: float, position: float) -> tuple[float, float] | None: ...
    def settle(self, low: float, high: float, position: float) -> tuple[float, float]: ...
    def within(self, budget: float, norm: float) -> float: ...


@dataclass(frozen=True)
class Slide:
    """One column that moves one way.

    Parameters
    ----------
    column : int
    sign : float
        +1 or -1, the way in which moving helps.
    price : float
        Cost of one unit.
    rate : float
        Gain of one unit, positive.
    dead : float
        Distance before anything is won: x lies outside the bounds to which the model clips.
    useful : float
        Distance after that over which something is won.
    top : float
        Distance that can be gone.
    whole : bool
        Only whole distances.
    """

    column: int
    sign: float
    price: float
    rate: float
    dead: float
    useful: float
    top: float
    whole: bool

    @property
    def entrance(self) -> float:
        """The first distance from which on something is won."""
        return (np.floor(self.dead) + 1.0) if self.whole else self.dead

    def gain(self, position: float) -> float:
        return self.rate * min(max(position - self.dead, 0.0), self.useful)

    def cost(self, position: float, norm: float) -> float:
        moved = self.price * position
        return moved**2 if norm == 2 else moved

    def pieces(self, low: float, high: float, norm: float) -> list[Piece]:
        """Concave stretches from `low` on; not yet entered, what lies before the entrance is taken as free of waste."""
        if low < self.entrance and self.dead > 0:
            return [self._piece(0.0, min(high, self.useful), self.rate, norm)] if high > 0 else []
        end = self.dead + self.useful
        full = float(np.floor(end)) if self.whole else end
        last = min(high, full)
        if self.whole and norm == 2 and last - low <= STEPS:
            found = [self._step(k, self.rate, norm) for k in np.arange(low, last).tolist()]
        else:
            found = [self._piece(low, last - low, self.rate, norm)]
        if self.whole and high > full >= low and end > full:  # a last step that is clipped half-way
            found.append(self._step(full, self.rate * (end - full), norm))
        return [piece for piece in found if piece.length > 0]

    def _step(self, low: float, rate: float, norm: float) -> Piece:
        """From one whole position to the next along the chord: no position between them can be taken more cheaply."""
        return Piece((self.cost(low + 1, norm) - self.cost(low, norm)) / rate, 0.0, rate, rate, low + 1)

    def _piece(self, low: float, distance: float, rate: float, norm: float) -> Piece:
        if norm == 2:  # price²·((low + τ)² - low²), τ = u/rate
            start, bend = 2 * self.price**2 * low / rate, (self.price / rate) ** 2
            return Piece(start, bend, rate * distance, rate, low + distance)
        return Piece(self.price / rate, 0.0, rate * distance, rate, low + distance)

    def relaxed(self, low: float, won: list[float], pieces: list[Piece]) -> float:
        """The position at which the pieces have won so much."""
        for u, piece in zip(won, pieces, strict=True):
            if u < piece.length:
                return low + u / piece.rate
            low = piece.end
        return low

    def split(self, low: float, high: float, position: float) -> tuple[float, float] | None:
        """Where to cut [low, high] because `position` cannot be taken: (top of the lower, bottom of the upper) part."""
        if self.dead > 0 and low < self.entrance:
            return (0.0, self.entrance) if position > 0 and high > 0 else None
        if self.whole and position != np.floor(position):
            return float(np.floor(position)), float(np.floor(position)) + 1.0
        return None

    def settle(self, low: float, high: float, position: float) -> tuple[float, float]:
        """The part of [low, high] that keeps every promise and wins at least as much."""
        entered = low >= self.entrance or self.dead == 0
        distance = position if entered or position == 0 else self.dead + position
        if self.whole:
            at = float(np.ceil(distance))
            return at, at
        return (low, high) if entered else ((0.0, 0.0) if position == 0 else (self.entrance, high))

    def within(self, budget: float, norm: float) -> float:
        """The farthest useful position that costs at most `budget`."""
        distance = min(self.top, budget / self.price)
        distance = float(np.floor(distance)) if self.whole else distance
        return distance if distance > self.dead else 0.0


@dataclass(frozen=True, eq=False)
class Choice:
    """A one-hot group: levels that win more and cost more, the present one first; a position is a place in that list.

    Parameters
    ----------
    columns : ndarray (columns,)
    patterns : ndarray (levels, columns)
        Values of the columns.
    gains, costs : ndarray (levels,)
        Both strictly rising from 0.
    """

    columns: NDArray[np.intp]
    patterns: Array
    gains: Array
    costs: Array

    @classmethod
    def of(cls, columns: NDArray[np.intp], patterns: Array, gains: Array, costs: Array) -> Choice:
        """Of all levels those that no other beats."""
        kept, best = [], -np.inf
        for level in np.lexsort((-gains, costs)):
            if gains[level] > best:
                kept.append(level)
                best = gains[level]
        return cls(columns, patterns[kept], gains[kept], costs[kept])

    @property
    def top(self) -> float:
        return float(len(self.gains) - 1)

    def gain(self, position: float) -> float:
        return float(self.gains[int(position)])

    def cost(self, position: float, norm: float) -> float:
        return float(self.costs[int(position)])

    def pieces(self, low: float, high: float, norm: float) -> list[Piece]:
        """The lower hull of cost over gain."""
        found = []
        for i, j in self._hull(int(low), int(high)):
            cost, gain = float(self.costs[j] - self.costs[i]), float(self.gains[j] - self.gains[i])
            found.append(Piece(cost / gain, 0.0, gain, 1.0, float(j)))
        return found

    def _hull(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        while low < high:
            slopes = (self.costs[low + 1 : high + 1] - self.costs[low]) / (
                self.gains[low + 1 : high + 1] - self.gains[low]
            )
            following = low + 1 + int(np.flatnonzero(slopes == slopes.min())[-1])
            yield low, following
            low = following

    def relaxed(self, low: float, won: list[float], pieces: list[Piece]) -> float:
        """Between two levels where the last piece is won in part."""
        for u, piece in zip(won, pieces, strict=True):
            if 0 < u < piece.length:
                at = float(np.searchsorted(self.gains, self.gain(low) + u, side="right") - 1)
                return min(max(at, low), piece.end - 1.0) + 0.5
            low = piece.end if u > 0 else low
        return low

    def split(self, low: float, high: float, position: float) -> tuple[float, float] | None:
        below = float(np.floor(position))
        return None if below == position else (below, below + 1.0)

    def settle(self, low: float, high: float, position: float) -> tuple[float, float]:
        at = min(float(np.ceil(position)), high)
        return at, at

    def within(self, budget: float, norm: float) -> float:
        return float(np.searchsorted(self.costs, budget, side="right") - 1)
