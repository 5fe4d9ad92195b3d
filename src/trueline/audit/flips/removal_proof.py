"""No k rows can: bounds first, then branch and bound, in or out, while there is work left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...maths.largest_sums import largest_row_sums
from .design import Design
from .fit import ALONE, Fit
from .goal import TIE
from .removal_bounds import Ground, cheap_bound, dense_bound

__all__ = ["Proof", "prove"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

NODE = 2e4  # pairs that a node costs whatever its size
FRESH = 400  # sets of rows that stand alone, looked at one by one on fresh rows


class _OutOfWorkError(Exception):
    """The search ends without a proof."""


@dataclass(frozen=True)
class Proof:
    """No fewer than `least` rows can, and how that is known; `rows`, where the search met a set that does.

    Parameters
    ----------
    least : int
    by : str
    rows : ndarray of int or None
    """

    least: int
    by: str
    rows: Index | None = None


def prove(design: Design, found: int | None, dense: int, work: float) -> Proof:
    """How many rows it takes at least to turn the sign, by removal.

    Parameters
    ----------
    design : Design
    found : int or None
        A number that is known to do.
    dense : int
        Rows up to which all products of pairs are looked at.
    work : float
        Pairs of rows that branch and bound may look at, summed over all its nodes.
    """
    top = len(design.y) - design.Z.shape[1] + 1 if found is None else found  # no set below `top` is known to do
    most = max(top - 1, 0)
    if design.ridge:
        return _prove_ridge(design, most, dense)
    fit = Fit.of(design)
    far = _Far(design, fit)
    if not far.sure:
        return Proof(1, "nothing but today's sign: a row decides so much alone that rounding hides the others")
    least = 1 + _gallop(lambda k: far.cheap(k), most)
    by = "first order, and norms of the rows for the rest"
    if len(far.rows) > dense or least > most:
        return Proof(least, by if least > 1 else "nothing but today's sign")
    ground = far.ground
    better = 1 + _gallop(lambda k: far.holds(*dense_bound(ground, k)), most)
    if better > least:
        least, by = better, "second order with a bounded remainder"
    search = _Branching(design, far, work)
    while least <= most:
        try:
            rows = search.flips(ground, fit.coef, np.arange(len(far.rows)), least, ())
        except _OutOfWorkError:
            break
        if rows is not None:
            return Proof(least, "branch and bound", rows)
        least, by = least + 1, "branch and bound"
    return Proof(least, by if least > 1 else "nothing but today's sign")


def _gallop(holds: Callable[[int], bool], most: int) -> int:
    """The largest k up to `most` for which a bound that only grows holds."""
    low, high = 0, 1
    while high <= most and holds(high):
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _prove_ridge(design: Design, most: int, dense: int) -> Proof:
    """With a penalty that follows the number of rows, every number of removals has a fit of its own to start from."""
    n = len(design.y)
    for k in range(1, most + 1):
        fit = Fit.of(design, count=n - k)
        far = _Far(design, fit)
        if not far.cheap(k) and not (n <= dense and far.holds(*dense_bound(far.ground, k))):
            return Proof(k, "second order with a bounded remainder" if k > 1 else "nothing but today's sign")
    return Proof(most + 1, "second order with a bounded remainder")


class _Far:
    """The fit to all rows, less those that have no part in the coefficient, and how far it is from zero."""

    def __init__(self, design: Design, fit: Fit) -> None:
        self.design, self.fit = design, fit
        alone = 1 - fit.h <= ALONE
        self.rows = np.flatnonzero(~alone)
        self.sure = bool(alone.sum() <= FRESH) and all(self._idle(int(row)) for row in np.flatnonzero(alone))
        self.noise = design.noise

    @property
    def ground(self) -> Ground:
        half = self.design.Z[self.rows] @ np.linalg.cholesky(self.fit.inverse)
        return Ground(half @ half.T, self.fit.a[self.rows], self.fit.r[self.rows])

    def _idle(self, row: int) -> bool:
        """Without this row the coefficient is the same, or there is none: it never helps to remove it."""
        rest = self.design.rows.without(np.array([row])).coefficient()
        return rest is None or abs(rest * self.design.sign - self.fit.coef) <= 1e-6 * abs(self.fit.coef)

    def holds(self, bound: float, L: float, coef: float | None = None) -> bool:
        """Is the bound below the coefficient, whatever rounding did?"""
        if not L < 1:
            return False
        coef = self.fit.coef if coef is None else coef
        return bound + self.noise / (1 - L) ** 2 < coef * (1 - 1e-9)

    def cheap(self, k: int) -> bool:
        rows, fit = self.rows, self.fit
        return self.holds(*cheap_bound(fit.h[rows], fit.a[rows], fit.r[rows], k))


@dataclass(eq=False)
class _Branching:
    """Depth first: the row that weighs most is in the set, then it is out; pairs are tried exactly."""

    design: Design
    far: _Far
    work: float
    fresh: int = field(default=FRESH)

    def flips(self, ground: Ground, coef: float, rows: Index, k: int, gone: tuple[int, ...]) -> Index | None:
        """A set of k of these rows, beside those gone, that turns the sign; None: there is none.

        Parameters
        ----------
        ground : Ground
            Of the rows in question, those gone already out of the fit.
        coef : float
            Of that fit.
        rows : ndarray of int
            Which of the far fit's rows the ground speaks of.
        k : int
        gone : tuple of int
        """
        while len(rows) >= k:
            self.work -= len(rows) ** 2 + NODE
            if self.work < 0:
                raise _OutOfWorkError
            if k <= 2:
                return self._few(ground, coef, rows, k, gone)
            if self.far.holds(*dense_bound(ground, k, coef), coef):
                return None
            left = 1 - np.diag(ground.H)
            reach = ground.a * ground.r + largest_row_sums(ground.H, ground.a, ground.r, k, both=True)
            row = int(np.argmax(reach))
            if left[row] > ALONE:
                rest = np.delete(rows, row)
                after = coef - float(ground.a[row] * ground.r[row] / left[row])
                if after < -self._tie:
                    return np.array([*gone, rows[row]])
                found = self.flips(ground.without(row), after, rest, k - 1, (*gone, int(rows[row])))
                if found is not None:
                    return found
            else:
                self._look((*gone, int(rows[row])), redundant=True, coef=coef)
            keep = np.delete(np.arange(len(rows)), row)
            ground, rows = ground.only(keep), rows[keep]
        return None

    def _few(self, ground: Ground, coef: float, rows: Index, k: int, gone: tuple[int, ...]) -> Index | None:
        """One row or two, exactly."""
        left, one = 1 - np.diag(ground.H), ground.a * ground.r
        margin = self.far.noise + 1e-9 * abs(coef)
        if k == 1:
            single = coef - one / np.maximum(left, ALONE)
            for i in np.flatnonzero(left <= ALONE):
                self._look((*gone, int(rows[i])))
            single[left <= ALONE] = np.inf
            best = int(np.argmin(single))
            return self._judge(float(single[best]), margin, (*gone, int(rows[best])))
        # [a_i a_j]·(I - M)⁻¹·[r_i r_j]ᵀ with the 2 × 2 inverse written out
        det = np.outer(left, left) - np.square(ground.H)
        cross = np.outer(ground.a, ground.r)
        num = np.outer(one, left) + np.outer(left, one) + ground.H * (cross + cross.T)
        np.fill_diagonal(det, 1.0)
        np.fill_diagonal(num, -np.inf)
        near = np.argwhere(np.triu(det <= ALONE, 1))
        if len(near) > self.fresh:
            raise _OutOfWorkError
        for i, j in near:
            self._look((*gone, int(rows[i]), int(rows[j])))
        shift = np.where(det > ALONE, num / np.maximum(det, ALONE), -np.inf)
        i, j = np.unravel_index(int(np.argmax(shift)), shift.shape)
        return self._judge(coef - float(shift[i, j]), margin / max(float(det[i, j]), ALONE),
                           (*gone, int(rows[i]), int(rows[j])))  # fmt: skip

    @property
    def _tie(self) -> float:
        return 2 * (self.far.noise + TIE * self.far.fit.coef)

    def _judge(self, coef: float, margin: float, rows: tuple[int, ...]) -> Index | None:
        if coef > margin:
            return None
        rest = self._refit(rows)
        if rest is not None and rest < -self._tie:
            return np.array(rows)
        raise _OutOfWorkError  # zero to rounding: neither a flip nor a proof

    def _look(self, rows: tuple[int, ...], redundant: bool = False, coef: float = 0.0) -> None:
        """A set without which something is not determined: refitted; no proof where it matters after all."""
        self.fresh -= 1
        if self.fresh < 0:
            raise _OutOfWorkError
        rest = self._refit(rows)
        if rest is None or (redundant and abs(rest - coef) <= 1e-6 * abs(self.far.fit.coef)):
            return
        if redundant or rest <= 1e-9 * abs(self.far.fit.coef):
            raise _OutOfWorkError

    def _refit(self, rows: tuple[int, ...]) -> float | None:
        rest = self.design.rows.without(self.far.rows[list(rows)]).coefficient()
        return None if rest is None else rest * self.design.sign
