"""The fit as an attacker's arithmetic sees it: rows go in, and the quantity moves."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from ...errors import ConstantColumnWarning, DataError, RankWarning
from ...models.least_squares import LeastSquares
from ...rows.allowed import Allowed
from .quantity import Quantity

__all__ = ["State", "Today"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class State:
    """A fit that rows can be added to: S = rootᵀ @ root and θ, for rows (1, (x - shift)/scale).

    Parameters
    ----------
    shift, scale : ndarray (n_features,)
        Coordinates in which columns are of size 1; shift is 0 without intercept.
    root : ndarray (m, m)
        Upper triangle; m is n_features, plus 1 with an intercept.
    theta : ndarray (m,)
    c : ndarray (m,)
        The quantity is c·theta.
    intercept : bool
    """

    shift: Array
    scale: Array
    root: Array
    theta: Array
    c: Array
    intercept: bool

    @classmethod
    def of(cls, X: Array, y: Array, what: Quantity, model: LeastSquares, added: int, allowed: Allowed) -> State:
        """The fit of the rows with the penalty that it will bear once `added` more are in. See `Today.of`."""
        return Today.of(X, y, what, model, allowed).with_room(added)

    @property
    def value(self) -> float:
        """The quantity itself."""
        return float(self.c @ self.theta)

    @property
    def pulled(self) -> Array:
        """root·S⁻¹·c, whose norm is √(cᵀS⁻¹c)."""
        return np.asarray(solve_triangular(self.root, self.c, trans="T"))

    @property
    def direction(self) -> Array:
        """S⁻¹c: how much each coordinate of a row pulls on the quantity."""
        return np.asarray(solve_triangular(self.root, self.pulled))

    def design(self, X: Array) -> Array:
        """Rows in these coordinates, (n_rows, m)."""
        return _design(X, self.shift, self.scale, self.intercept)

    def shifts(self, X: Array, y: Array | float, copies: int = 1) -> Array:
        """What each row (n_rows, n_features) would add to the quantity by itself: (a·x̃)·residual/(1/copies + h)."""
        rows = self.design(np.atleast_2d(X))
        leverage = np.square(solve_triangular(self.root, rows.T, trans="T")).sum(axis=0)
        return np.asarray((rows @ self.direction) * (y - rows @ self.theta) / (1.0 / copies + leverage))

    def with_rows(self, X: Array, y: Array) -> State:
        """The fit with these rows in it, (k, n_features) and (k,); the penalty stays."""
        if not len(X):
            return self
        rows = self.design(X)
        root = np.asarray(np.linalg.qr(np.vstack([self.root, rows]), mode="r"))
        pull = solve_triangular(root, rows.T @ (y - rows @ self.theta), trans="T")
        return replace(self, root=root, theta=self.theta + solve_triangular(root, pull))


@dataclass(frozen=True, eq=False)
class Today:
    """The rows of today, reduced to a triangle; whatever the number of rows to come, they are not read again.

    Parameters
    ----------
    fitted : LeastSquares
        On these rows.
    value : float
        The quantity today.
    triangle : ndarray (m + 1, m + 1)
        R of [design, y - level] = QR.
    level : float
        What was taken off y: its mean beside an intercept.
    shift, scale, c : ndarray
        See `State`.
    n : int
        Number of rows.
    still : ndarray of bool (n_features,)
        Columns that never change beside an intercept, nor in any row to come: they move nothing.
    """

    fitted: LeastSquares
    value: float
    triangle: Array
    level: float
    shift: Array
    scale: Array
    c: Array
    n: int
    still: NDArray[np.bool_]

    @classmethod
    def of(cls, X: Array, y: Array, what: Quantity, model: LeastSquares, allowed: Allowed) -> Today:
        """Fit and reduce; `allowed` is what the rows to come may hold.

        Raises
        ------
        DataError
            The rows do not determine every coefficient: one more may then do anything.
        """
        n, d = X.shape
        fitted = _fit(X, y, model.reg_lambda, model.fit_intercept)
        still = (X[0] == X).all(axis=0) & (allowed.frozen | ((allowed.low == X[0]) & (allowed.high == X[0])))
        still &= model.fit_intercept
        if model.reg_lambda == 0 and fitted.rank_ < d - still.sum():
            raise DataError(f"these rows determine {fitted.rank_} of {d} coefficients, so one more can do anything",
                            advice="Drop columns that determine each other or never change, or penalise")  # fmt: skip
        shift = np.where(still, X[0], X.mean(axis=0)) if model.fit_intercept else np.zeros(d)
        size = np.sqrt(np.square(X - shift).mean(axis=0))
        scale = np.where(size > 0, size, 1.0)
        level = float(y.mean()) if model.fit_intercept else 0.0
        design = _design(X, shift, scale, model.fit_intercept)
        triangle = np.asarray(np.linalg.qr(np.column_stack([design, y - level]), mode="r"))
        free = [what.free] if model.fit_intercept else []
        c = np.array([*free, *((what.slopes - what.free * shift) / scale)])
        return cls(fitted, what.of(fitted), triangle, level, shift, scale, c, n, still)

    def with_room(self, added: int) -> State:
        """The fit of these rows under the penalty that it will bear once `added` more are in."""
        reg_lambda, own, d = self.fitted.reg_lambda, int(self.fitted.fit_intercept), len(self.scale)
        penalty = np.zeros((d, own + d + 1))
        weights = np.where(self.still, 1.0, np.sqrt((self.n + added) * reg_lambda))  # any: it meets only zeros
        penalty[:, own : own + d] = np.diag(weights / self.scale)
        full = np.asarray(np.linalg.qr(np.vstack([self.triangle, penalty]), mode="r"))
        root = full[: own + d, : own + d]
        if reg_lambda > 0:
            theta = solve_triangular(root, full[: own + d, -1])
            theta[:own] += self.level
        else:  # the estimator's own answer, with all its digits
            level = self.fitted.intercept_ + float(self.shift @ self.fitted.coef_)
            theta = np.array([*[level] * own, *(self.fitted.coef_ * self.scale)])
        return State(self.shift, self.scale, root, theta, self.c, self.fitted.fit_intercept)


def _design(X: Array, shift: Array, scale: Array, intercept: bool) -> Array:
    rows = (X - shift) / scale
    return np.column_stack([np.ones(len(rows)), rows]) if intercept else rows


def _fit(X: Array, y: Array, reg_lambda: float, fit_intercept: bool) -> LeastSquares:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RankWarning)  # refused in words of our own
        warnings.simplefilter("ignore", ConstantColumnWarning)
        return LeastSquares(reg_lambda, fit_intercept).fit(X, y)
