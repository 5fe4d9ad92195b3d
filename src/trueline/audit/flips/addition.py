"""Few added rows of a domain that turn the sign, and the bound that no fewer can pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...models.least_squares import LeastSquares
from ...rows.domain import Domain
from ..moves.choices import Choices
from ..moves.many_rows import best_rows, rows_bound
from ..moves.one_row import best_row
from ..moves.quantity import Quantity
from ..moves.state import State
from .design import Rows
from .goal import Estimate

__all__ = ["Added", "add_for_sign", "bounded"]

Array = NDArray[np.float64]

OVERSHOOT = 1e-6  # of the coefficient: beyond zero by this much


@dataclass(frozen=True, eq=False)
class Added:
    """Rows that were found, if any, and how many it takes at least.

    Parameters
    ----------
    X, y : ndarray (k, n_features), ndarray (k,); or None
    least : int
        No fewer rows of the domain can; 0 where nothing is proven.
    push : float
        What first order says one of them moves the coefficient towards zero, in its units; 0 without rows.
    """

    X: Array | None
    y: Array | None
    least: int
    push: float = 0.0


def bounded(domain: Domain, width: int) -> bool:
    """Does the domain hold every column and the label?"""
    allowed = domain.allowed(width)
    low, high = allowed.low[allowed.free], allowed.high[allowed.free]
    return bool(np.isfinite([*low, *high, domain.y_low, domain.y_high]).all())


def add_for_sign(rows: Rows, domain: Domain, today: Estimate, most: int) -> Added:
    """Fewest rows whose addition turns the sign: copies, heaps and rows in turn, beside the bound that none exceed.

    The bound is that of `many_rows`, on the fit to today's rows, for k rows together; it is at most
    ½·R·√k·√(cᵀΣ⁻¹c), with R the largest residual that the domain allows.

    Parameters
    ----------
    rows : Rows
    domain : Domain
    today : Estimate
    most : int
        Rows added at most.
    """
    allowed = domain.allowed(rows.X.shape[1])
    choices = Choices.of(allowed, rows.X)
    labels, way = (domain.y_low, domain.y_high), -float(np.sign(today.coef))

    def state(k: int) -> State:
        what = Quantity(np.eye(rows.X.shape[1])[rows.feature], 0.0, rows.name)
        return State.of(rows.X, rows.y, what, LeastSquares(rows.reg_lambda, rows.intercept), k, allowed)

    def within(k: int) -> bool:
        now = state(k)
        bound = best_row(now, choices, labels, way).bound if k == 1 else rows_bound(now, choices, labels, way, k)[0]
        return bool(bound * (1 + 1e-9) < -way * now.value * (1 - 1e-9))

    def turned(k: int) -> tuple[Array, Array] | None:
        now = state(k)
        found = best_rows(now, choices, labels, way, k)
        return (found.X, found.y) if found.shift > -way * now.value * (1 + OVERSHOOT) else None

    least = _first(lambda k: not within(k), most)
    if least is None:
        return Added(None, None, most + 1)
    k, found = least, turned(least)
    while found is None and k < most:
        k = min(max(k + 1, int(k * 1.1)), most)
        found = turned(k)
    while found is not None and k > least and (fewer := turned(k - 1)) is not None:
        k, found = k - 1, fewer
    if found is None:
        return Added(None, None, least)
    now, Z = state(k), state(k).design(found[0])
    return Added(*found, least, float((way * (Z @ now.direction) * (found[1] - Z @ now.theta)).max()))


def _first(enough: Callable[[int], bool], most: int) -> int | None:
    """The smallest k up to `most` with enough(k), which stays true from there on."""
    low, high = 0, 1
    while high < most and not enough(high):
        low, high = high, min(2 * high, most)
    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
