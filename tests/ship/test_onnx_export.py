"""ONNX: another runtime gives the same answers to 1e-12, clipping and scaling included."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trueline import Domain, LeastSquares, LinearRegressionGD, Schema
from trueline.errors import OptionError
from trueline.maths.losses import Huber
from trueline.maths.scaling import Scaling
from trueline.models.foreign import Line
from trueline.ship import Model, load, save, to_onnx

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

OPEN = Domain(low=[-np.inf, -1.0, -np.inf], high=[np.inf, np.inf, 0.5])
MODELS = {
    "least squares": LeastSquares(),
    "no intercept": LeastSquares(fit_intercept=False),
    "standardised": LinearRegressionGD(standardize=True, tol=1e-6),
    "clipped at quantiles": LinearRegressionGD(clip_features=(0.05, 0.95), standardize=True, tol=1e-6),
    "clipped by an open domain": LinearRegressionGD(clip_features=OPEN, tol=1e-6),
    "huber": LinearRegressionGD(loss=Huber(0.7), tol=1e-4),
    "their pipeline": make_pipeline(StandardScaler(), Ridge(2.0)),
}


def answers(content, X):
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (found,) = session.run(["y"], {"X": np.ascontiguousarray(X, dtype=np.float64)})
    assert found.dtype == np.float64 and found.shape == (len(X), 1)
    return found[:, 0]


def close(found, model, X):
    """To 1e-12 of the sizes that are added up."""
    line = model if isinstance(model, Line) else Model("", model_line(model)).line
    clipped = line.scaling.clip(X)
    size = np.abs(clipped) @ np.abs(line.coef) + abs(line.intercept)
    expected = Model("", line).predict(X)
    assert (np.abs(found - expected) <= 1e-12 * size).all()


def model_line(model):
    from trueline.models.foreign import as_line

    return as_line(model)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(80, 3)) * [1.0, 2.0, 0.3] + [0.0, 1.0, -2.0]
    return X, X @ [1.0, -2.0, 0.5] + 3.0 + rng.normal(size=80)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", MODELS)
def test_every_model_answers_the_same_elsewhere(kind, rows, tmp_path):
    model = MODELS[kind].fit(*rows)
    far = np.vstack([rows[0], 10 * rows[0], np.zeros((1, 3))])
    content = to_onnx(model, tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx").read_bytes() == content
    close(answers(content, far), model, far)
    assert answers(content, far[:0]).shape == (0,)
    save(model, tmp_path / "m.json")
    assert np.array_equal(answers(to_onnx(load(tmp_path / "m.json")), far), answers(content, far))


finite = st.floats(-1e100, 1e100)
columns = st.tuples(finite, finite, st.floats(1e-100, 1e100), finite, finite)


@given(st.lists(columns, min_size=1, max_size=5), finite, st.booleans(), st.data())
def test_any_numbers(parts, b, clipped, data):
    w, mu, sigma, one, two = (np.array(values) for values in zip(*parts, strict=True))
    bounds = (np.minimum(one, two), np.maximum(one, two)) if clipped else (None, None)
    line = Line(w, b, Scaling(mu, sigma, np.zeros(len(w), dtype=bool), *bounds), Huber(), 0.5, True, "any")
    with np.errstate(over="ignore", invalid="ignore"):
        if not np.isfinite([*line.coef, line.intercept]).all():
            return
    X = np.array(data.draw(st.lists(st.lists(finite, min_size=len(w), max_size=len(w)), min_size=1, max_size=4)))
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.abs(line.scaling.clip(X)) @ np.abs(line.coef) + abs(line.intercept)
    if np.isfinite(size).all():
        close(answers(to_onnx(line), X), line, X)


def test_the_graph_is_double_and_says_what_it_is_of(rows, tmp_path):
    table = pa.table({"r": ["n", "s", "n", "s"], "a": [1.0, 2.0, 4.0, 3.0], "y": [1.0, 3.0, 2.0, 7.0]})
    schema = Schema.learn(table, "y", one_hot=["r"])
    save(LeastSquares().fit(*schema.source(table).to_arrays()), tmp_path / "m.json", schema=schema)
    model = load(tmp_path / "m.json")
    graph = onnx.load_from_string(to_onnx(model))
    facts = {entry.key: entry.value for entry in graph.metadata_props}
    assert facts == {"features": "r=s\na", "sha256": model.sha256}
    kinds = {value.type.tensor_type.elem_type for value in (*graph.graph.input, *graph.graph.output)}
    assert kinds == {onnx.TensorProto.DOUBLE} == {tensor.data_type for tensor in graph.graph.initializer}
    X, _ = model.schema.apply(table)
    close(answers(to_onnx(model), X), model.line, X)


def test_the_same_model_gives_the_same_bytes(rows):
    model = MODELS["clipped at quantiles"].fit(*rows)
    assert to_onnx(model) == to_onnx(model)


def test_a_missing_library_is_named(rows, monkeypatch):
    model = LeastSquares().fit(*rows)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(OptionError, match=r"pip install 'trueline\[onnx\]'"):
        to_onnx(model)


def test_what_is_no_line_is_refused():
    with pytest.raises(OptionError):
        to_onnx(object())
