"""What a parameter may be."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np

__all__ = ["generator", "is_number", "is_whole"]


def is_number(value: Any, *, above: float | None = None, least: float | None = None) -> bool:
    if isinstance(value, bool) or not isinstance(value, Real) or not np.isfinite(float(value)):
        return False
    return (above is None or float(value) > above) and (least is None or float(value) >= least)


def is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= 1


def generator(random_state: Any) -> np.random.Generator:
    """A Generator from a seed, a Generator or a RandomState; None is seed 0."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31))
    return np.random.default_rng(0 if random_state is None else random_state)
