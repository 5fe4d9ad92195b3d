"""What the tests of attacks share."""

from __future__ import annotations

import pytest


@pytest.fixture
def clean(rng):
    """80 rows of four columns of different units, mildly collinear, and a noisy y."""
    X = rng.normal(size=(80, 4)) * [1.0, 10.0, 0.1, 3.0] + [0.0, 50.0, 1.0, -5.0]
    X[:, 3] += 2 * X[:, 0]
    return X, X @ [1.0, -0.2, 3.0, 0.5] + rng.normal(size=80)
