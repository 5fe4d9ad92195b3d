"""Losses of one row's residual r = prediction - y: value, derivative, curvature.

Every loss here has a derivative that is a line cut off at two heights, a *ramp*. Three numbers say which:

=================  =====  ======  =======
loss               slope  low     high
=================  =====  ======  =======
``Squared()``      1      -inf    inf
``Squared(False)`` 2      -inf    inf
``Huber(delta)``   1      -delta  delta
``Quantile(tau)``  steep  -tau    1 - tau
=================  =====  ======  =======

The compiled loop knows only ramps, and bounding each row's push on the fit is one more cut of the same line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError

__all__ = ["Huber", "Loss", "Quantile", "Ramp", "Squared", "average_loss", "best_constant", "by_name"]

SLICE = 2**16  # rows
STEEP = 1e300  # a step's slope: finite, so that STEEP * 0 is 0

Array = NDArray[np.float64]


@runtime_checkable
class Loss(Protocol):
    """What a loss offers; any object with these runs in every descent."""

    @property
    def curvature_bound(self) -> float:
        """Largest curvature anywhere; inf where the derivative jumps."""

    def value(self, r: Any) -> Any: ...
    def derivative(self, r: Any) -> Any: ...
    def curvature(self, r: Any) -> Any: ...


@dataclass(frozen=True)
class Ramp:
    """The loss whose derivative is ``clip(slope * r, low, high)``; the ends may differ from row to row."""

    slope: float
    low: float | Array
    high: float | Array

    @property
    def curvature_bound(self) -> float:
        return self.slope if self.slope < STEEP else float("inf")

    def value(self, r: Array) -> Array:
        # slope·r²/2                          on the line
        # end·r - end²/(2·slope)              beyond an end
        push = self.derivative(r)
        return np.asarray(push * (r - push / (2 * self.slope)))

    def derivative(self, r: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(np.clip(self.slope * np.asarray(r), self.low, self.high))

    def curvature(self, r: Array) -> Array:
        with np.errstate(over="ignore"):
            line = self.slope * np.asarray(r)
        inside = (self.low <= line) & (line <= self.high)
        return np.asarray(np.where(inside & np.isfinite(self.curvature_bound), self.slope, 0.0))

    def bounded(self, limit: float | Array) -> Ramp:
        """The same loss with every row's derivative held within ``±limit`` (one number, or one per row)."""
        return Ramp(self.slope, np.maximum(self.low, np.negative(limit)), np.minimum(self.high, limit))


@dataclass(frozen=True)
class Squared:
    """Least squares: r²/2 with ``half`` (the default, "half_mse"), r² without ("mse").

    ``mse`` is exactly twice ``half_mse``, so both have one minimum and differ in what a learning rate means.
    ``Squared(half=False)`` equals scikit-learn's ``mean_squared_error`` once averaged.
    """

    half: bool = True

    @property
    def curvature_bound(self) -> float:
        return 1.0 if self.half else 2.0

    def value(self, r: Any) -> Any:
        return self.curvature_bound / 2 * np.square(r)

    def derivative(self, r: Any) -> Any:
        return self.curvature_bound * np.asarray(r)

    def curvature(self, r: Any) -> Any:
        return np.full_like(r, self.curvature_bound, dtype=np.float64)

    @property
    def ramp(self) -> Ramp:
        return Ramp(self.curvature_bound, -np.inf, np.inf)


@dataclass(frozen=True)
class Huber:
    """Quadratic near zero, linear far away: one row's pull is at most `delta`.

    Equals ``scipy.special.huber(delta, r)``. Huber (1964), *Robust estimation of a location parameter*, §4.

    Parameters
    ----------
    delta : float
        Where the pull stops growing, in the units of y. Must be positive.

    Raises
    ------
    OptionError
        `delta` is not a positive number.

    Examples
    --------
    >>> Huber(1.0).value(np.array([0.5, 3.0]))
    array([0.125, 2.5  ])
    """

    delta: float = 1.345
    curvature_bound: ClassVar[float] = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.delta < np.inf:
            raise OptionError(f"Huber's delta must be a positive number (in the units of y), got {self.delta!r}")

    def value(self, r: Any) -> Any:
        # r²/2                  if |r| <= delta
        # delta·(|r| - delta/2) otherwise
        clipped = np.clip(r, -self.delta, self.delta)
        return clipped * (r - clipped / 2)

    def derivative(self, r: Any) -> Any:
        return np.clip(r, -self.delta, self.delta)

    def curvature(self, r: Any) -> Any:
        return np.where(np.abs(r) <= self.delta, 1.0, 0.0)

    @property
    def ramp(self) -> Ramp:
        return Ramp(1.0, -self.delta, self.delta)


