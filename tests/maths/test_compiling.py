"""Loops are compiled once per machine, with a word; a later process loads them."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import numpy as np
from trueline import LeastSquares, LinearRegressionGD
X = np.random.default_rng(0).normal(size=(50, 3)).astype({dtype!r})
LeastSquares().fit(X, X @ [1.0, 2.0, 3.0])
LinearRegressionGD(loss="huber", epochs=500).fit(X, X @ [1.0, 2.0, 3.0])
from trueline.maths import kernels
loops = [loop for loop in vars(kernels).values() if hasattr(loop, "stats")]
print(sum(sum(loop.stats.cache_misses.values()) for loop in loops))
"""
WORD = "compiling its loops for this machine, once"


def run(cache, dtype="float64", **environment):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT.format(dtype=dtype)], capture_output=True, text=True, timeout=300,
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache), **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout), done.stderr


def test_a_later_process_compiles_nothing_and_says_nothing(tmp_path):
    compiled, words = run(tmp_path)
    assert compiled > 0 and words.count(WORD) == 1
    again, silence = run(tmp_path)
    assert again == 0 and silence == ""


def test_without_a_place_for_the_cache_it_still_runs(tmp_path):
    """As in a read-only container without a home."""
    _, words = run(tmp_path, NUMBA_CACHE_LOCATOR_CLASSES="ZipCacheLocator")  # which never finds a place
    assert words.count(WORD) == 1
    assert not list(tmp_path.iterdir())
