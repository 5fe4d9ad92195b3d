"""Label flips: the far end of y's range on rows that look like all others."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .poison import Poison
from .scene import Budget, Scene, prepare

__all__ = ["far_labels", "flip_labels"]

Array = NDArray[np.float64]


def flip_labels(X: Any, y: Any, rate: float | None = None, *, replace: bool = False,
                **budget: Unpack[Budget]) -> Poison:  # fmt: skip
    """Repeat the rows whose label has farthest to go, with the label at the other end of its range.

    Müller, Kao and Böttinger (2020), "Data poisoning attacks on regression learning and corresponding defenses", §3
    ("Flip"): the rows of largest δ_i = max(y_high - y_i, y_i - y_low), each with the label at that far end; ties are
    drawn at random. No model, no gradient, no search. Knows the data; controls added rows, or labels with `replace`.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    rate : float, optional
        Poison / all rows, at most 0.5.
    replace : bool
        Change the labels of these rows instead of adding copies.
    **budget
        rows, domain, bounds, y_bounds, random_state: see `Budget`. Nothing but labels is chosen, so columns may be
        frozen.

    Raises
    ------
    OptionError
        A budget outside what it may be; labels without room.
    DataError
        Rows that cannot be used; bounds that exclude all of them.

    Examples
    --------
    >>> poison = flip_labels(np.arange(6.0).reshape(-1, 1), np.arange(6.0), rate=0.25)
    >>> poison.rows.ravel(), poison.labels
    (array([5., 0.]), array([0., 5.]))
    """
    scene = prepare(X, y, rate, **budget)
    scene.need_labels()
    if replace:
        many = scene.rows if rate is None else int(rate * len(scene.y) + 1e-9)
        if not 1 <= many <= len(scene.y) // 2:
            raise OptionError(f"labels of 1 to {len(scene.y) // 2} of these rows can be changed, not of {many}")
        chosen = _farthest_to_go(scene, many, scene.domain.contains(scene.X))
        rows = scene.X[chosen]
    else:
        chosen = _farthest_to_go(scene, scene.rows)
        rows = scene.project(scene.X[chosen], like=scene.X[chosen])
    return Poison(
        rows, far_labels(scene, scene.y[chosen]), "flip_labels", "data", "labels" if replace else "added rows",
        scene.domain, len(scene.y), replaces=chosen if replace else None, seed=scene.seed, names=scene.names,
    )  # fmt: skip


def _farthest_to_go(scene: Scene, k: int, open_to: NDArray[np.bool_] | None = None) -> NDArray[np.intp]:
    """The k rows whose label has most room; those that are not open to the attacker come last."""
    low, high = scene.domain.y_low, scene.domain.y_high
    room = np.maximum(high - scene.y, scene.y - low)
    if open_to is not None:
        room = np.where(open_to, room, -np.inf)
    shuffled = scene.rng.permutation(len(room))
    return np.asarray(shuffled[np.argsort(-room[shuffled], kind="stable")][:k])


def far_labels(scene: Scene, y: Array) -> Array:
    """For every label (or prediction) the end of the allowed range that lies farther away.

    Parameters
    ----------
    scene : Scene
    y : ndarray (k,)
    """
    low, high = scene.need_labels()
    return np.where(y < (low + high) / 2, high, low)
