"""evasion_table: the cheap levers, what moving each column alone does to a model's output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..models.summary_table import Cells, as_html, as_text, number
from ..rows.domain import Domain
from .spans import look, ranges, spans

__all__ = ["EvasionTable", "evasion_table"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EvasionTable:
    """One line for each column, the longest reach first.

    Parameters
    ----------
    names : tuple of str (n_features,)
    per_unit : ndarray (n_features,)
        Change of the output for one unit of the column, in units of y per unit.
    per_sd : ndarray (n_features,)
        The same for one standard deviation of the column over the rows, in units of y.
    low, high : ndarray (n_features,)
        The range over which the column is moved: the domain's, where it bounds a side, else that of the rows.
    reach : ndarray (n_features,)
        Largest change of the output that moving this column alone over the range makes, in units of y.
    sd_of_output : float
        Standard deviation of the model's outputs over the rows, to hold the reach against.
    """

    names: tuple[str, ...]
    per_unit: Array
    per_sd: Array
    low: Array
    high: Array
    reach: Array
    sd_of_output: float

    def __str__(self) -> str:
        return as_text(*self._parts())

    def _repr_html_(self) -> str:
        return as_html(*self._parts())

    def _parts(self) -> tuple[str, Cells, Cells, list[str]]:
        facts = [("columns", str(len(self.names))), ("sd of the output", number(self.sd_of_output))]
        columns = (self.per_unit, self.per_sd, self.low, self.high, self.reach)
        rows = [[name, *map(number, values)] for name, *values in zip(self.names, *columns, strict=True)]
        head = ["", "per unit", "per sd", "from", "to", "reach"]
        return "Cheap levers", facts, [head, *rows], ["Changes of the output, in units of y, one column at a time."]


def evasion_table(
    model: Any, X: ArrayLike, names: Sequence[str] | None = None, *, domain: Domain | None = None
) -> EvasionTable:
    """List what moving each column alone does to the output.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, what `ship.load` gives, or a fitted scikit-learn linear model or Pipeline
    X : array or frame (n_samples, n_features)
        Rows as the model meets them: they give ranges and standard deviations.
    names : sequence of str (n_features,), optional
        By default those of the domain, the frame or the model.
    domain : Domain, optional
        Columns it freezes reach nowhere; a bound replaces the observed end of the range.

    Returns
    -------
    EvasionTable

    Raises
    ------
    OptionError
        No fitted linear model, or names of another number of columns.
    DataError
        Rows that cannot be used.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> X = [[0, 0], [2, 0], [0, 4], [2, 4]]
    >>> table = evasion_table(LeastSquares().fit(X, [0, 6, 4, 10]), X, ["rooms", "age"])
    >>> table.names, table.reach.round(9), table.per_sd.round(9)
    (('rooms', 'age'), array([6., 4.]), array([3., 2.]))
    """
    line, rows, found = look(model, X, names, domain)
    low, high, frozen = ranges(rows, domain)
    low, high = np.where(np.isfinite(low), low, rows.min(axis=0)), np.where(np.isfinite(high), high, rows.max(axis=0))
    reach = np.where(frozen, 0.0, spans(line, low, high, clipped=True))
    order = np.argsort(-reach, kind="stable")
    outputs = line.scaling.clip(rows) @ line.coef + line.intercept
    return EvasionTable(
        tuple(found[j] for j in order), line.coef[order], (line.coef * rows.std(axis=0))[order], low[order],
        high[order], reach[order], float(outputs.std()),
    )  # fmt: skip
