"""What every test may ask for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("trueline", deadline=None, derandomize=True)  # the same examples in every run
settings.load_profile("trueline")


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20_240_229)
