"""The arena: every attack against every defence, judged on rows that nobody touched."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from ..attack import adaptive as adaptive_attack
from ..attack.poison import Poison
from ..errors import OptionError, ShapeError
from ..models.base import LinearModel
from ..models.options import is_number, is_whole
from ..rows.source import in_memory
from .standing import Arena, Trial

__all__ = ["compare"]

Array = NDArray[np.float64]
Attack = Callable[..., Poison]
Knowing = Callable[..., Poison]
Progress = Callable[[int, int], None]

TEST_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class _Ground:
    """Training rows, clean test rows, and the points whose predictions are watched."""

    X: Array
    y: Array
    X_test: Array
    y_test: Array
    at: Array


@dataclass(frozen=True, eq=False)
class _Plan:
    """What is done to the training rows: an oblivious poison, or an attack that knows the defence.

    `origin` holds the predictions at the targets of the same defence on clean rows.
    """

    attack: str = "none"
    rate: float = 0.0
    poison: Poison | None = None
    origin: Array | None = None
    knowing: Knowing | None = None


CLEAN = _Plan()


def compare(
    X: ArrayLike, y: ArrayLike, attacks: Mapping[str, Attack] | Iterable[Attack], defences: Mapping[str, Any],
    rates: Sequence[float] = (0.05, 0.1, 0.2), random_state: int | Sequence[int] = 0, *, adaptive: int | Knowing = 150,
    at: ArrayLike | None = None, n_jobs: int = 1, on_progress: Progress | None = None,
) -> Arena:  # fmt: skip
    """Fit every defence on every poisoned training set, and measure each on clean rows that nobody trained on.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,)
    attacks : dict of name to callable, or callables
        Each is called as ``attack(X, y, rate=..., random_state=...)`` and gives a `Poison`: those of
        `trueline.attack`, or your own; `functools.partial` sets their other options.
    defences : dict of name to estimator
        Unfitted, with scikit-learn's interface. Put plain least squares beside them to see what they are worth.
    rates : sequence of float
        Poison / (clean + poison), each above 0 and at most one half.
    random_state : int, or several
        Each splits the rows anew, a quarter for testing that no attacker sees, and seeds the attacks.
    adaptive : int or callable
        Refits that `attack.adaptive`, which knows the defence, may spend on each; 0 leaves it out. Or an attack of your
        own, called as ``adaptive(defence, X, y, rate=..., random_state=...)``, or `attack.adaptive` with other options.
    at : array (n_targets, n_features), optional
        Points whose predictions are watched; the mean of the training rows by default.
    n_jobs : int
        Processes, as in scikit-learn.
    on_progress : callable (done, total), optional

    Returns
    -------
    Arena

    Raises
    ------
    OptionError
        A rate or name out of range.
    DataError
        Rows that cannot be used.

    Notes
    -----
    A defence is judged by the worse of oblivious and adaptive attacks, as Tramèr et al. (2020), section 3, ask for.

    Examples
    --------
    >>> from trueline import LeastSquares, attack
    >>> from trueline.rows.datasets import make_linear
    >>> data = make_linear(200, 2, noise=0.5, random_state=0)
    >>> arena = compare(data.X, data.y, [attack.flip_labels], {"none": LeastSquares()}, rates=[0.2], adaptive=0)
    >>> arena.worst("none", 0.2).mse > arena.worst("none", 0.0).mse
    True
    """
    named = _named(attacks)
    seeds = [random_state] if isinstance(random_state, int) else list(random_state)
    _check(named, defences, rates, adaptive)
    source = in_memory(LinearModel()._source(X, y, None))
    grounds = {seed: _ground(np.asarray(source.X, dtype=np.float64), source.y, at, seed) for seed in seeds}
    clean = {(d, seed): _trial(grounds[seed], d, defences[d], seed) for seed, d in product(seeds, defences)}
    poisons = {(name, rate, seed): attack(grounds[seed].X, grounds[seed].y, rate=rate, random_state=seed)
               for (name, attack), rate, seed in product(named.items(), rates, seeds)}  # fmt: skip
    knowing = adaptive if callable(adaptive) else partial(adaptive_attack, effort=adaptive)
    jobs = list(product(defences, [*named, *["adaptive"] * (adaptive != 0)], rates, seeds))

    def run(job: tuple[str, str, float, int]) -> Trial:
        defence, attack, rate, seed = job
        poison, origin = poisons.get((attack, rate, seed)), clean[defence, seed][1]
        plan = _Plan(attack, rate, poison, origin, knowing)
        return _trial(grounds[seed], defence, defences[defence], seed, plan)[0]

    trials = [trial for trial, _ in clean.values()] + _in_parallel(run, jobs, n_jobs, on_progress)
    ground = grounds[seeds[0]]
    penalties = {name: _penalty(defence) for name, defence in defences.items()}
    return Arena(tuple(trials), len(ground.y), ground.X.shape[1], penalties)


def _ground(X: Array, y: Array, at: Any, seed: int) -> _Ground:
    order = np.random.default_rng(seed).permutation(len(y))
    n_test = max(1, round(TEST_SHARE * len(y)))
    test, train = order[:n_test], order[n_test:]
    if len(train) < 2:
        raise ShapeError(f"{len(y)} rows leave none to train on once a quarter is kept for testing")
    points = X[train].mean(axis=0)[None, :] if at is None else np.atleast_2d(np.asarray(at, dtype=np.float64))
    if points.shape[1] != X.shape[1]:
        raise ShapeError(f"at has {points.shape[1]} columns, the data {X.shape[1]}")
    return _Ground(X[train], y[train], X[test], y[test], points)


def _named(attacks: Mapping[str, Attack] | Iterable[Attack]) -> dict[str, Attack]:
    if isinstance(attacks, Mapping):
        return dict(attacks)
    return {getattr(attack, "__name__", None) or getattr(attack, "func", attack).__name__: attack for attack in attacks}


def _check(
    attacks: Mapping[str, Attack], defences: Mapping[str, Any], rates: Sequence[float], adaptive: int | Knowing
) -> None:
    if not defences:
        raise OptionError("there is no defence to try", advice='Give at least {"none": LeastSquares()}')
    if "adaptive" in attacks:
        raise OptionError("'adaptive' is the name of the attacks that know the defence", advice="Use another name")
    if not attacks and not adaptive:
        raise OptionError("there is no attack to try", advice="Give attacks, or leave adaptive above 0")
    if not len(rates) or not all(is_number(rate, above=0) and rate <= 0.5 for rate in rates):
        raise OptionError(f"rates must lie above 0 and at most at one half, got {list(rates)}")
    if adaptive != 0 and not is_whole(adaptive) and not callable(adaptive):
        raise OptionError(f"adaptive must be a whole number of refits, or an attack, got {adaptive!r}")


def _trial(ground: _Ground, name: str, defence: Any, seed: int, plan: _Plan = CLEAN) -> tuple[Trial, Array | None]:
    """One fit, and its predictions at the targets."""
    nan = float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a poisoned fit says of itself is not the question here
        try:
            poison = plan.poison
            if plan.knowing is not None and plan.attack == "adaptive":
                poison = plan.knowing(defence, ground.X, ground.y, rate=plan.rate, random_state=seed)
            rows = poison.apply(ground.X, ground.y) if poison else (ground.X, ground.y)
            start = time.perf_counter()
            model = clone(defence).fit(*rows)
            seconds = time.perf_counter() - start
        except ValueError as error:
            return Trial(name, plan.attack, plan.rate, seed, "nothing", nan, nan, None, None, nan, str(error)), None
    mse = float(np.mean(np.square(model.predict(ground.X_test) - ground.y_test)))
    there = np.asarray(model.predict(ground.at), dtype=np.float64)
    origin = plan.origin if poison else there
    moved = nan if origin is None else float(np.abs(there - origin).max())
    caught, lost = _dropped(model, len(ground.y), poison)
    knows = poison.knows if poison else "nothing"
    return Trial(name, plan.attack, plan.rate, seed, knows, mse, moved, caught, lost, seconds), there


def _dropped(model: Any, n_clean: int, poison: Poison | None) -> tuple[float | None, float | None]:
    """Shares of the poison and of the clean rows that a defence left out."""
    kept = getattr(model, "kept_", getattr(model, "support_", None))
    if kept is None:
        return None, None
    gone = ~np.asarray(kept, dtype=bool)
    bad = np.zeros(len(gone), dtype=bool)
    if poison is not None:
        bad[n_clean:] = True
        bad[[] if poison.replaces is None else poison.replaces] = True
    return (float(gone[bad].mean()) if bad.any() else None), float(gone[~bad].mean())


def _penalty(defence: Any) -> float | None:
    """λ of the estimator, or of the one that it wraps."""
    value = getattr(defence, "reg_lambda", None)
    if value is None and hasattr(defence, "estimator"):
        return _penalty(defence.estimator)
    return None if value is None else float(value)


def _in_parallel(
    run: Callable[[Any], Trial], jobs: Sequence[Any], n_jobs: int, on_progress: Progress | None
) -> list[Trial]:
    from joblib import Parallel, delayed

    trials = []
    for trial in Parallel(n_jobs=n_jobs, return_as="generator")(delayed(run)(job) for job in jobs):
        trials.append(trial)
        if on_progress is not None:
            on_progress(len(trials), len(jobs))
    return trials
