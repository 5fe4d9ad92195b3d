"""What a descent needs before its first step: checked options, scaled rows, a learning rate, a stopping rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..maths.descent import PATIENCE, Status, Step, Watch, batch_rows
from ..maths.losses import Loss, Squared, average_loss, best_constant, by_name
from ..maths.moments import Moments
from ..maths.objective import MomentsObjective, Objective, QuadraticGap, largest_curvature
from ..maths.scaling import Scaling, quantile_bounds
from ..rows.domain import Domain
from ..rows.dual import dual_gap, push_limits
from ..rows.passes import RowsObjective, penalty_factor, ramp_of
from ..rows.source import ArraySource, Source, in_memory
from .first_read import summarise, warn_constant
from .gap import gap_over_rows, sees_all
from .options import generator, is_number, is_whole
from .progress import live_line

if TYPE_CHECKING:
    from .linear_regression_gd import LinearRegressionGD

__all__ = ["Plan", "closing_words", "final_status"]

Array = NDArray[np.float64]

SWINGS = 30.0  # momentum swings about the optimum, its gap shrinking by 1 - momentum an epoch: by exp(-30) in all


@dataclass(frozen=True, eq=False)
class Plan:
    """A descent, ready to run; `moments` are those of the scaled rows, `lipschitz` is L (None: no curvature bound)."""

    loss: Loss
    source: Source
    scaling: Scaling
    moments: Moments
    reference: float
    lipschitz: float | None
    rng: np.random.Generator
    reg_lambda: float
    intercept: bool
    row_bound: float

    @classmethod
    def of(cls, model: LinearRegressionGD, source: Source) -> Plan:
        """Check the options, read the rows once, learn clipping and scaling."""
        loss = check_options(model)
        squared = isinstance(loss, Squared)
        if not (squared and model.batch_size is None and model.clip_row_gradient is None):
            source = in_memory(source)
        scaling = Scaling.none(source.n_features)
        if model.clip_features is not None:
            low, high = _clip_bounds(model.clip_features, source)
            scaling = replace(scaling, low=low, high=high)
        summary = summarise(source, scaling, model.fit_intercept)
        warn_constant(summary)
        constant = summary.constant
        scaling = replace(scaling, constant=constant)
        if model.standardize:
            scaling = scaling.standardized(*Scaling.spread(summary.moments, constant, model.fit_intercept))
        moments = scaling.moments(summary.moments)
        bound, penalty = loss.curvature_bound, model.reg_lambda * penalty_factor(loss)
        smooth = np.isfinite(bound)
        lipschitz = largest_curvature(moments, bound, penalty / bound, model.fit_intercept) if smooth else None
        judged, ramp = loss, ramp_of(loss)
        if model.clip_row_gradient is not None and ramp is not None:  # linear for a row beyond its bound
            bound, intercept = model.clip_row_gradient, model.fit_intercept
            limits = [push_limits(scaling.apply(block.X), bound, intercept) for block in source.blocks()]
            judged = ramp.bounded(np.concatenate(limits))
        return cls(
            loss, source, scaling, moments, _reference(judged, source, moments, model.fit_intercept), lipschitz,
            generator(model.random_state), model.reg_lambda, model.fit_intercept, model.clip_row_gradient or np.inf,
        )  # fmt: skip

    def objective(self) -> Objective:
        """All rows: from their moments where the loss allows it, else one read per gradient."""
        if isinstance(self.loss, Squared) and self.row_bound == np.inf:
            return MomentsObjective(self.moments, self.loss.curvature_bound, self.reg_lambda, self.intercept)
        return self.rows_objective()

    def rows_objective(self, source: Source | None = None) -> RowsObjective:
        """The same loss, read from these rows."""
        rows = self.source if source is None else source
        return RowsObjective(self.loss, rows, self.scaling, self.reg_lambda, self.intercept, self.row_bound)

    def start(self, init: str) -> tuple[Array, float]:
        """w and b to begin with; constant columns keep weight 0."""
        n_features = self.source.n_features
        if init == "zeros":
            return np.zeros(n_features), 0.0
        w, b = self.rng.normal(0.0, 0.01, n_features), float(self.rng.normal(0.0, 0.01))
        return np.where(self.scaling.constant, 0.0, w), b if self.intercept else 0.0

    def step(self, model: LinearRegressionGD) -> Step:
        """How far to go along each gradient."""
        lr = self._auto_lr(model.batch_size) if isinstance(model.lr, str) else float(model.lr)
        return Step(lr, model.momentum, model.clip_gradient, decays=self.lipschitz is None)

    def watch(self, model: LinearRegressionGD, overridden: bool) -> Watch:
        """When to stop; a subclass's own loss has no known gap."""
        exact = isinstance(self.loss, Squared) and self.row_bound == np.inf and not overridden
        slope = self.loss.curvature_bound
        return Watch(
            model.epochs, model.tol, self.reference,
            gap=QuadraticGap(self.moments, slope, self.reg_lambda, self.intercept) if exact else None,
            lr_limit=2 * (1 + model.momentum) / self.lipschitz if self.lipschitz else None,
            keep_best=self.lipschitz is None, noisy=model.batch_size is not None,
            patience=max(PATIENCE, int(SWINGS / (1 - model.momentum))),
            callback=model.callback, on_epoch=live_line(model.epochs, model.verbose),
        )  # fmt: skip

    def batches(self, batch_size: int) -> Iterator[RowsObjective]:
        """One epoch of mini-batches, each a loss over a part of the rows."""
        rows = in_memory(self.source)
        for part in batch_rows(rows.n_rows, batch_size, self.rng):
            weights = None if rows.weights is None else rows.weights[part]
            yield self.rows_objective(ArraySource(rows.X[part], rows.y[part], weights))

    def _auto_lr(self, batch_size: int | None) -> float:
        if self.lipschitz is None:
            raise OptionError(
                f"lr='auto' needs a loss with bounded curvature, and {self.loss} has none",
                advice="Give a number, e.g. lr=0.1 (the step then decays as 1/sqrt(k)), or solve the quantile "
                "loss exactly with QuantileRegression",
            )
        if batch_size is None:
            return 1.0 / self.lipschitz if self.lipschitz > 0 else 1.0
        squares = max(float(np.square(self.scaling.apply(block.X)).sum(axis=1).max()) for block in self.source.blocks())
        penalty = self.reg_lambda * penalty_factor(self.loss)
        steepest = self.loss.curvature_bound * (squares + self.intercept) + penalty
        return 1.0 / steepest if steepest > 0 else 1.0


