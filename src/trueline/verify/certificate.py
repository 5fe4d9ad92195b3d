"""certify: how far a fitted line lies above the smallest loss these rows allow, proven from its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..maths.losses import Loss, Squared
from ..maths.objective import MomentsObjective, QuadraticGap
from ..models.first_read import summarise
from ..models.foreign import Line, as_line
from ..models.gap import gap_over_rows, sees_all
from ..rows.dual import dual_gap
from ..rows.passes import RowsObjective
from ..rows.source import ArraySource

__all__ = ["Certificate", "certify"]


@dataclass(frozen=True)
class Certificate:
    """How far a line lies above the optimum of its loss on given rows.

    Parameters
    ----------
    loss : float
        Mean loss plus penalty of the line on these rows.
    gap : float
        ``loss - minimum``, in the units of the loss; an upper bound where `proof` is "dual bound".
    reference : float
        What gaps are measured against: the squared loss of the best constant (of zero without intercept).
    proof : str
        "exact" (½gᵀH⁺g), "dual bound", or "none" with gap inf.
    gradient_norm : float
        Norm of the gradient over (w, b), in the model's own space.
    description : str
        Which model, which loss, which penalty.
    tol : float
        What `optimal` asks for.
    """

    loss: float
    gap: float
    reference: float
    proof: str
    gradient_norm: float
    description: str
    tol: float

    @property
    def relative_gap(self) -> float:
        """gap / reference; 0 where both are 0."""
        return self.gap / self.reference if self.reference > 0 else (0.0 if self.gap == 0 else float("inf"))

    @property
    def optimal(self) -> bool:
        """Whether the gap is proven to be at most tol · reference."""
        return self.relative_gap <= self.tol

    def __str__(self) -> str:
        if self.proof == "none":
            return f"{self.description}: loss {self.loss:.6g}; no proof of its distance to the optimum is known"
        verdict = "optimal" if self.optimal else "NOT optimal"
        at_most = "at most " if self.proof == "dual bound" else ""
        return (
            f"{self.description}: {verdict}. Loss {self.loss:.6g}, {at_most}{self.gap:.2g} above the smallest possible "
            f"({self.relative_gap:.1e} of the spread of y; {self.proof}, tol {self.tol:g})"
        )


def certify(
    model: Any, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None,
    *, loss: Loss | None = None, reg_lambda: float | None = None, tol: float = 1e-9,
) -> Certificate:  # fmt: skip
    """Prove how far a fitted line is from the optimum of its loss on these rows.

    For the squared loss the gap ½gᵀH⁺g is exact; for Huber, quantile and row-bounded losses a feasible point of the
    dual bounds it.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, a fitted scikit-learn linear model, or a Pipeline of scalers and one
    X, y, sample_weight : as for `fit`
    loss, reg_lambda : Loss, float, optional
        What to certify against; the model's own by default. Needed for models whose penalty is not a sum of squares
        (lasso, say): they are then held against that loss, which they did not minimise.
    tol : float
        Largest relative gap that is called optimal.

    Returns
    -------
    Certificate

    Raises
    ------
    OptionError
        The model's penalty is unknown and `reg_lambda` is not given.
    DataError
        Rows that cannot be used, or not those columns.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> X, y = np.array([[0.0], [1.0], [3.0]]), np.array([1.0, 2.0, 5.0])
    >>> certify(LinearRegression().fit(X, y), X, y).optimal
    True
    """
    line = as_line(model)
    rows = line.rows(X, y, sample_weight)
    summary = summarise(rows, line.scaling, line.fit_intercept)
    moments = line.scaling.moments(summary.moments)
    penalty = line.known_penalty(moments.weight) if reg_lambda is None else reg_lambda
    asked = line.loss if loss is None else loss
    unit = asked.curvature_bound if isinstance(asked, Squared) else 1.0
    spread = (moments.covariance if line.fit_intercept else moments.second)[-1, -1]
    reference = unit * max(float(spread) / 2, float(np.finfo(float).eps * moments.second[-1, -1]))
    description = f"{line.description}, {asked}, reg_lambda={penalty:g}"
    if isinstance(asked, Squared) and not np.isfinite(line.row_bound):
        slope = asked.curvature_bound
        value, dw, db = MomentsObjective(moments, slope, penalty, line.fit_intercept).value_and_gradient(line.w, line.b)
        exact, proof = QuadraticGap(moments, slope, penalty, line.fit_intercept), "exact"
        gap = exact(dw, db) if sees_all(exact) else gap_over_rows(rows, line.scaling, exact, line.w, line.b)
    else:
        objective = _objective(line, asked, rows, penalty)
        value, dw, db = objective.value_and_gradient(line.w, line.b)
        gap = dual_gap(objective, line.w, line.b)
        proof = "dual bound" if np.isfinite(gap) else "none"
    return Certificate(value, gap, reference, proof, float(np.hypot(np.linalg.norm(dw), db)), description, tol)


def _objective(line: Line, loss: Loss, rows: ArraySource, penalty: float) -> RowsObjective:
    return RowsObjective(loss, rows, line.scaling, penalty, line.fit_intercept, line.row_bound)
