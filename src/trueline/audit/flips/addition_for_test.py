"""Few added rows of a domain that change the verdict of a test: greedy, from a pool improved column by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...rows.domain import Domain
from .design import Rows
from .fit import ALONE, POWER
from .goal import Aim, Estimate, Goal

__all__ = ["add_for_test"]

Array = NDArray[np.float64]

POOL = 512  # rows drawn from the domain, among which greedy chooses
GRID = 9  # places along a column that are tried when a row is improved
SWEEPS = 3  # passes over the columns


def add_for_test(rows: Rows, domain: Domain, goal: Goal, aim: Aim, today: Estimate, most: int,
                 rng: np.random.Generator) -> tuple[Array, Array] | None:  # fmt: skip
    """Rows added one after the other, each the best of a pool, improved column by column.

    Parameters
    ----------
    rows : Rows
    domain : Domain
    goal : Goal
    aim : Aim
    today : Estimate
    most : int
        Rows added at most.
    rng : numpy Generator
    """
    allowed = domain.allowed(rows.X.shape[1])
    X, y = np.empty((0, rows.X.shape[1])), np.empty(0)
    for _ in range(most):
        judge = _Judge.of(rows.beside(X, y), goal, aim, float(np.sign(today.coef)))
        if judge is None:
            return None
        if judge.now() < 0:
            return X, y
        pool = np.vstack([allowed.sample(POOL, rng, rows.X), rows.X[rng.permutation(len(rows.y))[:POOL]]])
        pool = np.vstack([pool, *(allowed.farthest(w * judge.direction, rows.X[:1])[None] for w in (1.0, -1.0))])
        pool = allowed.project(pool)
        best = pool[int(np.argmin(judge.best(pool, domain)[0]))]
        for _ in range(SWEEPS):
            for j in np.flatnonzero(allowed.free):
                line = np.tile(best, (GRID, 1))
                line[:, j] = np.linspace(allowed.low[j], allowed.high[j], GRID)
                line = np.vstack([best, allowed.project(line)])
                best = line[int(np.argmin(judge.best(line, domain)[0]))]
        _, label = judge.best(best[None], domain)
        X, y = np.vstack([X, best]), np.append(y, label)
    return None


@dataclass(frozen=True, eq=False)
class _Judge:
    """The fit so far, as rows that may join it see it: for x̃ its a, h and residual, and what t becomes."""

    goal: Goal
    aim: Aim
    sign: float
    inverse: Array
    theta: Array
    c: Array
    centre: Array
    scale: Array
    squares: float
    df: int
    intercept: bool
    inside: Array  # a²r²/(1-h)^power of the rows so far, for a sandwich; empty for classical errors

    @classmethod
    def of(cls, rows: Rows, goal: Goal, aim: Aim, sign: float) -> _Judge | None:
        n, d = rows.X.shape
        centre = rows.X.mean(axis=0) if rows.intercept else np.zeros(d)
        scale = np.sqrt(np.square(rows.X - centre).mean(axis=0))
        scale = np.where(scale > 0, scale, 1.0)
        Z = cls._design(rows.X, centre, scale, rows.intercept)
        inverse = np.asarray(np.linalg.pinv(Z.T @ Z, hermitian=True), dtype=np.float64)
        theta = inverse @ (Z.T @ rows.y)
        r = rows.y - Z @ theta
        c = np.append(np.zeros(int(rows.intercept)), np.where(np.arange(d) == rows.feature, 1 / scale, 0.0))
        df = n - Z.shape[1]
        inside = np.empty(0)
        if goal.cov != "classical":
            left = np.maximum(1 - np.einsum("ij,ij->i", Z @ inverse, Z), ALONE)
            inside = np.square((Z @ (inverse @ c)) * r) / left ** POWER[goal.cov]
        return cls(goal, aim, sign, inverse, theta, c, centre, scale, float(r @ r), df, rows.intercept, inside)

    @staticmethod
    def _design(X: Array, centre: Array, scale: Array, intercept: bool) -> Array:
        Z = (X - centre) / scale
        return np.column_stack([np.ones(len(Z)), Z]) if intercept else Z

    @property
    def direction(self) -> Array:
        """How each column of a row pulls on the coefficient."""
        return np.asarray((self.inverse @ self.c)[int(self.intercept) :] / self.scale)

    def now(self) -> float:
        spread = float(self.c @ self.inverse @ self.c)
        error, crit = self._error(self.squares, spread, self.df), float(self.goal.crit(self.df))
        return float(self.aim.distance(self.sign * float(self.c @ self.theta), error, crit))

    def _error(self, squares: Array | float, spread: Array | float, df: int) -> Array:
        classical = np.sqrt(np.maximum(np.asarray(squares) * np.asarray(spread), 1e-300) / max(df, 1))
        if not len(self.inside):
            return np.asarray(classical)
        now = float(np.sqrt(self.squares * float(self.c @ self.inverse @ self.c) / max(self.df, 1)))
        return np.asarray(classical * np.sqrt(self.inside.sum()) / max(now, 1e-300), dtype=np.float64)

    def best(self, X: Array, domain: Domain) -> tuple[Array, Array]:
        """For each row the smallest distance over its labels (both ends, and where t turns), and that label."""
        Z = self._design(X, self.centre, self.scale, self.intercept)
        lifted = Z @ self.inverse
        a, h, said = lifted @ self.c, np.einsum("ij,ij->i", lifted, Z), Z @ self.theta
        spread = float(self.c @ self.inverse @ self.c) - a * a / (1 + h)
        coef, crit = float(self.c @ self.theta), float(self.goal.crit(self.df + 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            turn = np.nan_to_num(self.squares * a / coef, nan=0.0)  # t' = 0 in e of (coef + ae/(1+h))/√(Σr² + e²/(1+h))
        ends = [np.full(len(X), domain.y_low), np.full(len(X), domain.y_high)]
        labels = np.array([*ends, np.clip(said + turn, domain.y_low, domain.y_high)])
        e = labels - said
        moved = self.sign * (coef + a * e / (1 + h))
        error = self._error(self.squares + e * e / (1 + h), spread, self.df + 1)
        distances = self.aim.distance(moved, error, crit)
        best = np.argmin(distances, axis=0)
        at = best, np.arange(len(X))
        return distances[at], labels[at]
