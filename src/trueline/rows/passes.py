"""One read of the rows: their moments, a loss with its gradient, a residual, a triangular factor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..maths import doubled
from ..maths.losses import Loss, Ramp, Squared
from ..maths.moments import Moments, mean_row
from ..maths.scaling import Scaling
from .executor import map_merge
from .source import Block, Source

__all__ = ["RowsObjective", "SourceRows", "moments_of", "penalty_factor", "ramp_of"]

Array = NDArray[np.float64]
Sums = tuple[float, Array, float, float]  # Σω·loss, Σω·push·z, Σω·push, Σω

NO_WEIGHTS: Array = np.empty(0)


def moments_of(source: Source, scaling: Scaling | None = None) -> Moments:
    """Moments of the rows (clipped where `scaling` clips), in the units of the data: one read.

    The pivot is the mean of the first rows. Where that turns out to lie far outside the rows that count (the first
    may have weight 0), they are read once more around their true mean.

    Raises
    ------
    DataError
        There are no rows.
    """
    clip = scaling.clip if scaling is not None else _unchanged
    first = next(iter(source.blocks()), None)
    if first is None or not len(first.y):
        raise DataError("there are no rows")
    few = slice(0, 4096)  # a pivot need only be near
    moments = _moments_about(source, clip, mean_row(clip(first.X[few]), first.y[few]))
    with np.errstate(invalid="ignore", over="ignore"):
        drift = np.square(moments.total / moments.weight)
        lost = drift > 1e6 * np.diag(moments.covariance)
    return _moments_about(source, clip, moments.mean) if (lost & (drift > 0)).any() else moments


def _unchanged(X: NDArray[np.floating]) -> NDArray[np.floating]:
    return X


def _moments_about(
    source: Source, clip: Callable[[NDArray[np.floating]], NDArray[np.floating]], pivot: Array
) -> Moments:
    def summarise(block: Block) -> Moments:
        return Moments.of(clip(block.X), block.y, block.weights, pivot)

    return map_merge(summarise, source.blocks(), Moments.merge)


def ramp_of(loss: Loss) -> Ramp | None:
    """The loss as the compiled loop knows it; None for a loss that is not a ramp."""
    return loss if isinstance(loss, Ramp) else getattr(loss, "ramp", None)


@dataclass(frozen=True, eq=False)
class RowsObjective:
    """Any loss over the rows of a source: one fused read per gradient.

    Parameters
    ----------
    loss : Loss
        A ramp (all of trueline's) runs compiled; any other loss through NumPy, block by block.
    source : Source
    scaling : Scaling
        Applied to each row on the way.
    reg_lambda : float
        Penalty reg_lambda/2·‖w‖², twice that for "mse".
    intercept : bool
    row_bound : float
        Largest norm of one row's push on (w, b); the loss is then the one whose gradient that is.
    """

    loss: Loss
    source: Source
    scaling: Scaling
    reg_lambda: float = 0.0
    intercept: bool = True
    row_bound: float = np.inf

    def value_and_gradient(self, w: Array, b: float) -> tuple[float, Array, float]:
        ramp = ramp_of(self.loss)
        sums = self._compiled(ramp) if ramp is not None else self._by_numpy
        value, gradient, push, weight = map_merge(partial(sums, w=w, b=b), self.source.blocks(), _add)
        if weight == 0:  # a mini-batch of rows that count for nothing pulls nowhere
            return 0.0, np.zeros_like(w), 0.0
        penalty = self.reg_lambda * penalty_factor(self.loss)
        return (
            value / weight + 0.5 * penalty * float(w @ w),
            gradient / weight + penalty * w,
            push / weight if self.intercept else 0.0,
        )

    def _compiled(self, ramp: Ramp) -> Callable[..., Sums]:
        from ..maths.kernels import add_value_and_gradient

        low, high = float(np.asarray(ramp.low)), float(np.asarray(ramp.high))
        factor = self.scaling.factor

        def sums(block: Block, w: Array, b: float) -> Sums:
            gradient = np.zeros(len(w))
            weights = NO_WEIGHTS if block.weights is None else block.weights
            value, push, weight = add_value_and_gradient(
                self.scaling.clip(block.X), block.y, weights, self.scaling.mu, factor, w, float(b),
                ramp.slope, low, high, self.row_bound, self.intercept, gradient,
            )  # fmt: skip
            return value, gradient, push, weight

        return sums

    def _by_numpy(self, block: Block, w: Array, b: float) -> Sums:
        z = self.scaling.apply(block.X)
        omega = np.ones(len(block.y)) if block.weights is None else block.weights
        r = np.einsum("ij,j->i", z, w) + b - block.y
        push = omega * self.loss.derivative(r)
        return float(omega @ self.loss.value(r)), np.einsum("i,ij->j", push, z), float(push.sum()), float(omega.sum())


def penalty_factor(loss: Loss) -> float:
    """2 for "mse", which doubles the penalty too; 1 for every other loss."""
    return loss.curvature_bound if isinstance(loss, Squared) else 1.0


def _add(a: Sums, b: Sums) -> Sums:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]


@dataclass(frozen=True, eq=False)
class SourceRows:
    """A source as `maths.solve` wants to look at it again."""

    source: Source

    def residual_gradient(self, coef: Array, intercept: float, shift: Array, factor: Array) -> tuple[Array, float]:
        """Means of ωz·r and ωr with z = (x - shift)·factor and residual r = y - (x·coef + intercept)."""
        scaling = Scaling(shift, np.divide(1.0, factor, out=np.ones_like(factor), where=factor > 0), factor == 0)
        _, dw, db = RowsObjective(Squared(), self.source, scaling).value_and_gradient(*scaling.redo(coef, intercept))
        return -dw, -db

    def triangle(self, shift: Array, factor: Array, y_shift: float, intercept: bool) -> Array:
        """R with RᵀR = ZᵀΩZ of the rows Z = [(x - shift)·factor, y - y_shift], centred beside an intercept.

        By QR of one block after the other (TSQR). Centring is the first step of an elimination whose first column is
        all ones: a shift by the rounded mean alone would leave columns that differ by a constant apart.
        """

        def factorise(block: Block) -> Array:
            ones = np.full(len(block.y), float(intercept))
            Z = np.column_stack([ones, (block.X - shift) * factor, block.y - y_shift])
            if block.weights is not None:
                Z *= np.sqrt(block.weights)[:, None]
            return _reduced(Z)

        R = map_merge(factorise, self.source.blocks(), lambda a, b: _reduced(np.vstack([a, b])))
        return np.asarray(np.linalg.qr(R, mode="r"))[1:, 1:] if intercept else _reduced(R[:, 1:])

    def doubled_gram(self, shift: Array, factor: Array, y_shift: float) -> doubled.Pair:
        """ZᵀΩZ in doubled precision, of the rows Z = [1, (x - shift)·factor, y - y_shift]."""

        def gram(block: Block) -> doubled.Pair:
            return doubled.gram(block.X, block.y, block.weights, np.append(shift, y_shift), np.append(factor, 1.0))

        return map_merge(gram, self.source.blocks(), doubled.add)


def _reduced(Z: Array) -> Array:
    """The triangular factor, or the rows themselves while they are fewer than the columns."""
    return Z if Z.shape[0] <= Z.shape[1] else np.asarray(np.linalg.qr(Z, mode="r"))
