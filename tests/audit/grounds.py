"""Grounds of audits, small and made at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from trueline.audit.ground import Ground
from trueline.audit.preparing import Given, prepare


def ground_of(X: Any, y: Any, effort: str = "quick", tolerance: float | None = None, model: Any = None,
              **options: Any) -> Ground:  # fmt: skip
    """What the sections of an audit are given."""
    return prepare(X, y, model, Given(effort, tolerance, None, 0), options)


def line(n: int = 120, d: int = 2, noise: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows about a plane."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, X @ np.arange(3.0, 3.0 - d, -1.0) + noise * rng.normal(size=n)
