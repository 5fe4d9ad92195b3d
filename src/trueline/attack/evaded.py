"""Evasion: the cheapest change of a row that brings an output to a goal, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models.summary_table import Cells, as_html, as_text, number

__all__ = ["Change", "Evasion"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """One column that was changed.

    Parameters
    ----------
    name : str
    before, after, by : float
        In the units of the column.
    by_sd : float
        The same in standard deviations, NaN where these are not known.
    """

    name: str
    before: float
    after: float
    by: float
    by_sd: float


@dataclass(frozen=True, eq=False)
class Evasion:
    """The cheapest way to an output.

    Parameters
    ----------
    x, x_new : ndarray (n_features,)
        The row before and after, in the units of the data.
    before, after : float
        The model's output, in the units of y. Where the goal is out of reach, `after` is as far as one gets.
    goal : tuple of (str, float)
        ``(">=", value)`` or ``("<=", value)``, in the units of y.
    reached : bool
        The output after keeps the goal, to the rounding of one prediction.
    cost : float
        Weighted norm of the change; of the way to the farthest output where the goal is out of reach.
    bound : float
        No change that reaches the goal costs less; infinite where none reaches it.
    norm : float
        1, 2 or inf.
    changes : tuple of Change
        Columns that were changed, the largest effect on the output first.
    priced_by : str
        What the cost counts.
    """

    x: Array
    x_new: Array
    before: float
    after: float
    goal: tuple[str, float]
    reached: bool
    cost: float
    bound: float
    norm: float
    changes: tuple[Change, ...]
    priced_by: str

    @property
    def proven(self) -> bool:
        """Nothing cheaper exists (or: nothing reaches the goal), to 1e-9 of the cost."""
        return not self.reached or self.bound >= self.cost * (1 - 1e-9)

    @property
    def best(self) -> float:
        """The output nearest to the goal, or past it, that was found, in the units of y."""
        return self.after

    def __str__(self) -> str:
        return as_text(*self._parts())

    def _repr_html_(self) -> str:
        return as_html(*self._parts())

    def _parts(self) -> tuple[str, Cells, Cells, list[str]]:
        facts = [("output before", number(self.before)), ("goal", f"{self.goal[0]} {number(self.goal[1])}"),
                 ("output after", number(self.after)), ("reached", "yes" if self.reached else "no"),
                 ("cost", number(self.cost)), ("proven", "yes" if self.proven else "no")]  # fmt: skip
        rows = [[c.name, *map(number, (c.before, c.after, c.by, c.by_sd))] for c in self.changes]
        notes = [f"The cost is the L{self.norm:g} norm of {self.priced_by}."]
        if not self.reached:
            notes.append("The goal is out of reach; this is as far as one gets.")
        elif not self.proven:
            notes.append(f"The search was cut short; no change costs less than {number(self.bound)}.")
        elif not self.changes:
            notes.append("The goal is already met.")
        return "Evasion", facts, [["", "before", "after", "change", "in sd"], *rows], notes
