"""RowsToFlip: how few rows reach a goal, between what was found and what is proven."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .goal import Estimate

__all__ = ["RowsToFlip"]

SHOWN = 12  # row numbers that are printed


@dataclass(frozen=True, eq=False)
class RowsToFlip:
    """How few rows change what a coefficient says: at most `found`, at least `certified`.

    Parameters
    ----------
    feature : str
        What the column is called.
    goal : {"sign", "significance", "significant_opposite"}
    by : {"remove", "relabel", "add"}
    found : int or None
        So many rows do: the data were refitted with them. None where no set was met.
    rows : ndarray
        Which: row numbers from 0 (found,), in ascending order; for "add" the rows themselves (found, n_features).
    labels : ndarray (found,) or None
        The new labels for "relabel" and those of the added rows for "add", in the units of y.
    certified : int
        No fewer rows can: proven. 0: nothing is proven.
    predicted : int or None
        What first-order arithmetic says, without refitting; None where it says never. It misses by factors.
    before, after : Estimate
        The coefficient with its standard error, interval and t, on today's rows and with the rows found out, relabelled
        or in; `after` is None where nothing was found.
    n : int
        Rows of the data.
    proven_by : str
        How `certified` is known.
    note : str
        What else must be said.

    Examples
    --------
    >>> from trueline import audit
    >>> X, y = np.arange(8.0)[:, None], np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 5.0])
    >>> result = audit.rows_to_flip(X, y, 0)
    >>> result.found, result.rows, result.certified
    (1, array([7]), 1)
    """

    feature: str
    goal: str
    by: str
    found: int | None
    rows: NDArray[Any]
    labels: NDArray[np.float64] | None
    certified: int
    predicted: int | None
    before: Estimate
    after: Estimate | None
    n: int
    proven_by: str
    note: str

    @property
    def exact(self) -> bool:
        """Is the smallest number known?"""
        return self.found is not None and self.found == self.certified

    @property
    def share(self) -> float | None:
        """found / n."""
        return None if self.found is None else self.found / self.n

    def __str__(self) -> str:
        wide = max(len(word) for word, _ in self._lines())
        return "\n".join(f"{word:<{wide}}  {text}" for word, text in self._lines())

    def _repr_html_(self) -> str:
        lines = (f"<tr><th>{html.escape(word)}</th><td>{html.escape(text)}</td></tr>" for word, text in self._lines())
        return f"<table>{''.join(lines)}</table>"

    def _lines(self) -> list[tuple[str, str]]:
        does = {"remove": "removing", "relabel": "relabelling", "add": "adding"}[self.by]
        lines = [("coefficient", f"{self.feature}: {self.before}"), ("wanted", f"{_WANTED[self.goal]}, by {does} rows")]
        if self.found is None:
            lines.append(("found", "no set of rows that does it"))
        else:
            plural = "" if self.found == 1 else "s"
            lines.append(("found", f"{self.found} row{plural} of {self.n} ({self.found / self.n:.2g})"))
        if self.after is not None:
            lines.append(("then", str(self.after)))
        if self.found and self.by != "add":
            listed = ", ".join(map(str, self.rows[:SHOWN])) + (", ..." if len(self.rows) > SHOWN else "")
            lines.append(("rows", listed + " (from 0)"))
        proven = f"{self.certified} ({self.proven_by})" if self.certified else "not proven"
        lines.append(("at least", proven))
        lines.append(("first order says", "never" if self.predicted is None else str(self.predicted)))
        return [*lines, ("note", self.note)] if self.note else lines


_WANTED = {
    "sign": "another sign",
    "significance": "another verdict of its test",
    "significant_opposite": "another sign, and significant",
}
