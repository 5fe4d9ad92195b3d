"""Where k epochs of full-batch descent on the squared loss end, for any k, without running them.

Along each eigenvector of the Hessian the distance to the optimum shrinks by a factor f(k) of its own, so a state costs
O(d²) and a whole loss curve O(k·d), after one eigen-decomposition.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError
from .moments import Moments
from .objective import MomentsObjective

__all__ = ["Trajectory"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """All epochs of one descent at once: the iterates of `descend` on a `MomentsObjective`, to rounding.

    Parameters
    ----------
    moments : Moments
        Of the rows as the fit sees them.
    lr : float
        Learning rate.
    momentum : float
        Heavy ball, 0 <= momentum < 1.
    slope : float
        1 for "half_mse", 2 for "mse".
    reg_lambda : float
    intercept : bool
    w, b : ndarray (n_features,), float, optional
        Where descent starts; zeros by default.

    Notes
    -----
    Without momentum f(k) = (1 - lr·λ)ᵏ. With it the distance obeys e(k+1) = (1 + β - lr·λ)·e(k) - β·e(k-1), solved
    by the roots of r² = (1 + β - lr·λ)·r - β; 1 - f(k) is computed through expm1 and log1p, so slow directions keep
    their digits at any k.

    Examples
    --------
    >>> moments = Moments.of(np.array([[-1.0], [0.0], [1.0]]), np.array([0.0, 2.0, 4.0]))
    >>> trajectory = Trajectory(moments, lr=0.5)
    >>> w, b = trajectory.state(10**9)
    >>> w, b
    (array([2.]), 2.0)
    >>> trajectory.loss([0, 1, 10**9]).round(3)
    array([3.333, 1.093, 0.   ])
    """

    moments: Moments
    lr: float
    momentum: float = 0.0
    slope: float = 1.0
    reg_lambda: float = 0.0
    intercept: bool = True
    w: Array | None = None
    b: float = 0.0

    def state(self, epochs: int) -> tuple[Array, float]:
        """w, b after so many epochs.

        Parameters
        ----------
        epochs : int
            At least 0.
        """
        values, vectors, start, pull, _ = self._modes
        factor, rest = self._factors(np.array([_whole(epochs)]), values)
        z = vectors @ (factor[0] * start + rest[0] * pull)
        return (z[:-1], float(z[-1])) if self.intercept else (z, self.b)

    def loss(self, epochs: ArrayLike) -> Array:
        """The loss after each of these numbers of epochs, penalty included: a curve to plot.

        Parameters
        ----------
        epochs : array-like of int (n_points,)
        """
        values, _, start, pull, smallest = self._modes
        factor, _ = self._factors(np.asarray(epochs, dtype=np.float64), values)
        best = np.divide(pull, values, out=start.copy(), where=values > 0)
        return np.asarray(smallest + 0.5 * np.square(factor * (start - best)) @ values)

    @cached_property
    def _modes(self) -> tuple[Array, Array, Array, Array, float]:
        """Eigenvalues and -vectors of the Hessian, start and pull along them, and the smallest loss."""
        m = self.moments
        second, mean = m.second, m.mean
        hessian = second[:-1, :-1] + self.reg_lambda * np.eye(m.n_features)
        target = second[:-1, -1]
        start = np.zeros(m.n_features) if self.w is None else np.asarray(self.w, dtype=np.float64)
        if self.intercept:
            hessian = np.block([[hessian, mean[:-1, None]], [mean[None, :-1], np.ones((1, 1))]])
            target, start = np.append(target, mean[-1]), np.append(start, self.b)
        values, vectors = np.linalg.eigh(self.slope * hessian)
        flat = values <= len(values) * np.finfo(float).eps * values[-1]
        pull = np.where(flat, 0.0, self.slope * (vectors.T @ target))
        values = np.where(flat, 0.0, values)
        along = vectors.T @ start
        best = vectors @ np.divide(pull, values, out=along.copy(), where=~flat)
        objective = MomentsObjective(m, self.slope, self.reg_lambda, self.intercept)
        smallest = objective.value_and_gradient(best[: m.n_features], float(best[-1]) if self.intercept else self.b)[0]
        return values, vectors, along, pull, smallest

    def _factors(self, epochs: Array, values: Array) -> tuple[Array, Array]:
        """f(k) and (1 - f(k))/λ for every k (rows) and eigenvalue (columns)."""
        step = self.lr * values
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            factor, missing = _heavy_ball(epochs[:, None], step[None, :], self.momentum)
        rest = np.divide(missing, values, out=np.zeros_like(missing), where=values > 0)
        return np.where(values > 0, factor, 1.0), rest


def _whole(epochs: int) -> float:
    if epochs < 0 or int(epochs) != epochs:
        raise OptionError(f"epochs must be a whole number of at least 0, got {epochs!r}")
    return float(epochs)


def _heavy_ball(k: Array, step: Array, beta: float) -> tuple[Array, Array]:
    """f(k) and 1 - f(k): the share of the first distance that is left after k epochs along modes with lr·λ = step.

    f = r1ᵏ + (1 - step - r1)·S with S = (r1ᵏ - r2ᵏ)/(r1 - r2); r1 is the root of larger modulus, and 1 - r1 is
    formed without cancellation while it is small.
    """
    total = 1.0 + beta - step
    root = np.sqrt((total * total - 4.0 * beta).astype(np.complex128))
    near_one = (total > 0) & (root.imag == 0)
    gap = np.where(near_one, 2 * step / (1.0 - beta + step + root), 0.0)  # 1 - r1
    r1 = np.where(near_one, 1.0 - gap, (total + np.where(total >= 0, root, -root)) / 2)
    gap = np.where(near_one, gap, 1.0 - r1)
    log_r1 = np.where(near_one, np.log1p(-gap.real), np.log(r1))  # complex log1p would lose the small gaps
    power_less_one = np.where(k == 0, 0.0, np.where(r1 == 0, -1.0, np.expm1(k * log_r1)))
    spread = (gap - step) * _divided_difference(k, r1, beta)
    missing = -(power_less_one + spread)
    return np.asarray((1.0 - missing).real), np.asarray(missing.real)


def _divided_difference(k: Array, r1: NDArray[np.complex128], beta: float) -> NDArray[np.complex128]:
    """S = (r1ᵏ - r2ᵏ)/(r1 - r2) with r1·r2 = beta, also where the roots meet (k·r1ᵏ⁻¹)."""
    if beta == 0:
        return np.zeros_like(k * r1)  # there is one root, and what S is multiplied with is 0
    log_ratio = np.log(beta / (r1 * r1))
    quotient = np.expm1(k * log_ratio) / np.expm1(log_ratio)
    return np.where(k == 0, 0.0, np.exp((k - 1) * np.log(r1)) * np.where(np.abs(log_ratio) < 1e-14, k, quotient))
