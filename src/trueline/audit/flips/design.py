"""The design behind one coefficient: orthonormal coordinates whose last axis is the feature with the others taken out.

In them a coefficient is the last coordinate divided by ‖x̃‖ (Frisch and Waugh, 1933; Lovell, 1963), offsets and scales
of columns are gone, and columns that determine each other cost nothing as long as they do not determine the feature.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from ...errors import DataError, OptionError, Problem, ShapeError, TruelineWarning
from ...models.base import LinearModel
from ...models.gate import column_name, names_of
from ...models.least_squares import LeastSquares
from ...models.options import is_number
from ...rows import table
from ...rows.source import in_memory
from .goal import Estimate, Goal

__all__ = ["Design", "Rows", "design_of", "read_rows"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

EPS = float(np.finfo(np.float64).eps)
DEPENDENT = 1e-10  # a column of which less than this part is its own is determined by the others


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as numbers, and the model that is asked about: which column, intercept, penalty.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
    y : ndarray (n_samples,)
    names : tuple of str or None
    feature : int
    intercept : bool
    reg_lambda : float
        On the mean loss, so that its weight follows the number of rows.
    """

    X: Array
    y: Array
    names: tuple[str, ...] | None
    feature: int
    intercept: bool
    reg_lambda: float

    @property
    def name(self) -> str:
        """What messages call the column."""
        return column_name(self.names, self.feature)

    def without(self, rows: NDArray[np.intp]) -> Rows:
        """The rows that are left."""
        kept = np.delete(np.arange(len(self.y)), rows)
        return replace(self, X=self.X[kept], y=self.y[kept])

    def relabelled(self, rows: NDArray[np.intp], labels: Array) -> Rows:
        """The same rows, some with other labels."""
        y = self.y.copy()
        y[rows] = labels
        return replace(self, y=y)

    def beside(self, X: Array, y: Array) -> Rows:
        """These rows and others."""
        return replace(self, X=np.vstack([self.X, X]), y=np.append(self.y, y))

    def estimate(self, goal: Goal) -> Estimate | None:
        """The coefficient, refitted by `LeastSquares` on these rows; None where they do not determine it.

        Columns that others determine are left out first: the coefficient does not change by that, and has a
        standard error.
        """
        n, nothing = len(self.y), float("nan")
        columns = np.arange(self.X.shape[1]) if self.reg_lambda else self._independent()
        if columns is None or n < 2:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TruelineWarning)
            model = LeastSquares(self.reg_lambda, self.intercept).fit(self.X[:, columns], self.y)
            coef = float(model.coef_[columns == self.feature][0])
            df = n - len(columns) - self.intercept
            if not goal.studentised and (self.reg_lambda or df < 1):
                return Estimate(coef, nothing, df, nothing, nothing, n)
            if df < 1:
                return Estimate(coef, nothing, df, nothing, nothing, n)
            try:
                summary = model.summary(goal.cov, self.X[:, columns], self.y)
            except DataError:  # a row that alone determines something has no HC2 or HC3 residual
                return Estimate(coef, nothing, df, nothing, nothing, n)
        place = int(np.flatnonzero(columns == self.feature)[0]) + self.intercept
        low, high = summary.interval(1 - goal.level)[place]
        return Estimate(coef, float(summary.standard_errors[place]), df, float(low), float(high), n)

    def all_coefficients(self) -> Array:
        """Of every column, (n_features,)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TruelineWarning)
            return np.array(LeastSquares(self.reg_lambda, self.intercept).fit(self.X, self.y).coef_)

    def coefficient(self) -> float | None:
        """The coefficient from coordinates made anew on these rows; None where they do not determine it."""
        try:
            design = design_of(self)
        except DataError:
            return None
        if design.ridge:
            gram = design.Z.T @ design.Z + len(self.y) * np.diag(design.penalty)
            return float(design.c @ np.linalg.solve(gram, design.Z.T @ design.y))
        return float(design.c @ (design.Z.T @ design.y))

    def _independent(self) -> NDArray[np.intp] | None:
        """Columns that say something of their own, the feature among them; None where it is determined by others."""
        scaled = self.scaled
        kept = [int(j) for j in np.flatnonzero(scaled.any(axis=0)) if j != self.feature]
        others = kept[:0]
        if kept:
            triangle, order = qr(scaled[:, kept], mode="r", pivoting=True)
            size = np.abs(np.diag(triangle))
            others = sorted(kept[k] for k in order[: len(size)][size > DEPENDENT])
        columns = np.array(sorted([*others, self.feature]), dtype=np.intp)
        own, _ = own_part(scaled, others, self.feature)
        return columns if own is not None else None

    @cached_property
    def scaled(self) -> Array:
        """Columns centred beside an intercept, of length 1; what never changes is zero."""
        X = self.X
        size = np.abs(X).max(axis=0, initial=0.0)
        if self.intercept:
            X = X - X.mean(axis=0)
            X = X - X.mean(axis=0)
        length = np.linalg.norm(X, axis=0)
        alive = length > 16 * EPS * np.sqrt(len(X)) * size
        return np.asarray(np.where(alive, X, 0.0) / np.where(alive, length, 1.0))


@dataclass(frozen=True, eq=False)
class Design:
    """Rows in coordinates Z where removing, adding and relabelling are sums, and what the coefficient is in them.

    Minimises ‖y - Zθ‖² + n·θᵀΠθ; the coefficient, counted along its sign of today, is cᵀθ.

    Parameters
    ----------
    rows : Rows
    Z : ndarray (n_samples, p)
        Orthonormal columns without a penalty.
    y : ndarray (n_samples,)
        Centred beside an intercept.
    c : ndarray (p,)
    penalty : ndarray (p,)
        The diagonal Π; zeros without a penalty.
    sign : float
        Of the coefficient today; 1 before it is known.
    own : float
        Length of what the other columns leave of the feature, of 1: its reciprocal multiplies rounding.
    """

    rows: Rows
    Z: Array
    y: Array
    c: Array
    penalty: Array
    sign: float
    own: float

    @property
    def ridge(self) -> bool:
        """Whether a penalty follows the number of rows."""
        return bool(self.penalty.any())

    @cached_property
    def sums(self) -> tuple[Array, Array, float]:
        """ZᵀZ, Zᵀy and yᵀy."""
        return self.Z.T @ self.Z, self.Z.T @ self.y, float(self.y @ self.y)

    @property
    def noise(self) -> float:
        """What rounding may have made of cᵀθ, and of sums over rows like it, generously; in its units."""
        n, p = self.Z.shape
        size = float(np.linalg.norm(self.c)) * float(np.linalg.norm(self.y))
        return float(64 * EPS * (p + np.sqrt(n)) / self.own * size)


def own_part(scaled: Array, others: Any, feature: int) -> tuple[Array | None, Array]:
    """What the other columns leave of the feature (None: nothing), and an orthonormal basis of the others."""
    U = np.empty((len(scaled), 0))
    if len(others):
        basis, triangle, _ = qr(scaled[:, others], mode="economic", pivoting=True)
        U = np.asarray(basis[:, : int((np.abs(np.diag(triangle)) > DEPENDENT).sum())])
    x = scaled[:, feature]
    for _ in range(2):  # twice is enough: Giraud, Langou and Rozložník (2005)
        x = x - U @ (U.T @ x)
    return (x if np.linalg.norm(x) > DEPENDENT else None), U


def design_of(rows: Rows) -> Design:
    """Coordinates of the rows.

    Parameters
    ----------
    rows : Rows

    Raises
    ------
    DataError
        The feature never changes, or other columns determine it: it has no coefficient of its own.
    """
    scaled, j, n = rows.scaled, rows.feature, len(rows.y)
    y = rows.y - rows.y.mean() if rows.intercept else rows.y
    ones = np.full((n, int(rows.intercept)), 1 / np.sqrt(n))
    X = rows.X - rows.X.mean(axis=0) if rows.intercept else rows.X
    if rows.reg_lambda:
        alive = np.asarray(scaled.any(axis=0))
        if not alive[j]:
            raise _no_coefficient(rows, "never changes")
        length = np.linalg.norm(X[:, alive], axis=0)
        c = np.append(np.zeros(ones.shape[1]), np.where(np.flatnonzero(alive) == j, 1 / length, 0.0))
        penalty = np.append(np.zeros(ones.shape[1]), rows.reg_lambda / np.square(length))
        return Design(rows, np.column_stack([ones, scaled[:, alive]]), y, c, penalty, 1.0, 1.0)
    x, U = own_part(scaled, [k for k in range(scaled.shape[1]) if k != j], j)
    if x is None:
        raise _no_coefficient(rows, "determined by other columns" if scaled[:, j].any() else "never changes")
    own = float(np.linalg.norm(x))
    Z = np.column_stack([ones, U, x / own])
    c = np.zeros(Z.shape[1])
    c[-1] = 1 / (own * float(np.linalg.norm(X[:, j])))
    return Design(rows, Z, y, c, np.zeros(len(c)), 1.0, own)


def _no_coefficient(rows: Rows, what: str) -> DataError:
    return DataError("no coefficient of its own, so no sign to flip", problems=[Problem(what, rows.name)],
                     advice="Drop columns until this one says something of its own")  # fmt: skip


def read_rows(X: Any, y: Any, feature: int | str, reg_lambda: float, intercept: bool) -> Rows:
    """The gate: numbers, the column that is meant, a penalty that is one.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    feature : int or str
        Position or name.
    reg_lambda : float
    intercept : bool

    Raises
    ------
    OptionError
        No such column; a penalty below 0.
    DataError
        Rows that cannot be used.
    """
    gate = LinearModel()
    source = in_memory(gate._source(X, y, None))
    table.check_finite(source.X, source.names, "X")
    table.check_finite(source.y, what="y")
    names = source.names if source.names is not None else names_of(gate)
    matrix, labels = np.asarray(source.X, dtype=np.float64), np.asarray(source.y, dtype=np.float64)
    if not is_number(reg_lambda, least=0):
        raise OptionError(f"reg_lambda must be a number of at least 0, got {reg_lambda!r}")
    if len(labels) < 2:
        raise ShapeError("one row cannot determine a coefficient", advice="Give at least two rows")
    return Rows(matrix, labels, names, _position(feature, names, matrix.shape[1]), bool(intercept), float(reg_lambda))


def _position(feature: Any, names: tuple[str, ...] | None, width: int) -> int:
    if isinstance(feature, str):
        if names is None or feature not in names:
            known = "X has no names" if names is None else f"X has {', '.join(names[:12])}"
            raise OptionError(f"there is no column {feature!r}: {known}", advice="Give a name of X, or a position")
        return names.index(feature)
    if isinstance(feature, bool) or not isinstance(feature, int | np.integer) or not -width <= feature < width:
        raise OptionError(f"feature must be a name or a position from 0 to {width - 1}, got {feature!r}")
    return int(feature) % width