@dataclass(frozen=True)
class Quantile:
    """The pinball loss: its best constant is the `tau` quantile of y; at 0.5 half the absolute error.

    Equals scikit-learn's ``mean_pinball_loss(alpha=tau)`` once averaged. Koenker and Bassett (1978), eq. 1.1.

    Parameters
    ----------
    tau : float
        Share of the rows that should lie below the fit, strictly between 0 and 1.

    Raises
    ------
    OptionError
        `tau` is not between 0 and 1.

    Examples
    --------
    >>> Quantile(0.9).value(np.array([-1.0, 1.0]))
    array([0.9, 0.1])
    """

    tau: float = 0.5
    curvature_bound: ClassVar[float] = float("inf")

    def __post_init__(self) -> None:
        if not 0 < self.tau < 1:
            raise OptionError(f"Quantile's tau must lie strictly between 0 and 1, got {self.tau!r}")

    def value(self, r: Any) -> Any:
        # tau·(-r)     if r < 0, the fit is too low
        # (1-tau)·r    otherwise
        return np.maximum(-self.tau * np.asarray(r), (1 - self.tau) * np.asarray(r))

    def derivative(self, r: Any) -> Any:
        return np.where(np.less(r, 0), -self.tau, np.where(np.greater(r, 0), 1 - self.tau, 0.0))

    def curvature(self, r: Any) -> Any:
        return np.zeros_like(r, dtype=np.float64)

    @property
    def ramp(self) -> Ramp:
        return Ramp(STEEP, -self.tau, 1 - self.tau)


BY_NAME: dict[str, Loss] = {
    "half_mse": Squared(),
    "mse": Squared(half=False),
    "huber": Huber(),
    "mae": Quantile(0.5),
}


def by_name(loss: str | Loss) -> Loss:
    """The loss that a name stands for; a loss object is handed back as it is.

    Raises
    ------
    OptionError
        The name is unknown, or the object lacks value, derivative or curvature.

    Examples
    --------
    >>> by_name("huber")
    Huber(delta=1.345)
    """
    if isinstance(loss, str):
        if loss not in BY_NAME:
            raise OptionError(f"loss must be one of {', '.join(BY_NAME)}, or a loss such as Huber(1.5), got {loss!r}")
        return BY_NAME[loss]
    if isinstance(loss, type) or not isinstance(loss, Loss):
        raise OptionError(
            f"a loss needs value(r), derivative(r), curvature(r) and curvature_bound; {loss!r} lacks some"
        )
    return loss


def average_loss(loss: Loss, constant: float, y: Array, weights: Array | None = None) -> float:
    """The average of ``loss.value(constant - y)``, some rows after the other: nothing as long as y is made.

    Parameters
    ----------
    loss : Loss
        A ramp's ends may differ from row to row.
    constant : float
    y, weights : ndarray (n_samples,)
        In the units of y; no weights means all equal.
    """
    total = 0.0
    for first in range(0, len(y), SLICE):
        part = slice(first, first + SLICE)
        here = Ramp(loss.slope, loss.low[part], loss.high[part]) if _differs_by_row(loss) else loss  # type: ignore
        values = here.value(constant - y[part])
        total += float(values.sum() if weights is None else weights[part] @ values)
    return total / float(len(y) if weights is None else weights.sum())


def _differs_by_row(loss: Loss) -> bool:
    return isinstance(loss, Ramp) and np.ndim(loss.low) > 0


def best_constant(loss: Loss, y: Array, weights: Array | None = None) -> float:
    """The number c that minimises the average of ``loss.value(c - y)``: to rounding for ours, else to 8 digits.

    Parameters
    ----------
    loss : Loss
    y, weights : ndarray (n_samples,)
        In the units of y; no weights means all equal.
    """
    if isinstance(loss, Squared):
        return float(np.average(y, weights=weights))
    if isinstance(loss, Quantile):
        return float(np.quantile(y, loss.tau, weights=weights, method="inverted_cdf"))
    from scipy.optimize import minimize_scalar

    low, high = float(y.min()), float(y.max())
    if low == high:
        return low

    def height(share: float) -> float:
        return average_loss(loss, low + share * (high - low), y, weights)

    unit = max(height(0.0), height(1.0))  # its products of heights would overflow for a y beyond 1e100
    found = minimize_scalar(lambda t: height(t) / unit, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10})
    return low + float(found.x) * (high - low)
