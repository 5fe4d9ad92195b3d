"""The exact vertex of a quantile loss: a rounded corner for the start, a linear programme for the rows near the line.

Portnoy and Koenker (1997), §3: rows far from the line keep their side, so they act as one constant pull; only the band
near it has to be solved, and all rows say afterwards whether a side was taken wrongly. The start minimises the loss
with its corner rounded over a width that shrinks (Chen (2007), §2), on a share of the rows first where there are many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..maths.losses import Quantile, Ramp
from ..maths.newton import RampDescent
from ..maths.vertex import Vertex, band_vertex
from ..rows.design import Design
from .robust_status import FitStatus, RobustStart

__all__ = ["QuantileFit", "fit_quantile"]

Array = NDArray[np.float64]

MANY = 20_000  # rows from which the first start is found on a share of them
BAND = 30  # rows of the first band for each coefficient
CORNER = 8  # rows within the rounded corner for each coefficient, when it is narrow enough
SHRINK = 5.0  # of the corner, from one width to the next
FAR = 1e3  # times the residual of the band's nearer third: rows beyond stay out of the first band
TRIES = 60


@dataclass(frozen=True, eq=False)
class QuantileFit:
    """theta in the design's coordinates, mean loss and its proven gap, rows on the line, how it ended."""

    theta: Array
    loss: float
    gap: float
    basis: NDArray[np.intp]
    tries: int
    status: FitStatus


def fit_quantile(start: RobustStart, tau: float) -> QuantileFit:
    """Minimise Σω·ρ_τ(r) exactly."""
    design = start.design
    theta, r = _rounded(design, start.theta, tau)
    size = BAND * design.size
    band = _nearest(r, size)
    for tries in range(1, TRIES + 1):
        vertex = _solve(design, r, band, tau)
        if vertex is None:
            if band.all():
                break
            size *= 4
            band |= _nearest(r, size) if size < len(r) else np.ones(len(r), dtype=bool)
            continue
        rows = np.flatnonzero(band)
        theta, after = _polished(design, theta + vertex.move, rows[vertex.basis])
        wrong = ~band & ((after > 0) != (r > 0))
        r = after
        if not wrong.any():
            return _certified(design, theta, r, rows, vertex, tau, start.noise(theta), tries)
        band |= wrong
        if wrong.sum() > size // 4:
            size *= 2
            band |= _nearest(r, size)
    return QuantileFit(theta, _loss(design, r, tau), float("inf"), np.empty(0, dtype=np.intp), TRIES, FitStatus.SETTLED)


def _rounded(design: Design, theta: Array, tau: float) -> tuple[Array, Array]:
    """Near the minimum: Newton on the loss with its corner rounded over an ever narrower width."""
    n = len(design.y)
    if n > MANY:
        step = max(2, n // (MANY // 2))
        few = design.only(np.arange(n // 2 % step, n, step))
        theta, _ = _rounded(few, theta, tau)
        r = design.along(theta) - design.y
        width = _width(r, n // 15)
    else:
        r = design.along(theta) - design.y
        if design.intercept:  # so that the right share lies on either side
            shift = float(np.quantile(r, 1 - tau, weights=design.weights, method="inverted_cdf"))
            theta, r = np.append(theta[:-1], theta[-1] - shift), r - shift
        width = _width(r, n // 2)
    descent = RampDescent(design, theta, r, design.gram(), np.zeros((design.size, design.size)))
    target = CORNER * design.size if n <= MANY else n // 50
    least = 1e-12 * width
    while width > least:
        ramp = Ramp(1 / width, -tau, 1 - tau)
        for _ in range(2):
            gap = descent.step(ramp)
            if gap < width:
                break
        if np.count_nonzero(np.abs(descent.r) <= width / 2) <= target:
            break
        width /= SHRINK
    return descent.theta, descent.r


def _width(r: Array, inside: int) -> float:
    """Of a corner that holds about so many rows."""
    size = np.abs(r)
    return 2 * float(np.partition(size, min(inside, len(r) - 1))[min(inside, len(r) - 1)])


def _nearest(r: Array, size: int) -> NDArray[np.bool_]:
    """The rows nearest to the line, so many and their ties; not those so far out that they would blur the others."""
    distance, last = np.abs(r), len(r) - 1
    ranks = [min(size // 3, last), min(size, last)]
    middle, end = np.partition(distance, ranks)[ranks]
    return np.asarray(distance <= (min(end, FAR * middle) if middle > 0 else end))


def _solve(design: Design, r: Array, band: NDArray[np.bool_], tau: float) -> Vertex | None:
    far = np.where(r > 0, 1 - tau, -tau)
    far[band] = 0.0
    pull = design.pull(far if design.weights is None else design.weights * far)
    rows = np.flatnonzero(band)
    weights = None if design.weights is None else design.weights[rows]
    return band_vertex(design.take(rows), r[rows], weights, pull, tau)


def _polished(design: Design, theta: Array, basis: NDArray[np.intp]) -> tuple[Array, Array]:
    """The line through the rows of the basis, to the last digit that their own rounding allows; and all residuals."""
    z = design.take(basis)
    for _ in range(2):
        theta = theta + np.linalg.solve(z, design.y[basis] - z @ theta)
    return theta, design.along(theta) - design.y


def _certified(
    design: Design, theta: Array, r: Array, rows: NDArray[np.intp], vertex: Vertex, tau: float, rounding: float,
    tries: int,
) -> QuantileFit:  # fmt: skip
    """Hold the line against the dual of all rows: every push within its ends, and Σ push·z̃ = 0."""
    omega = np.ones(len(r)) if design.weights is None else design.weights
    push = omega * np.where(r > 0, 1 - tau, -tau)
    on_line = rows[np.abs(r[rows]) <= rounding]
    at = np.zeros(len(r))
    at[rows] = vertex.push
    push[on_line] = at[on_line]
    basis = rows[vertex.basis]
    push[basis] = 0.0
    needed = np.linalg.solve(design.take(basis).T, -design.pull(push))
    low, high = -tau * omega[basis], (1 - tau) * omega[basis]
    beyond = np.maximum(low - needed, needed - high) / omega[basis]
    push[basis] = np.clip(needed, low, high)
    loss = omega * Quantile(tau).value(r)
    touching = np.union1d(basis, on_line)
    gap = float(np.maximum((loss - push * r)[touching], 0.0).sum())
    if beyond.max(initial=0.0) > 1e-9:
        return QuantileFit(theta, _loss(design, r, tau), float("inf"), basis, tries, FitStatus.SETTLED)
    unique = bool((beyond < -1e-9).all())
    status = FitStatus.CONVERGED if unique else FitStatus.NOT_UNIQUE
    return QuantileFit(theta, float(loss.sum()) / design.weight, gap / design.weight, basis, tries, status)


def _loss(design: Design, r: Array, tau: float) -> float:
    return float(np.average(Quantile(tau).value(r), weights=design.weights))
