"""How far the squared loss lies above its minimum where moments alone cannot tell: the rows are asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..maths.objective import QuadraticGap
from ..maths.scaling import Scaling
from ..maths.solve import least_squares
from ..rows.executor import map_merge
from ..rows.passes import SourceRows
from ..rows.source import Block, Source

__all__ = ["gap_over_rows", "sees_all"]

Array = NDArray[np.float64]

BLURRED = 1e-10  # eigenvalues of the equilibrated scatter below this are blurred by its rounding


def sees_all(gap: QuadraticGap) -> bool:
    """Whether every direction stands out of the rounding of the moments, so that their gap is the true one.

    Moments square the data: what two columns differ by beyond the eighth digit is lost in them, and kept by the rows.
    """
    second = gap.moments.covariance if gap.intercept else gap.moments.second
    square = np.diag(second)[:-1] + gap.reg_lambda
    alive, roots = square > 0, gap.roots[0]
    if len(roots) < np.count_nonzero(alive):
        return False
    values = 1.0 / np.square(roots[:, alive] * np.sqrt(square[alive])).sum(axis=1)
    return bool(values.min(initial=1.0) > BLURRED)


def gap_over_rows(source: Source, scaling: Scaling, gap: QuadraticGap, w: Array, b: float) -> float:
    """The gap from the optimum that the rows give: ½·mean((z·Δw + Δb)²) + λ/2·‖Δw‖², in the units of the loss.

    Parameters
    ----------
    source : Source
    scaling : Scaling
        From the rows to the space of w.
    gap : QuadraticGap
        Of the scaled rows.
    w, b : ndarray (n_features,), float
    """
    scaled = _Scaled(source, scaling)
    best = least_squares(gap.moments, gap.reg_lambda, gap.intercept, SourceRows(scaled))
    dw, db = w - best.coef, b - best.intercept

    def squares(block: Block) -> float:
        r = np.einsum("ij,j->i", block.X, dw) + db
        return float(np.sum(r * r if block.weights is None else block.weights * r * r))

    mean = map_merge(squares, scaled.blocks(), lambda a, b: a + b) / gap.moments.weight
    return float(gap.slope * 0.5 * (mean + gap.reg_lambda * (dw @ dw)))


@dataclass(frozen=True, eq=False)
class _Scaled:
    """The rows of a source as the fit sees them."""

    source: Source
    scaling: Scaling

    @property
    def names(self) -> tuple[str, ...] | None:
        return self.source.names

    @property
    def n_features(self) -> int:
        return self.source.n_features

    @property
    def n_rows(self) -> int | None:
        return self.source.n_rows

    def blocks(self) -> Iterator[Block]:
        for block in self.source.blocks():
            yield replace(block, X=np.ascontiguousarray(self.scaling.apply(block.X)))
