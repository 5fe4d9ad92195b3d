"""Take rows out of a saved model, and out of everything else in its file that remembers them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, OptionError, Problem
from ..maths.doubt import Doubt, blur, impossible_columns
from ..maths.moments import Moments
from ..models.foreign import as_line
from ..models.least_squares import LeastSquares
from ..rows.schema import Column, Schema
from .artifact import Model
from .record import versions

__all__ = ["Forgotten", "forget_rows"]

Array = NDArray[np.float64]

MEASURED = ("metrics",)  # with the forgotten rows, and not to be repaired
REFIT = "Fit again on the rows that remain"


@dataclass(frozen=True)
class Forgotten:
    """What `forget_rows` did.

    Parameters
    ----------
    model : Model
        Of the remaining rows.
    refreshed, dropped : tuple of str
        What in the file was worked out anew from the moments, and what could not be: hash and distribution of rows that
        are not at hand, errors measured with those forgotten.
    ranges : dict of str to (float, float)
        Columns of which a smallest or largest value was forgotten, and the range in which the remaining values must
        lie.
    """

    model: Model
    refreshed: tuple[str, ...]
    dropped: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]


def forget_rows(model: Model, X: Array, y: Array) -> Forgotten:
    """The model without these rows, its training record and schema included.

    Parameters
    ----------
    model : Model
        A LeastSquares without sample weights, saved with its moments and a schema.
    X, y : ndarray (n_samples, n_features), (n_samples,)
        The rows, encoded by its schema.

    Raises
    ------
    OptionError
        Not such a model.
    DataError
        These rows cannot have been in the fit, or the rest does not determine it, or has lost a level.
    """
    fitted = model.least_squares()
    moments, schema = fitted.moments_, model.schema
    if schema is None:
        raise OptionError("the model was saved without a schema, so its columns cannot be told apart by name")
    if (moments.weight, moments.idle, moments.log_weight) != (moments.rows, 0, 0.0):
        raise OptionError("the model was fitted with sample weights, which a table of rows does not tell",
                          advice="In Python: ship.load(path).least_squares().forget(X, y, sample_weight)")  # fmt: skip
    _refuse_unseen(schema, X)
    _refuse_last_levels(schema, moments, Moments.of(X, y, pivot=moments.pivot))
    fitted.__dict__.pop("feature_names_in_", None)  # X is in the order of the schema
    fitted.forget(X, y)
    ranges = dict(_ranges(schema, X, fitted.moments_))
    columns = (replace(c, low=ranges[c.name][0], high=ranges[c.name][1]) if c.name in ranges else c
               for c in schema.columns)  # fmt: skip
    record, unresolved = _record(fitted)
    refreshed = ("coefficients", "moments", *record)
    dropped = [name for name in (*MEASURED, *unresolved) if model.training.get(name) is not None]
    dropped += [what for what, part in (("snapshot", model.data), ("reference", model.reference)) if part is not None]
    kept = {name: value for name, value in model.training.items() if name not in (*MEASURED, *unresolved)}
    training = kept | record | {"metrics": None, "forgotten_rows": _before(model.training) + len(y)}
    without = replace(
        model, line=as_line(fitted), schema=replace(schema, columns=tuple(columns)), training=training,
        moments=fitted.moments_, data=None, reference=None,
    )  # fmt: skip
    return Forgotten(without, refreshed, tuple(dropped), ranges)


def _before(training: dict[str, Any]) -> int:
    count = training.get("forgotten_rows", 0)
    return count if isinstance(count, int) else 0


def _record(fitted: LeastSquares) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What moments tell of the fit, and the names of what they cannot resolve."""
    record: dict[str, Any] = {
        "versions": versions(), "rows": fitted.moments_.rows, "solver": fitted.solver_, "rank": fitted.rank_,
        "digits": fitted.digits_,
        "condition": fitted.condition_ if np.isfinite(fitted.condition_) else None,
    }  # fmt: skip
    doubt = Doubt(fitted.moments_, fitted.reg_lambda, fitted.fit_intercept)
    mse, error = doubt.mean_square(fitted.coef_)
    if mse < 10 * error:
        return record, ("train_mse", "train_r2")
    spread = float(fitted.moments_.covariance[-1, -1])
    return record | {"train_mse": mse, "train_r2": 1 - mse / spread}, ()


def _places(schema: Schema) -> Iterator[tuple[Column, int]]:
    """Every column, and where its features begin."""
    at = 0
    for column in schema.columns:
        yield column, at
        at += len(column.feature_names)


def _refuse_unseen(schema: Schema, X: Array) -> None:
    """Numbers that the column did not hold in training."""
    problems = []
    for column, at in _places(schema):
        if column.low is None or column.high is None:
            continue
        outside = (X[:, at] < column.low) | (X[:, at] > column.high)
        if column.kind != "numeric":
            outside |= X[:, at] != np.rint(X[:, at])
        if outside.any():
            first = int(np.argmax(outside))
            what = f"{X[first, at]:g} was not among the {column.kind} values {column.low:g} to {column.high:g}"
            problems.append(Problem(what, column.name, count=int(outside.sum())))
    if problems:
        raise DataError("these rows were not in the fit", problems=problems)


def _refuse_last_levels(schema: Schema, before: Moments, gone: Moments) -> None:
    """Levels of which no row is left: the schema would remember them, and the fit could not say what they mean."""
    if gone.rows >= before.rows:
        return
    rest = before.remove(gone)
    if impossible_columns(rest):
        return
    counts = rest.mean[:-1] * rest.rows
    problems = []
    for column, at in _places(schema):
        if column.levels:
            each = counts[at : at + len(column.feature_names)]
            left = zip(column.levels, [rest.rows - each.sum(), *each], strict=True)
            problems += [Problem(f"no row is left with the level {level!r}", column.name)
                         for level, count in left if abs(count) < 0.5]  # fmt: skip
    if problems:
        raise DataError("the remaining rows do not determine the fit", problems=problems, advice=REFIT)


def _ranges(schema: Schema, X: Array, rest: Moments) -> Iterator[tuple[str, tuple[float, float]]]:
    """Ranges that end in a forgotten value, replaced by what the remaining moments alone say.

    No value lies further from the mean than √(n-1) standard deviations (Samuelson 1968).
    """
    known = blur(rest.about(rest.mean))[:-2]
    variance = np.maximum(np.diag(rest.covariance)[:-1], 0.0) + np.square(known)
    reach = np.sqrt((rest.rows - 1) * variance) * (1 + 1e-9)
    for column, at in _places(schema):
        if column.low is None or column.high is None:
            continue
        low, high = float(rest.mean[at] - reach[at]), float(rest.mean[at] + reach[at])
        if column.kind != "numeric":  # whole numbers
            low, high = float(math.ceil(low - 1e-6)), float(math.floor(high + 1e-6))
        if column.kind == "boolean":
            low, high = max(low, 0.0), min(high, 1.0)
        at_low, at_high = X[:, at].min() <= column.low, X[:, at].max() >= column.high
        if at_low or at_high:
            yield column.name, (low if at_low else column.low, high if at_high else column.high)
