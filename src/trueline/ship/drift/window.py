"""A window of later rows, counted in the cells of the reference: one read, bounded memory, nothing refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...errors import DataError, ShapeError
from ...models.foreign import Line
from ...rows.arrays import numbers_only
from ...rows.cells import level_cells, number_cells
from ...rows.schema import Column, Schema
from ...rows.stream import open as open_stream
from ...rows.table import eager_frame, is_frame
from .cells import Counter
from .learning import Layout, Running
from .pairs import PairCounter, Pairs
from .reference import Reference

__all__ = ["Subject", "Window", "read_window"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Subject:
    """The model that is watched: its line, the columns that it takes, and what they looked like in training."""

    line: Line
    schema: Schema
    reference: Reference

    @property
    def layout(self) -> Layout:
        return Layout.of(self.schema.feature_names, self.schema)

    def served(self, X: Array) -> Array:
        """Features as predictions see them: clipped by the schema where its policy says so, then by the model."""
        bounds = [c for c in self.schema.columns for _ in c.feature_names]
        clipping = [c.out_of_range == "clip" and c.low is not None and c.high is not None for c in bounds]
        if any(clipping):
            low = [c.low if on else -np.inf for c, on in zip(bounds, clipping, strict=True)]
            high = [c.high if on else np.inf for c, on in zip(bounds, clipping, strict=True)]
            X = np.clip(X, np.array(low, dtype=np.float64), np.array(high, dtype=np.float64))
        return np.asarray(self.line.scaling.clip(X))


@dataclass(frozen=True, eq=False)
class Window:
    """What the rows of a window come to.

    Parameters
    ----------
    rows : int
    counters : list of Counter
        Of every column, the prediction, and with labels the residual.
    columns : Running
        Of the same, over the values that are there.
    features, clipped : Running
        Of the features, as they are and as predictions see them, over the rows that can be predicted.
    unknown : tuple of int
        Levels not seen in training, of every column.
    labelled : bool
    missing : tuple of str
        Columns that are not there.
    problems : tuple of str
        Everything that the schema says otherwise, in words.
    refused : bool
        Whether columns are missing, or there are others.
    pairs : Pairs, optional
        Of the same columns as those of training, where training remembers them.
    """

    rows: int
    counters: list[Counter]
    columns: Running
    features: Running
    clipped: Running
    unknown: tuple[int, ...]
    labelled: bool
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    refused: bool = False
    pairs: Pairs | None = None

    @cached_property
    def means(self) -> Array:
        """Of every column, the prediction and the residual."""
        return self.columns.mean

    @cached_property
    def spreads(self) -> Array:
        """Standard deviations of the same."""
        return self.columns.sd

    @property
    def copies(self) -> bool:
        """Whether all rows are copies of one, as far as they hold values."""
        here = slice(None, len(self.unknown))
        low, high, rows = self.columns.low[here], self.columns.high[here], self.columns.rows[here]
        return self.rows > 1 and bool(rows.any()) and bool((low >= high).all())


class _Piece(NamedTuple):
    """Features, columns with the position of the level for a category, labels; NaN for what is no value."""

    X: Array
    raw: Array
    y: Array | None


def read_window(frame: Any, y: Any, subject: Subject) -> Window:
    """Count the rows of a frame, a file or an array; blanks, text and unknown levels are counted, never refused.

    Parameters
    ----------
    frame : frame, path, what `rows.open` gives, or array (n, n_features)
    y : array (n,), name of a column, or None
        Labels, where they are known; NaN where not yet. None takes the schema's target, where the frame has it.
    subject : Subject

    Raises
    ------
    ReadError
        A file that cannot be read.
    ShapeError
        An array of another width, or labels of another length.
    """
    if not (is_frame(frame) or isinstance(frame, str) or hasattr(frame, "__fspath__") or hasattr(frame, "tables")):
        return _counted(_from_array(frame, y, subject), subject)
    stream = open_stream(frame)
    target = y if isinstance(y, str) else subject.schema.target if y is None else None
    if isinstance(y, str) and y not in stream.names:
        raise DataError(f"{stream.label}: no column {y!r} to take labels from", advice="Name one that is there")
    missing = tuple(name for name in subject.schema.names if name not in stream.names)
    pieces = _from_frame(stream, subject.schema, target, None if isinstance(y, str) else y)
    window = replace(_counted(pieces, subject), missing=missing)
    return _with_problems(window, stream, subject.schema, target) if window.rows else window


def _with_problems(window: Window, stream: Any, schema: Schema, target: str | None) -> Window:
    """The same, with what the schema says of the table."""
    found = [violation for violation in schema.check(stream).violations if violation.column != target]
    said = tuple(dict.fromkeys(violation.message for violation in found))
    refused = any(violation.policy == "refuse" and violation.kind in ("missing", "extra") for violation in found)
    return replace(window, problems=said, refused=refused)


def _counted(pieces: Iterator[_Piece], subject: Subject) -> Window:
    """One read."""
    reference, line = subject.reference, subject.line
    with_residuals = reference.residuals is not None
    watched = [*reference.columns, reference.predictions, *([reference.residuals] if reference.residuals else [])]
    counters = [Counter(each.cells) for each in watched]
    columns, d = Running(len(watched)), len(line.coef)
    features, clipped, unknown = Running(d), Running(d), np.zeros(len(reference.columns), dtype=np.int64)
    levels = np.array([len(names) or np.inf for names in subject.layout.levels])
    together = None if reference.pairs is None else PairCounter(subject.layout.numbers, reference.pairs.middles)
    rows, labelled = 0, False
    for piece in pieces:
        served = subject.served(piece.X)
        with np.errstate(over="ignore", invalid="ignore"):
            predictions = served @ line.coef + line.intercept
            labels = np.full(len(piece.X), np.nan) if piece.y is None else piece.y
            counted = [piece.raw, predictions[:, None], *([(labels - predictions)[:, None]] if with_residuals else [])]
        values = np.column_stack(counted)
        whole = np.isfinite(predictions)
        for counter, column in zip(counters, values.T, strict=True):
            counter.add(column)
        columns.add(values)
        features.add(piece.X[whole])
        clipped.add(served[whole])
        unknown += (piece.raw >= levels).sum(axis=0)
        if together is not None:
            together.add(piece.raw)
        rows, labelled = rows + len(values), labelled or (with_residuals and bool(np.isfinite(labels).any()))
    counts = tuple(int(number) for number in unknown)
    pairs = None if together is None else together.pairs
    return Window(rows, counters, columns, features, clipped, counts, labelled, pairs=pairs)


def _from_array(X: Any, y: Any, subject: Subject) -> Iterator[_Piece]:
    matrix = np.asarray(numbers_only(X, "X"), dtype=np.float64)
    width = len(subject.line.coef)
    if matrix.size == 0:
        return
    if matrix.ndim != 2 or matrix.shape[1] != width:
        raise ShapeError(f"the window has shape {matrix.shape}, this model takes (n_samples, {width})")
    yield _Piece(matrix, subject.layout.raw(matrix), _labels(y, len(matrix)))


def _labels(y: Any, rows: int) -> Array | None:
    if y is None:
        return None
    labels = np.asarray(numbers_only(y, "y"), dtype=np.float64).ravel()
    if len(labels) != rows:
        raise ShapeError(f"the window has {rows} rows, and there are {len(labels)} labels")
    return labels


def _from_frame(stream: Any, schema: Schema, target: str | None, y: Any) -> Iterator[_Piece]:
    """Pieces as large as the table gives them; a column that is missing is all NaN."""
    first = 0
    given = None if y is None else np.asarray(numbers_only(y, "y"), dtype=np.float64).ravel()
    try:
        for table in stream.tables():
            frame = eager_frame(table)
            series = {str(name): frame.get_column(name) for name in frame.columns}
            parts = [_column(column, series.get(column.name), stream.spelled, len(frame)) for column in schema.columns]
            labels = None
            if given is not None:
                labels = given[first : first + len(frame)]
                if len(labels) < len(frame):
                    raise ShapeError(f"{stream.label}: more rows than the {len(given)} labels")
            elif target in series:
                labels = number_cells(series[target], stream.spelled).numbers
            first += len(frame)
            yield _Piece(np.hstack([X for X, _ in parts]), np.column_stack([raw for _, raw in parts]), labels)
    except DataError as error:
        if first or type(error) is not DataError:  # a table without rows is a window without rows
            raise
    if given is not None and len(given) != first:
        raise ShapeError(f"{stream.label}: {first} rows, and {len(given)} labels")


def _column(column: Column, series: Any, spelled: bool, rows: int) -> tuple[Array, Array]:
    """Features (rows, width) and the column (rows,), NaN for what predictions would refuse."""
    width = len(column.feature_names)
    if series is None:
        return np.full((rows, width), np.nan), np.full(rows, np.nan)
    if column.kind != "category":
        numbers = np.array(number_cells(series, spelled).numbers)
        return numbers[:, None], numbers
    names, _ = level_cells(series, spelled)
    return _one_hot(column, _positions(names, column.levels))


def _positions(names: Any, levels: Sequence[str]) -> Array:
    """Position of every level; their number for one that is not among them, NaN for a blank."""
    found: Any = pc.index_in(names, value_set=pa.array(levels, pa.string()))
    codes = np.asarray(pc.fill_null(found, len(levels))).astype(np.float64)
    return np.where(np.asarray(names.is_null()), np.nan, codes)


def _one_hot(column: Column, codes: Array) -> tuple[Array, Array]:
    X = (codes[:, None] == np.arange(1, len(column.levels))).astype(np.float64)
    X[np.isnan(codes)] = np.nan
    if column.unknown_level == "refuse":
        X[codes == len(column.levels)] = np.nan
    return X, codes
