"""A stream of tables as numbers: the same pieces for training and for prediction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import CellsError, ColumnsError, DataError
from .cells import number_cells
from .columns import Column
from .source import Block, block_rows
from .stream import TableStream
from .table import eager_frame
from .troubles import Kind, Tally, Trouble, as_problem
from .violations import SchemaCheck, Violation, cell_violations, column_violations, in_words

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
    extra : str
        What becomes of columns beyond these: ``"refuse"`` or ``"warn"``.
    judged : bool
        Rows for prediction: the columns' policies apply, and once read `found` says to what.
    """

    stream: TableStream
    columns: tuple[Column, ...]
    target: str | None
    drop_blanks: bool = False
    ignored: tuple[str, ...] = ()
    extra: str = "refuse"
    judged: bool = False
    found: SchemaCheck = field(init=False, default=SchemaCheck(0))
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
        columns = self._columns_found()
        if refused := SchemaCheck(0, columns).problems():
            raise ColumnsError(f"{self.stream.label}: columns", problems=refused,
                               advice=f"The schema has {', '.join(self._wanted)}")  # fmt: skip
        refused_cells, noticed, first, kept = Tally(), Tally(), 0, 0
        for table in self.stream.tables():
            piece, n_rows = self._piece(eager_frame(table), first, refused_cells, noticed)
            first += n_rows
            if not refused_cells:
                kept += len(piece.rows)
                yield piece
        if refused_cells:
            lines = self.stream.places(refused_cells.first_rows())
            known = {column.name: column for column in self.columns}
            problems = [as_problem(name, trouble, lines, in_words(known.get(name), trouble))
                        for name, trouble in refused_cells.all()]  # fmt: skip
            raise CellsError(f"{self.stream.label}: cells that cannot be used", problems=problems)
        if not kept:
            raise DataError(f"{self.stream.label}: no rows are left, every one of {first} has a blank")
        self.found = SchemaCheck(first, (*columns, *cell_violations(noticed, self.columns)))
        self._n_rows = kept

    def check(self) -> SchemaCheck:
        """Everything in the whole table that the schema says otherwise, refused or not; nothing is raised for it."""
        columns, n_rows = self._columns_found(), 0
        missing = {violation.column for violation in columns if violation.kind == "missing"}
        present = replace(self, columns=tuple(column for column in self.columns if column.name not in missing))
        refused, noticed = Tally(), Tally()
        for table in self.stream.tables():
            n_rows += present._piece(eager_frame(table), n_rows, refused, noticed)[1]
        cells = [*cell_violations(refused, self.columns), *cell_violations(noticed, self.columns)]
        columns = tuple(replace(violation, count=n_rows) for violation in columns)
        return SchemaCheck(n_rows, (*columns, *cells))

    def _piece(self, frame: Any, first: int, refused: Tally, noticed: Tally) -> tuple[Piece, int]:
        series = {str(name): frame.get_column(name) for name in frame.columns}
        X = np.empty((len(frame), self.n_features))
        at = 0
        blank = False
        for column in self.columns:
            width = len(column.feature_names)
            troubles = column.encode(series[column.name], self.stream.spelled, X[:, at : at + width], self.judged)
            blank |= self._sort_out(column, column.name, troubles, first, (refused, noticed))
            at += width
        y = None
        if self.target is not None:
            cells = number_cells(series[self.target], self.stream.spelled)
            y = cells.numbers
            blank |= self._sort_out(None, self.target, cells.troubles, first, (refused, noticed))
        rows = np.arange(first, first + len(frame))
        if self.drop_blanks and blank:
            keep = ~np.isnan(X).any(axis=1) if y is None else ~(np.isnan(X).any(axis=1) | np.isnan(y))
            X, y, rows = X[keep], None if y is None else y[keep], rows[keep]
        return Piece(X, y, rows), len(frame)

    def _sort_out(
        self, column: Column | None, name: str, troubles: Iterable[Trouble], first: int, tallies: tuple[Tally, Tally]
    ) -> bool:
        """Add troubles to what is refused, or to what is only noticed; are there blanks?"""
        refused, noticed = tallies
        blank = False
        for trouble in troubles:
            blank |= trouble.kind is Kind.BLANK
            if self.drop_blanks and trouble.kind is Kind.BLANK:
                continue
            mild = self.judged and column is not None and column.policy(trouble.kind) != "refuse"
            (noticed if mild else refused).add(name, [trouble], first)
        return blank

    @property
    def _wanted(self) -> list[str]:
        return [column.name for column in self.columns] + ([] if self.target is None else [self.target])

    def _columns_found(self) -> tuple[Violation, ...]:
        """Columns that are missing, and others that are there."""
        extra = self.extra if self.judged else "refuse"
        return tuple(column_violations(self._wanted, self.stream.names, set(self.ignored), extra))

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
