"""A re-readable stream of blocks of rows: what every fit walks over.

Blocks are cut at row numbers that depend on the width of the data alone, never on threads or workers,
so sums over blocks have the same bits everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["ArraySource", "Block", "Floats", "Source", "block_rows", "in_memory"]

Floats = NDArray[np.floating]

BLOCK_CELLS = 2**20  # 8 MB of float64: large enough to hide Python's cost per block, small enough to hold many


@dataclass(frozen=True)
class Block:
    """Some consecutive rows.

    Parameters
    ----------
    X : ndarray (rows, n_features), row by row in memory
    y : ndarray (rows,)
    weights : ndarray (rows,) or None
    first : int
        Row number of the first row, counted from 0.
    """

    X: Floats
    y: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    first: int


@runtime_checkable
class Source(Protocol):
    """Rows that can be read again and again, block by block, always cut at the same places."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the feature columns; None where the data has none."""

    @property
    def n_features(self) -> int:
        """Number of feature columns."""

    @property
    def n_rows(self) -> int | None:
        """Number of rows, where it is known before reading."""

    def blocks(self) -> Iterator[Block]:
        """Start over from the first row."""


def block_rows(n_columns: int) -> int:
    """Rows in one block, a multiple of 8: a function of the width alone."""
    return max(1024, BLOCK_CELLS // max(n_columns, 1) // 8 * 8)


@dataclass(frozen=True)
class ArraySource:
    """Arrays in memory as a source; blocks are views where the rows already lie row by row.

    Parameters
    ----------
    X : ndarray (n_samples, n_features), float32 or float64
    y : ndarray (n_samples,)
    weights : ndarray (n_samples,), optional
    names : tuple of str, optional
        Names of the feature columns.
    """

    X: Floats
    y: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None
    names: tuple[str, ...] | None = None

    @property
    def n_features(self) -> int:
        return int(self.X.shape[1])

    @property
    def n_rows(self) -> int:
        return int(self.X.shape[0])

    def blocks(self) -> Iterator[Block]:
        step = block_rows(self.n_features)
        for first in range(0, self.n_rows, step):
            part = slice(first, first + step)
            weights = None if self.weights is None else np.ascontiguousarray(self.weights[part])
            yield Block(np.ascontiguousarray(self.X[part]), np.ascontiguousarray(self.y[part]), weights, first)


def in_memory(source: Source) -> ArraySource:
    """All rows at once: what quantiles and reshuffling need, and what many reads are quicker from."""
    if isinstance(source, ArraySource):
        return source
    blocks = list(source.blocks())
    X, y = np.concatenate([block.X for block in blocks]), np.concatenate([block.y for block in blocks])
    return ArraySource(X, y, None, source.names)
