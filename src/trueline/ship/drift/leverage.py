"""What a least-squares model would predict for its own training rows, had each been left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...maths.losses import Squared
from ...maths.moments import Moments
from ...models.foreign import Line
from ...rows.executor import map_merge, single_threaded_blas
from ...rows.source import Block, Source

__all__ = ["LeftOut", "left_out"]

Array = NDArray[np.float64]

MOST_FEATURES = 500  # beyond, h costs more than the fit
NEARLY_ONE = 1 - 1e-6  # a row that alone decides its own prediction: there is no fit without it
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class LeftOut:
    """``y - ŷ`` over ``1 - h``, with h the row's leverage: the residual of the fit without the row.

    Parameters
    ----------
    line : Line
    centre : ndarray (n_features,)
        In the scaled space.
    root : ndarray (n_features, rank)
        ``h = share + ‖(z - centre) @ root‖²``.
    share : float
        1/n with an intercept, else 0.
    """

    line: Line
    centre: Array
    root: Array
    share: float

    def __call__(self, X: Array, y: Array) -> tuple[Array, Array]:
        """Predictions and residuals y - ŷ of the fits without each row, (n,) each."""
        residuals = y - (self.line.scaling.clip(X) @ self.line.coef + self.line.intercept)
        h = self.share + np.square((self.line.scaling.apply(X) - self.centre) @ self.root).sum(axis=1)
        residuals = np.where(h < NEARLY_ONE, residuals / (1 - np.minimum(h, NEARLY_ONE)), residuals)
        return y - residuals, residuals


def left_out(line: Line, source: Source) -> Callable[[Array, Array], tuple[Array, Array]] | None:
    """How to get these, from one read of the training rows; None where no formula gives them.

    Parameters
    ----------
    line : Line
        Fitted on these rows by least squares, penalised or not.
    source : Source
    """
    if not isinstance(line.loss, Squared) or line.reg_lambda is None or np.isfinite(line.row_bound):
        return None
    if len(line.w) > MOST_FEATURES:
        return None

    def moments(block: Block) -> Moments:
        return Moments.of(line.scaling.apply(block.X), np.zeros(len(block.y)))

    with np.errstate(over="ignore", invalid="ignore"):
        total = map_merge(moments, source.blocks(), Moments.merge)
    d, n = len(line.w), total.rows
    centre = total.mean[:-1] if line.fit_intercept else np.zeros(d)
    gram = (total.covariance if line.fit_intercept else total.second)[:-1, :-1]
    if not np.isfinite(gram).all():
        return None
    gram = gram + (line.reg_lambda + line.alpha / n) * np.eye(d)
    with single_threaded_blas():
        scale = np.sqrt(np.diag(gram))
        scale[scale == 0] = 1.0
        values, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    keep = values > ROUNDING * max(float(values[-1]), 1e-300) * d if d else np.zeros(0, dtype=bool)
    root = vectors[:, keep] / np.sqrt(n * values[keep]) / scale[:, None]
    return LeftOut(line, centre, root, 1 / n if line.fit_intercept else 0.0)
