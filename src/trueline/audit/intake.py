"""The gate of an audit: a table or arrays as numbers, names and suppliers, or everything in the way at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ColumnsError, DataError, MagnitudeError, OptionError, Problem, ShapeError
from ..models.base import LinearModel
from ..models.first_read import SMALLEST
from ..models.gate import column_name
from ..rows import table
from ..rows.schema import Schema
from ..rows.source import in_memory
from ..rows.stream import did_you_mean
from ..rows.stream import open as open_rows
from .effort import MOST_COLUMNS
from .saying import count, listed

__all__ = ["Intake", "Wanted", "take_in"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Wanted:
    """How a table is read.

    Parameters
    ----------
    one_hot, drop : tuple of str
    drop_missing : bool
    source : str, array or None
        The column that says who supplied a row, or an array of suppliers.
    schema : Schema or None
        The columns that a model takes; learnt from the table by default.
    """

    one_hot: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    drop_missing: bool = False
    source: Any = None
    schema: Schema | None = None


@dataclass(frozen=True, eq=False)
class Intake:
    """Rows as numbers, in the units of the data.

    Parameters
    ----------
    X, y : ndarray (n_rows, n_features), ndarray (n_rows,)
    names : tuple of str (n_features,)
    target : str
    numbers : ndarray (n_rows,)
        Where each row stands in the table, from 1.
    source : ndarray of str (n_rows,) or None
    source_name : str
    schema : Schema or None
    """

    X: Array
    y: Array
    names: tuple[str, ...]
    target: str
    numbers: NDArray[np.intp]
    source: NDArray[np.str_] | None
    source_name: str
    schema: Schema | None


def take_in(X: Any, y: Any, wanted: Wanted) -> Intake:
    """Read the rows, and refuse those that an audit can say nothing about.

    Parameters
    ----------
    X : array, frame or stream
    y : array, or the name of a column of X
    wanted : Wanted

    Raises
    ------
    DataError
        What is in the way: every column and cell at once.
    """
    rows = _named(X, y, wanted) if isinstance(y, str) else _arrays(X, y, wanted)
    _check(rows)
    return rows


def _named(X: Any, target: str, wanted: Wanted) -> Intake:
    stream = open_rows(X)
    by_name = isinstance(wanted.source, str)
    if by_name and wanted.source not in stream.names:
        raise ColumnsError(f"source={wanted.source!r} is no column{did_you_mean(wanted.source, stream.names)}")
    if by_name and wanted.source == target:
        raise ColumnsError(f"source={wanted.source!r} is the target: it cannot say who supplied a row")
    dropped = tuple(dict.fromkeys([*wanted.drop, *([wanted.source] if by_name else [])]))
    schema = wanted.schema
    if schema is None:
        schema = Schema.learn(stream, target, one_hot=wanted.one_hot, drop=dropped, drop_missing=wanted.drop_missing)
    else:
        extra = tuple(name for name in dropped if name not in (*schema.names, *schema.dropped, target))
        schema = replace(schema, target=target, dropped=(*schema.dropped, *extra))
    pieces = list(schema.source(stream).pieces())
    kept = np.concatenate([piece.rows for piece in pieces])
    suppliers, label = _suppliers(stream, wanted.source, kept) if wanted.source is not None else (None, "")
    labels = np.concatenate([np.asarray(piece.y) for piece in pieces])
    return Intake(
        np.concatenate([piece.X for piece in pieces]),
        labels,
        schema.feature_names,
        target,
        kept + 1,
        suppliers,
        label,
        schema,
    )


def _suppliers(stream: Any, source: Any, kept: NDArray[np.intp]) -> tuple[NDArray[np.str_], str]:
    if isinstance(source, str):
        frames = [table.eager_frame(part) for part in stream.tables()]
        values: list[Any] = [cell for frame in frames for cell in frame.get_column(source).to_list()]
        return _as_text([values[i] for i in kept]), source
    found = list(source)
    if len(found) <= int(kept.max()):
        raise ShapeError(f"source must name the supplier of each row, got {len(found)}")
    return _as_text([found[i] for i in kept]), "source"


def _arrays(X: Any, y: Any, wanted: Wanted) -> Intake:
    if wanted.one_hot or wanted.drop or isinstance(wanted.source, str):
        raise OptionError(
            "one_hot, drop and the name of a source go with a table and the name of its target",
            advice='audit.run(frame, "target", ...)',
        )
    gate = LinearModel()
    rows = in_memory(gate._source(X, y, None))
    table.check_finite(rows.X, rows.names, "X")
    table.check_finite(rows.y, what="y")
    names = tuple(column_name(rows.names, j) for j in range(rows.X.shape[1]))
    name = str(getattr(y, "name", None) or "y")
    suppliers = None if wanted.source is None else _as_text(list(wanted.source))
    if suppliers is not None and len(suppliers) != len(rows.y):
        raise ShapeError(f"source must name the supplier of each of the {len(rows.y)} rows, got {len(suppliers)}")
    numbers = np.arange(1, len(rows.y) + 1)
    return Intake(
        rows.X.astype(np.float64),
        rows.y.astype(np.float64),
        names,
        name,
        numbers,
        suppliers,
        "" if suppliers is None else "source",
        None,
    )


def _as_text(values: Iterable[Any]) -> NDArray[np.str_]:
    blank = ("", None)
    return np.array(["(blank)" if value in blank or value != value else str(value) for value in values])


def _check(rows: Intake) -> None:
    n, d = rows.X.shape
    if d > MOST_COLUMNS:
        raise ShapeError(
            f"{d:,} columns (encoded ones counted) are more than the {MOST_COLUMNS:,} that an audit takes",
            advice="Leave out columns with drop, or audit a model of fewer",
        )
    if np.ptp(rows.y) == 0:
        what = f"{rows.target} is {rows.y[0]:g} in every row"
        raise DataError(
            what + (", and all rows are identical" if not np.ptp(rows.X, axis=0).any() else ""),
            advice="There is nothing to predict, so nothing to audit",
        )
    if n < max(8, 2):
        raise ShapeError(f"{count(n, 'row')} cannot be audited", advice="Give at least 8 rows, and more than columns")
    _check_sizes(rows)
    twins = [name for name, column in zip(rows.names, rows.X.T, strict=True) if (column == rows.y).all()]
    if twins:
        raise ColumnsError(
            "features",
            problems=[Problem("is the target again", name, fix=f"--drop {name}") for name in twins],
            advice=f"A model that is given {rows.target} predicts nothing: leave out {listed(twins)}",
        )


def _check_sizes(rows: Intake) -> None:
    """Refuse numbers that no fit can square, by the names of the table."""
    problems = []
    for name, column in zip((*rows.names, rows.target), (*rows.X.T, rows.y), strict=True):
        with np.errstate(over="ignore"):
            squares = float(np.square(column).sum())
        if not np.isfinite(squares):
            problems.append(Problem("squares of its values overflow float64", name))
        elif squares < SMALLEST**2 * len(column) and column.any():
            problems.append(Problem("values so small that their squares vanish in float64", name))
    if problems:
        raise MagnitudeError(problems=problems, advice="Measure it in another unit (multiply by a constant)")
