"""rows_to_move: how few added rows move a number by an amount, found and proven from below."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Unpack

import numpy as np

from ...attack.scene import Scene, prepare
from ...errors import OptionError
from ...models.least_squares import LeastSquares
from ...models.options import is_number, is_whole
from ...rows.executor import single_threaded_blas
from .choices import Choices
from .found import WorstRow
from .many_rows import rows_bound
from .one_row import best_row
from .quantity import Quantity, quantity
from .state import Today
from .worst import Attacker, check_choice, controls, margin, weigh

__all__ = ["RowsToMove", "rows_to_move"]

AT_ONCE = 1000  # rows that are tried one number after the other where a penalty grows with them


@dataclass(frozen=True, eq=False)
class RowsToMove:
    """How few added rows move a quantity by an amount.

    Parameters
    ----------
    what : str
        The quantity.
    by : float
        The wanted shift, signed, in its units.
    found : int or None
        So many rows do it; None where none were found.
    certified : int
        No fewer do.
    tried : int
        The most rows that were looked at.
    witness : WorstRow or None
        The rows found.
    holds_if : str
        What must be true of the pipeline for `certified` to hold.
    """

    what: str
    by: float
    found: int | None
    certified: int
    tried: int
    witness: WorstRow | None
    holds_if: str

    @property
    def proven(self) -> bool:
        """Are found and certified the same?"""
        return self.found == self.certified

    def __str__(self) -> str:
        if self.found is None:
            head = f"no rows found, up to {self.tried}, that move {self.what} by {self.by:g}"
        else:
            rows = "1 added row moves" if self.found == 1 else f"{self.found} added rows move"
            head = f"{rows} {self.what} by {self.by:g}"
        return f"{head}; fewer than {self.certified} cannot (proven; {self.holds_if})"


def rows_to_move(X: Any, y: Any, of: Any, by: float, *, most: int | None = None, reg_lambda: float = 0.0,
                 fit_intercept: bool = True, **attacker: Unpack[Attacker]) -> RowsToMove:  # fmt: skip
    """How few rows, added to the training data, move a number by an amount?

    `certified` comes from the bound of `worst_row` alone: with one row fewer the amount is out of reach, whatever the
    rows. `found` is a number of rows that reach it, refitted.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    of : tuple or str
        As for `worst_row`.
    by : float
        The shift, in the units of the quantity: up where positive, down where negative; not 0.
    most : int, optional
        Look no further than so many rows; n_samples by default, with a penalty at most 1000 of them.
    reg_lambda : float
        Penalty of the fit, on the mean loss.
    fit_intercept : bool
    **attacker
        domain, bounds, y_bounds: see `Attacker`.

    Returns
    -------
    RowsToMove

    Raises
    ------
    OptionError, DataError
        As `worst_row`; a shift of 0.

    Examples
    --------
    >>> X, y = np.linspace(0.0, 1.0, 30).reshape(-1, 1), np.linspace(0.0, 2.0, 30)
    >>> print(rows_to_move(X, y, ("coefficient", 0), -2.0, bounds=(0, 1), y_bounds=(0, 2)))
    11 added rows move the coefficient of X[:, 0] by -2; fewer than 11 cannot (proven; holds as long as the bounds ...
    """
    if not is_number(by) or by == 0:
        raise OptionError(f"by must be a number other than 0, got {by!r}: the goal is met already")
    scene = prepare(X, y, rows=1, **attacker)
    most = min(len(scene.y), AT_ONCE if reg_lambda else len(scene.y)) if most is None else most
    if not is_whole(most) or most > len(scene.y):
        raise OptionError(f"most must be a whole number from 1 to the {len(scene.y)} rows of X, got {most!r}")
    check_choice("up", reg_lambda)
    what = quantity(of, scene.X, scene.names)
    search = _Search(scene, what, LeastSquares(reg_lambda, fit_intercept), float(by), controls(attacker))
    with single_threaded_blas():
        certified = search.certified(int(most))
        found, witness = search.found(certified, int(most))
    return RowsToMove(what.text, float(by), found, certified, int(most), witness, search.holds_if)


@dataclass(frozen=True, eq=False)
class _Search:
    scene: Scene
    what: Quantity
    model: LeastSquares
    by: float
    holds_if: str

    @cached_property
    def today(self) -> Today:
        scene = self.scene
        return Today.of(scene.X, scene.y, self.what, self.model, scene.domain.allowed(scene.X.shape[1]))

    @property
    def sign(self) -> float:
        return float(np.sign(self.by))

    def certified(self, most: int) -> int:
        """The fewest rows whose bound reaches the amount, `most` + 1 where none does.

        Without a penalty a bound on k rows covers fewer as well, so halving finds it; a penalty on the mean grows with
        every row, and each number is asked by itself.
        """
        if self.model.reg_lambda > 0:
            return next((k for k in range(1, most + 1) if self._possible(k)), most + 1)
        low, high = 0, 1
        while high <= most and not self._possible(high):
            low, high = high, 2 * high
        high = min(high, most + 1)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._possible(middle) else (middle, high)
        return high

    def found(self, certified: int, most: int) -> tuple[int | None, WorstRow | None]:
        """From the certified number up in growing steps, then back by halving."""
        low, high, step, witness = certified - 1, certified, 1, None
        while high <= most:
            witness = self._reached(high)
            if witness is not None:
                break
            low, high, step = high, min(high + step, most) if high < most else most + 1, 2 * step
        if witness is None:
            return None, None
        while high - low > 1:
            middle = (low + high) // 2
            nearer = self._reached(middle)
            low, high, witness = (middle, high, witness) if nearer is None else (low, middle, nearer)
        return high, witness

    def _possible(self, k: int) -> bool:
        scene, today = self.scene, self.today
        state = today.with_room(k)
        drift = self.sign * (state.value - today.value)
        labels, choices = scene.need_labels(), Choices.of(scene.domain.allowed(scene.X.shape[1]), scene.X)
        if k == 1:
            bound = best_row(state, choices, labels, self.sign).bound
        else:
            bound = rows_bound(state, choices, labels, self.sign, k)[0]
        return bool(drift + bound + margin(self.what, today.fitted, bound) >= abs(self.by))

    def _reached(self, k: int) -> WorstRow | None:
        direction = "up" if self.by > 0 else "down"
        worst = weigh(replace(self.scene, rows=k), self.what, self.model, direction, self.holds_if)
        return worst if worst.found * self.sign >= abs(self.by) else None
