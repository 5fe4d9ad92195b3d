"""Along one column: where a clipped line bends, from a dozen questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Profile", "profile"]

HALVINGS = 60


@dataclass(frozen=True)
class Profile:
    """What the output does along one column, the others at the middle of the box.

    Parameters
    ----------
    slope : float
        Change of the output for one unit, between the bends.
    low, high : float
        Where it bends, in the units of the column; infinite where no bend shows within the box.
    straight : bool
        Nothing but flat, slope, flat was met.
    """

    slope: float
    low: float
    high: float
    straight: bool

    @property
    def flat(self) -> bool:
        """Nothing moves."""
        return self.slope == 0 and self.straight


BENT = Profile(0.0, -np.inf, np.inf, False)


def profile(ask: Callable[[float], float], a: float, z: float, tolerance: float) -> Profile:
    """Flat, slope, flat: the slope between two inner points meets the heights of the two ends where the bends are.

    Parameters
    ----------
    ask : callable
        The output with the column at a value.
    a, z : float
        Ends of the box, in the units of the column.
    tolerance : float
        Differences of the output below this are rounding.
    """
    ends = ask(a), ask(z)
    if abs(ends[1] - ends[0]) <= tolerance:
        same = all(abs(ask(a + share * (z - a)) - ends[0]) <= tolerance for share in (0.31, 0.5, 0.77))
        return Profile(0.0, -np.inf, np.inf, True) if same else BENT
    inner = _inner(ask, (a, z), ends, tolerance)
    if inner is None:
        return BENT
    low, high = _meet(*inner, ends)
    if not (a - (z - a) < low < high < z + (z - a)):
        return BENT
    first, last = low + 0.1 * (high - low), low + 0.9 * (high - low)  # a long base for the slope
    heights = ask(first), ask(last)
    slope = (heights[1] - heights[0]) / (last - first)
    if slope == 0:
        return BENT
    low, high = _meet((first, heights[0]), (last, heights[1]), ends)
    room = 2 * tolerance + 1e-9 * abs(ends[1] - ends[0])
    half = first + 0.43 * (last - first)
    straight = abs(ask(half) - (heights[0] + slope * (half - first))) <= room
    edge = max(1e-9 * (z - a), room / abs(slope))
    shows = low > a + edge, high < z - edge
    if shows[0]:
        straight = straight and abs(ask((a + low) / 2) - ends[0]) <= room
    if shows[1]:
        straight = straight and abs(ask((high + z) / 2) - ends[1]) <= room
    return Profile(slope, low if shows[0] else -np.inf, high if shows[1] else np.inf, straight)


Point = tuple[float, float]


def _inner(ask: Callable[[float], float], box: Point, ends: Point, tolerance: float) -> tuple[Point, Point] | None:
    """Two points between the bends, by halving towards where the output leaves the height of an end."""
    low, high = box
    first: Point | None = None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        height = ask(middle)
        if abs(height - ends[0]) <= tolerance:
            low = middle
        elif first is None and abs(height - ends[1]) <= tolerance:
            high = middle
        elif first is None:
            first, high = (middle, height), middle
        else:
            return (middle, height), first
    return None


def _meet(p: Point, q: Point, heights: Point) -> Point:
    """Where the line through two points has these heights."""
    slope = (q[1] - p[1]) / (q[0] - p[0])
    if slope == 0:
        return np.nan, np.nan
    return p[0] + (heights[0] - p[1]) / slope, p[0] + (heights[1] - p[1]) / slope
