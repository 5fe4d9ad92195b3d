"""worst_row: the rows that, added, would move a number farthest, and what no such rows exceed."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from ...attack.scene import Scene, prepare
from ...errors import OptionError
from ...models.least_squares import LeastSquares
from ...models.options import is_number
from ...rows.domain import Domain
from ...rows.executor import single_threaded_blas
from .choices import Choices
from .found import WorstRow
from .many_rows import best_rows
from .quantity import Quantity, quantity
from .state import State, Today

__all__ = ["Attacker", "worst_row"]

Array = NDArray[np.float64]

SIGNS = {"up": (1.0,), "down": (-1.0,), "either": (1.0, -1.0)}


class Attacker(TypedDict, total=False):
    """What an added row may be.

    - ``domain``: `Domain`; what was observed (`Domain.learn`) by default.
    - ``bounds``, ``y_bounds``: ``(low, high)``, short for a Domain; scalars or one per feature, in the units of the
      data. What is not given is as observed.
    """

    domain: Domain | None
    bounds: Any
    y_bounds: Any


def worst_row(X: Any, y: Any, of: Any, *, rows: int = 1, direction: str = "either", reg_lambda: float = 0.0,
              fit_intercept: bool = True, **attacker: Unpack[Attacker]) -> WorstRow:  # fmt: skip
    """Which rows, added to the training data, would move a number farthest? With a bound on what any could do.

    Least squares or ridge with quantity cᵀθ. Let S = X̃ᵀX̃ + penalty, a = S⁻¹c. One added row (x, y) shifts it by

        (a·x̃)(y - x̃·θ)/(1 + x̃ᵀS⁻¹x̃),

    the label at an end of its range. On each side the square root of the numerator is concave and that of the
    denominator convex, so over a box the largest is found globally; whole numbers, one-hot groups and frozen columns
    are branched on. For every α > 0 and μ >= 0 the bound ¼‖αp + q/α + Gᵀμ‖² holds, whatever the search did, and for
    k rows the same with their leverage counted k times. It is never above ½·R·√k·√(cᵀS⁻¹c), which is R√k/(2σ̂)
    standard errors: `docs/worst_row.md` has the proofs. Nothing is drawn at random.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    of : tuple or str
        ``("coefficient", name or number)``, ``("prediction", row)`` with one row or several (their mean is meant),
        ``"mean prediction"`` over the rows of X, or ``"intercept"``.
    rows : int
        How many rows are added, from 1 to n_samples.
    direction : {"either", "up", "down"}
    reg_lambda : float
        Penalty of the fit, on the mean loss.
    fit_intercept : bool
    **attacker
        domain, bounds, y_bounds: see `Attacker`. Observed ranges stand in for what is not given; they limit nobody
        unless your pipeline refuses rows outside, and the result says so.

    Returns
    -------
    WorstRow
        Everything in the units of the quantity.

    Raises
    ------
    OptionError
        No such column or quantity; a column or y without bounds; a domain together with bounds.
    DataError
        Rows that cannot be used, or that do not determine the coefficients (and reg_lambda is 0).

    Examples
    --------
    >>> X, y = np.linspace(0.0, 1.0, 30).reshape(-1, 1), np.linspace(0.0, 2.0, 30)
    >>> worst = worst_row(X, y, ("coefficient", 0), y_bounds=(0, 10), direction="up")
    >>> worst.rows, worst.labels, round(worst.found, 4), worst.proven
    (array([[1.]]), array([10.]), 1.3282, True)
    """
    scene = prepare(X, y, rows=rows, **attacker)
    check_choice(direction, reg_lambda)
    what = quantity(of, scene.X, scene.names)
    with single_threaded_blas():
        return weigh(scene, what, LeastSquares(reg_lambda, fit_intercept), direction, controls(attacker))


def check_choice(direction: str, reg_lambda: float) -> None:
    """Refuse words and numbers that mean nothing here."""
    if direction not in SIGNS:
        raise OptionError(f"direction must be one of {', '.join(SIGNS)}, got {direction!r}")
    if not is_number(reg_lambda, least=0):
        raise OptionError(f"reg_lambda must be a number of at least 0, got {reg_lambda!r}")


def controls(attacker: Attacker) -> str:
    """What must be true for a bound to hold: that ranges are refused, and whose they are."""
    domain = attacker.get("domain")
    given_y = attacker.get("y_bounds") is not None or (
        domain is not None and bool(np.isfinite(domain.y_low) or np.isfinite(domain.y_high))
    )
    given_x = domain is not None or attacker.get("bounds") is not None
    observed = " and ".join(name for name, given in (("X", given_x), ("y", given_y)) if not given)
    if not observed:
        return "holds as long as the bounds given are enforced"
    return f"holds only if your pipeline refuses rows outside the observed range of {observed}"


def weigh(scene: Scene, what: Quantity, model: LeastSquares, direction: str, holds_if: str) -> WorstRow:
    """The worst `scene.rows` rows of a scene, refitted."""
    allowed = scene.domain.allowed(scene.X.shape[1])
    today = Today.of(scene.X, scene.y, what, model, allowed)
    state, before, model = today.with_room(scene.rows), today.value, today.fitted
    labels, choices = scene.need_labels(), Choices.of(allowed, scene.X)
    drift = state.value - before  # what the penalty of more rows does by itself
    plain = plain_bound(scene, state)
    ends, best = {1.0: np.inf, -1.0: np.inf}, None
    for sign in SIGNS[direction]:
        found = best_rows(state, choices, labels, sign, scene.rows)
        ends[sign] = sign * drift + min(found.bound, plain) + margin(what, model, min(found.bound, plain))
        reach = sign * drift + found.shift
        if best is None or reach > best[0]:
            best = reach, sign, found
    assert best is not None
    reach, sign, found = best
    refit = type(model)(model.reg_lambda, model.fit_intercept)
    after = what.of(refit.fit(np.vstack([scene.X, found.X]), np.append(scene.y, found.y)))
    return WorstRow(what.text, found.X, found.y, before, after, sign * reach, -ends[-1.0], ends[1.0],
                    abs(drift) + plain, direction, scene.domain, holds_if, scene.names,
                    len(scene.y))  # fmt: skip


def margin(what: Quantity, model: LeastSquares, bound: float) -> float:
    """How much wider a bound is made: what the fit cannot vouch for, and what rounds when two values are subtracted."""
    parts = float(np.abs(what.slopes) @ np.abs(model.coef_) + abs(what.free * model.intercept_))
    return float(bound * 10.0 ** -min(model.digits_, 12.0) + 16 * np.finfo(np.float64).eps * parts)


def plain_bound(scene: Scene, state: State) -> float:
    """½·R·√k·√(cᵀS⁻¹c)."""
    coef = state.theta[int(state.intercept) :] / state.scale
    level = float(state.theta[0]) - float(state.shift @ coef) if state.intercept else 0.0
    R = scene.largest_residual(coef, level)
    return 0.5 * R * float(np.sqrt(scene.rows) * np.linalg.norm(state.pulled))
