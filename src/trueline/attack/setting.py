"""What an attacker may do to one row: the levers that a domain, a price list and the model's own clipping leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, OptionError
from ..models.foreign import Line
from ..rows.allowed import Allowed
from .levers import Choice, Lever, Slide

__all__ = ["Setting"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Setting:
    """One row, the model that judges it, and what may be changed at which price.

    Parameters
    ----------
    line : Line
    x : ndarray (n_features,)
        In the units of the data.
    allowed : Allowed
    prices : ndarray (n_features,)
        Cost of one unit of each column; infinite where it cannot be changed.
    norm : float
        How costs of columns add up: 1, 2 or inf.

    Raises
    ------
    DataError
        The row itself is not in the domain.
    OptionError
        No column can be changed.
    """

    line: Line
    x: Array
    allowed: Allowed
    prices: Array
    norm: float

    def __post_init__(self) -> None:
        if problems := self.allowed.problems(self.x):
            raise DataError("x is not in the domain, and neither would be the rows near it", problems=problems,
                            advice="Start from an allowed row, such as domain.project(x)")  # fmt: skip
        if not self.movable.any():
            raise OptionError("no column can be changed: all are frozen, have an infinite cost, or have no room",
                              advice="Leave at least one column free, with bounds on both sides of x")  # fmt: skip

    @property
    def movable(self) -> NDArray[np.bool_]:
        """Columns that can be changed at all."""
        return self.allowed.free & np.isfinite(self.prices) & (self.allowed.high > self.allowed.low)

    def output(self, x: Array) -> float:
        """What the model says of a row, in the units of y."""
        return float(self.line.scaling.clip(x) @ self.line.coef + self.line.intercept)

    def levers(self, way: float) -> list[Lever]:
        """Everything that moves the output up (way = 1) or down (-1)."""
        return [*self._slides(way), *self._choices(way)]

    def _slides(self, way: float) -> Iterator[Slide]:
        alone = self.movable
        for columns, _ in self.allowed.groups:
            alone[columns] = False
        scaling, n = self.line.scaling, len(self.x)
        low = np.full(n, -np.inf) if scaling.low is None else scaling.low
        high = np.full(n, np.inf) if scaling.high is None else scaling.high
        for j in np.flatnonzero(alone & (self.line.coef != 0)):
            sign = float(np.sign(self.line.coef[j]) * way)
            at = sign * self.x[j]
            clip = (low[j], high[j]) if sign > 0 else (-high[j], -low[j])
            room = float(self.allowed.high[j] - at if sign > 0 else -self.allowed.low[j] - at)
            dead = float(max(clip[0] - at, 0.0))
            useful = float(min(clip[1] - (at + dead), room - dead))
            if useful > 0:
                whole = bool(self.allowed.whole[j])
                top = min(room, float(np.ceil(dead + useful)) if whole else dead + useful)
                price, rate = float(self.prices[j]), float(abs(self.line.coef[j]))
                yield Slide(int(j), sign, price, rate, dead, useful, top, whole)

    def _choices(self, way: float) -> Iterator[Choice]:
        for columns, patterns in self.allowed.groups:
            moves = patterns - self.x[columns]
            moved = moves != 0
            prices = self.prices[columns]
            possible = ~(moved & ~np.isfinite(prices)).any(axis=1)
            each = np.where(moved, np.where(np.isfinite(prices), prices, 0.0) * np.abs(moves), 0.0)
            costs = each.max(axis=1) if self.norm == np.inf else (each**self.norm).sum(axis=1)
            gains = np.array([way * self._gain(columns, pattern) for pattern in patterns])
            choice = Choice.of(columns, patterns[possible], gains[possible], costs[possible])
            if choice.top > 0:
                yield choice

    def _gain(self, columns: NDArray[np.intp], pattern: Array) -> float:
        changed = self.x.copy()
        changed[columns] = pattern
        moved = self.line.scaling.clip(changed)[columns] - self.line.scaling.clip(self.x)[columns]
        return float(self.line.coef[columns] @ moved)

    def row(self, levers: list[Lever], positions: tuple[float, ...]) -> Array:
        """The row with every lever at its position."""
        x = self.x.copy()
        for lever, position in zip(levers, positions, strict=True):
            if isinstance(lever, Choice):
                x[lever.columns] = lever.patterns[int(position)]
            elif isinstance(lever, Slide) and position > 0:
                j = lever.column
                x[j] = np.clip(x[j] + lever.sign * position, self.allowed.low[j], self.allowed.high[j])
        return x

    def cost(self, x: Array) -> float:
        """Weighted norm of the change from the row to `x`."""
        moved = x != self.x
        return float(np.linalg.norm(self.prices[moved] * np.abs(x - self.x)[moved], self.norm)) if moved.any() else 0.0
