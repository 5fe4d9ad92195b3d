"""The cells into which a column's values are sorted, so that two samples of it can be compared by their counts.

Cells are fixed by a few rows that are then set aside, and never counted. Given the cells, the rows that are counted and
those of a later window are independent draws of one law where nothing drifted, so every split of the pooled counts into
the two samples is equally likely: `maths.two_sample`. Edges at quantiles of the counted rows themselves would break
this, since their own counts could then not vary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLANK", "MOST_CELLS", "Cells", "Counter", "Intervals", "Levels", "unit_of"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]

USUAL_CELLS = 24
MOST_CELLS = 64  # with the values that many rows share in cells of their own; files with more are not believed
BLANK = -1  # the place of what is no value


@dataclass(frozen=True, eq=False)
class Intervals:
    """Cells of a number: cell k holds ``edges[k-1] < x <= edges[k]``, and the ends are open.

    Parameters
    ----------
    edges : ndarray (n_cells - 1,)
        Strictly increasing, in the units of the column.

    Examples
    --------
    >>> Intervals(np.array([0.0, 1.0])).place(np.array([-5.0, 0.0, 0.5, 1.0, 7.0, np.nan]))
    array([ 0,  0,  1,  1,  2, -1])
    """

    edges: Array

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.edges) + 1

    def place(self, values: Array) -> Places:
        """The cell of every value, (n,); `BLANK` for what is not finite."""
        places = np.searchsorted(self.edges, values, side="left")
        return np.where(np.isfinite(values), places, BLANK)

    @classmethod
    def around(cls, values: Array) -> Intervals:
        """Cells with about as many of these values in each; a value that fills a whole cell has it to itself.

        Parameters
        ----------
        values : ndarray (n,)
            Of the rows set aside; finite, at least one.
        """
        distinct = np.unique(values)
        if len(distinct) <= USUAL_CELLS:
            edges, alone = distinct, distinct[:1]
        else:
            edges, times = np.unique(
                np.quantile(values, np.arange(1, USUAL_CELLS) / USUAL_CELLS, method="inverted_cdf"), return_counts=True
            )
            alone = edges[times > 1]
        edges = np.union1d(edges, np.nextafter(alone, -np.inf))
        return cls(edges[np.isfinite(edges)])


@dataclass(frozen=True)
class Levels:
    """Cells of a category: one for each of these levels, and a last one for all others, those never seen included.

    Parameters
    ----------
    own : tuple of str
        The levels with a cell of their own.
    known : tuple of str
        All levels of the column; values are positions in it, and ``len(known)`` is a level that is not there.

    Examples
    --------
    >>> Levels(("b", "c"), ("a", "b", "c")).place(np.array([0.0, 1.0, 2.0, 3.0, np.nan]))
    array([ 2,  0,  1,  2, -1])
    """

    own: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.own) + 1

    def place(self, values: Array) -> Places:
        """The cell of every value, (n,); `BLANK` for NaN."""
        cell = {level: number for number, level in enumerate(self.own)}
        where = np.array([*(cell.get(level, len(self.own)) for level in self.known), len(self.own), BLANK])
        return np.asarray(where[np.where(np.isnan(values), len(self.known) + 1, values).astype(np.intp)])

    @classmethod
    def among(cls, values: Array, known: Sequence[str]) -> Levels:
        """A cell for each of the most frequent levels of these values, (n,)."""
        codes, times = np.unique(values.astype(np.intp), return_counts=True)
        frequent = codes[np.argsort(-times, kind="stable")][:USUAL_CELLS]
        return cls(tuple(known[code] for code in sorted(frequent)), tuple(known))


Cells: TypeAlias = Intervals | Levels


def unit_of(size: Array | float) -> Array:
    """A power of two near `size`: sums and squares of values over it neither overflow nor vanish."""
    return np.asarray(np.ldexp(1.0, np.clip(np.frexp(size)[1], -1000, 1000)))


class Counter:
    """Rows counted cell by cell, piece by piece, in bounded memory.

    Parameters
    ----------
    cells : Intervals or Levels
    """

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.counts = np.zeros(cells.size, dtype=np.int64)
        self.blank = 0
        self._sums, self._unit = np.zeros(cells.size), 0.0

    def add(self, values: Array) -> None:
        """Count some values, (n,)."""
        places = self.cells.place(values)
        there = places != BLANK
        self.blank += len(places) - int(np.count_nonzero(there))
        self.counts += np.bincount(places[there], minlength=self.cells.size)
        self._unit = self._unit or float(unit_of(np.abs(values[there]).max(initial=0.0)))
        self._sums += np.bincount(places[there], weights=values[there] / self._unit, minlength=self.cells.size)

    @property
    def centres(self) -> Array:
        """Mean of the values in each cell, (n_cells,); NaN for an empty one."""
        means = np.divide(self._sums, self.counts, out=np.full(len(self.counts), np.nan), where=self.counts > 0)
        return np.asarray(means * self._unit)
