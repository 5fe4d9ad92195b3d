"""The model that is to be reproduced, beside the rows that it is said to come from."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ColumnsError, Problem, TruelineWarning
from ..maths.scaling import Scaling
from ..models.base import LinearModel
from ..models.coefficient_table import half_units, read_coefficients
from ..models.foreign import Line, as_line
from ..models.least_squares import LeastSquares
from ..rows import table
from ..rows.source import in_memory

__all__ = ["Fit", "Subject", "subject"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients in the units of the data, and the digits that the solver vouches for."""

    coef: Array
    intercept: float
    digits: float = 16.0


@dataclass(frozen=True, eq=False)
class Subject:
    """A line, and rows.

    Parameters
    ----------
    line : Line
    names : tuple of str (n_features,)
        What the columns are called.
    X : ndarray (n_samples, n_features)
        Clipped as the line clips.
    y, weights : ndarray (n_samples,)
    halves : ndarray (n_features + 1,)
        Half a unit of the last written digit, intercept last; 0 where all digits are known.
    has_intercept : bool
        Does the model say what its intercept is? A table may not.
    weighted : bool
        Were weights given?
    """

    line: Line
    names: tuple[str, ...]
    X: Array
    y: Array
    weights: Array
    halves: Array
    has_intercept: bool
    weighted: bool

    @cached_property
    def theirs(self) -> Fit:
        return Fit(self.line.coef, self.line.intercept)

    @cached_property
    def size(self) -> Array:
        """Deviation of every column; its root mean square without intercept. 1 for columns that are all zero."""
        centre = np.average(self.X, axis=0, weights=self.weights) if self.line.fit_intercept else 0.0
        size = np.sqrt(np.average(np.square(self.X - centre), axis=0, weights=self.weights))
        return np.asarray(np.where(size > 0, size, 1.0))

    def penalty(self, weight: float) -> float:
        """λ on the mean loss over rows of this total weight; refused where the model does not tell."""
        return self.line.known_penalty(weight)

    def refit(self, kept: Any = None, *, reg_lambda: float | None = None, fit_intercept: bool | None = None,
              scaling: Scaling | None = None, y: Array | None = None, weighted: bool = True) -> Fit:  # fmt: skip
        """Least squares with the model's own penalty, on some rows (all by default), with one thing changed."""
        kept = slice(None) if kept is None else kept
        scaling = self.line.scaling if scaling is None else scaling
        weights = self.weights[kept] if weighted else np.ones(len(self.y[kept]))
        if reg_lambda is None:
            reg_lambda = self.penalty(float(weights.sum()))
        if reg_lambda == 0 and fit_intercept is not False and self.line.fit_intercept:
            scaling = replace(Scaling.none(len(self.names)), low=scaling.low, high=scaling.high)
        model = LeastSquares(reg_lambda, self.line.fit_intercept if fit_intercept is None else fit_intercept)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TruelineWarning)  # what is not vouched for is in the digits
            target = (self.y if y is None else y)[kept]
            model.fit(scaling.apply(self.X[kept]), target, weights if self.weighted and weighted else None)
        coef, intercept = scaling.undo(model.coef_, model.intercept_)
        return Fit(coef, intercept, model.digits_)

    def errors(self, ours: Fit, *, intercept: bool = True) -> Array:
        """How far each coefficient is off, intercept last, in parts of the largest in equilibrated units."""
        a, b = np.abs(self.theirs.coef * self.size), np.abs(ours.coef * self.size)
        largest = max(float(a.max(initial=0.0)), float(b.max(initial=0.0)), 1e-300)
        slopes = np.abs(self.theirs.coef - ours.coef) * self.size / largest
        free = abs(self.theirs.intercept - ours.intercept)
        level = max(abs(self.theirs.intercept), abs(ours.intercept), largest)
        counts = intercept and self.has_intercept
        return np.append(slopes, free / level if counts else 0.0)

    def digits(self, ours: Fit, *, intercept: bool = True) -> float:
        """Digits in which the two agree, at most 16."""
        return float(np.clip(-np.log10(max(float(self.errors(ours, intercept=intercept).max()), 1e-16)), 0.0, 16.0))

    def rounds_to(self, ours: Fit, *, intercept: bool = True) -> bool:
        """Is every coefficient ours, rounded as theirs was written?"""
        if not self.halves.any():
            return False
        off = np.abs(np.append(self.theirs.coef - ours.coef, self.theirs.intercept - ours.intercept))
        off[-1] *= intercept and self.has_intercept
        return bool((off <= 1.001 * self.halves + 1e-12 * np.abs(np.append(ours.coef, ours.intercept))).all())

    @cached_property
    def grain(self) -> float:
        """Digits that were written, on the scale of `digits`."""
        if not self.halves.any():
            return 16.0
        off = Fit(self.theirs.coef + self.halves[:-1], self.theirs.intercept + self.halves[-1])
        return self.digits(off)


