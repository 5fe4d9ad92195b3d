"""Where a shift of predictions falls: its mean over the rows of each level or quarter of a column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ground import Ground

__all__ = ["Segment", "inside", "segments", "worst_segment"]

Array = NDArray[np.float64]

SMALLEST = 0.02  # of the rows


@dataclass(frozen=True, eq=False)
class Segment:
    """Some rows that a person can name.

    Parameters
    ----------
    name : str
    inside : ndarray of bool (n_rows,)
    """

    name: str
    inside: NDArray[np.bool_]


def segments(ground: Ground) -> Iterator[Segment]:
    """Levels of encoded columns, the two sides of columns of 0 and 1, lowest and highest quarter of the others."""
    names, X = ground.names, ground.X
    yield Segment("", np.ones(ground.n, dtype=bool))
    for levels in _groups(ground):
        columns = [names.index(name) for name in levels[1:]]
        yield Segment(levels[0], np.logical_not(X[:, columns].any(axis=1)))
    for j, name in enumerate(names):
        column = X[:, j]
        values = np.unique(column[:10_000])
        if len(values) <= 2 and set(values.tolist()) <= {0.0, 1.0}:
            yield Segment(name if "=" in name else f"{name} = 1", np.asarray(column == 1))
            if "=" not in name:
                yield Segment(f"{name} = 0", column == 0)
        elif len(values) > 2:
            low, high = np.quantile(column, [0.25, 0.75])
            yield Segment(f"{name} up to {low:.4g}", column <= low)
            yield Segment(f"{name} from {high:.4g}", column >= high)


def inside(ground: Ground, name: str) -> NDArray[np.bool_]:
    """The rows of a segment.

    Parameters
    ----------
    ground : Ground
    name : str
        One that `segments` gives; all rows where there is none of that name.
    """
    return next((one.inside for one in segments(ground) if one.name == name), np.ones(ground.n, dtype=bool))


def _groups(ground: Ground) -> list[list[str]]:
    """Encoded columns as the name of their reference level, then their features."""
    if ground.rows.schema is None:
        return []
    return [
        [f"{column.name}={column.levels[0]}", *column.feature_names]
        for column in ground.rows.schema.columns
        if column.levels and len(column.levels) > 1
    ]


def worst_segment(ground: Ground, shift: Array, rows: NDArray[np.bool_] | None = None) -> tuple[str, float]:
    """The segment with the largest mean shift, and that mean; an empty name for all rows.

    Parameters
    ----------
    ground : Ground
    shift : ndarray (n_rows,)
        In units of y.
    rows : ndarray of bool (n_rows,), optional
        Those that count.
    """
    best = ("", 0.0)
    for segment in segments(ground):
        inside = segment.inside if rows is None else segment.inside & rows
        if inside.sum() >= max(5, SMALLEST * ground.n):
            mean = float(shift[inside].mean())
            best = (segment.name, mean) if abs(mean) > abs(best[1]) * 1.0000001 else best
    return best
