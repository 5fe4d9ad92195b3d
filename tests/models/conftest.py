"""What the tests of models share: rows that follow a line, silent descents, published answers."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from trueline import LinearRegressionGD
from trueline.errors import TruelineWarning

TRUTH = Path(__file__).parents[3] / "shared" / "truth"


def line_rows(n: int = 60, seed: int = 0, noise: float = 0.1) -> tuple[Any, Any]:
    """Three columns of their own means and scales, y = x0 - 2·x1 + 3·x2 + 4 + noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)) * [1.0, 2.0, 0.5] + [0.5, -1.0, 2.0]
    return X, X @ [1.0, -2.0, 3.0] + 4.0 + noise * rng.normal(size=n)


@pytest.fixture
def rows() -> tuple[Any, Any]:
    """X (60, 3) and y (60,) along a line."""
    return line_rows()


@pytest.fixture
def make_rows() -> Callable[..., tuple[Any, Any]]:
    """The same, of any size, seed and noise."""
    return line_rows


@pytest.fixture
def descend() -> Callable[..., LinearRegressionGD]:
    """Fit a LinearRegressionGD whose warnings do not matter to the test."""

    def fit(X: Any, y: Any, sample_weight: Any = None, *, kind: type = LinearRegressionGD, **options: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", TruelineWarning)
            return kind(**options).fit(X, y, sample_weight)

    return fit


@pytest.fixture
def truth() -> Iterator[Callable[[str], Any]]:
    """Published answers by name, e.g. ``truth("strd/Norris")``; skips where the folder is not beside the repository."""

    def load(name: str) -> Any:
        path = TRUTH / f"{name}.json"
        if not path.exists():
            pytest.skip(f"no published answers at ../shared/truth/{name}.json")
        return json.loads(path.read_text())

    yield load
