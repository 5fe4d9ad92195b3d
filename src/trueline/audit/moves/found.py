"""WorstRow: the rows found, what they do, and what no rows of the domain exceed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...attack.poison import Poison
from ...models.gate import column_name
from ...rows.domain import Domain
from .one_row import TOL

__all__ = ["WorstRow"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WorstRow:
    """The rows found, what they do to the fit, and what no rows of the domain exceed.

    Parameters
    ----------
    what : str
        The quantity.
    rows : ndarray (k, n_features)
        In the units of the data.
    labels : ndarray (k,)
        In the units of y.
    before, after : float
        The quantity without and with these rows, both from a fit of all rows (`LeastSquares`).
    predicted : float
        The shift by arithmetic on the moments, which the refit confirms.
    lowest, highest : float
        No k rows of the domain shift the quantity below or above these; infinite on a side that was not asked for.
    plain_bound : float
        What needs no search: ½·R·√k·√(cᵀS⁻¹c), R the largest residual in the domain; plus what the penalty of k more
        rows does by itself.
    direction : str
        "up", "down" or "either".
    domain : Domain
    holds_if : str
        What must be true of the pipeline for the bounds to hold.
    names : tuple of str, optional
    n_clean : int
        Rows of today.
    """

    what: str
    rows: Array
    labels: Array
    before: float
    after: float
    predicted: float
    lowest: float
    highest: float
    plain_bound: float
    direction: str
    domain: Domain
    holds_if: str
    names: tuple[str, ...] | None
    n_clean: int

    @property
    def found(self) -> float:
        """The shift that these rows make, signed."""
        return self.after - self.before

    @property
    def bound(self) -> float:
        """No k rows shift the quantity farther in the direction asked for (in size, where either way will do)."""
        sides = {"up": (self.highest,), "down": (-self.lowest,), "either": (self.highest, -self.lowest)}
        return max(sides[self.direction])

    @property
    def proven(self) -> bool:
        """Do found and bound meet, to a millionth? Then no worse rows exist."""
        return bool(self.bound - abs(self.found) <= 2 * TOL * abs(self.bound) and self.confirmed)

    @property
    def confirmed(self) -> bool:
        """Does a refit with these rows give the predicted shift, to a millionth?"""
        return bool(abs(self.found - self.predicted) <= TOL * max(abs(self.predicted), abs(self.bound)))

    @property
    def poison(self) -> Poison:
        """The same rows as a `Poison`: ``.poison.apply(X, y)`` puts them under the training data."""
        return Poison(self.rows, self.labels, "worst_row", "model", "added rows", self.domain, self.n_clean,
                      report={"found": self.found, "bound": self.bound}, names=self.names)  # fmt: skip

    def __str__(self) -> str:
        k = len(self.labels)
        many = "1 added row" if k == 1 else f"{k} added rows"
        way = {"up": "up by at most", "down": "down by at most", "either": "by at most"}[self.direction]
        proven = "proven to be the worst" if self.proven else "not proven to be the worst"
        lines = [f"{many} can move {self.what} {way} {self.bound:.6g}; found: {self.before:.6g} -> {self.after:.6g} "
                 f"({self.found:+.6g}), {proven}"]  # fmt: skip
        for x, y in list(zip(self.rows, self.labels, strict=True))[:3]:
            cells = [f"{column_name(self.names, j)} = {value:.6g}" for j, value in enumerate(x[:10])]
            more = f" and {len(x) - 10} more columns" if len(x) > 10 else ""
            lines.append(f"  {', '.join(cells)}{more}; y = {y:.6g}")
        if k > 3:
            lines.append(f"  and {k - 3} more")
        return "\n".join([*lines, f"  {self.holds_if}"])
