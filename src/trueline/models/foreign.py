"""Models that others trained, seen as a line: scikit-learn linear models, Pipelines of a scaler and one of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import MetaEstimatorMixin
from sklearn.utils.validation import check_is_fitted

from ..errors import OptionError, ShapeError
from ..maths.losses import Loss, Quantile, Squared, by_name
from ..maths.scaling import Scaling
from ..rows.source import ArraySource, in_memory
from .base import LinearModel
from .cross_validation import LeastSquaresCV
from .trimmed_least_squares import TrimmedLeastSquares

__all__ = ["Line", "as_line"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Line:
    """Any fitted linear model: ``clip(x) @ coef + intercept`` in the units of the data, w·z + b in its own space.

    Parameters
    ----------
    w, b : ndarray (n_features,), float
        In the space of `scaling`.
    scaling : Scaling
        The space in which the model was penalised and trained.
    loss : Loss
        The loss it minimises, as far as is known (squared otherwise).
    reg_lambda : float or None
        Penalty reg_lambda/2·‖w‖² on the mean loss in the scaled space; None where loss or penalty is of another kind.
    fit_intercept : bool
    description : str
        What it is, for messages.
    alpha : float
        Penalty that scikit-learn's Ridge puts on the *sum* of squares: becomes reg_lambda once Σweights is known.
    row_bound : float
        Bound on each row's push during training.
    """

    w: Array
    b: float
    scaling: Scaling
    loss: Loss
    reg_lambda: float | None
    fit_intercept: bool
    description: str
    alpha: float = 0.0
    row_bound: float = np.inf

    @cached_property
    def coef(self) -> Array:
        """Coefficients in the units of the data, (n_features,)."""
        return self.scaling.undo(self.w, self.b)[0]

    @cached_property
    def intercept(self) -> float:
        """In the units of y."""
        return self.scaling.undo(self.w, self.b)[1]

    def rows(self, X: Any, y: Any, sample_weight: Any = None) -> ArraySource:
        """X and y through the gate of our own models.

        Raises
        ------
        ShapeError
            X has another number of columns than the model.
        """
        source = in_memory(LinearModel()._source(X, y, sample_weight))
        if source.n_features != len(self.w):
            raise ShapeError(f"X has {source.n_features} columns, {self.description} was fitted on {len(self.w)}")
        return source

    def penalty(self, weight: float) -> float | None:
        """reg_lambda on rows of total weight `weight`; None where the penalty is not quadratic."""
        return None if self.reg_lambda is None else self.reg_lambda + self.alpha / weight

    def known_penalty(self, weight: float = 1.0) -> float:
        """The same, refused where it is unknown."""
        penalty = self.penalty(weight)
        if penalty is None:
            raise OptionError(
                f"{self.description} has a penalty that is not a sum of squares, or a loss over all rows that is not "
                "known here",
                advice="Only least squares and ridge have a closed form to compare with",
            )
        return penalty


def as_line(model: Any) -> Line:
    """Any fitted linear model as a `Line`.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, or anything fitted with `coef_` and `intercept_`, or a Pipeline of
        scalers that centre and scale (`StandardScaler`, `MinMaxScaler`, `MaxAbsScaler`, `RobustScaler`) and one.

    Raises
    ------
    OptionError
        It is not a linear model of one target, not fitted, or predicts something else than its line.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> line = as_line(Ridge(alpha=2.0).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 3.0]))
    >>> line.penalty(weight=4.0)
    0.5
    """
    if isinstance(model, Line):
        return model
    if isinstance(model, LinearModel):
        return _own(model)
    if hasattr(model, "steps"):
        return _pipeline(model)
    if isinstance(model, MetaEstimatorMixin) and hasattr(getattr(model, "estimator_", None), "coef_"):
        return replace(
            as_line(model.estimator_), reg_lambda=None, description=type(model).__name__
        )  # on some rows only
    if not (hasattr(model, "coef_") and hasattr(model, "intercept_")):
        raise OptionError(
            f"{type(model).__name__} has no coef_ and intercept_, so it is no fitted linear model",
            advice="Fit it first, or pass a scikit-learn linear model or a Pipeline that ends in one",
        )
    coef = np.asarray(model.coef_, dtype=np.float64)
    if coef.ndim == 2 and coef.shape[0] == 1:
        coef = coef[0]
    intercept = np.asarray(model.intercept_, dtype=np.float64).ravel()
    if coef.ndim != 1 or intercept.size > 1:
        raise OptionError(f"{type(model).__name__} predicts {coef.shape[0]} targets; trueline looks at one at a time")
    loss, reg_lambda, alpha = _penalties(model)
    line = Line(
        coef, float(intercept[0]) if intercept.size else 0.0, Scaling.none(len(coef)), loss, reg_lambda,
        bool(getattr(model, "fit_intercept", True)), type(model).__name__, alpha,
    )  # fmt: skip
    _refuse_bent(model, line)
    return line


def _refuse_bent(model: Any, line: Line) -> None:
    """Classifiers, log links and centred coefficients hold a coef_ too: at three rows they give themselves away."""
    if not hasattr(model, "predict"):
        return
    probe = np.stack([np.zeros(len(line.w)), np.ones(len(line.w)), 1.0 / np.arange(1, len(line.w) + 1)])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # that the model knows names which these rows have not
        try:
            predicted = np.asarray(model.predict(probe)).reshape(len(probe), -1)[:, 0]
        except Exception as error:
            raise OptionError(f"{line.description} cannot predict rows of {len(line.w)} numbers: {error}") from error
    size = np.abs(probe) @ np.abs(line.w) + abs(line.b)
    bent = predicted.dtype.kind not in "fiu" or bool(
        (np.abs(predicted - (probe @ line.w + line.b)) > 1e-4 * size).any()
    )
    if bent:
        raise OptionError(f"{line.description} does not predict X @ coef_ + intercept_, so it is no linear model of y",
                          advice="Classifiers and models with a link function cannot be seen as a line")  # fmt: skip


def _own(model: Any) -> Line:
    check_is_fitted(model, "coef_")
    loss = getattr(model, "loss_", None) or by_name(getattr(model, "loss", "half_mse"))  # Huber's knows its scale
    return Line(
        getattr(model, "w_", model.coef_), getattr(model, "b_", model.intercept_), model.scaling_,
        loss, _own_penalty(model), getattr(model, "fit_intercept", True), type(model).__name__,
        row_bound=getattr(model, "clip_row_gradient", None) or np.inf,
    )  # fmt: skip


def _own_penalty(model: Any) -> float | None:
    """λ on the mean loss over all rows; None where that is not what the model minimises."""
    if isinstance(model, TrimmedLeastSquares):
        return None  # over some rows only
    if isinstance(model, LeastSquaresCV):
        return None if model.standardize else model.reg_lambda_  # of scaled columns, which the model does not keep
    return getattr(model, "reg_lambda", 0.0)


def _penalties(model: Any) -> tuple[Loss, float | None, float]:
    """Loss, penalty on the mean and penalty on the sum, by the class of a scikit-learn model."""
    name = type(model).__name__
    alpha = float(getattr(model, "alpha_", getattr(model, "alpha", 0.0)) or 0.0)
    free = not getattr(model, "positive", False)
    if name in ("LinearRegression", "Ridge", "RidgeCV") and free:
        return Squared(), 0.0, alpha
    if name == "SGDRegressor" and model.loss == "squared_error" and model.penalty in ("l2", None):
        return Squared(), alpha if model.penalty == "l2" else 0.0, 0.0
    if name == "QuantileRegressor":
        return Quantile(model.quantile), 0.0 if alpha == 0 else None, 0.0
    unknown = type(model).__module__.startswith("sklearn.") or alpha != 0 or not free
    return Squared(), None if unknown else 0.0, 0.0


def _pipeline(model: Any) -> Line:
    """Scalers before the last step, folded into one shift and one factor."""
    line = as_line(model.steps[-1][1])
    if line.scaling.low is not None or line.scaling.mu.any() or (line.scaling.sigma != 1).any():
        raise OptionError("a Pipeline whose last step scales again cannot be folded into one line",
                          advice="Give standardize=True or a scaler step, not both")  # fmt: skip
    shift, factor = np.zeros(len(line.w)), np.ones(len(line.w))
    steps = [(name, step) for name, step in model.steps[:-1] if not (step is None or isinstance(step, str))]
    for centre, scale in [_scaler(name, step, len(line.w)) for name, step in steps]:  # all are known before one is used
        shift, factor = shift + centre / factor, factor * scale
    scaling = line.scaling.standardized(shift, 1.0 / factor)
    return replace(line, scaling=scaling, description=f"Pipeline ending in {line.description}")


def _scaler(name: str, step: Any, n_features: int) -> tuple[Array, Array]:
    """centre and factor with (x - centre)·factor = step.transform(x); anything but a plain scaler is refused."""
    kind = type(step).__name__
    if kind not in ("StandardScaler", "RobustScaler", "MaxAbsScaler", "MinMaxScaler") or getattr(step, "clip", False):
        raise OptionError(
            f"step {name!r} of the Pipeline ({kind}) is not known to do no more than shift and scale columns",
            advice="Use StandardScaler, RobustScaler, MaxAbsScaler or MinMaxScaler (without clip)",
        )
    check_is_fitted(step)
    scale = getattr(step, "scale_", None)
    factor = np.ones(n_features) if scale is None else np.asarray(scale, dtype=np.float64)
    if kind == "MinMaxScaler":
        return -np.asarray(step.min_) / factor, factor
    centres = {"StandardScaler": ("mean_", "with_mean"), "RobustScaler": ("center_", "with_centering")}
    name, switch = centres.get(kind, ("", ""))
    centre = getattr(step, name, None) if getattr(step, switch, False) else None  # mean_ is kept even when not used
    return (np.zeros(n_features) if centre is None else np.asarray(centre, dtype=np.float64)), 1.0 / factor
