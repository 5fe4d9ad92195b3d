"""What is to be moved: a coefficient, a prediction, the mean prediction; and the fit as an attacker's arithmetic sees it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from ..errors import ConstantColumnWarning, DataError, OptionError, RankWarning, ShapeError
from ..models.base import column_name
from ..models.least_squares import LeastSquares

__all__ = ["Quantity", "State", "quantity"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Quantity:
    """A number that depends linearly on a fit: ``slopes·coef + free·intercept``.

    Parameters
    ----------
    slopes : ndarray (n_features,)
    free : float
        Weight of the intercept.
    text : str
    """

    slopes: Array
    free: float
    text: str

    def of(self, model: Any) -> float:
        """Its value for a fitted model with coef_ and intercept_."""
        return float(self.slopes @ model.coef_ + self.free * model.intercept_)


def quantity(of: Any, X: Array, names: tuple[str, ...] | None) -> Quantity:
    """What `of` says, for rows X (n_samples, n_features).

    Raises
    ------
    OptionError, ShapeError
        It names no such column, or is none of the forms.

    Examples
    --------
    >>> quantity(("coefficient", "b"), np.zeros((2, 2)), ("a", "b")).slopes
    array([0., 1.])
    """
    d = X.shape[1]
    if of == "mean prediction":
        return Quantity(X.mean(axis=0), 1.0, "the mean prediction over today's rows")
    if of == "intercept":
        return Quantity(np.zeros(d), 1.0, "the intercept")
    if isinstance(of, tuple) and len(of) == 2 and of[0] == "coefficient":
        j = _column(of[1], names, d)
        return Quantity(np.eye(d)[j], 0.0, f"the coefficient of {column_name(names, j)}")
    if isinstance(of, tuple) and len(of) == 2 and of[0] == "prediction":
        rows = np.atleast_2d(np.asarray(of[1], dtype=np.float64))
        if rows.ndim != 2 or rows.shape[1] != d or not len(rows) or not np.isfinite(rows).all():
            raise ShapeError(f"a prediction needs finite rows of {d} numbers, got shape {np.shape(of[1])}")
        text = "the prediction at the row" if len(rows) == 1 else f"the mean prediction over {len(rows)} rows"
        return Quantity(rows.mean(axis=0), 1.0, text)
    raise OptionError(f"of={of!r} is no quantity", advice='Write ("coefficient", name or number), ("prediction", row), '
                      '"mean prediction" or "intercept"')  # fmt: skip


def _column(key: Any, names: tuple[str, ...] | None, d: int) -> int:
    if isinstance(key, str):
        if names is None or key not in names:
            listed = "no names were given" if names is None else f"columns are {', '.join(names)[:200]}"
            raise OptionError(f"no column is called {key!r}: {listed}")
        return names.index(key)
    if not isinstance(key, int | np.integer) or isinstance(key, bool) or not -d <= key < d:
        raise OptionError(f"{key!r} is no column of {d}")
    return int(key) % d


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
    def of(cls, X: Array, y: Array, what: Quantity, model: LeastSquares, added: int) -> State:
        """The fit of the rows with the penalty that it will bear once `added` more are in.

        Raises
        ------
        DataError
            The rows do not determine every coefficient: one more may then do anything.
        """
        n, d = X.shape
        fitted = _fit(X, y, model.reg_lambda * (n + added) / n, model.fit_intercept)
        if model.reg_lambda == 0 and fitted.rank_ < d:
            raise DataError(f"these rows determine {fitted.rank_} of {d} coefficients, so one more can do anything",
                            advice="Drop columns that determine each other or never change, or set reg_lambda")  # fmt: skip
        shift = X.mean(axis=0) if model.fit_intercept else np.zeros(d)
        size = np.sqrt(np.square(X - shift).mean(axis=0))
        scale = np.where(size > 0, size, 1.0)
        design = _design(X, shift, scale, model.fit_intercept)
        penalty = np.sqrt((n + added) * model.reg_lambda) * np.diag(1.0 / scale)
        penalty = np.column_stack([np.zeros(d), penalty]) if model.fit_intercept else penalty
        root = np.linalg.qr(np.vstack([design, penalty]), mode="r")
        level = [fitted.intercept_ + float(shift @ fitted.coef_)] if model.fit_intercept else []
        free = [what.free] if model.fit_intercept else []
        slopes = (what.slopes - what.free * shift) / scale
        return cls(shift, scale, root, np.array([*level, *(fitted.coef_ * scale)]), np.array([*free, *slopes]),
                   model.fit_intercept)  # fmt: skip

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

    def shifts(self, X: Array, y: Array | float) -> Array:
        """What each row by itself would add to the quantity: (a·x̃)·residual/(1 + leverage), (n_rows,)."""
        rows = self.design(np.atleast_2d(X))
        leverage = np.square(solve_triangular(self.root, rows.T, trans="T")).sum(axis=0)
        return np.asarray((rows @ self.direction) * (y - rows @ self.theta) / (1.0 + leverage))

    def with_rows(self, X: Array, y: Array) -> State:
        """The fit with these rows in it, (k, n_features) and (k,); the penalty stays."""
        if not len(X):
            return self
        rows = self.design(X)
        root = np.linalg.qr(np.vstack([self.root, rows]), mode="r")
        pull = solve_triangular(root, rows.T @ (y - rows @ self.theta), trans="T")
        return replace(self, root=root, theta=self.theta + solve_triangular(root, pull))


def _design(X: Array, shift: Array, scale: Array, intercept: bool) -> Array:
    rows = (X - shift) / scale
    return np.column_stack([np.ones(len(rows)), rows]) if intercept else rows


def _fit(X: Array, y: Array, reg_lambda: float, fit_intercept: bool) -> LeastSquares:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RankWarning)  # refused in words of our own
        warnings.simplefilter("ignore", ConstantColumnWarning)
        return LeastSquares(reg_lambda, fit_intercept).fit(X, y)
