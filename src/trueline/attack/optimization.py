"""Optimised poison: rows and labels moved along the gradient of the damage they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError
from ..models.options import is_whole
from ..rows.executor import single_threaded_blas
from .climbing import Climb, climb
from .flip import far_labels
from .poison import Poison
from .scene import Budget, Scene, prepare
from .simple import statistical_rows
from .victim import Outer, Victim

__all__ = ["optimize", "search"]

Array = NDArray[np.float64]
Start = Callable[[Scene, Victim], tuple[Array, Array]]

OBJECTIVES = ("training", "spread")
LOOK = 15  # steps that every start is given before the best goes on


def optimize(X: Any, y: Any, rate: float | None = None, *, objective: str | tuple[ArrayLike, ArrayLike] = "spread",
             reg_lambda: float = 0.0, steps: int = 200, on_progress: Callable[[int, int], None] | None = None,
             **budget: Unpack[Budget]) -> Poison:  # fmt: skip
    """Move poison rows and labels to where a least-squares or ridge fit goes most wrong.

    Jagielski, Oprea, Biggio, Liu, Nita-Rotaru and Li (2018), "Manipulating machine learning", §4.1–4.2 (OptP, eq. 3–9):
    a bilevel problem, the fit inside and the attacker's loss outside, climbed by projected gradient from several
    starts: inverse flips (y mirrored in its range), boundary flips (y at the far bound), corners of the domain drawn
    from the data's distribution, and rows with the farthest to go. All poison rows move together, and clean rows are
    read once, for their moments: a step costs one solve of n_features unknowns. Knows the model and its data;
    controls added rows.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    rate : float, optional
        Poison / all rows, at most 0.5.
    objective : {"spread", "training"} or (X, y)
        What is to grow. "spread": the mean squared change of predictions on new rows, which do not keep those
        correlations between columns that few rows seem to show: ½(n_features/n_samples)² of them is forgotten.
        "training": the squared loss on the clean training rows, as in the paper. Or the loss on these validation rows.
    reg_lambda : float
        Penalty of the victim, on the mean loss.
    steps : int
        Steps of the best start; each start is given 15 first.
    on_progress : callable, optional
        Called with (done, total) steps.
    **budget
        rows, domain, bounds, y_bounds, random_state: see `Budget`.

    Returns
    -------
    Poison
        Its `report` holds the training MSE before and after (squared units of y), the start that won, the solves spent.

    Raises
    ------
    OptionError
        A budget or option outside what it may be; every column frozen; y without bounds.
    DataError
        Rows that cannot be used; bounds that exclude all of them.

    Notes
    -----
    A local search: it promises no maximum, and the report says what was found. Where columns determine each other and
    there is no penalty, a trace of one (1e-9 of a column's variance) stands in for the minimum-norm victim.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((60, 2))
    >>> poison = optimize(X, X @ [1.0, -1.0] + 0.01 * rng.normal(size=60), rate=0.1)
    >>> poison.report["training_mse_after"] > 10 * poison.report["training_mse_before"]
    True
    """
    if not is_whole(steps):
        raise OptionError(f"steps must be a whole number of at least 1, got {steps!r}")
    scene = prepare(X, y, rate, **budget)
    scene.need_choice()
    scene.need_labels()
    victim = Victim.of(scene.X, scene.y, reg_lambda)
    outer = _outer(victim, objective)
    with single_threaded_blas():
        best, start = search(scene, victim, outer, steps, on_progress)
        after = victim.training_loss.value(victim.fit(best.X, best.y))
    before = victim.training_loss.value(victim.clean_fit)
    report = {
        "objective": objective if isinstance(objective, str) else "validation", "start": start, "solves": best.solves,
        "training_mse_before": 2 * before, "training_mse_after": 2 * after,
    }  # fmt: skip
    return Poison(best.X, best.y, "optimize", "model", "added rows", scene.domain, len(scene.y),
                  report=report, seed=scene.seed, names=scene.names)  # fmt: skip


def search(scene: Scene, victim: Victim, outer: Outer, steps: int,
           on_progress: Callable[[int, int], None] | None = None) -> tuple[Climb, str]:  # fmt: skip
    """A short climb from every start, a long one from the best of them.

    Parameters
    ----------
    scene : Scene
    victim : Victim
    outer : Outer
    steps : int
    on_progress : callable, optional

    Returns
    -------
    Climb, str
        Where it ended, and the start that won.
    """
    done, total = 0, LOOK * len(STARTS) + steps

    def tick() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(done, total)

    looks = {name: climb(victim, outer, start(scene, victim), scene.domain, LOOK, on_step=tick)
             for name, start in STARTS.items()}  # fmt: skip
    name = max(looks, key=lambda start: looks[start].value)
    last = climb(victim, outer, (looks[name].X, looks[name].y), scene.domain, steps, on_step=tick)
    if on_progress is not None and done < total:
        on_progress(total, total)
    return replace(last, solves=last.solves + sum(look.solves for look in looks.values())), name


def _outer(victim: Victim, objective: str | tuple[ArrayLike, ArrayLike]) -> Outer:
    if isinstance(objective, tuple) and len(objective) == 2:
        X, y = (np.asarray(part, dtype=np.float64) for part in objective)
        if X.ndim != 2 or X.shape[1] != len(victim.gram) - 1 or y.shape != X.shape[:1]:
            raise OptionError(f"validation rows must be X (n, {len(victim.gram) - 1}) and y (n,), "
                              f"got {X.shape} and {y.shape}")  # fmt: skip
        return victim.loss_on(X, y)
    if objective == "training":
        return victim.training_loss
    if objective == "spread":
        H = victim.gram / victim.n
        forget = 0.5 * min(1.0, len(H) / victim.n) ** 2
        H = (1 - forget) * H + forget * np.diag(np.diag(H))
        at = victim.clean_fit
        return Outer(H, H @ at, float(0.5 * at @ (H @ at)))
    raise OptionError(f"objective must be one of {OBJECTIVES} or (X, y) of validation rows, got {objective!r}")


def _inverse_flip(scene: Scene, victim: Victim) -> tuple[Array, Array]:
    chosen = scene.draw()
    mirrored = scene.domain.y_low + scene.domain.y_high - scene.y[chosen]
    return scene.project(scene.X[chosen], scene.X[chosen]), scene.domain.project_y(mirrored)


def _boundary_flip(scene: Scene, victim: Victim) -> tuple[Array, Array]:
    chosen = scene.draw()
    return scene.project(scene.X[chosen], scene.X[chosen]), far_labels(scene, scene.y[chosen])


def _corners(scene: Scene, victim: Victim) -> tuple[Array, Array]:
    rows = statistical_rows(scene, scene.rows, True)
    return rows, far_labels(scene, victim.design(rows) @ victim.clean_fit + victim.centre[-1])


def _farthest_to_go(scene: Scene, victim: Victim) -> tuple[Array, Array]:
    far = far_labels(scene, scene.y)
    chosen = np.argsort(-np.abs(far - scene.y), kind="stable")[: scene.rows]
    return scene.project(scene.X[chosen], scene.X[chosen]), far[chosen]


STARTS: dict[str, Start] = {
    "inverse flip": _inverse_flip,
    "boundary flip": _boundary_flip,
    "corners": _corners,
    "farthest to go": _farthest_to_go,
}
