"""Two reads of the training rows, in bounded memory: which cells, and how many rows in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...rows.schema import Schema
from .cells import Cells, Counter, Intervals, Levels, unit_of

__all__ = ["Aside", "Layout", "Look", "Pass", "Running", "count", "set_aside"]

Array = NDArray[np.float64]

SEED = 73_009_151  # which rows are set aside is drawn, always alike, without a look at what they hold
MOST_ASIDE = 2000
LEAST_ASIDE = 24


@dataclass(frozen=True)
class Layout:
    """Which features of a model belong to which column of the table.

    Parameters
    ----------
    features : tuple of str
        As the model sees them: encoded columns as ``region=north``.
    names : tuple of str
        The columns.
    levels : tuple of tuple of str
        Of each column; empty where it holds numbers.
    """

    features: tuple[str, ...]
    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, features: Sequence[str], schema: Schema | None = None) -> Layout:
        """Of a schema where there is one; else every feature is a column of numbers."""
        if schema is None:
            return cls(tuple(features), tuple(features), ((),) * len(features))
        return cls(schema.feature_names, schema.names, tuple(column.levels for column in schema.columns))

    def places(self) -> Iterator[tuple[str, tuple[str, ...], slice]]:
        """Every column, its levels, and where its features are."""
        at = 0
        for name, levels in zip(self.names, self.levels, strict=True):
            width = max(1, len(levels) - 1)
            yield name, levels, slice(at, at + width)
            at += width

    @property
    def numbers(self) -> dict[str, int]:
        """Columns that hold numbers, and which of all columns they are."""
        return {name: j for j, (name, levels) in enumerate(zip(self.names, self.levels, strict=True)) if not levels}

    def raw(self, X: NDArray[np.floating]) -> Array:
        """Columns instead of features, (n, n_columns): of a category the position of the level."""
        columns = [_codes(X[:, where]) if levels else X[:, where.start] for _, levels, where in self.places()]
        return np.column_stack(columns).astype(np.float64, copy=False) if columns else np.empty((len(X), 0))


def _codes(hot: NDArray[np.floating]) -> Array:
    """Position of the level, from features of 0 and 1; NaN where they are NaN."""
    position = np.where(hot.max(axis=1) > 0.5, 1 + hot.argmax(axis=1), 0).astype(np.float64)
    return np.where(np.isnan(hot).any(axis=1), np.nan, position)


class Look(NamedTuple):
    """Some rows: features (n, d), the same as predictions see them, and what is counted (n, n_columns + 1 or + 2)."""

    X: Array
    clipped: Array
    counted: Array


Pass = Callable[[], Iterator[Look]]


class Aside(NamedTuple):
    """The rows set aside (n, n_columns), the cells made of them, and the largest key by which they were drawn."""

    cells: list[Cells]
    rows: Array
    threshold: float


class Running:
    """Mean, spread and range of columns, piece by piece; NaN counts for nothing.

    Sums are of values over a power of two of their size: see `unit_of`.

    Parameters
    ----------
    width : int
        Number of columns.
    """

    def __init__(self, width: int) -> None:
        self.rows = np.zeros(width, dtype=np.int64)
        self.low, self.high = np.full(width, np.inf), np.full(width, -np.inf)
        self._unit = np.zeros(width)
        self._mean, self._squares = np.zeros(width), np.zeros(width)

    def add(self, values: Array) -> None:
        """Add some rows, (n, width)."""
        there = np.isfinite(values)
        n = np.count_nonzero(there, axis=0)
        self.low = np.minimum(self.low, np.min(values, axis=0, initial=np.inf, where=there))
        self.high = np.maximum(self.high, np.max(values, axis=0, initial=-np.inf, where=there))
        size = np.max(np.abs(values), axis=0, initial=0.0, where=there)
        new = (self._unit == 0) & (n > 0)
        self._unit[new] = unit_of(size[new])
        scaled = np.where(there, values, 0.0) / np.where(self._unit == 0, 1.0, self._unit)
        mean = scaled.sum(axis=0) / np.maximum(n, 1)
        squares = np.square(np.where(there, scaled - mean, 0.0)).sum(axis=0)
        total = np.maximum(self.rows + n, 1)
        apart = mean - self._mean
        self._squares += np.where(n > 0, squares + apart**2 * (self.rows * n / total), 0.0)
        self._mean += np.where(n > 0, apart * (n / total), 0.0)
        self.rows += n

    @property
    def mean(self) -> Array:
        """In the units of the columns; NaN without rows."""
        return np.where(self.rows > 0, self._mean * self._unit, np.nan)

    @property
    def sd(self) -> Array:
        """Standard deviation of the rows (n - 1), in the units of the columns; 0 for a single row."""
        with np.errstate(over="ignore"):
            spread = np.sqrt(self._squares / np.maximum(self.rows - 1, 1)) * self._unit
        return np.where(self.low == self.high, 0.0, np.where(self.rows > 0, spread, np.nan))


def set_aside(look: Pass, levels: Sequence[tuple[str, ...]]) -> Aside:
    """The first read: cells of every counted column, from rows drawn without a look at them.

    Parameters
    ----------
    look : callable
        Starts over from the first row.
    levels : sequence of tuple of str
        Of every counted column; empty for numbers.
    """
    draws = np.random.default_rng(SEED)
    keys, kept, rows = np.empty(0), np.empty((0, len(levels))), 0
    for _, _, counted in look():
        rows += len(counted)
        drawn = draws.random(len(counted))
        first = np.argsort(drawn, kind="stable")[:MOST_ASIDE]
        keys, kept = np.append(keys, drawn[first]), np.concatenate([kept, counted[first]])
        first = np.argsort(keys, kind="stable")[:MOST_ASIDE]
        keys, kept = keys[first], kept[first]
    size = min(MOST_ASIDE, max(rows // 10, min(rows // 2, LEAST_ASIDE), 1), rows)
    columns = zip(kept[:size].T, levels, strict=True)
    cells: list[Cells] = [Levels.among(v, known) if known else Intervals.around(v) for v, known in columns]
    return Aside(cells, kept[:size], float(keys[size - 1]))


def count(
    look: Pass, aside: Aside, also: Callable[[Array], None] | None = None
) -> tuple[list[Counter], Running, Running, Running]:  # fmt: skip
    """The second read: rows in every cell, those set aside left out; and means of all rows.

    Parameters
    ----------
    look : callable
    aside : Aside
    also : callable, optional
        Is given what is counted too, (n, n_columns).

    Returns
    -------
    counters : list of Counter
    features, clipped, columns : Running
        Over all rows.
    """
    draws = np.random.default_rng(SEED)
    counters = [Counter(each) for each in aside.cells]
    sums: list[Running] = []
    for piece in look():
        sums = sums or [Running(part.shape[1]) for part in piece]
        for running, part in zip(sums, piece, strict=True):
            running.add(part)
        keep = draws.random(len(piece.counted)) > aside.threshold
        if also is not None:
            also(piece.counted[keep])
        for counter, values in zip(counters, piece.counted[keep].T, strict=True):
            counter.add(values)
    return counters, sums[0], sums[1], sums[2]
