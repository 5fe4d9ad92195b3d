"""Victim: ridge on clean moments plus poison rows, and how an outer loss answers when a poison row moves.

Clean rows are read once, for their moments; after that no step depends on how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from ..errors import OptionError
from ..maths.moments import Moments
from ..models.options import is_number

__all__ = ["Outer", "Victim"]

Array = NDArray[np.float64]

FLOOR = 1e-9  # penalty, relative to a column's variance, that stands in for none where columns determine each other


@dataclass(frozen=True, eq=False)
class Outer:
    """½θᵀHθ - cᵀθ + constant: any quadratic that an attacker wants large, in the victim's coordinates."""

    H: Array
    c: Array
    constant: float = 0.0

    def value(self, theta: Array) -> float:
        return float(0.5 * theta @ (self.H @ theta) - self.c @ theta + self.constant)

    def gradient(self, theta: Array) -> Array:
        return np.asarray(self.H @ theta - self.c)


@dataclass(frozen=True, eq=False)
class Victim:
    """Ridge with a free intercept, on clean rows plus others. θ = (w, b) belongs to rows seen from the clean mean.

    Minimises mean(r²)/2 + reg_lambda/2·‖w‖² over all rows, poison included.

    Parameters
    ----------
    gram : ndarray (n_features + 1, n_features + 1)
        Σx̃x̃ᵀ of the clean rows with x̃ = [x - mean, 1].
    cross : ndarray (n_features + 1,)
        Σx̃(y - mean).
    squares : float
        Σ(y - mean)².
    centre : ndarray (n_features + 1,)
        Mean of the clean [x, y], in the units of the data.
    n : int
        Clean rows.
    penalty : ndarray (n_features + 1,)
        reg_lambda for every coefficient, 0 for the intercept; a trace of it where columns determine each other.

    Examples
    --------
    >>> victim = Victim.of(np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 1.0, 2.0]), 0.0)
    >>> victim.fit(np.array([[1.0]]), np.array([5.0])).round(6)  # slope, and level at the clean mean
    array([1., 1.])
    """

    gram: Array
    cross: Array
    squares: float
    centre: Array
    n: int
    penalty: Array

    @classmethod
    def of(cls, X: Array, y: Array, reg_lambda: float) -> Victim:
        """The victim that trains on these clean rows.

        Parameters
        ----------
        X : ndarray (n_samples, n_features)
        y : ndarray (n_samples,)
        reg_lambda : float
            On the mean loss, at least 0.

        Raises
        ------
        OptionError
            A negative penalty.
        """
        return cls.from_moments(Moments.of(X, y), reg_lambda)

    @classmethod
    def from_moments(cls, moments: Moments, reg_lambda: float) -> Victim:
        """The victim that trains on the rows of these moments."""
        if not is_number(reg_lambda, least=0):
            raise OptionError(f"reg_lambda must be at least 0, got {reg_lambda!r}")
        n, C = moments.rows, moments.covariance * moments.rows
        gram = np.zeros_like(C)
        gram[:-1, :-1], gram[-1, -1] = C[:-1, :-1], n
        penalty = np.append(np.full(len(C) - 1, float(reg_lambda)), 0.0)
        if n <= len(C) or np.linalg.cond(_equilibrated(gram / n + np.diag(penalty))) > 1 / FLOOR:
            spread = np.diag(gram)[:-1] / n
            penalty[:-1] += FLOOR * np.where(spread > 0, spread, max(spread.max(initial=0.0), 1.0))
        return cls(gram, np.append(C[:-1, -1], 0.0), float(C[-1, -1]), moments.mean, n, penalty)

    def design(self, X: Array) -> Array:
        """x̃ = [x - mean, 1] of rows in the units of the data."""
        return np.column_stack([X - self.centre[:-1], np.ones(len(X))])

    def line(self, theta: Array) -> tuple[Array, float]:
        """coef and intercept in the units of the data."""
        return theta[:-1], float(self.centre[-1] + theta[-1] - self.centre[:-1] @ theta[:-1])

    @cached_property
    def clean_fit(self) -> Array:
        """θ without poison."""
        return np.asarray(cho_solve(cho_factor(self.gram / self.n + np.diag(self.penalty)), self.cross / self.n))

    @property
    def training_loss(self) -> Outer:
        """mean(r²)/2 over the clean rows."""
        return Outer(self.gram / self.n, self.cross / self.n, self.squares / (2 * self.n))

    def loss_on(self, X: Array, y: Array) -> Outer:
        """mean(r²)/2 over other rows, by their moments."""
        Z, t = self.design(X), y - self.centre[-1]
        return Outer(Z.T @ Z / len(y), Z.T @ t / len(y), float(t @ t) / (2 * len(y)))

    def _solve(self, Z: Array, t: Array) -> tuple[Array, tuple[Array, bool], int]:
        N = self.n + len(t)
        factor = cho_factor((self.gram + Z.T @ Z) / N + np.diag(self.penalty))
        return cho_solve(factor, (self.cross + Z.T @ t) / N), factor, N

    def fit(self, X: Array, y: Array) -> Array:
        """θ on clean rows and these."""
        return self._solve(self.design(X), y - self.centre[-1])[0]

    def attack_gradient(self, X: Array, y: Array, outer: Outer) -> tuple[float, Array, Array]:
        """The outer loss of the fit with these poison rows, and its gradient in them. One solve serves all points.

        With A the Hessian of the fit, g = ∇W(θ) and v = A⁻¹g: dW/dx_c = -[(v·x̃)w + r·v_w]/N and
        dW/dy_c = (v·x̃)/N, r = θᵀx̃ - y_c: Jagielski et al. (2018), eq. 8–9, by the implicit function theorem.

        Parameters
        ----------
        X : ndarray (k, n_features)
        y : ndarray (k,)
        outer : Outer

        Returns
        -------
        value : float
        dX : ndarray (k, n_features)
        dy : ndarray (k,)
        """
        Z, t = self.design(X), y - self.centre[-1]
        theta, factor, N = self._solve(Z, t)
        v = cho_solve(factor, outer.gradient(theta))
        push, residual = Z @ v, Z @ theta - t
        dX = -(np.outer(push, theta[:-1]) + np.outer(residual, v[:-1])) / N
        return outer.value(theta), dX, push / N


def _equilibrated(A: Array) -> Array:
    scale = np.sqrt(np.where(np.diag(A) > 0, np.diag(A), 1.0))
    return np.asarray(A / np.outer(scale, scale))
