"""Add rows to a least-squares fit: their moments are kept, the rows are not."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ConstantColumnWarning, PrecisionWarning, RankWarning
from ..maths.doubt import Doubt
from ..maths.solve import Solution, least_squares
from ..rows.executor import single_threaded_blas
from ..rows.schema import Column, Schema
from ..rows.source import Source
from .basis import Array
from .fitted_rows import fitted_rows
from .from_moments import few_rows, hold, listed, near_the_mean, refuse_vanishing
from .gate import names_of
from .vouching import FEW_DIGITS

__all__ = ["add_rows"]

ALL_AT_ONCE = "The earlier rows are gone, so there is no second look at them: fit all rows at once"


def add_rows(model: Any, X: Any, y: Any, sample_weight: ArrayLike | None) -> None:
    """Add rows to a fitted LeastSquares; see `LeastSquares.partial_fit`.

    Parameters
    ----------
    model : LeastSquares
    X, y, sample_weight : as for `fit`

    Raises
    ------
    DataError
        Rows that cannot be used, or other columns than those of earlier rows. The model stays as it was.
    """
    with single_threaded_blas():
        source = fitted_rows(model, X, y, sample_weight)
        moments = near_the_mean(model.moments_.merge(few_rows(source, model.moments_.pivot)))
        refuse_vanishing(moments, source)
        schema = _widened(model.schema_, source) if hasattr(model, "schema_") else None
        doubt = Doubt(moments, model.reg_lambda, model.fit_intercept)
        if doubt.undetermined:  # of all minima the smallest
            solution = least_squares(moments, model.reg_lambda, model.fit_intercept, None)
            solution = replace(solution, digits=0.0)
        else:
            solution = doubt.solve()
    hold(model, moments, solution)
    if schema is not None:
        model.schema_ = schema
    _warn(model, solution, doubt)


def _warn(model: Any, solution: Solution, doubt: Doubt) -> None:
    """Say what cannot be vouched for from moments alone, and what to do."""
    n_features, names = doubt.moments.n_features, names_of(model)
    constant = [j for j in solution.dependent if doubt.lost[j]]
    if constant:
        warnings.warn(
            f"constant so far: {listed(names, constant, n_features)}. Coefficient 0 is used",
            ConstantColumnWarning, stacklevel=4,
        )  # fmt: skip
    if involved := [j for j in solution.dependent if not doubt.lost[j]]:
        why = "these columns determine each other, as far as moments alone can tell"
        if doubt.moments.rows < n_features + model.fit_intercept:
            why = f"{doubt.moments.rows} rows so far cannot determine the coefficients"
        warnings.warn(
            f"rank {solution.rank} of {n_features}: {why}: {listed(names, involved, n_features)}. The smallest "
            f"coefficients that fit are given. Add rows, drop columns or set reg_lambda. {ALL_AT_ONCE}",
            RankWarning, stacklevel=4,
        )  # fmt: skip
    elif solution.digits < FEW_DIGITS:
        warnings.warn(
            f"from moments alone only {solution.digits:.1f} digits of the coefficients can be vouched for "
            f"(condition {solution.condition:.1e}). {ALL_AT_ONCE}",
            PrecisionWarning, stacklevel=4,
        )  # fmt: skip


def _widened(schema: Schema, source: Source) -> Schema:
    """The schema of the rows so far and these: what was seen in a column may only grow."""
    blocks = [(block.X.min(axis=0), block.X.max(axis=0), (np.rint(block.X) == block.X).all(axis=0))
              for block in source.blocks()]  # fmt: skip
    low, high = np.min([b[0] for b in blocks], axis=0), np.max([b[1] for b in blocks], axis=0)
    whole = np.all([b[2] for b in blocks], axis=0)
    return replace(schema, columns=tuple(_columns(schema, low, high, whole)))


def _columns(schema: Schema, low: Array, high: Array, whole: Any) -> Iterator[Column]:
    at = 0
    for column in schema.columns:
        if column.low is not None and column.high is not None:
            reach = min(column.low, float(low[at])), max(column.high, float(high[at]))
            yield replace(column, kind=_kind(column.kind, *reach, bool(whole[at])), low=reach[0], high=reach[1])
        else:
            yield column
        at += len(column.feature_names)


def _kind(kind: str, low: float, high: float, whole: bool) -> str:
    """What the column is by the values of old and new rows."""
    if kind == "numeric" or not whole:
        return "numeric"
    return "boolean" if low >= 0 and high <= 1 else "integer"
