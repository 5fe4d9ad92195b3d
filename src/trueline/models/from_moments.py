"""What partial_fit and forget share: a few rows seen from the pivot of the moments, and a fit from moments alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from ..maths.moments import Moments
from ..maths.scaling import Scaling
from ..maths.solve import Solution
from ..rows.executor import map_merge
from ..rows.source import Block, Source
from .basis import Array
from .first_read import SMALLEST, largest_of, refuse_cells, refuse_magnitude
from .gate import column_name

__all__ = ["few_rows", "hold", "listed", "near_the_mean", "positive", "refuse_vanishing"]

DRIFT = 100.0  # variances between pivot and mean from which the moments are seen from the mean instead


def few_rows(source: Source, pivot: Array) -> Moments:
    """Moments of some rows about a pivot that others share, in one read; a single row will do.

    Raises
    ------
    CellsError, MagnitudeError
        Cells that are not finite, or whose squares overflow; column and row are named.
    """

    def summarise(block: Block) -> Moments:
        return Moments.of(block.X, block.y, block.weights, pivot)

    with np.errstate(over="ignore", invalid="ignore"):
        moments = map_merge(summarise, source.blocks(), Moments.merge)
        good = np.isfinite(np.diag(moments.scatter)) & np.isfinite(moments.total)
    if not good.all():
        refuse_cells(source)
        refuse_magnitude(source, ~good, "squares of its values overflow float64")
    return moments


def refuse_vanishing(moments: Moments, source: Source) -> None:
    """Columns that look like zeros because their squares underflow.

    Raises
    ------
    MagnitudeError
        The column is named.
    """
    spread = np.diag(moments.scatter) + moments.weight * np.square(moments.pivot)
    suspects = spread < SMALLEST**2 * moments.weight
    if suspects.any():
        refuse_magnitude(
            source, suspects & (largest_of(source) > 0), "values so small that their squares vanish in float64"
        )


def near_the_mean(moments: Moments) -> Moments:
    """The same rows, seen from their mean where that has drifted far from the pivot."""
    drift = np.square(moments.total / moments.weight)
    far = drift > DRIFT * np.maximum(np.diag(moments.covariance), 0.0)
    return positive(moments.about(moments.mean)) if (far & (drift > 0)).any() else moments


def positive(moments: Moments) -> Moments:
    """No sum of squares below zero, which rounding may make of a column that never changes."""
    scatter = moments.scatter.copy()
    np.fill_diagonal(scatter, np.maximum(np.diag(scatter), 0.0))
    return replace(moments, scatter=scatter)


def hold(model: Any, moments: Moments, solution: Solution) -> None:
    """Make this fit the model's."""
    model.coef_, model.intercept_ = solution.coef, solution.intercept
    model.moments_, model.scaling_ = moments, Scaling.none(moments.n_features)
    model.rank_, model.condition_ = solution.rank, solution.condition
    model.solver_, model.digits_ = solution.solver, solution.digits


def listed(names: tuple[str, ...] | None, columns: Iterable[int], n_features: int) -> str:
    """Up to eight columns by name, y after the features."""
    said = ["y" if j == n_features else column_name(names, int(j)) for j in columns]
    return ", ".join(said[:8]) + (f" and {len(said) - 8} more" if len(said) > 8 else "")
