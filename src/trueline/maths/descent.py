"""Gradient descent over any objective: the step, when to stop, and with which status.

Both engines of `LinearRegressionGD` share `Step` and `Watch`; `descend` is the loop of the fast one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ..errors import DivergenceError
from .objective import Objective

__all__ = ["PATIENCE", "Epoch", "Status", "Step", "Watch", "batch_rows", "descend"]

Array = NDArray[np.float64]

EXPLODED = 1e6  # a loss this many times the reference or the first loss is not coming back
PATIENCE = 100


class Status(Enum):
    """How a descent ended; `advice` says what to do about it."""

    CONVERGED = ("converged", "nothing: the loss is proven to be within tol of its minimum")
    SETTLED = (
        "settled",
        "the loss stopped moving but nothing is proven; standardize=True usually helps, "
        "and verify.certify says how far the optimum is",
    )
    EPOCHS_USED_UP = (
        "epochs used up",
        "raise epochs, or set standardize=True or momentum=0.9: columns of unequal scale make descent crawl",
    )
    STOPPED = ("stopped by the caller", "the callback asked for it; fit again without it to go on")
    DIVERGED = ("diverged", "lower lr below the limit named in the error, or use lr='auto'")

    def __init__(self, label: str, advice: str) -> None:
        self.label = label
        self.advice = advice

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True)
class Epoch:
    """One line of the record: the state after `epoch` epochs. Norms are Euclidean over (w, b)."""

    epoch: int
    loss: float
    gradient_norm: float
    parameter_norm: float


@dataclass(eq=False)
class Step:
    """A move against the gradient, with heavy-ball momentum: v = momentum·v - lr·g. Polyak (1964), eq. 9.

    Parameters
    ----------
    lr : float
        Learning rate, in units of (parameter² / loss).
    momentum : float
        Share of the last move that is kept, 0 <= momentum < 1.
    clip_gradient : float, optional
        The whole gradient is shortened to this norm. Stability only: the optimum stays where it is.
    decays : bool
        Whether the rate falls as 1/√k, as losses without a curvature bound need.
    """

    lr: float
    momentum: float = 0.0
    clip_gradient: float | None = None
    decays: bool = False
    taken: int = field(default=0, init=False)
    _move_w: Array | float = field(default=0.0, init=False)
    _move_b: float = field(default=0.0, init=False)

    def __call__(self, dw: Array, db: float) -> tuple[Array, float]:
        """The moves to add to w and b."""
        self.taken += 1
        rate = self.lr / np.sqrt(self.taken) if self.decays else self.lr
        if self.clip_gradient is not None:
            norm = gradient_norm(dw, db)
            rate *= min(1.0, self.clip_gradient / norm) if norm > 0 else 1.0
        move_w, move_b = -rate * dw, -rate * db
        if self.momentum:
            move_w, move_b = self.momentum * self._move_w + move_w, self.momentum * self._move_b + move_b
        self._move_w, self._move_b = move_w, move_b
        return move_w, self._move_b


@dataclass(eq=False)
class Watch:
    """Keeps the record of a descent and says when it is over.

    Parameters
    ----------
    epochs : int
        At most so many.
    tol : float
        In parts of `reference`; 0 runs all epochs.
    reference : float
        Loss of the best constant, at least eps·mean(y²): in the units of the loss.
    gap : callable (dw, db) -> float, optional
        Exact distance to the minimum, for the squared loss.
    lr_limit : float, optional
        Largest stable learning rate, for the error message.
    keep_best : bool
        Answer with the best iterate, not the last (for losses without a curvature bound).
    noisy : bool
        Steps follow mini-batches, so a gap that stops shrinking says nothing about rounding.
    patience : int
        Epochs in which the largest gap must shrink, or rounding has stopped the descent. Momentum makes the gap swing
        on its way down, so it needs more of them.
    callback : callable (epoch, loss, w, b) -> bool, optional
        Returns True to stop.
    on_epoch : callable (Epoch, last: bool), optional
        Told of every epoch.
    """

    epochs: int
    tol: float
    reference: float
    gap: Callable[[Array, float], float] | None = None
    lr_limit: float | None = None
    keep_best: bool = False
    noisy: bool = False
    patience: int = PATIENCE
    callback: Callable[[int, float, Array, float], object] | None = None
    on_epoch: Callable[[Epoch, bool], None] | None = None
    losses: list[float] = field(default_factory=list, init=False)
    gradient_norms: list[float] = field(default_factory=list, init=False)
    parameter_norms: list[float] = field(default_factory=list, init=False)
    status: Status | None = field(default=None, init=False)
    final_gap: float | None = field(default=None, init=False)
    _best: tuple[float, Array, float] | None = field(default=None, init=False)
    _gap_before: float = field(default=np.inf, init=False)
    _gap_lately: float = field(default=0.0, init=False)

    def stops(self, loss: float, w: Array, b: float, dw: Array, db: float) -> bool:
        """Record the state after so many epochs, and say whether descent is over.

        Raises
        ------
        DivergenceError
            The loss is not finite, exploded, or ends above where it began.
        """
        epoch = len(self.losses)
        self.losses.append(float(loss))
        self.gradient_norms.append(gradient_norm(dw, db))
        self.parameter_norms.append(gradient_norm(w, b))
        self._refuse_divergence(epoch)
        if self.keep_best and (self._best is None or loss < self._best[0]):
            self._best = (loss, w.copy(), b)
        self.status = self._verdict(epoch, loss, dw, db)
        if self.callback is not None and self.callback(epoch, float(loss), w.copy(), float(b)) is True:
            self.status = self.status or Status.STOPPED
            self.final_gap = None if self.gap is None else self.gap(dw, db)
        if self.status is None and epoch >= self.epochs:
            self.status = Status.EPOCHS_USED_UP
        if self.on_epoch is not None:
            state = Epoch(epoch, self.losses[-1], self.gradient_norms[-1], self.parameter_norms[-1])
            self.on_epoch(state, self.status is not None)
        if self.status in (Status.EPOCHS_USED_UP, Status.SETTLED):
            self._refuse_ascent()
        return self.status is not None

    def answer(self, w: Array, b: float) -> tuple[Array, float]:
        """The line to keep: the last, or the best one seen."""
        return (w, b) if self._best is None else self._best[1:]

    @property
    def near(self) -> float:
        """How close to the minimum counts as converged, in the units of the loss."""
        return self.tol * self.reference

    @property
    def n_epochs(self) -> int:
        return len(self.losses) - 1

    def _verdict(self, epoch: int, loss: float, dw: Array, db: float) -> Status | None:
        if self.gap is not None:
            if self.tol == 0 and epoch < self.epochs:
                return None  # nothing hangs on the gap, and it costs as much as a step
            self.final_gap = self.gap(dw, db)
            if self.final_gap <= self.near and (self.tol > 0 or epoch >= self.epochs):
                return Status.CONVERGED
            return Status.SETTLED if self.tol > 0 and self._stalled(epoch) else None
        if self.tol > 0 and epoch > 0 and abs(self.losses[-2] - loss) <= self.near:
            return Status.SETTLED
        return None

    def _stalled(self, epoch: int) -> bool:
        """Whether the largest gap of the last `patience` epochs is no smaller than that of as many before."""
        self._gap_lately = max(self._gap_lately, self.final_gap or 0.0)
        if epoch == 0 or epoch % self.patience:
            return False
        stalled = not self.noisy and self._gap_lately >= self._gap_before
        self._gap_before, self._gap_lately = self._gap_lately, 0.0
        return stalled

    def _refuse_divergence(self, epoch: int) -> None:
        finite = all(map(math.isfinite, (self.losses[-1], self.gradient_norms[-1], self.parameter_norms[-1])))
        if not finite or self.losses[-1] > EXPLODED * max(self.reference, self.losses[0]):
            what = "is no longer finite" if not finite else f"reached {self.losses[-1]:.3g}"
            self._diverge(f"descent diverged: after {epoch} epochs the loss {what} (it began at {self.losses[0]:.3g})")

    def _refuse_ascent(self) -> None:
        last = self.losses[-1] if self._best is None else self._best[0]
        ceiling = max(self.losses[0], self.reference)
        # Mini-batches hover around the minimum: where the rows have no signal, that is a little above the start.
        if last > (2 * ceiling if self.noisy else self.losses[0] + 8 * np.finfo(float).eps * ceiling):
            self._diverge(
                f"descent diverged: the loss ends at {last:.3g}, above the {self.losses[0]:.3g} it began with"
            )

    def _diverge(self, message: str) -> None:
        self.status = Status.DIVERGED
        limit = "" if self.lr_limit is None else f" (lr above {self.lr_limit:.4g} is unstable on these rows)"
        advice = "Lower lr, use lr='auto', or set standardize=True"
        raise DivergenceError(message + limit, history=self.losses, advice=advice)


def gradient_norm(dw: Array, db: float) -> float:
    """Euclidean norm over (w, b)."""
    b = float(db)
    return math.sqrt(float(np.dot(dw, dw)) + b * b)


def batch_rows(n_rows: int, batch_size: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Row numbers of one epoch's mini-batches: every row once, reshuffled; the last batch may be smaller."""
    order = rng.permutation(n_rows)
    for first in range(0, n_rows, batch_size):
        yield order[first : first + batch_size]


