"""A fit copies no more of its rows than a few blocks, however they lie in memory and however many there are."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest

from trueline import LeastSquares, LinearRegressionGD

ROWS, COLUMNS = 220_000, 40  # 70 MB of float64, 35 of float32
MODELS = [
    LeastSquares(),
    LinearRegressionGD(standardize=True),
    LinearRegressionGD(standardize=True, loss="huber", epochs=3),
    LinearRegressionGD(standardize=True, loss="huber", clip_row_gradient=2.0, epochs=2),
]


@pytest.fixture(scope="module", params=["float64", "float32"])
def matrix(request):
    return np.random.default_rng(0).standard_normal((ROWS, COLUMNS), dtype=request.param)


def laid_out(layout, X, folder):
    if layout == "strided":
        wide = np.zeros((ROWS, COLUMNS + 3), X.dtype)
        wide[:, 1:-2] = X
        return wide[:, 1:-2]
    if layout == "memory-mapped":
        np.save(folder / "rows.npy", X)
        return np.load(folder / "rows.npy", mmap_mode="r")
    return np.asarray(X, order=layout)


def fit_quietly(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # three epochs are few
        return model.fit(X, y)


@pytest.mark.parametrize("layout", ["C", "F", "strided", "memory-mapped"])
def test_no_layout_is_copied_whole(matrix, layout, tmp_path, monkeypatch):
    monkeypatch.setenv("TRUELINE_NUM_THREADS", "2")
    X, y = laid_out(layout, matrix, tmp_path), matrix.sum(axis=1, dtype=np.float64) + np.sin(np.arange(ROWS))
    for model in MODELS:
        fit_quietly(model, X[:200], y[:200])  # imports and compiles
        tracemalloc.start()
        try:
            fit_quietly(model, X, y)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 64e6 * X.itemsize / 8, f"{model} held {peak / 1e6:.0f} MB beside its rows"
