"""Poison worth trying against a defence, drawn at random from families that each aim at one kind of defence.

==============  ==================================  ===========================================================
family          aims at                             idea
==============  ==================================  ===========================================================
``flip``        no defence                          labels of drawn rows at the far bound
``statistical`` no defence                          corners of the data's distribution, far labels
``optimized``   clipping and winsorising            a short climb inside the domain (pass clip bounds as domain)
``edge``        Huber, row clipping, screening      residuals of a chosen size, x pulled in or pushed out
``colluding``   trimming, RANSAC                    rows that agree on another plane, so the fit to them is good
``cluster``     partitions                          one place, with more or less jitter
``spread``      spectral filters (Sever)            several directions that cancel nothing, none of them large
``trimming``    trimming                            climbed through the rows that a trimmed fit keeps
==============  ==================================  ===========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .climbing import climb
from .flip import far_labels
from .scene import Scene
from .simple import statistical_rows
from .victim import Victim

__all__ = ["FAMILIES", "Field"]

Array = NDArray[np.float64]
Pair = tuple[Array, Array]

ROUNDS = 4  # of keeping and climbing, in the family "trimming"


@dataclass(frozen=True, eq=False)
class Field:
    """What every family draws from: the scene, least squares on the clean rows, and its residual scale."""

    scene: Scene
    victim: Victim

    @property
    def rng(self) -> np.random.Generator:
        return self.scene.rng

    @cached_property
    def scale(self) -> float:
        """Median absolute residual of the clean rows about the fit, as a normal deviation; in the units of y."""
        size = np.abs(self.scene.y - self.says(self.scene.X))
        middle = float(np.median(size)) / 0.6745
        return middle if middle > 0 else float(self.scene.y.std())

    def says(self, X: Array, theta: Array | None = None) -> Array:
        """Predictions of θ, of the clean fit by default, in the units of y."""
        theta = self.victim.clean_fit if theta is None else theta
        return np.asarray(self.victim.design(X) @ theta + self.victim.centre[-1])

    def allowed(self, X: Array, y: Array, like: Array | None = None) -> Pair:
        return self.scene.project(X, like), self.scene.domain.project_y(y)

    def direction(self) -> Array:
        """A random change of θ that moves the predictions by one residual scale, root mean square."""
        factor = np.linalg.cholesky(self.victim.gram / self.victim.n + np.diag(self.victim.penalty))
        v = np.asarray(np.linalg.solve(factor.T, self.rng.standard_normal(len(factor))))
        if self.rng.random() < 0.3:
            v = -self.victim.clean_fit  # against the fit itself
        size = np.sqrt(max(float(v @ self.victim.gram @ v) / self.victim.n, 1e-300))
        return np.asarray(v / size * self.scale)

    def places(self, k: int) -> Array:
        """Rows at random: existing ones, corners, or normal ones."""
        draw = self.rng.random()
        if draw < 0.5:
            return self.scene.X[self.scene.draw(k)]
        return statistical_rows(self.scene, k, corners=draw < 0.75)


def _flip(field: Field) -> Pair:
    chosen = field.scene.draw()
    X, y = field.scene.X[chosen], field.scene.y[chosen]
    return field.allowed(X, far_labels(field.scene, y), X)


def _statistical(field: Field) -> Pair:
    X = statistical_rows(field.scene, field.scene.rows, corners=bool(field.rng.random() < 0.5))
    return X, far_labels(field.scene, field.says(X))


def _optimized(field: Field) -> Pair:
    start = (_flip if field.rng.random() < 0.5 else _statistical)(field)
    steps = int(field.rng.integers(2, 25))
    found = climb(field.victim, field.victim.training_loss, start, field.scene.domain, steps)
    return found.X, found.y


def _edge(field: Field) -> Pair:
    X = field.places(field.scene.rows)
    centre = field.victim.centre[:-1]
    X = field.scene.project(centre + field.rng.uniform(0.3, 2.0) * (X - centre), X)
    push = np.sign(field.victim.design(X) @ field.direction())
    return field.allowed(X, field.says(X) + field.rng.uniform(0.5, 5.0) * field.scale * push, X)


def _colluding(field: Field) -> Pair:
    X = field.places(field.scene.rows)
    push = field.direction() * np.exp(field.rng.uniform(0.0, 2.5))
    centre = field.victim.centre[:-1]
    X = field.scene.project(centre + field.rng.uniform(0.5, 2.0) * (X - centre), X)
    if field.rng.random() < 0.5:  # only where the other plane stays within the labels: nothing is cut off there
        inside = np.abs(field.victim.design(X) @ push)
        X = X[np.argsort(inside, kind="stable")[: max(len(X) // 2, 1)]]
        X = X[field.rng.integers(len(X), size=field.scene.rows)]
    return field.allowed(X, field.says(X, field.victim.clean_fit + push), X)


def _cluster(field: Field) -> Pair:
    places = field.places(max(field.scene.rows, 20))
    out = np.abs(field.victim.design(places) @ field.direction())
    one = places[int(np.argmax(out)) if field.rng.random() < 0.7 else 0]
    spread = np.sqrt(np.diag(field.victim.gram)[:-1] / field.victim.n)
    jitter = field.rng.choice([0.0, 0.02, 0.2]) * spread
    X = field.scene.project(one + jitter * field.rng.standard_normal((field.scene.rows, len(one))), one)
    far = far_labels(field.scene, field.says(one[None]))[0]
    part = field.rng.uniform(0.2, 1.0)
    return field.allowed(X, field.says(X) * (1 - part) + part * far, X)


def _spread(field: Field) -> Pair:
    k, many = field.scene.rows, int(field.rng.integers(2, 9))
    X = field.places(k)
    pushes = np.array([field.direction() for _ in range(many)])
    size = np.einsum("ij,ij->i", field.victim.design(X), pushes[np.arange(k) % many])
    return field.allowed(X, field.says(X) + np.sign(size) * field.rng.uniform(1.0, 6.0) * field.scale, X)


def _through_trimming(field: Field) -> Pair:
    """Alternate: which rows would a trimmed fit keep, and where should those go? Rows that it drops join them."""
    X, y = (_colluding if field.rng.random() < 0.7 else _edge)(field)
    scene, n = field.scene, len(field.scene.y)
    for _ in range(ROUNDS):
        kept = _kept(field, X, y)
        ours = np.flatnonzero(kept[n:])
        if not len(ours):
            part = field.rng.uniform(0.2, 0.8)
            y = scene.domain.project_y(part * y + (1 - part) * field.says(X))
            continue
        victim = Victim.of(scene.X[kept[:n]], scene.y[kept[:n]], 0.0)
        outer = victim.loss_on(scene.X, scene.y)
        found = climb(victim, outer, (X[ours], y[ours]), scene.domain, int(field.rng.integers(1, 5)), move_labels=False)
        again = found.X[field.rng.integers(len(ours), size=len(y) - len(ours))]
        X = np.vstack([found.X, again])
        plane = victim.fit(found.X, found.y)
        said = victim.design(X) @ plane + victim.centre[-1]
        labels = np.concatenate([found.y, said[len(ours) :]])
        y = scene.domain.project_y(labels + field.rng.uniform(0.0, 0.8) * (said - labels))
    return X, y


def _kept(field: Field, X: Array, y: Array) -> NDArray[np.bool_]:
    """The rows that least trimmed squares with h = n clean rows keeps, by concentration from the fit to all.

    Rousseeuw and Van Driessen (2006), §2.
    """
    scene, n = field.scene, len(field.scene.y)
    Z = field.victim.design(np.vstack([scene.X, X]))
    t = np.concatenate([scene.y, y]) - field.victim.centre[-1]
    kept = np.ones(len(t), dtype=bool)
    for _ in range(15):
        theta = np.linalg.lstsq(Z[kept], t[kept], rcond=None)[0]
        before, kept = kept, np.zeros(len(t), dtype=bool)
        kept[np.argsort(np.abs(Z @ theta - t), kind="stable")[:n]] = True
        if (kept == before).all():
            break
    return kept


FAMILIES: dict[str, Callable[[Field], Pair]] = {
    "flip": _flip,
    "statistical": _statistical,
    "optimized": _optimized,
    "edge": _edge,
    "colluding": _colluding,
    "cluster": _cluster,
    "spread": _spread,
    "trimming": _through_trimming,
}
