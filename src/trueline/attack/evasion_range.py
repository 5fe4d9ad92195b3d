"""extrapolation: what a column that nobody checks can do to an output, against what it does over the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError
from ..models.options import is_number
from ..models.summary_table import Cells, as_html, as_text, number
from ..rows.domain import Domain
from .spans import look, ranges, spans

__all__ = ["Extrapolation", "extrapolation"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Extrapolation:
    """What one column that nobody checks can do to the output, against what it does over the data.

    Parameters
    ----------
    names : tuple of str (n_features,)
    observed : ndarray (n_features,)
        Width of the range of outputs while the column stays within the rows' range: what is left to an attacker where
        rows outside that range are clipped to it. In units of y.
    as_is : ndarray (n_features,)
        The same while the column goes to its bounds, the model being as it is, its own clipping included.
    unclipped : ndarray (n_features,)
        The same for its line without any clipping.
    low, high : ndarray (n_features,)
        The bounds, in the units of the columns; infinite where nothing bounds it.
    output_range : float
        Width of the range of the model's outputs over the rows, in units of y.
    """

    names: tuple[str, ...]
    observed: Array
    as_is: Array
    unclipped: Array
    low: Array
    high: Array
    output_range: float

    @property
    def worst(self) -> float:
        """Largest width that a single column makes, as a multiple of the outputs' range over the rows."""
        return float(self.as_is.max() / self.output_range) if self.output_range > 0 else float(np.inf)

    def __str__(self) -> str:
        return as_text(*self._parts())

    def _repr_html_(self) -> str:
        return as_html(*self._parts())

    def _parts(self) -> tuple[str, Cells, Cells, list[str]]:
        facts = [("columns", str(len(self.names))), ("range of outputs", number(self.output_range))]
        columns = (self.low, self.high, self.observed, self.as_is, self.unclipped)
        rows = [[name, *map(number, values)] for name, *values in zip(self.names, *columns, strict=True)]
        head = ["", "from", "to", "within the data", "as it is", "without clipping"]
        notes = ["Widths of the range of outputs, in units of y, when one column alone goes from end to end.",
                 "Within the data is also what is left when rows are clipped to the observed range."]  # fmt: skip
        return "Extrapolation", facts, [head, *rows], notes


def extrapolation(
    model: Any, X: ArrayLike, domain: Domain | None = None, *, k: float | None = None,
    names: Sequence[str] | None = None,
) -> Extrapolation:  # fmt: skip
    """Hold what each column can do to the output at its bounds against what it does over the data.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, what `ship.load` gives, or a fitted scikit-learn linear model or Pipeline
    X : array or frame (n_samples, n_features)
        Rows as the model meets them.
    domain : Domain, optional
        What the pipeline lets through. Without it, and without `k`, nothing is bounded.
    k : float, optional
        Sides that the domain leaves open end k standard deviations beyond the mean, and never within the data.
    names : sequence of str (n_features,), optional

    Returns
    -------
    Extrapolation

    Raises
    ------
    OptionError
        No fitted linear model, `k` not positive, or names of another number of columns.
    DataError
        Rows that cannot be used.

    Examples
    --------
    >>> from trueline import Domain, LeastSquares
    >>> X = [[0.0], [1.0], [2.0]]
    >>> found = extrapolation(LeastSquares().fit(X, [0, 3, 6]), X, Domain(0, 20))
    >>> found.observed.round(9), found.as_is.round(9), round(found.worst, 9)
    (array([6.]), array([60.]), 10.0)
    """
    if k is not None and not is_number(k, above=0):
        raise OptionError(f"k must be a positive number of standard deviations, got {k!r}")
    line, rows, found = look(model, X, names, domain)
    low, high, frozen = ranges(rows, domain)
    first, last = rows.min(axis=0), rows.max(axis=0)
    if k is not None:
        mean, sd = rows.mean(axis=0), rows.std(axis=0)
        low = np.where(np.isfinite(low), low, np.minimum(first, mean - k * sd))
        high = np.where(np.isfinite(high), high, np.maximum(last, mean + k * sd))
    low, high = np.where(frozen, first, low), np.where(frozen, last, high)
    outputs = line.scaling.clip(rows) @ line.coef + line.intercept
    return Extrapolation(
        found, spans(line, first, last, clipped=True), spans(line, low, high, clipped=True),
        spans(line, low, high, clipped=False), low, high, float(np.ptp(outputs)),
    )  # fmt: skip
