"""Walking over blocks: the same numbers, and the same bits, however the rows are cut up or read."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from trueline import LeastSquares, LinearRegressionGD, Moments
from trueline.errors import DataError
from trueline.maths.losses import Huber, Squared
from trueline.maths.scaling import Scaling
from trueline.rows import open as open_rows
from trueline.rows import source as source_module
from trueline.rows.passes import RowsObjective, SourceRows, moments_of
from trueline.rows.source import ArraySource


@pytest.fixture
def small_blocks(monkeypatch):
    """Many blocks from few rows."""
    monkeypatch.setattr(source_module, "block_rows", lambda n_columns: 64)


def rows(n=1000, d=3):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    return X, X @ np.arange(1.0, d + 1) + rng.normal(size=n), rng.uniform(0, 2, n)


@pytest.mark.parametrize("weighted", [False, True])
def test_moments_over_blocks_are_those_of_all_rows(small_blocks, weighted):
    X, y, weights = rows()
    found = moments_of(ArraySource(X, y, weights if weighted else None))
    whole = Moments.of(X, y, weights if weighted else None, found.pivot)
    assert found.rows == 1000
    assert np.allclose(found.scatter, whole.scatter, rtol=1e-12)
    assert np.allclose(found.mean, whole.mean, rtol=1e-13)


def test_a_first_block_that_counts_for_nothing_costs_no_digits(small_blocks):
    """Its mean is the pivot, and with weight 0 it may lie anywhere."""
    rng = np.random.default_rng(1)
    counted = rng.integers(-8, 8, 5000) / 8.0
    x, weights = np.append(np.full(64, 1e6 + 0.1), counted), np.append(np.zeros(64), np.ones(5000))
    found = moments_of(ArraySource(x[:, None], x, weights))
    assert found.covariance[0, 0] == pytest.approx(np.var(counted), rel=1e-13)


@pytest.mark.parametrize("order", ["C", "F", "strided", "float32", "readonly"])
def test_memory_layouts_give_the_same_fit(small_blocks, order):
    X, y, weights = rows()
    laid_out = {
        "C": X, "F": np.asfortranarray(X), "strided": np.repeat(X, 2, axis=0)[::2], "float32": X.astype(np.float32),
        "readonly": X.copy(),
    }[order]  # fmt: skip
    laid_out.flags.writeable = order != "readonly"
    tolerance = 1e-5 if order == "float32" else 1e-13
    assert np.allclose(
        LeastSquares().fit(laid_out, y, weights).coef_, LeastSquares().fit(X, y, weights).coef_, rtol=tolerance
    )


def test_bits_do_not_depend_on_the_number_of_threads(small_blocks, monkeypatch):
    X, y, weights = rows(5000, 4)
    answers = []
    for threads in ("1", "2", "3", "4"):
        monkeypatch.setenv("TRUELINE_NUM_THREADS", threads)
        closed = LeastSquares().fit(X, y, weights)
        robust = LinearRegressionGD(loss=Huber(0.5), standardize=True, tol=1e-9, clip_features=(0.01, 0.99)).fit(X, y)
        value, dw, db = RowsObjective(Squared(), ArraySource(X, y, weights), Scaling.none(4)).value_and_gradient(
            closed.coef_, 0.1
        )
        answers.append([*closed.coef_, closed.intercept_, *robust.coef_, robust.intercept_, value, *dw, db])
    assert answers[0] == answers[1] == answers[2] == answers[3]


def test_bits_do_not_depend_on_where_arrays_lie_in_memory(small_blocks, monkeypatch):
    """A sum that the compiler cuts up differently for arrays that might overlap differs once in some hundred calls."""
    monkeypatch.setenv("TRUELINE_NUM_THREADS", "1")
    X, y, _ = rows(5000, 4)
    objective = RowsObjective(Huber(0.5), ArraySource(X, y), Scaling.none(4))
    seen = set()
    for _ in range(2000):
        value, dw, db = objective.value_and_gradient(np.array([1.0, 2.0, 3.0, 4.0]), 0.1)
        seen.add((value, db, *dw))
    assert len(seen) == 1


@pytest.mark.parametrize("intercept", [True, False])
def test_the_triangle_is_a_root_of_the_scatter(small_blocks, intercept):
    X, y, weights = rows()
    shift, factor = X.mean(axis=0), np.array([1.0, 2.0, 0.5])
    triangle = SourceRows(ArraySource(X, y, weights)).triangle(shift, factor, 0.25, intercept)
    Z = np.column_stack([(X - shift) * factor, y - 0.25])
    if intercept:
        Z -= np.average(Z, axis=0, weights=weights)
    assert triangle.shape == (4, 4)
    assert np.allclose(triangle.T @ triangle, Z.T @ (Z * weights[:, None]), rtol=1e-11)


@pytest.mark.parametrize("kind", ["csv", "parquet", "frame"])
@pytest.mark.parametrize(
    "model",
    [LeastSquares(0.1), LinearRegressionGD(standardize=True),
     LinearRegressionGD(standardize=True, loss="huber", tol=1e-9),
     LinearRegressionGD(standardize=True, batch_size=64, epochs=5, tol=0.5)],
    ids=str,
)  # fmt: skip
def test_a_stream_gives_the_fit_of_its_rows_in_memory(small_blocks, tmp_path, kind, model):
    X, y, _ = rows()
    table = pa.table({"a": X[:, 0], "y": y, "b": X[:, 1], "c": X[:, 2]})
    path = tmp_path / f"rows.{kind}"
    if kind == "csv":
        csv.write_csv(table, path)
    elif kind == "parquet":
        parquet.write_table(table, path)
    streamed = model.fit(table if kind == "frame" else open_rows(path), y="y")
    coef, intercept = streamed.coef_, streamed.intercept_
    assert streamed.feature_names_in_.tolist() == ["a", "b", "c"]
    assert np.array_equal(streamed.predict(table.drop_columns(["y"])), X @ coef + intercept)
    assert np.allclose(coef, model.fit(X, y).coef_, rtol=1e-12)
    assert not hasattr(model, "schema_"), "rows without names leave no schema of an earlier fit behind"


def test_no_rows_are_refused():
    with pytest.raises(DataError, match="no rows"):
        moments_of(ArraySource(np.empty((0, 2)), np.empty(0)))


def test_a_later_process_finds_the_kernels_compiled(tmp_path):
    code = (
        "import numpy as np; from trueline import LeastSquares, LinearRegressionGD;"
        "X = np.eye(4)[:, :2]; y = np.arange(4.0);"
        "LeastSquares().fit(X, y); LinearRegressionGD(loss='huber', tol=1e-6).fit(X, y);"
        "from trueline.maths import kernels as k;"
        "s = [f.stats for f in (k.add_scatter, k.add_value_and_gradient)];"
        "print(sum(sum(t.cache_misses.values()) for t in s), sum(sum(t.cache_hits.values()) for t in s))"
    )
    for _ in range(2):
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    misses, hits = map(int, run.stdout.split())
    assert misses == 0
    assert hits >= 2
