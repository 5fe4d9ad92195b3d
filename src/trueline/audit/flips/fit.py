"""A fit that rows leave and join one by one, each in O(n·p), with every row's part in it kept up to date."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .design import Design
from .goal import Aim, Goal

__all__ = ["ALONE", "Fit"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

ALONE = 1e-9  # 1 - h below this: without the row something is not determined any more
POWER = {"HC0": 0, "HC1": 0, "HC2": 1, "HC3": 2}


@dataclass(eq=False)
class Fit:
    """The fit to the rows `kept`, and for every row, kept or not, what follows from it.

    With A = Σzzᵀ + n·Π over the kept rows: ``r = y - z·θ``, ``a = c·A⁻¹z``, ``h = z·A⁻¹z``. A row that leaves (w = -1)
    or joins (w = 1) moves cᵀθ by w·a·r/(1 + w·h), Σr² by w·r²/(1 + w·h), cᵀA⁻¹c by -w·a²/(1 + w·h), and A⁻¹ by
    -w·(A⁻¹z)(A⁻¹z)ᵀ/(1 + w·h): Sherman and Morrison (1950); Belsley, Kuh and Welsch (1980), eq. 2.1.

    Parameters
    ----------
    design : Design
    kept : ndarray of bool (n_samples,)
    inverse : ndarray (p, p)
        A⁻¹.
    coef, squares, spread : float
        cᵀθ along the sign of today, Σr² over the kept rows, cᵀA⁻¹c.
    r, a, h : ndarray (n_samples,)
    stale : int
        Updates since all of this was last computed anew.
    """

    design: Design
    kept: Mask
    inverse: Array
    coef: float
    squares: float
    spread: float
    r: Array
    a: Array
    h: Array
    stale: int = 0

    @classmethod
    def of(cls, design: Design, kept: Mask | None = None, count: int | None = None) -> Fit:
        """From nothing. `count`: the rows that the penalty counts, where these are not the kept ones.

        Raises
        ------
        LinAlgError
            The kept rows do not determine the fit.
        """
        kept = np.ones(len(design.y), dtype=bool) if kept is None else kept.copy()
        Z, y = design.Z[kept], design.y[kept]
        n = len(y) if count is None else count
        inverse = np.linalg.inv(np.linalg.cholesky(Z.T @ Z + n * np.diag(design.penalty)))
        inverse = inverse.T @ inverse
        theta = inverse @ (Z.T @ y)
        if not design.ridge:
            theta = theta + inverse @ (Z.T @ (y - Z @ theta))
        r = design.y - design.Z @ theta
        lifted = design.Z @ inverse
        return cls(
            design, kept, inverse, design.sign * float(design.c @ theta), float(np.square(r[kept]).sum()),
            float(design.c @ inverse @ design.c), r, design.sign * (lifted @ design.c),
            np.einsum("ij,ij->i", lifted, design.Z),
        )  # fmt: skip

    def copy(self) -> Fit:
        """One that can be changed while this stays."""
        return Fit(self.design, self.kept.copy(), self.inverse.copy(), self.coef, self.squares, self.spread,
                   self.r.copy(), self.a.copy(), self.h.copy(), self.stale)  # fmt: skip

    @cached_property
    def rank(self) -> int:
        """Coefficients that the fit determines."""
        return int(self.design.Z.shape[1])

    @property
    def df(self) -> int:
        """Degrees of freedom."""
        return int(self.kept.sum()) - self.rank

    @property
    def removable(self) -> Mask:
        """Kept rows without which everything is still determined."""
        return np.asarray(self.kept & (1 - self.h > ALONE))

    def move(self, row: int, w: float) -> None:
        """Let a row leave (w = -1) or join (w = 1)."""
        if self.design.ridge:  # the penalty of every row changes with the number of rows
            kept = self.kept.copy()
            kept[row] = w > 0
            self.__dict__.update(Fit.of(self.design, kept).__dict__)
            return
        lifted = self.inverse @ self.design.Z[row]
        g = self.design.Z @ lifted
        part = w / (1 + w * float(self.h[row]))
        r, a = float(self.r[row]), float(self.a[row])
        self.kept[row] = w > 0
        self.coef += part * a * r
        self.squares += part * r * r
        self.spread -= part * a * a
        self.inverse -= part * np.outer(lifted, lifted)
        self.r -= (part * r) * g
        self.a -= (part * a) * g
        self.h -= part * np.square(g)
        self.stale += 1
        if abs(part) > 1e3 or self.stale >= 64:
            with suppress(np.linalg.LinAlgError):  # nearly nothing determines it: a refit judges in the end
                self.__dict__.update(Fit.of(self.design, self.kept).__dict__)

    def errors(self, squares: Array | float, spread: Array | float, df: int) -> Array:
        """Classical standard errors; infinite without degrees of freedom."""
        if df < 1:
            return np.full(np.shape(squares), np.inf)
        return np.asarray(np.sqrt(np.maximum(np.asarray(squares), 0.0) * np.maximum(np.asarray(spread), 0.0) / df))

    def sandwich_error(self, goal: Goal, r: Array, a: Array, h: Array, kept: Mask) -> float:
        """Standard error of a sandwich: √Σ a²r²/(1-h)^power over the kept rows."""
        n = int(kept.sum())
        left = np.maximum(1 - h[kept], ALONE)
        filling = float((np.square(a[kept] * r[kept]) / left ** POWER[goal.cov]).sum())
        if goal.cov == "HC1":
            filling *= n / max(n - self.rank, 1)
        return float(np.sqrt(filling))

    def distance(self, goal: Goal, aim: Aim) -> float:
        """How far this fit is from the aim; below zero it is there."""
        error = np.inf
        if goal.studentised:
            error = (float(self.errors(self.squares, self.spread, self.df)) if goal.cov == "classical"
                     else self.sandwich_error(goal, self.r, self.a, self.h, self.kept))  # fmt: skip
        return float(aim.distance(self.coef, max(error, 1e-300), float(goal.crit(self.df))))

    def if_moved(self, goal: Goal, aim: Aim, w: float, rows: NDArray[np.intp]) -> Array:
        """Distance from the aim after each of these rows alone left (w = -1) or joined (w = 1)."""
        shrunk = self._anew(w)
        part = w / (1 + w * shrunk.h[rows])
        r, a = shrunk.r[rows], shrunk.a[rows]
        coef = shrunk.coef + part * a * r
        if not goal.studentised:
            return np.asarray(aim.distance(coef, 1.0, 0.0))
        df = self.df + int(w)
        crit = float(goal.crit(df))
        if goal.cov == "classical":
            error = self.errors(self.squares + part * r * r, self.spread - part * a * a, df)
            return np.asarray(aim.distance(coef, np.maximum(error, 1e-300), crit))
        own = np.square(a * r) / np.maximum(1 - self.h[rows], ALONE) ** POWER[goal.cov]
        now = self.sandwich_error(goal, self.r, self.a, self.h, self.kept)
        error = np.sqrt(np.maximum(now * now + w * own, 1e-6 * now * now))
        distances = np.asarray(aim.distance(coef, np.maximum(error, 1e-300), crit))
        best = np.argsort(distances, kind="stable")[:16]  # the estimate chooses who is looked at exactly
        for k in best:
            distances[k] = self._one(goal, aim, w, int(rows[k]), float(part[k]), crit)
        distances[np.setdiff1d(np.arange(len(rows)), best)] += 1e6
        return distances

    def _one(self, goal: Goal, aim: Aim, w: float, row: int, part: float, crit: float) -> float:
        g = self.design.Z @ (self.inverse @ self.design.Z[row])
        kept = self.kept.copy()
        kept[row] = w > 0
        r, a = self.r - part * float(self.r[row]) * g, self.a - part * float(self.a[row]) * g
        error = self.sandwich_error(goal, r, a, self.h - part * np.square(g), kept)
        coef = self.coef + part * float(self.a[row] * self.r[row])
        return float(aim.distance(coef, max(error, 1e-300), crit))

    def _anew(self, w: float) -> Fit:
        """The fit to the same rows under the penalty of one row less or more."""
        return self if not self.design.ridge else Fit.of(self.design, self.kept, int(self.kept.sum() + w))
