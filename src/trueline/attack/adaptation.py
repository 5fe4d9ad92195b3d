"""The attack that knows the defence: poison chosen by the damage it does through the very estimator that resists."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from ..errors import OptionError
from ..models.options import is_whole
from ..rows.executor import single_threaded_blas
from .candidates import FAMILIES, Field
from .optimization import search
from .poison import Poison
from .scene import RateBudget, Scene, prepare
from .victim import Victim

__all__ = ["adaptive"]

Array = NDArray[np.float64]
Pair = tuple[Array, Array]
Family = Callable[[Field], Pair]

EXPLORE = 0.6  # part of the effort that goes into new candidates, the rest into refining the best
ELITE = 5  # candidates that are refined


def adaptive(
    estimator: Any, X: Any, y: Any, *, families: Iterable[str] | Mapping[str, Family] | None = None,
    validation: tuple[ArrayLike, ArrayLike] | None = None, effort: int = 150,
    on_progress: Callable[[int, int], None] | None = None, **budget: Unpack[RateBudget],
) -> Poison:  # fmt: skip
    """Search for the poison that does most damage through a given estimator.

    Candidates come from families that each aim at one kind of defence (`trueline.attack.candidates`); the estimator
    is refitted on each, and the squared error on clean rows is the damage. Families that did well are drawn more
    often; then the best few are refined: their labels drawn towards or away from the fit, rows mixed with one
    another's, rows pulled in or pushed out. A defence is worth what it holds against an attacker who knows it
    (Tramèr, Carlini, Brendel and Mądry (2020), "On adaptive attacks", §3). Knows the defence; controls added rows.

    Parameters
    ----------
    estimator : scikit-learn regressor, or callable giving one
        The defended model: cloned, or made anew, for every try.
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    families : iterable of str, or dict of name to callable, optional
        Which families to draw from; all by default. Your own are called with the `Field` of
        `trueline.attack.candidates` and give rows and labels.
    validation : (X, y), optional
        Clean rows on which damage is measured; the clean training rows by default.
    effort : int
        How many times the estimator is refitted.
    on_progress : callable, optional
        Called with (done, total) refits.
    **budget
        rate, rows, domain, bounds, y_bounds, random_state: see `RateBudget`.

    Returns
    -------
    Poison
        `report`: "mse_before", "mse_after" (squared units of y, on the validation rows), "family" of the best, the
        best of every family, "effort" and how many tries "failed" (the estimator refused the rows).

    Raises
    ------
    OptionError
        Unknown families; a budget outside what it may be; every column frozen; y without bounds.
    DataError
        Rows that cannot be used; bounds that exclude all of them.

    Notes
    -----
    A search of stated effort: that nothing worse was found is no proof that there is nothing worse.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((40, 2))
    >>> poison = adaptive(LeastSquares(), X, X @ [1.0, 2.0], rows=4, effort=20)
    >>> poison.knows, poison.report["mse_after"] > poison.report["mse_before"]
    ('defence', True)
    """
    chosen = _families(families)
    if not (callable(estimator) or hasattr(estimator, "fit")):
        raise OptionError(f"estimator must have fit and predict, or be a callable that gives one, got {estimator!r}")
    if not is_whole(effort):
        raise OptionError(f"effort must be a whole number of refits, at least 1, got {effort!r}")
    scene = prepare(X, y, **budget)
    scene.need_choice()
    scene.need_labels()
    trial = _Trial(estimator, scene, _clean_rows(scene, validation), effort, on_progress)
    ground = Field(scene, Victim.of(scene.X, scene.y, 0.0))
    before = trial.clean()
    with single_threaded_blas():
        _explore(trial, ground, chosen, max(1, round(EXPLORE * effort)))
        _refine(trial, ground)
    if not trial.found:
        raise OptionError(f"the estimator refused all of {effort} poisoned data sets: {trial.last_error}")
    value, family, rows, labels = trial.found[0]
    report = {
        "mse_before": before, "mse_after": value, "family": family, "best_of_family": trial.best, "effort": effort,
        "failed": trial.failed,
    }  # fmt: skip
    return Poison(rows, labels, "adaptive", "defence", "added rows", scene.domain, len(scene.y), report=report,
                  seed=scene.seed, names=scene.names)  # fmt: skip


@dataclass
class _Trial:
    """The estimator put to the test; keeps the best poisons, and counts."""

    estimator: Any
    scene: Scene
    judge: Pair
    effort: int
    on_progress: Callable[[int, int], None] | None
    found: list[tuple[float, str, Array, Array]] = field(default_factory=list)
    best: dict[str, float] = field(default_factory=dict)
    done: int = 0
    failed: int = 0
    last_error: str = ""

    def clean(self) -> float:
        """Mean squared error on the judge's rows without poison."""
        return self._error(self.scene.X, self.scene.y)

    def attempt(self, rows: Array, labels: Array, family: str) -> float:
        """Damage of this poison through the estimator; remembered where it is among the best."""
        self.done += 1
        if self.on_progress is not None:
            self.on_progress(self.done, self.effort)
        try:
            value = self._error(np.vstack([self.scene.X, rows]), np.concatenate([self.scene.y, labels]))
        except (ValueError, ArithmeticError) as error:  # refusing rows is a defence's right
            self.failed, self.last_error = self.failed + 1, str(error)
            return -np.inf
        if not np.isfinite(value):
            return -np.inf
        self.best[family] = max(value, self.best.get(family, -np.inf))
        self.found.append((value, family, rows, labels))
        self.found = sorted(self.found, key=lambda one: -one[0])[:ELITE]
        return value

    def _error(self, X: Array, y: Array) -> float:
        made = isinstance(self.estimator, type) or not hasattr(self.estimator, "fit")
        model = self.estimator() if made else clone(self.estimator)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a defence says of poisoned rows is for its user, not for each try
            model.fit(X, y)
            return float(np.square(model.predict(self.judge[0]) - self.judge[1]).mean())


