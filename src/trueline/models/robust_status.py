"""How a robust fit ended, and the start that all of them share: a least-squares fit in coordinates of full rank."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..maths.scaling import Scaling
from ..maths.solve import Solution, least_squares
from ..rows.design import Design
from ..rows.passes import SourceRows
from ..rows.source import ArraySource, in_memory
from .base import LinearModel
from .first_read import Summary, summarise, warn_constant
from .options import is_number
from .vouching import warn_doubts

__all__ = ["FitStatus", "RobustStart", "check_penalty", "hold_line"]

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)


class FitStatus(Enum):
    """How a robust fit ended; `advice` says what to do about it."""

    CONVERGED = ("converged", "nothing: the answer is proven optimal, to tol")
    NOT_UNIQUE = ("optimal, not unique", "proven optimal, but other lines have the same loss: this is one of them")
    EXACT_FIT = ("exact fit", "most rows lie on one line, which is given; look at the rows that do not")
    LOCAL = ("best of many starts", "no certificate of the global optimum is known at this size; more starts may help")
    SETTLED = ("settled", "the loss stopped moving and nothing is proven; verify.diagnose says what ails the columns")
    STEPS_USED_UP = ("max_iter used up", "raise max_iter; if that does not help, scale=None has one convex minimum")

    def __init__(self, label: str, advice: str) -> None:
        self.label = label
        self.advice = advice

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, eq=False)
class RobustStart:
    """The rows in good coordinates, and the least-squares line among them.

    Parameters
    ----------
    source : ArraySource
        All rows, those of weight 0 included.
    design : Design
    theta : ndarray (size,)
        Least squares, in the design's coordinates.
    summary : Summary
    solution : Solution
    row_numbers : ndarray of int
        Which rows the design holds: those of weight above 0.
    """

    source: ArraySource
    design: Design
    theta: Array
    summary: Summary
    solution: Solution
    row_numbers: NDArray[np.intp]

    @classmethod
    def of(
        cls, model: LinearModel, X: Any, y: Any, sample_weight: Any, reg_lambda: float, intercept: bool,
        leverage: bool = False,
    ) -> RobustStart:  # fmt: skip
        """Through the gate, one read for the moments, and least squares; `leverage` expects far-out columns."""
        source = in_memory(model._source(X, y, sample_weight))
        summary = summarise(source, None, intercept)
        solution = least_squares(summary.moments, reg_lambda, intercept, SourceRows(source))
        design = (Design.typical if leverage else Design.of)(source, summary.moments, solution, reg_lambda, intercept)
        theta = design.redo(solution.coef, solution.intercept)
        n, weights = summary.moments.rows, source.weights
        numbers = np.arange(n) if weights is None else np.flatnonzero(weights > 0)
        return cls(source, design, theta, summary, solution, numbers)

    @cached_property
    def typical_label(self) -> float:
        """Median of |y| among labels that are not 0, in the units of y: far-out ones do not count."""
        size = np.abs(self.design.y[self.design.y != 0])
        return float(np.median(size)) if len(size) else 0.0

    def noise(self, theta: Array) -> float:
        """Residuals of ordinary rows at this line are known no better than so, in the units of y."""
        return 64 * EPS * (float(np.abs(theta).sum()) + self.typical_label)

    @property
    def freedom(self) -> float:
        """Σω less the number of coefficients."""
        return self.design.weight - self.design.size


def hold_line(model: Any, start: RobustStart, theta: Array) -> None:
    """Keep the line in the units of the data, and say what was found out about the columns."""
    model.coef_, model.intercept_ = start.design.undo(theta)
    model.scaling_ = Scaling.none(len(model.coef_))
    model.rank_ = start.solution.rank
    warn_constant(start.summary)
    warn_doubts(start.solution, start.summary, model.fit_intercept)


def check_penalty(reg_lambda: Any) -> None:
    if not is_number(reg_lambda, least=0.0):
        raise OptionError(f"reg_lambda must be a number of at least 0, got {reg_lambda!r}")
