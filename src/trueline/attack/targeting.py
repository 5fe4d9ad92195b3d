"""Targeted poison: move what the model says at one place, and as little else as possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve

from ..errors import OptionError, ShapeError
from ..models.options import is_number, is_whole
from ..rows.executor import single_threaded_blas
from .climbing import climb
from .poison import Poison
from .scene import Budget, Scene, prepare
from .victim import Outer, Victim

__all__ = ["targeted"]

Array = NDArray[np.float64]

CLOSE = 1e-3  # part of the wanted shift by which one may miss and still be said to be there


def targeted(X: Any, y: Any, rate: float | None = None, *, at: ArrayLike, shift: float, reg_lambda: float = 0.0,
             steps: int = 100, **budget: Unpack[Budget]) -> Poison:  # fmt: skip
    """Move the prediction at a point, or the mean prediction over a region, by a wanted amount.

    For one added row (x, y) the fit moves by Σ⁻¹x̃·(y - x̃ᵀβ)/(1 + h). Of all rows that move the prediction at c by
    s, those along c change the others least (Cauchy and Schwarz), and x = c is one: k copies of it with
    y = prediction + s(1 + kh)/(kh), h the leverage of c, are the closed form. Where that label or that row is not
    allowed, the rows are climbed for reach (`trueline.attack.climbing`), then for cost at the wanted shift, and the
    rows and labels taken back until the shift is as wanted. Knows the model and its data; controls added rows.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    rate : float, optional
        Poison / all rows, at most 0.5.
    at : array (n_features,) or (n_rows, n_features)
        The point, or the rows of a region, in the units of X.
    shift : float
        By how much, in the units of y; not 0.
    reg_lambda : float
        Penalty of the victim, on the mean loss.
    steps : int
        Steps of each climb.
    **budget
        rows, domain, bounds, y_bounds, random_state: see `Budget`.

    Returns
    -------
    Poison
        `report`: "wanted", "predicted" (by the closed form or the climb) and "achieved" shift (by refitting), whether
        it was "reached", the "bound" that no rows in the domain can pass (proven), "mse_before" and "mse_after" on the
        clean rows (squared units of y), and "method". Out of reach, the rows are those that were found to get farthest.

    Raises
    ------
    OptionError
        A shift of 0 (the goal is met already); a budget outside what it may be; every column frozen.
    DataError
        Rows that cannot be used; bounds that exclude all of them.

    Examples
    --------
    >>> X = np.linspace(0.0, 1.0, 30).reshape(-1, 1)
    >>> poison = targeted(X, 2 * X.ravel(), rows=3, at=[0.5], shift=0.05)
    >>> round(poison.report["achieved"], 6), poison.report["method"], poison.rows.ravel()
    (0.05, 'closed form', array([0.5, 0.5, 0.5]))
    """
    if not is_number(shift) or shift == 0:
        raise OptionError(f"shift must be a number other than 0, got {shift!r}: the goal is met already")
    if not is_whole(steps):
        raise OptionError(f"steps must be a whole number of at least 1, got {steps!r}")
    scene = prepare(X, y, rate, **budget)
    scene.need_choice()
    place = np.atleast_2d(np.asarray(at, dtype=np.float64))
    if place.ndim != 2 or place.shape[1] != scene.X.shape[1] or not np.isfinite(place).all():
        raise ShapeError(f"at must be finite, of shape ({scene.X.shape[1]},) or (rows, {scene.X.shape[1]}), "
                         f"got {np.shape(at)}")  # fmt: skip
    with single_threaded_blas():
        goal = _Goal.of(scene, Victim.of(scene.X, scene.y, reg_lambda), place.mean(axis=0), float(shift))
        rows, labels, method = goal.closed_form() or goal.searched(steps)
        report = goal.report(rows, labels) | {"method": method}
    return Poison(rows, labels, "targeted", "model", "added rows", scene.domain, len(scene.y), report=report,
                  seed=scene.seed, names=scene.names)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Goal:
    """A shift wanted at a place; θ0 is the fit without poison but with the penalty it will bear."""

    scene: Scene
    victim: Victim
    place: Array
    shift: float
    base: float  # c·θ without poison

    @classmethod
    def of(cls, scene: Scene, victim: Victim, place: Array, shift: float) -> _Goal:
        base = float(victim.design(place[None])[0] @ victim.clean_fit)
        return cls(scene, victim, place, shift, base)

    @property
    def c(self) -> Array:
        return np.asarray(self.victim.design(self.place[None])[0])

    def moved(self, rows: Array, labels: Array) -> float:
        return float(self.c @ self.victim.fit(rows, labels)) - self.base

    def closed_form(self) -> tuple[Array, Array, str] | None:
        """k copies of the place itself; None where its label is not allowed, or it is no allowed row."""
        k, scene, victim = self.scene.rows, self.scene, self.victim
        rows = np.tile(self.place, (k, 1))
        frozen = scene.domain.allowed(len(self.place)).frozen
        if not scene.domain.contains(rows).all() or (frozen.any() and not _exists(scene.X, self.place, frozen)):
            return None
        N = victim.n + k
        factor = cho_factor(victim.gram + N * np.diag(victim.penalty))
        without = float(self.c @ cho_solve(factor, victim.cross))  # no poison yet, but the penalty of N rows
        h = k * float(self.c @ cho_solve(factor, self.c))
        wanted = self.shift + self.base - without
        label = without + wanted * (1 + h) / h + victim.centre[-1]
        if not scene.domain.y_low <= label <= scene.domain.y_high:
            return None
        return rows, np.full(k, label), "closed form"

    def searched(self, steps: int) -> tuple[Array, Array, str]:
        """Climb for reach; where that is enough, climb back to the cheapest rows that keep the shift."""
        victim, domain = self.victim, self.scene.domain
        self.scene.need_labels()
        reach = Outer(np.zeros_like(victim.gram), -np.sign(self.shift) * self.c)
        climbs = [climb(victim, reach, start, domain, steps) for start in self._starts()]
        best = max(climbs, key=lambda found: found.value)
        far = self.moved(best.X, best.y)
        if far / self.shift < 1:
            return best.X, best.y, "out of reach"
        ends = [best, *climbs, self._cheaper(best.X, best.y, steps)]
        candidates = [found for end in ends for found in (self._scaled(end.X, end.y), self._between(end.X, end.y))]
        good = [found for found in candidates if abs(self.moved(*found) / self.shift - 1) < CLOSE]
        if not good:
            return best.X, best.y, "overshoots"
        rows, labels = min(good, key=lambda found: victim.training_loss.value(victim.fit(*found)))
        return rows, labels, "search"

    def _starts(self) -> list[tuple[Array, Array]]:
        """The place itself; rows that exist; corners towards the place as the inverse scatter sees it."""
        scene, k = self.scene, self.scene.rows
        drawn = scene.X[scene.draw()]
        label = np.full(k, scene.domain.y_high if self.shift > 0 else scene.domain.y_low)
        starts = [(scene.project(np.tile(self.place, (k, 1)), drawn), label), (scene.project(drawn, drawn), label)]
        factor = cho_factor(self.victim.gram + self.victim.n * np.diag(self.victim.penalty + 1e-12))
        toward = cho_solve(factor, self.c)[:-1]
        allowed = scene.domain.allowed(len(toward))
        if np.isfinite(allowed.low[allowed.free]).all() and np.isfinite(allowed.high[allowed.free]).all():
            starts.append((allowed.farthest(np.tile(toward, (k, 1)), drawn), label))
        return starts

    def _cheaper(self, rows: Array, labels: Array, steps: int) -> Any:
        """Climb down the cost with the shift held by a stiff spring."""
        victim, c = self.victim, self.c
        clean = victim.training_loss
        stiff = 100.0 * clean.value(victim.fit(rows, labels)) / self.shift**2
        target = self.base + self.shift
        outer = Outer(-stiff * np.outer(c, c) - clean.H, -stiff * target * c - clean.c)
        return climb(victim, outer, (rows, labels), self.scene.domain, steps, move_labels=False)

    def _scaled(self, rows: Array, labels: Array) -> tuple[Array, Array]:
        """Labels between what the model says and these, so that the shift is as wanted: it is linear in them."""
        said = self.victim.design(rows) @ self.victim.clean_fit + self.victim.centre[-1]
        domain = self.scene.domain
        idle = domain.project_y(said)
        at_rest, full = self.moved(rows, idle), self.moved(rows, labels)
        if full == at_rest:
            return rows, labels
        part = np.clip((self.shift - at_rest) / (full - at_rest), 0.0, 1.0)
        return rows, domain.project_y(idle + part * (labels - idle))

    def _between(self, rows: Array, labels: Array) -> tuple[Array, Array]:
        """On the way from the place itself, labelled as the model says, to these rows, where the shift is as wanted."""
        domain, scene = self.scene.domain, self.scene
        place = scene.project(np.tile(self.place, (len(labels), 1)), rows)
        said = self.victim.design(place) @ self.victim.clean_fit + self.victim.centre[-1]
        idle = domain.project_y(said)
        short, enough = 0.0, 1.0
        for _ in range(40):
            part = (short + enough) / 2
            way = domain.project(place + part * (rows - place)), domain.project_y(idle + part * (labels - idle))
            short, enough = (short, part) if self.moved(*way) / self.shift >= 1 else (part, enough)
        X = domain.project(place + enough * (rows - place))
        return self._scaled(X, domain.project_y(idle + enough * (labels - idle)))

    def bound(self) -> float:
        """No k rows of the domain shift further: ½·R·√k·√(cᵀΣ⁻¹c), see `by_source`; inf where nothing bounds R."""
        k, victim = self.scene.rows, self.victim
        factor = cho_factor(victim.gram + (victim.n + k) * np.diag(victim.penalty))
        theta = cho_solve(factor, victim.cross)
        try:
            R = self.scene.largest_residual(*victim.line(theta))
        except OptionError:
            return float(np.inf)
        shrunk = abs(float(self.c @ theta) - self.base)  # what the penalty of k more rows does by itself
        return shrunk + 0.5 * R * float(np.sqrt(k * (self.c @ cho_solve(factor, self.c))))

    def report(self, rows: Array, labels: Array) -> dict[str, Any]:
        achieved = self.moved(rows, labels)
        loss, victim = self.victim.training_loss, self.victim
        reached = bool(abs(achieved / self.shift - 1) < CLOSE)
        return {
            "wanted": self.shift, "predicted": self.shift if reached else achieved, "achieved": achieved,
            "reached": reached, "bound": self.bound(), "mse_before": 2 * loss.value(victim.clean_fit),
            "mse_after": 2 * loss.value(victim.fit(rows, labels)),
        }  # fmt: skip


def _exists(X: Array, place: Array, frozen: NDArray[np.bool_]) -> bool:
    """Has any clean row these frozen values?"""
    return bool((X[:, frozen] == place[frozen]).all(axis=1).any())
