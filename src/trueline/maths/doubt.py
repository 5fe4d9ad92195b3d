"""How well coefficients are known from moments alone, once rows were added or removed and cannot be read again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .moments import Moments
from .scaling import ROUNDING, constant_columns
from .solve import Solution

__all__ = ["Doubt", "blur", "impossible_columns"]

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
MOST = 15.0  # digits that a float64 can be vouched for


def blur(moments: Moments) -> Array:
    """How far rounding may have moved the second moments about the pivot: entry (i, j) by up to blur_i·blur_j.

    Parameters
    ----------
    moments : Moments

    Returns
    -------
    ndarray (n_features + 2,)
        In the units of the columns, y next to last; last the weight's, a relative number.
    """
    unit = EPS * (8 + moments.steps)  # the sums over rows, and what each later sum rounds
    return np.asarray(np.sqrt(unit * moments.peak / moments.weight))


def impossible_columns(moments: Moments) -> tuple[int, ...]:
    """Columns (y last) in which no rows at all could have these moments: a negative spread, beyond rounding.

    Empty where the moments may be those of rows. Where only a combination of columns has a negative spread, the one
    that weighs most in it.

    Parameters
    ----------
    moments : Moments

    Examples
    --------
    >>> X, y = np.array([[1.0], [2.0], [4.0]]), np.array([3.0, 5.0, 9.0])
    >>> impossible_columns(Moments.of(X, y).remove(Moments.of(np.array([[9.0]]), np.array([4.0]))))
    (0,)
    """
    covariance, known = moments.covariance, blur(moments.about(moments.mean))[:-1]
    variance = np.diag(covariance)
    negative = variance < -np.square(known)
    if negative.any():
        return tuple(int(j) for j in np.flatnonzero(negative))
    size = np.sqrt(np.maximum(variance, np.square(known)))
    scale = np.where(size > 0, 1 / np.where(size > 0, size, 1.0), 0.0)
    values, vectors = np.linalg.eigh(covariance * np.outer(scale, scale))
    if values[0] >= -float(np.square(known * scale).sum()):
        return ()
    return (int(np.argmax(np.abs(vectors[:, 0]))),)


@dataclass(frozen=True, eq=False)
class Doubt:
    """What is known of the minimum of mean(r²)/2 + reg_lambda/2·‖w‖² from moments that rounding has blurred.

    Parameters
    ----------
    moments : Moments
    reg_lambda : float
    intercept : bool

    Notes
    -----
    First order in the rounding: with normal equations K·u = k of the equilibrated columns, an error of at most
    r_i·r_j in K and r_i·s in k moves u by at most ``|K⁻¹|·r·(s + r·|u|)``, componentwise (Higham 2002, §7.2).
    """

    moments: Moments
    reg_lambda: float
    intercept: bool

    @cached_property
    def _seen(self) -> Moments:
        """About the mean, or about zero without an intercept: where the normal equations stand."""
        return self.moments.about(self.moments.mean if self.intercept else np.zeros_like(self.moments.pivot))

    @cached_property
    def _gram(self) -> Array:
        return self._seen.covariance if self.intercept else self._seen.scatter / self._seen.weight

    @cached_property
    def _blur(self) -> Array:
        return blur(self._seen)

    @cached_property
    def lost(self) -> NDArray[np.bool_]:
        """Features whose spread (size, without an intercept) cannot be told from zero, (n_features,)."""
        return np.asarray(self._constant | (np.diag(self._gram)[:-1] <= np.square(self._blur[:-2])))

    @cached_property
    def _constant(self) -> NDArray[np.bool_]:
        """What a fit would call constant and leave out, where rounding is not what made it so."""
        if not self.intercept:
            return np.asarray(np.diag(self._gram)[:-1] == 0)
        sharp = self._blur[:-2] <= ROUNDING * np.abs(self.moments.mean[:-1])
        return np.asarray(constant_columns(self.moments) & sharp)

    @cached_property
    def _factor(self) -> Array:
        """What brings each column to size 1; 0 for those that are left out."""
        square = np.diag(self._gram)[:-1] + self.reg_lambda
        alive = (square > 0) & ~self._constant
        return np.where(alive, 1 / np.sqrt(np.where(alive, square, 1.0)), 0.0)

    @cached_property
    def _alive(self) -> NDArray[np.bool_]:
        return np.asarray(self._factor > 0)

    @cached_property
    def _normal(self) -> Array:
        matrix = self._gram[:-1, :-1] + self.reg_lambda * np.eye(self.moments.n_features)
        return np.asarray(matrix * np.outer(self._factor, self._factor))[np.ix_(self._alive, self._alive)]

    @cached_property
    def _spectrum(self) -> tuple[Array, Array]:
        values, vectors = np.linalg.eigh(self._normal)
        return np.asarray(values), np.asarray(vectors)

    @cached_property
    def undetermined(self) -> tuple[int, ...]:
        """Features of which a combination cannot be told from nothing; empty where the coefficients are determined."""
        swallowed = ~self._constant & (np.diag(self._gram)[:-1] + self.reg_lambda <= np.square(self._blur[:-2]))
        if swallowed.any() or not self._alive.any():
            return tuple(int(j) for j in np.flatnonzero(swallowed))
        values, vectors = self._spectrum
        if values[0] > float(np.square(self._blur[:-2] * self._factor).sum()):
            return ()
        weakest = np.abs(vectors[:, 0])
        return tuple(int(j) for j in np.flatnonzero(self._alive)[weakest > 0.1 * weakest.max()])

    def solve(self) -> Solution:
        """The minimum, where nothing is `undetermined`; as good as moments allow, and no better than `digits` says."""
        coef = np.zeros(self.moments.n_features)
        pull = self._gram[:-1, -1] * self._factor
        coef[self._alive] = np.linalg.solve(self._normal, pull[self._alive]) * self._factor[self._alive]
        mean, values = self.moments.mean, self._spectrum[0]
        intercept = math.fsum([mean[-1], *(-coef * mean[:-1])]) if self.intercept else 0.0
        condition = float(np.sqrt(values[-1] / values[0])) if len(values) else 1.0
        left_out = tuple(int(j) for j in np.flatnonzero(~self._alive))
        return Solution(coef, intercept, len(values), condition, "cholesky", self.digits(coef), left_out)

    def digits(self, coef: Array) -> float:
        """Decimal digits vouched for, of the coefficients in equilibrated units and of the line's height at the mean.

        Relative to the largest of these coefficients. 0 where the coefficients are not determined.

        Parameters
        ----------
        coef : ndarray (n_features,)
            In the units of the data.
        """
        if self.undetermined:
            return 0.0
        factor, known = self._factor[self._alive], self._blur
        u, r = np.abs(coef[self._alive]) / factor, known[:-2][self._alive] * factor
        load = float(known[-2] + r @ u)
        inverse = np.abs(np.linalg.inv(self._normal))
        error = inverse @ (r * load + self.reg_lambda * np.square(factor * known[-1]) * u)
        largest = float(u.max(initial=0.0))
        error += 4 * (len(u) + 1) * EPS * inverse.sum(axis=1) * largest  # of the solving itself
        worst = max(float(error.max(initial=0.0)), float(known[-1]) * load)
        if worst == 0:
            return MOST
        return min(MOST, max(0.0, -float(np.log10(worst / largest)))) if largest > 0 else 0.0

    def mean_square(self, coef: Array) -> tuple[float, float]:
        """Mean of the squared residuals of the fit, and how far rounding may have moved it, in squared units of y.

        Parameters
        ----------
        coef : ndarray (n_features,)
            In the units of the data.
        """
        direction = np.append(-coef, 1.0)
        return float(direction @ self._gram @ direction), float((np.abs(direction) @ self._blur[:-1]) ** 2)
