"""Concentration: fit, keep the rows of the smallest squared residuals, fit those; the sum of these never increases.

Rousseeuw and Van Driessen (2006), *Computing LTS regression for large data sets*, §3: theorem 1 is the step, §3.3 the
nested groups. Jagielski et al. (2018), algorithm 2 (TRIM), is the same step with a penalty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .newton import solve_positive

__all__ = ["Concentration", "Rows", "best_starts", "kept_weights"]

Array = NDArray[np.float64]

LEND = 1e-10  # added to the Gram for each row in it, so that it can be solved: ordinary rows are near size 1
FADED = 1e-3  # a diagonal cell this far below what was once there has lost too many digits to down-dating


class Rows(Protocol):
    """Rows in coordinates of full rank, as `rows.design.Design` walks over them."""

    @property
    def weights(self) -> Array | None: ...
    @property
    def y(self) -> Array: ...
    def along(self, step: Array) -> Array: ...
    def pull(self, push: Array) -> Array: ...
    def gram(self, rows: NDArray[np.intp] | None = None, weights: Array | None = None) -> Array: ...


def kept_weights(squares: Array, weights: Array | None, h: float) -> Array:
    """How much each row counts among the `h` smallest squared residuals: its weight or 0, a part of it at the border.

    Examples
    --------
    >>> kept_weights(np.array([4.0, 1.0, 9.0]), None, 2)
    array([1., 1., 0.])
    >>> kept_weights(np.array([4.0, 1.0, 9.0]), np.array([2.0, 1.0, 1.0]), 2)
    array([1., 1., 0.])
    """
    kept = np.zeros(len(squares))
    if weights is None:
        count = int(h)
        kept[np.argpartition(squares, count - 1)[:count] if count < len(squares) else slice(None)] = 1.0
        return kept
    order = np.argsort(squares, kind="stable")
    before = np.cumsum(weights[order]) - weights[order]
    kept[order] = np.clip(h - before, 0.0, weights[order])
    return kept


def best_starts(
    Z: Array, y: Array, weights: Array | None, h: float, starts: Array, penalty: Array, steps: int, best: int
) -> tuple[Array, Array]:
    """The best of many starts after a few concentration steps; all starts share one product for their residuals.

    Parameters
    ----------
    Z : ndarray (n_rows, size)
        Ordinary rows near size 1, whatever the others are.
    y : ndarray (n_rows,)
    weights : ndarray (n_rows,), optional
    h : float
        Weight of the rows kept.
    starts : ndarray (n_starts, size)
    penalty : ndarray (size, size)
        Added to the Gram of the rows kept.
    steps, best : int

    Returns
    -------
    thetas : ndarray (at most `best`, size)
        Best first, copies of one another dropped.
    objectives : ndarray
        Sums of the kept squared residuals, penalty included.
    """
    thetas = starts
    lend = LEND * h * np.eye(Z.shape[1])
    for _ in range(steps):
        R = thetas @ Z.T - y
        kept = [kept_weights(np.square(r), weights, h) for r in R]
        grams, pulls = [], []
        for r, theta, kappa in zip(R, thetas, kept, strict=True):
            rows = np.flatnonzero(kappa)
            A = Z[rows] if weights is None else Z[rows] * kappa[rows, None]
            grams.append(A.T @ Z[rows] + penalty + lend)
            pulls.append(A.T @ r[rows] + penalty @ theta)
        thetas = thetas - np.linalg.solve(np.array(grams), np.array(pulls)[:, :, None])[:, :, 0]
    squares = np.square(thetas @ Z.T - y)
    sums = [float(kept_weights(s, weights, h) @ s) for s in squares]
    objectives = np.array(sums) + np.einsum("si,ij,sj->s", thetas, penalty, thetas)
    order = np.argsort(np.where(np.isfinite(objectives), objectives, np.inf), kind="stable")
    close = 1e-9 * objectives[order[-1]] if np.isfinite(objectives[order[-1]]) else 0.0
    chosen: list[int] = []
    for s in order:
        if not any(abs(objectives[s] - objectives[c]) <= min(close, 1e-9 * objectives[c]) for c in chosen):
            chosen.append(int(s))
        if len(chosen) == best:
            break
    return thetas[chosen], objectives[chosen]


@dataclass(eq=False)
class Concentration:
    """One start on its way down over all rows.

    Parameters
    ----------
    rows : Rows
    theta : ndarray (size,)
    h : float
        Weight of the rows kept.
    penalty : ndarray (size, size)
    r : ndarray (n_samples,)
        Residuals at theta, prediction - y.
    """

    rows: Rows
    theta: Array
    h: float
    penalty: Array
    r: Array
    kept: Array = field(init=False)
    objective: float = field(init=False)
    _gram: Array = field(init=False)
    _peak: Array = field(init=False)

    def __post_init__(self) -> None:
        self._look()
        self._sum()

    def step(self) -> bool:
        """Fit the rows kept and keep anew; whether anything changed for the better."""
        before, theta, r, kept = self.objective, self.theta, self.r, self.kept
        gradient = self.rows.pull(kept * r) + self.penalty @ theta
        move = solve_positive(self._gram + self.penalty, -gradient)
        if move is None:
            lend = LEND * np.diag(self._peak)
            move = solve_positive(self._gram + self.penalty + lend, -gradient)
        if move is None:
            return False
        self.theta = theta + move
        self.r = self.rows.along(self.theta) - self.rows.y
        self._look()
        if not self.objective < before:
            self.theta, self.r, self.kept, self.objective = theta, r, kept, before
            return False
        changed = np.flatnonzero(self.kept != kept)
        if len(changed):
            self._gram = self._gram + self.rows.gram(changed, (self.kept - kept)[changed])
            self._peak = np.maximum(self._peak, np.diag(self._gram))
            if (np.diag(self._gram) < FADED * self._peak).any():
                self._sum()
        return self.objective < before * (1 - 1e-14)

    def start_from(self, kept: Array) -> None:
        """Stand where these rows' own fit is."""
        self.kept = kept
        self._sum()
        move = solve_positive(self._gram + self.penalty, -(self.rows.pull(kept * self.r) + self.penalty @ self.theta))
        if move is not None:
            self.theta = self.theta + move
            self.r = self.rows.along(self.theta) - self.rows.y
        self._look()
        self._sum()

    def run(self, most: int) -> int:
        """Steps until nothing changes, or so many; how many were taken."""
        for steps in range(most):
            if not self.step():
                return steps
        return most

    def _look(self) -> None:
        squares = np.square(self.r)
        self.kept = kept_weights(squares, self.rows.weights, self.h)
        self.objective = float(self.kept @ squares) + float(self.theta @ self.penalty @ self.theta)

    def _sum(self) -> None:
        rows = np.flatnonzero(self.kept)
        self._gram = self.rows.gram(rows, None if self.rows.weights is None else self.kept[rows])
        self._peak = np.diag(self._gram).copy()
