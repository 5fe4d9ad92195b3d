"""Rows in coordinates of full rank, walked over again and again: what robust fits iterate on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..maths.moments import Moments
from ..maths.normal_equations import NormalEquations
from ..maths.solve import Solution
from .executor import map_merge
from .passes import SourceRows
from .source import ArraySource, Block, in_memory

__all__ = ["Design"]

Array = NDArray[np.float64]

SAMPLE = 10_000  # rows whose medians stand for those of all
SAME = 1e-8  # share of the largest coordinate by which a projection may move the predictions
EASY = ("cholesky", "refined")  # solvers that found every column saying something of its own, and well enough apart


@dataclass(frozen=True, eq=False)
class Design:
    """Rows z̃ = [(x - shift)·factor, 1] whose columns are independent and near size 1.

    Columns that are ill conditioned or determine each other are replaced by as many orthogonal ones as their rank.

    Parameters
    ----------
    rows : ArraySource
        Without rows of weight 0.
    shift, factor : ndarray (n_columns,)
    intercept : bool
        Whether z̃ ends in a 1.
    back : ndarray (n_features, n_columns)
        coef = back @ u for u in the coordinates of z, in the units of the data.
    forth : ndarray (n_columns, n_features)
        u = forth @ coef, for what coef says of these rows.
    centre : ndarray (n_features,)
        Where x lies when z is 0.
    smallest : ndarray (n_features, rank) or None
        Orthonormal, where the rank is short: coefficients are projected on it, which changes no prediction here.
    """

    rows: ArraySource
    shift: Array
    factor: Array
    intercept: bool
    back: Array
    forth: Array
    centre: Array
    smallest: Array | None = None

    @classmethod
    def of(
        cls, source: ArraySource, moments: Moments, solution: Solution, reg_lambda: float, intercept: bool
    ) -> Design:
        """The design that suits the rows, by what their least-squares fit found out about them."""
        problem = NormalEquations(moments, reg_lambda, intercept)
        rows, centre, alive = _counting(source), problem.centre[:-1], problem.alive
        if solution.solver in EASY and alive.all():
            whole = replace(rows, X=np.ascontiguousarray(rows.X), y=np.ascontiguousarray(rows.y))
            factor = problem.factor
            return cls(whole, centre, factor, intercept, np.diag(factor), np.diag(1 / factor), centre)
        factor = problem.factor
        triangle = SourceRows(source).triangle(centre, factor, float(problem.centre[-1]), intercept)[:, :-1]
        _, values, Vt = np.linalg.svd(triangle[:, alive], full_matrices=False)
        values = values / np.sqrt(moments.weight)
        rank = int((values > np.finfo(float).eps * max(moments.rows, alive.sum()) * values.max(initial=0.0)).sum())
        back = np.zeros((len(alive), rank))
        back[alive] = factor[alive, None] * (Vt[:rank].T / values[:rank])
        forth = np.zeros((rank, len(alive)))
        forth[:, alive] = values[:rank, None] * Vt[:rank] / factor[alive]
        short = rank < alive.sum()
        smallest = _spanned(Vt[:rank].T / factor[alive, None], alive) if short else None
        Z = _orthogonal(rows.X, centre, back)
        return cls(replace(rows, X=Z), np.zeros(rank), np.ones(rank), intercept, back, forth, centre, smallest)

    @classmethod
    def typical(
        cls, source: ArraySource, moments: Moments, solution: Solution, reg_lambda: float, intercept: bool
    ) -> Design:
        """The same, centred and scaled by medians: rows with far-out columns do not squeeze the others together."""
        alive = NormalEquations(moments, reg_lambda, intercept).alive
        if solution.rank < alive.sum():
            return cls.of(source, moments, solution, reg_lambda, intercept)
        rows = _counting(source)
        X = np.ascontiguousarray(rows.X if alive.all() else rows.X[:, alive])
        some = X[:: max(1, len(X) // SAMPLE)].astype(np.float64)
        centre = np.median(some, axis=0) if intercept else np.zeros(X.shape[1])
        spread = np.median(np.abs(some - centre), axis=0)
        usual = np.sqrt(np.diag(moments.covariance if intercept else moments.second)[:-1][alive])
        factor = np.exp2(-np.round(np.log2(np.where(spread > 1e-12 * usual, spread, usual))))
        back, middle = np.zeros((len(alive), X.shape[1])), np.zeros(len(alive))
        back[alive], middle[alive] = np.diag(factor), centre
        forth = back.T / np.square(factor)[:, None]
        return cls(replace(rows, X=X, y=np.ascontiguousarray(rows.y)), centre, factor, intercept, back, forth, middle)

    @property
    def size(self) -> int:
        """Coordinates, the intercept's among them."""
        return len(self.shift) + self.intercept

    @property
    def weights(self) -> Array | None:
        return self.rows.weights

    @property
    def y(self) -> Array:
        return self.rows.y

    @cached_property
    def blocks(self) -> list[Block]:
        return list(self.rows.blocks())

    @cached_property
    def weight(self) -> float:
        return float(len(self.y) if self.weights is None else self.weights.sum())

    def along(self, step: Array) -> Array:
        """z̃·step at every row, (n_samples,)."""
        from ..maths.robust_kernels import line_values

        out, slopes, b = np.empty(len(self.y)), step[: len(self.shift)] * self.factor, self._last(step)

        def fill(block: Block) -> None:
            line_values(block.X, self.shift, slopes, b, out[block.first : block.first + len(block.y)])

        self._each(fill)
        return out

    def along_many(self, steps: Array) -> Array:
        """z̃·step at every row for each of several steps (n_steps, size), in one read: (n_steps, n_samples)."""
        out = np.empty((len(steps), len(self.y)))
        slopes = steps[:, : len(self.shift)] * self.factor

        def fill(block: Block) -> None:
            part = slopes @ (block.X - self.shift).T
            out[:, block.first : block.first + len(block.y)] = part + steps[:, -1:] if self.intercept else part

        self._each(fill)
        return out

    def pull(self, push: Array) -> Array:
        """Σ push·z̃ over the rows, (size,); the weights are already in `push`."""
        from ..maths.robust_kernels import add_pull

        def add(block: Block) -> Array:
            part, total = push[block.first : block.first + len(block.y)], np.zeros(len(self.shift))
            add_pull(block.X, self.shift, part, total)
            return np.append(total * self.factor, part.sum()) if self.intercept else total * self.factor

        return map_merge(add, self.blocks, np.add)

    def gram(self, rows: NDArray[np.intp] | None = None, weights: Array | None = None) -> Array:
        """Σ ω·z̃z̃ᵀ over some rows, or all; with these weights, one per row taken, instead of the rows' own."""
        if rows is not None:
            own = None if self.weights is None else self.weights[rows]
            weights = own if weights is None else weights
            return self._gram(list(ArraySource(self.rows.X[rows], self.y[rows], weights).blocks()))
        return self._gram(self.blocks)

    def _gram(self, blocks: list[Block]) -> Array:
        pivot, p = np.append(self.shift, 0.0), len(self.shift)
        if not blocks:
            return np.zeros((self.size, self.size))
        moments = map_merge(lambda b: Moments.of(b.X, b.y, b.weights, pivot), blocks, Moments.merge)
        gram = np.empty((p + 1, p + 1))
        gram[:p, :p] = moments.scatter[:p, :p] * np.outer(self.factor, self.factor)
        gram[p, :p] = gram[:p, p] = moments.total[:p] * self.factor
        gram[p, p] = moments.weight
        return gram[: self.size, : self.size]

    def only(self, rows: NDArray[np.intp]) -> Design:
        """Some of the rows, in the same coordinates."""
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, rows=ArraySource(self.rows.X[rows], self.y[rows], weights))

    def take(self, rows: NDArray[np.intp]) -> Array:
        """z̃ of some rows, (len(rows), size)."""
        z = (self.rows.X[rows] - self.shift) * self.factor
        return np.column_stack([z, np.ones(len(rows))]) if self.intercept else z

    def penalty(self, reg_lambda: float) -> Array:
        """The matrix P of Σω·λ·‖coef‖² = uᵀPu, (size, size)."""
        P = np.zeros((self.size, self.size))
        p = len(self.shift)
        P[:p, :p] = reg_lambda * self.weight * (self.back.T @ self.back)
        return P

    def undo(self, theta: Array) -> tuple[Array, float]:
        """coef (n_features,) and intercept in the units of the data."""
        coef = self.back @ theta[: len(self.shift)]
        base = self._last(theta) - float(coef @ self.centre) if self.intercept else 0.0
        if self.smallest is not None:
            projected = self.smallest @ (self.smallest.T @ coef)
            u = theta[: len(self.shift)]
            moved = np.abs(self.forth @ projected - u).max(initial=0.0)
            if moved <= SAME * np.abs(u).max(initial=0.0):  # columns of very unequal units can blur the projection
                base += float((coef - projected) @ self.centre) if self.intercept else 0.0
                coef = projected
        return coef, base

    def redo(self, coef: Array, intercept: float) -> Array:
        """The coordinates of a line, (size,)."""
        u = self.forth @ coef
        return np.append(u, intercept + float(coef @ self.centre)) if self.intercept else u

    def _last(self, theta: Array) -> float:
        return float(theta[-1]) if self.intercept else 0.0

    def _each(self, act: Callable[[Block], None]) -> None:
        map_merge(act, self.blocks, lambda a, b: None)


def _counting(source: ArraySource) -> ArraySource:
    rows = in_memory(source)
    if rows.weights is None or (rows.weights > 0).all():
        return rows
    kept = rows.weights > 0
    return replace(rows, X=rows.X[kept], y=rows.y[kept], weights=rows.weights[kept])


def _spanned(directions: Array, alive: NDArray[np.bool_]) -> Array:
    basis = np.zeros((len(alive), directions.shape[1]))
    basis[alive] = np.linalg.qr(directions)[0]
    return basis


def _orthogonal(X: NDArray[np.floating], centre: Array, back: Array) -> Array:
    """(x - centre) @ back, in blocks."""
    Z = np.empty((len(X), back.shape[1]))
    for first in range(0, len(X), 4096):
        Z[first : first + 4096] = (X[first : first + 4096] - centre) @ back
    return Z