def subject(model: Any, X: Any, y: Any, sample_weight: Any) -> Subject:
    """Rows through the gate of our own models; columns by name where both sides have names.

    Raises
    ------
    ColumnsError
        Columns that only one side has, by name.
    ShapeError
        Another number of columns.
    """
    gate = LinearModel()
    source = in_memory(gate._source(X, y, sample_weight))
    for values, columns, what in ((source.X, source.names, "X"), (source.y, None, "y")):
        table.check_finite(values, columns, what)
    names = source.names if source.names is not None else getattr(gate, "feature_names_in_", None)
    seen = None if names is None else tuple(map(str, names))
    halves = None
    if isinstance(model, str | os.PathLike | Mapping):
        coefficients = read_coefficients(model)
        line, has_intercept = coefficients.line(seen), coefficients.intercept is not None
        halves = coefficients.half_units(seen or tuple(coefficients.values))
        seen = seen or tuple(coefficients.values)
    else:
        kept = getattr(model, "line", None)  # a model read from a file keeps its line
        line, has_intercept = kept if isinstance(kept, Line) else as_line(model), True
        if isinstance(model, Line) and model.reg_lambda is None:  # a bare line: least squares until shown otherwise
            line, halves = replace(model, reg_lambda=0.0), _written(model)
        _check_names(_names(model), seen)
    rows = line.rows(source.X, source.y, source.weights)
    labels = seen or tuple(f"X[:, {j}]" for j in range(len(line.w)))
    clipped = np.asarray(line.scaling.clip(np.asarray(rows.X, dtype=np.float64)))
    weights = np.ones(len(rows.y)) if rows.weights is None else rows.weights
    halves = np.zeros(len(line.w) + 1) if halves is None else halves
    return Subject(line, labels, clipped, rows.y, weights, halves, has_intercept, rows.weights is not None)


def _written(line: Line) -> Array:
    """Half units of the numbers of a bare line, as they print."""
    values = {str(j): repr(float(value)) for j, value in enumerate([*line.coef, line.intercept])}
    halves = half_units(values)
    return np.array([halves.get(name, 0.0) for name in values])


def _names(model: Any) -> tuple[str, ...] | None:
    for holder in (model, getattr(model, "steps", [(None, None)])[0][1]):
        for attribute in ("feature_names_in_", "feature_names"):
            names = getattr(holder, attribute, None)
            if names is not None:
                return tuple(map(str, names))
    return None


def _check_names(theirs: tuple[str, ...] | None, ours: tuple[str, ...] | None) -> None:
    if theirs is None or ours is None or theirs == ours:
        return
    problems = [Problem("not in the model", name) for name in ours if name not in theirs]
    problems += [Problem("in the model, not in X", name) for name in theirs if name not in ours]
    if not problems:
        raise ColumnsError(f"the columns stand in another order: the model has {', '.join(theirs)[:200]}")
    raise ColumnsError("the model was fitted on other columns", problems=problems)
