"""The fields of a model file, each believed only after a look: what all of its readers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError

__all__ = ["bounds", "checked", "is_finite", "is_int", "is_list_of", "number", "numbers", "optional"]

Array = NDArray[np.float64]


def numbers(values: dict[str, Any], name: str, length: int | None = None) -> Array:
    """A list of finite numbers, as many as w where `length` is given."""
    given = values[name]
    if not isinstance(given, list) or not given or not all(is_finite(value) for value in given):
        raise ArtifactError(f"{name} must be a list of finite numbers")
    if length is not None and len(given) != length:
        raise ArtifactError(f"{name} has {len(given)} numbers, w has {length}")
    return np.array(given, dtype=np.float64)


def bounds(values: dict[str, Any], name: str, open_end: float, length: int) -> Array | None:
    """Numbers and nulls, which are sides that are not bounded; or null altogether."""
    given = values[name]
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != length or not all(v is None or is_finite(v) for v in given):
        raise ArtifactError(f"{name} must be null or {length} numbers or nulls")
    return np.array([open_end if value is None else value for value in given], dtype=np.float64)


def number(values: dict[str, Any], name: str, *, least: float = -np.inf, above: float = -np.inf) -> float:
    """A finite number within limits."""
    return float(checked(values, name, lambda value: is_finite(value) and value >= least and value > above))


def optional(values: dict[str, Any], name: str, **limits: float) -> float | None:
    """The same, or null."""
    return None if values[name] is None else number(values, name, **limits)


def checked(values: dict[str, Any], name: str, good: Callable[[Any], bool]) -> Any:
    """The field, refused where it is not `good`."""
    if not good(values[name]):
        raise ArtifactError(f"{name} cannot be {values[name]!r:.100}")
    return values[name]


def is_int(value: Any) -> bool:
    """A whole number, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    """A number that float64 holds."""
    if not (is_int(value) or isinstance(value, float)):
        return False
    try:
        return bool(np.isfinite(float(value)))
    except OverflowError:
        return False


def is_list_of(values: Any, kind: type) -> bool:
    """A list of nothing else."""
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)
