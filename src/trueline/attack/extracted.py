"""Extraction: what was recovered of a model from its answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..models.summary_table import Cells, as_html, as_text, number

__all__ = ["Extraction"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Extraction:
    """What was recovered of a model, valid inside the box that was asked about.

    Parameters
    ----------
    coef, intercept : ndarray (n_features,), float
        In the units of the data. Of a model that is no line: of the line through the first, or all answers fitted.
    clip_low, clip_high : ndarray (n_features,)
        Bounds to which the model clips; infinite where none shows inside the box.
    kind : str
        "line", "rounded line", "noisy line", "clipped line", "not a line", or "unchecked line".
    queries : int
        Rows that the model was asked about, checks included.
    held_out_error : float
        Largest difference between an answer and its reconstruction at random places that no fit had seen, in units
        of y; NaN where nothing was left to ask.
    digits : float
        Decimal digits of the coefficients, relative to the largest effect in the box: for a line from its held-out
        error, through rounding or noise from standard errors. 0 for what is not a line.
    table : tuple of (int, float)
        Digits against number of queries fitted: what rounding, noise and a limit on queries buy.
    unknown : tuple of str
        What could not be recovered.
    """

    coef: Array
    intercept: float
    clip_low: Array
    clip_high: Array
    kind: str
    queries: int
    held_out_error: float
    digits: float
    table: tuple[tuple[int, float], ...]
    unknown: tuple[str, ...]

    @property
    def linear(self) -> bool:
        """A line within the box, as far as was checked."""
        return self.kind in ("line", "rounded line", "noisy line")

    def predict(self, X: ArrayLike) -> Array:
        """The stolen model at each row.

        Parameters
        ----------
        X : array (n_rows, n_features)
        """
        return np.asarray(np.clip(X, self.clip_low, self.clip_high) @ self.coef + self.intercept)

    def __str__(self) -> str:
        return as_text(*self._parts())

    def _repr_html_(self) -> str:
        return as_html(*self._parts())

    def _parts(self) -> tuple[str, Cells, Cells, list[str]]:
        facts = [("it is a", self.kind), ("queries", str(self.queries)),
                 ("held-out error", number(self.held_out_error)), ("digits", f"{self.digits:.1f}")]  # fmt: skip
        rows = [[str(count), f"{digits:.1f}"] for count, digits in self.table]
        return "Extraction", facts, [["queries fitted", "digits"], *rows], [f"{what}." for what in self.unknown]