def _families(families: Iterable[str] | Mapping[str, Family] | None) -> dict[str, Family]:
    """By name; your own as they are."""
    if isinstance(families, Mapping) and families:
        return dict(families)
    chosen = tuple(FAMILIES if families is None else families)
    if not chosen or not set(chosen) <= set(FAMILIES):
        raise OptionError(f"families must be among {', '.join(FAMILIES)}, got {families!r}")
    return {name: FAMILIES[name] for name in chosen}


def _clean_rows(scene: Scene, validation: tuple[ArrayLike, ArrayLike] | None) -> Pair:
    if validation is None:
        return scene.X, scene.y
    X, y = (np.asarray(part, dtype=np.float64) for part in validation)
    if X.ndim != 2 or X.shape[1] != scene.X.shape[1] or y.shape != X.shape[:1]:
        raise OptionError(f"validation must be X (n, {scene.X.shape[1]}) and y (n,), got {X.shape} and {y.shape}")
    return X, y


def _explore(trial: _Trial, ground: Field, families: dict[str, Family], effort: int) -> None:
    """The best poison against plain least squares, then every family in turn, then by their rank so far."""
    names = tuple(families)
    if families.get("optimized") is FAMILIES["optimized"]:
        plain = search(ground.scene, ground.victim, ground.victim.training_loss, 100)[0]
        trial.attempt(plain.X, plain.y, "optimized")
    for step in range(effort - trial.done):
        if step < 2 * len(names):
            family = names[step % len(names)]
        else:
            ranked = sorted(names, key=lambda name: -trial.best.get(name, -np.inf))
            odds = 0.6 ** np.arange(len(ranked))
            family = ranked[int(ground.rng.choice(len(ranked), p=odds / odds.sum()))]
        trial.attempt(*families[family](ground), family)


def _refine(trial: _Trial, ground: Field) -> None:
    """Change the best a little; what is better stays."""
    reach = 1.0
    while trial.done < trial.effort and trial.found:
        rank = int(ground.rng.integers(len(trial.found))) if ground.rng.random() < 0.5 else 0
        value, family, rows, labels = trial.found[rank]
        rows, labels = _changed(trial, ground, (rows, labels), reach)
        reach = reach * 0.93 if trial.attempt(rows, labels, family) <= value else min(1.0, reach * 1.3)


def _changed(trial: _Trial, ground: Field, poison: Pair, reach: float) -> Pair:
    """One of: labels nearer to or farther from the fit, rows in or out, rows of another candidate, rows repeated."""
    (rows, labels), rng = poison, ground.rng
    said, centre = ground.says(rows), ground.victim.centre[:-1]
    move = int(rng.integers(5))
    if move == 0:
        return ground.allowed(rows, said + np.exp(reach * rng.normal(0, 0.3)) * (labels - said), rows)
    if move == 1:
        X = ground.scene.project(centre + np.exp(reach * rng.normal(0, 0.3)) * (rows - centre), rows)
        return X, ground.scene.domain.project_y(ground.says(X) + labels - said)
    if move == 2:
        push = reach * rng.normal() * ground.direction()
        return ground.allowed(rows, labels + ground.victim.design(rows) @ push, rows)
    swapped = rng.random(len(labels)) < 0.3 * reach
    if move == 3:
        _, _, X, y = trial.found[int(rng.integers(len(trial.found)))]
    else:
        repeat = rng.integers(len(labels), size=len(labels))
        X, y = rows[repeat], labels[repeat]
    return np.where(swapped[:, None], X, rows), np.where(swapped, y, labels)