def descend(
    objective: Objective, w: Array, b: float, step: Step, watch: Watch,
    batches: Callable[[], Iterator[Objective]] | None = None,
) -> tuple[Array, float]:  # fmt: skip
    """Follow the gradient until `watch` says stop; the record and the status are left in it.

    Parameters
    ----------
    objective : Objective
        The loss over all rows: recorded every epoch, and followed where there are no batches.
    w, b : ndarray (n_features,), float
        Where to start.
    step, watch : Step, Watch
    batches : callable, optional
        The objectives of one epoch's mini-batches, followed one after the other.

    Returns
    -------
    w, b : ndarray (n_features,), float

    Examples
    --------
    >>> from trueline.maths.moments import Moments
    >>> from trueline.maths.objective import MomentsObjective, QuadraticGap
    >>> moments = Moments.of(np.array([[-1.0], [0.0], [1.0]]), np.array([0.0, 2.0, 4.0]))
    >>> watch = Watch(epochs=200, tol=1e-12, reference=4 / 3, gap=QuadraticGap(moments))
    >>> w, b = descend(MomentsObjective(moments), np.zeros(1), 0.0, Step(lr=1.0), watch)
    >>> watch.status.label, w.round(4), round(b, 4)
    ('converged', array([2.]), 2.0)
    """
    while True:
        loss, dw, db = objective.value_and_gradient(w, b)
        if watch.stops(loss, w, b, dw, db):
            return watch.answer(w, b)
        if batches is None:
            move_w, move_b = step(dw, db)
            w, b = w + move_w, b + move_b
            continue
        for batch in batches():
            _, dw, db = batch.value_and_gradient(w, b)
            move_w, move_b = step(dw, db)
            w, b = w + move_w, b + move_b