def check_options(model: LinearRegressionGD) -> Loss:
    """The loss asked for, once every parameter is what it may be.

    Raises
    ------
    OptionError
        Names the parameter, what it may be, and what it was.
    """
    positive = {"clip_gradient": model.clip_gradient, "clip_row_gradient": model.clip_row_gradient}
    rules = [
        ("lr", model.lr, "'auto' or a positive number", model.lr == "auto" or is_number(model.lr, above=0)),
        ("epochs", model.epochs, "a whole number of at least 1", is_whole(model.epochs)),
        ("reg_lambda", model.reg_lambda, "a number of at least 0", is_number(model.reg_lambda, least=0)),
        ("tol", model.tol, "a number of at least 0", is_number(model.tol, least=0)),
        ("momentum", model.momentum, "a number with 0 <= momentum < 1",
         is_number(model.momentum, least=0) and model.momentum < 1),
        ("batch_size", model.batch_size, "None or a whole number of at least 1",
         model.batch_size is None or is_whole(model.batch_size)),
        *((name, value, "None or a positive number", value is None or is_number(value, above=0))
          for name, value in positive.items()),
        ("init", model.init, "'zeros' or 'random'", model.init in ("zeros", "random")),
        ("engine", model.engine, "'compiled' or 'numpy'", model.engine in ("compiled", "numpy")),
        ("callback", model.callback, "None or a callable", model.callback is None or callable(model.callback)),
    ]  # fmt: skip
    for name, value, allowed, good in rules:
        if not good:
            raise OptionError(f"{name} must be {allowed}, got {value!r}")
    loss = by_name(model.loss)
    if model.clip_row_gradient is not None and ramp_of(loss) is None:
        raise OptionError(
            f"clip_row_gradient needs a loss whose derivative is a clipped line; {loss!r} is not known to be"
        )
    return loss


def _clip_bounds(clip: Any, source: Source) -> tuple[Array, Array]:
    if isinstance(clip, Domain):
        return clip.bounds(source.n_features)
    rows = in_memory(source)
    return quantile_bounds(rows.X.T, clip, rows.weights)


def _reference(loss: Loss, source: Source, moments: Moments, intercept: bool) -> float:
    """Loss of the best constant (of zero without intercept), at least eps·mean(y²) in the units of the loss."""
    if isinstance(loss, Squared):
        of_zero, spread = float(moments.second[-1, -1]), float(moments.covariance[-1, -1])
        half = loss.curvature_bound / 2
        at_zero, at_best = half * of_zero, half * spread
    else:
        rows = in_memory(source)
        at_zero = average_loss(loss, 0.0, rows.y, rows.weights)
        at_best = average_loss(loss, best_constant(loss, rows.y, rows.weights), rows.y, rows.weights)
    return max(at_best if intercept else at_zero, 2 * float(np.finfo(float).eps) * at_zero)


def final_status(watch: Watch, plan: Plan, line: tuple[Array, float] | None) -> tuple[Status, float | None]:
    """The status to report, and the distance to the minimum where it is known.

    A loss that merely stopped moving is asked once more, by its dual, whether that was the minimum; `line` is None
    for a subclass's own loss, of which nothing is known.
    """
    assert watch.status is not None
    gap = watch.final_gap
    if line is not None and isinstance(watch.gap, QuadraticGap) and not sees_all(watch.gap):
        gap = gap_over_rows(plan.source, plan.scaling, watch.gap, *line)
        if watch.status is Status.CONVERGED and gap > watch.near:
            return Status.SETTLED, gap
    if gap is None and line is not None and ramp_of(plan.loss) is not None:
        gap = dual_gap(plan.rows_objective(), *line)
        if gap <= watch.near and watch.status in (Status.SETTLED, Status.EPOCHS_USED_UP):
            return Status.CONVERGED, gap
    return watch.status, gap


def closing_words(status: Status, watch: Watch, gap: float | None, lr: float) -> str:
    """The warning of a descent that did not converge: how it ended, how far the optimum is, what to do."""
    far, limit = "", watch.lr_limit
    if gap is not None and np.isfinite(gap):
        far = f" at most {gap:.2g} above the smallest loss (tol asks for {watch.near:.2g});"
    if limit is not None and lr > limit:  # a loss whose pull is bounded hovers there, and does not explode
        far += f" lr={lr:g} is above {limit:.4g}, the largest that is sure to be stable: lower it, or use lr='auto';"
    return f"{status.label} after {watch.n_epochs} epochs:{far} {status.advice}"
