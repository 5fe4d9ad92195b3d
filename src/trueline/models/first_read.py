"""The first read of the rows: their moments, refused by name where numbers cannot be squared or added."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ConstantColumnWarning, DataError, MagnitudeError, Problem, ShapeError
from ..maths.moments import Moments
from ..maths.scaling import Scaling, constant_columns
from ..rows import table
from ..rows.passes import moments_of
from ..rows.source import ArraySource, Source
from .gate import column_name

__all__ = ["SMALLEST", "Summary", "largest_of", "refuse_cells", "refuse_magnitude", "summarise", "warn_constant"]

Array = NDArray[np.float64]

SMALLEST = 1e-140  # squares of smaller numbers are lost to underflow


@dataclass(frozen=True, eq=False)
class Summary:
    """What the first read of the rows gives: their moments, and the columns that never change."""

    source: Source
    moments: Moments
    constant: NDArray[np.bool_]


def summarise(source: Source, scaling: Scaling | None, intercept: bool) -> Summary:
    """Moments of the (clipped) rows, refused where a cell is not finite or too large or small to be squared.

    Raises
    ------
    CellsError
        NaN or infinity, with column, first row and count.
    MagnitudeError
        A column whose squares overflow or underflow.
    ShapeError
        A single row.
    """
    if scaling is not None and scaling.low is not None:
        refuse_cells(source)  # clipping would make a number of infinity
    with np.errstate(over="ignore", invalid="ignore"):
        moments = moments_of(source, scaling)
        scatter_finite = np.isfinite(np.diag(moments.scatter)) & np.isfinite(moments.total)
    if not scatter_finite.all():
        refuse_cells(source)
        refuse_magnitude(source, ~scatter_finite, "squares of its values overflow float64")
    if moments.rows < 2:
        raise ShapeError(f"one row (1 sample, n_samples = {moments.rows}) cannot determine a line",
                         advice="Give at least two rows")  # fmt: skip
    if moments.weight <= 0:
        raise DataError("all weights are zero, so no row counts")
    spread = np.diag(moments.scatter) + moments.weight * np.square(moments.pivot)
    suspects = spread < SMALLEST**2 * moments.weight
    if suspects.any():
        suspects &= largest_of(source) > 0
        refuse_magnitude(source, suspects, "values so small that their squares vanish in float64")
    constant = constant_columns(moments) if intercept else np.diag(moments.second)[:-1] == 0
    return Summary(source, moments, np.asarray(constant))


def warn_constant(summary: Summary) -> None:
    """Name the columns that get coefficient 0 because they never change."""
    if summary.constant.any():
        names = ", ".join(column_name(summary.source.names, int(j)) for j in np.flatnonzero(summary.constant))
        warnings.warn(
            f"constant column{'s' if summary.constant.sum() > 1 else ''}: {names}. Coefficient 0 is used; "
            "drop what never changes, the intercept already holds it",
            ConstantColumnWarning, stacklevel=4,
        )  # fmt: skip


def refuse_cells(source: Source) -> None:
    """Name every cell that is not finite; silent where all are."""
    if isinstance(source, ArraySource):
        table.check_finite(source.X, source.names, "X")
        table.check_finite(source.y, what="y")
        return
    for block in source.blocks():
        table.check_finite(block.X, source.names, "X")
        table.check_finite(block.y, what="y")


def refuse_magnitude(source: Source, columns: NDArray[np.bool_], what: str) -> None:
    names = [column_name(source.names, j) for j in range(source.n_features)] + ["y"]
    problems = [Problem(what, names[int(j)]) for j in np.flatnonzero(columns)]
    if problems:
        raise MagnitudeError(problems=problems, advice="Measure it in another unit (multiply by a constant)")


def largest_of(source: Source) -> Array:
    """Largest magnitude of every column, y last."""
    return np.max([np.append(np.abs(block.X).max(axis=0), np.abs(block.y).max()) for block in source.blocks()], axis=0)  # type: ignore[no-any-return]
