"""A stream of tables as numbers: the same pieces for training and for prediction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import CellsError, ColumnsError, DataError, Problem
from .cells import number_cells
from .columns import Column
from .source import Block, block_rows
from .stream import TableStream, did_you_mean
from .table import eager_frame
from .troubles import Kind, Tally

__all__ = ["EncodedRows", "Piece"]

Array = NDArray[np.float64]


class Piece(NamedTuple):
    """Some rows as numbers: X (rows, features), y (rows,) or None, and their row numbers in the table (from 0)."""

    X: Array
    y: Array | None
    rows: NDArray[np.intp]


@dataclass
class EncodedRows:
    """A table's rows as the numbers that a schema makes of them: a `Source`.

    Parameters
    ----------
    stream : TableStream
    columns : tuple of Column
    target : str or None
        The column that becomes y; None where only X is wanted (then `blocks` cannot be used).
    drop_blanks : bool
        Leave out rows with a blank instead of refusing them.
    ignored : tuple of str
        Columns of the table that are allowed and not read.
    """

    stream: TableStream
    columns: tuple[Column, ...]
    target: str | None
    drop_blanks: bool = False
    ignored: tuple[str, ...] = ()
    _n_rows: int | None = field(init=False, default=None)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, encoded ones as ``region=north``."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.names)

    @property
    def n_rows(self) -> int | None:
        """Number of rows that are kept, where it is known before reading."""
        return self._n_rows if self.drop_blanks else self.stream.n_rows or self._n_rows

    def pieces(self) -> Iterator[Piece]:
        """Start over from the first row, in pieces as large as the table gives them.

        Raises
        ------
        ColumnsError
            Columns are missing, or there are others: all of them are named. Order does not matter.
        CellsError
            Unknown levels, blanks, text: all of the whole table, each with column, first row and count.
            Nothing more is given out once one was found.
        """
        self._check_columns()
        tally, first, kept = Tally(), 0, 0
        for table in self.stream.tables():
            piece, n_rows = self._piece(eager_frame(table), first, tally)
            first += n_rows
            if not tally:
                kept += len(piece.rows)
                yield piece
        if tally:
            lines = self.stream.places(tally.first_rows())
            raise CellsError(f"{self.stream.label}: cells that cannot be used", problems=tally.problems(lines))
        if not kept:
            raise DataError(f"{self.stream.label}: no rows are left, every one of {first} has a blank")
        self._n_rows = kept

    def _piece(self, frame: Any, first: int, tally: Tally) -> tuple[Piece, int]:
        series = {str(name): frame.get_column(name) for name in frame.columns}
        X = np.empty((len(frame), self.n_features))
        at = 0
        troubles = {}
        for column in self.columns:
            width = len(column.feature_names)
            troubles[column.name] = column.encode(series[column.name], self.stream.spelled, X[:, at : at + width])
            at += width
        y = None
        if self.target is not None:
            cells = number_cells(series[self.target], self.stream.spelled)
            y, troubles[self.target] = cells.numbers, cells.troubles
        for name, found in troubles.items():
            tally.add(name, [t for t in found if not (self.drop_blanks and t.kind is Kind.BLANK)], first)
        rows = np.arange(first, first + len(frame))
        if self.drop_blanks and any(troubles.values()):
            keep = ~np.isnan(X).any(axis=1) if y is None else ~(np.isnan(X).any(axis=1) | np.isnan(y))
            X, y, rows = X[keep], None if y is None else y[keep], rows[keep]
        return Piece(X, y, rows), len(frame)

    def _check_columns(self) -> None:
        wanted = [column.name for column in self.columns] + ([self.target] if self.target is not None else [])
        there = self.stream.names
        extra = [name for name in there if name not in {*wanted, *self.ignored}]
        problems = [Problem(f"missing{did_you_mean(name, extra)}", name) for name in wanted if name not in there]
        problems += [Problem("not a column of the schema", name) for name in extra]
        if problems:
            raise ColumnsError(f"{self.stream.label}: columns", problems=problems,
                               advice=f"The schema has {', '.join(wanted)}")  # fmt: skip

    def blocks(self) -> Iterator[Block]:
        """Start over from the first row, cut at the same rows as an array of these numbers would be.

        Raises
        ------
        DataError
            As `pieces`; also where there is no target.
        """
        if self.target is None:
            raise DataError(f"{self.stream.label}: there is no target column, so there is no y")
        step = block_rows(self.n_features)
        X, y = np.empty((step, self.n_features)), np.empty(step)
        filled = first = 0
        for piece in self.pieces():
            done = 0
            while done < len(piece.X):
                take = min(step - filled, len(piece.X) - done)
                X[filled : filled + take] = piece.X[done : done + take]
                y[filled : filled + take] = piece.y[done : done + take]  # type: ignore[index]
                filled, done = filled + take, done + take
                if filled == step:
                    yield Block(X, y, None, first)
                    X, y = np.empty_like(X), np.empty_like(y)  # the last block may still be in use
                    first, filled = first + step, 0
        if filled:
            yield Block(X[:filled], y[:filled], None, first)

    def to_arrays(self) -> tuple[Array, Array]:
        """X (n_rows, n_features) and y (n_rows,), all of it in memory."""
        pieces = list(self.pieces())
        if self.target is None:
            raise DataError(f"{self.stream.label}: there is no target column, so there is no y")
        return np.concatenate([piece.X for piece in pieces]), np.concatenate([np.asarray(piece.y) for piece in pieces])
