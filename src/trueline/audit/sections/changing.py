"""Changing the rows as an attacker would, and what is watched while the fits move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ground import Ground

__all__ = ["Pair", "Watch", "apart", "changed", "effect_of", "watch_of"]

Array = NDArray[np.float64]
Pair = tuple[ArrayLike, ArrayLike]
Watch = Callable[[Any, Any], float]


def apart(ground: Ground) -> Watch:
    """How far two fits lie apart: root mean square of the difference of their predictions, in units of y.

    Parameters
    ----------
    ground : Ground
    """
    Z = ground.Z[ground.sample]
    return lambda one, other: float(np.sqrt(np.mean((one.predict(Z) - other.predict(Z)) ** 2)))


def watch_of(ground: Ground, moves: str | NDArray[np.bool_] | Watch | None) -> Watch:
    """Difference of mean predictions, or of what one standard deviation of a column changes; in units of y.

    Parameters
    ----------
    ground : Ground
    moves : str, ndarray of bool (n_rows,), callable or None
        A feature, rows, what was asked for, or all rows.
    """
    if callable(moves):
        return moves
    if isinstance(moves, str):
        effect = effect_of(ground, moves)
        return lambda one, other: effect(one) - effect(other)
    Z = ground.Z[ground.sample if moves is None else np.asarray(moves)]
    return lambda one, other: float((one.predict(Z) - other.predict(Z)).mean())


def effect_of(ground: Ground, feature: str) -> Callable[[Any], float]:
    """What one standard deviation of a column changes in the predictions of a fit, in units of y.

    Parameters
    ----------
    ground : Ground
    feature : str
    """
    here, j = ground.sample, ground.names.index(feature)
    up, down = ground.Z[here].copy(), ground.Z[here].copy()
    half = ground.sd[j] / ground.unit[j] / 2
    up[:, j] += half
    down[:, j] -= half

    def effect(model: Any) -> float:
        return float((model.predict(up) - model.predict(down)).mean())

    return effect


def changed(
    ground: Ground, added: Pair | None, gone: ArrayLike | None, relabelled: Pair | None, of: int | None
) -> tuple[Array, Array]:
    """The sample's rows as they are after the attack, in the space of the model.

    Parameters
    ----------
    ground : Ground
    added : (rows, labels) or None
    gone : ndarray of int or bool, or None
    relabelled : (row numbers, labels) or None
    of : int or None
        How many rows the added ones were found for.
    """
    here, y = ground.sample, ground.y
    if relabelled is not None:
        y = y.copy()
        y[np.asarray(relabelled[0])] = relabelled[1]
    if gone is not None:
        left = np.ones(ground.n, dtype=bool)
        left[np.asarray(gone)] = False
        here = here[left[here]]
    if added is None:
        return ground.Z[here], y[here]
    rows, labels = np.asarray(added[0], dtype=np.float64), np.asarray(added[1], dtype=np.float64)
    many = max(1, round(len(labels) * len(here) / (of or ground.n)))
    drawn = np.linspace(0, len(labels), many, endpoint=False).astype(np.intp)
    return np.vstack([ground.Z[here], rows[drawn]]), np.append(y[here], labels[drawn])
