"""What is saved comes back to the bit, whole or not at all."""

from __future__ import annotations

import json
import os
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge, SGDRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trueline import (
    Domain,
    HuberRegression,
    LeastSquares,
    LinearRegressionGD,
    QuantileRegression,
    Schema,
    TrimmedLeastSquares,
)
from trueline.errors import CellsError, ColumnsError, OptionError, ShapeError, TruelineWarning
from trueline.maths.losses import Huber, Quantile
from trueline.maths.scaling import Scaling
from trueline.models.foreign import Line, as_line
from trueline.ship import DriftMonitor, Model, load, save

GD = partial(LinearRegressionGD, tol=1e-6)
OPEN = Domain(low=[-np.inf, -1.0, -np.inf], high=[np.inf, np.inf, 0.5])
MODELS = {
    "standardised": GD(standardize=True, lr=0.1),
    "clipped at quantiles": GD(clip_features=(0.05, 0.95)),
    "clipped by an open domain": GD(clip_features=OPEN, standardize=True),
    "ridge by descent": GD(standardize=True, reg_lambda=0.3),
    "mse": GD(loss="mse", momentum=0.5),
    "huber": GD(loss=Huber(0.7), tol=1e-4),
    "quantile": GD(loss=Quantile(0.9), lr=0.1, epochs=50, tol=0),
    "row bounded": GD(clip_row_gradient=1.0, tol=1e-4),
    "no intercept": GD(fit_intercept=False),
    "least squares": LeastSquares(),
    "ridge": LeastSquares(reg_lambda=0.3),
    "least squares without intercept": LeastSquares(fit_intercept=False),
    "huber regression": HuberRegression(),
    "quantile regression": QuantileRegression(0.8),
    "trimmed": TrimmedLeastSquares(),
    "theirs": LinearRegression(),
    "their ridge": Ridge(alpha=2.0),
    "their descent": SGDRegressor(random_state=0),
    "their pipeline": make_pipeline(StandardScaler(), LinearRegression()),
}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(60, 3)) * [1.0, 2.0, 0.3] + [0.0, 1.0, -2.0]
    return X, X @ [1.0, -2.0, 0.5] + 3.0 + rng.normal(size=60)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", MODELS)
def test_every_model_comes_back_to_the_bit(kind, rows, tmp_path):
    model = MODELS[kind].fit(*rows)
    save(model, tmp_path / "m.json")
    back, line = load(tmp_path / "m.json"), as_line(model)
    far = 10 * rows[0]  # beyond the bounds of clipping
    if kind == "their pipeline":  # folded into one line; their own steps round differently
        assert np.allclose(back.predict(far), model.predict(far), rtol=1e-12)
        assert np.array_equal(back.predict(far), Model("", line).predict(far))
    else:
        assert np.array_equal(back.predict(far), model.predict(far))
        assert np.array_equal(back.coef_, model.coef_) and back.intercept_ == model.intercept_
    for name in ("w", "b", "loss", "reg_lambda", "alpha", "fit_intercept", "row_bound"):
        assert np.array_equal(getattr(back.line, name), getattr(line, name)), name
    for name in ("mu", "sigma", "low", "high"):
        assert np.array_equal(getattr(back.line.scaling, name), getattr(line.scaling, name)), name


@pytest.mark.parametrize("kind", ["standardised", "their ridge"])
def test_saving_what_was_loaded_writes_the_same_bytes(kind, rows, tmp_path):
    save(MODELS[kind].fit(*rows), tmp_path / "a.json")
    save(load(tmp_path / "a.json"), tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100)


@given(st.lists(st.tuples(finite, finite, st.floats(1e-100, 1e100)), min_size=1, max_size=6), finite)
def test_any_numbers_come_back_to_the_bit(tmp_path_factory, columns, b):
    w, mu, sigma = (np.array(values) for values in zip(*columns, strict=True))
    scaling = Scaling(mu, sigma, np.zeros(len(w), dtype=bool), mu - 1, mu + 1)
    line = Line(w, b, scaling, Huber(), 0.5, True, "any")
    path = tmp_path_factory.getbasetemp() / "any.json"
    if not np.isfinite([*line.coef, line.intercept]).all():
        return
    save(line, path)
    back = load(path)
    assert back.line.w.tobytes() == w.tobytes() and np.float64(back.line.b).tobytes() == np.float64(b).tobytes()
    X = np.vstack([mu, mu + sigma, np.zeros_like(mu)])
    assert back.predict(X).tobytes() == Model("", line).predict(X).tobytes()


def test_frames_are_matched_by_name(rows, tmp_path):
    X, y = rows
    model = LeastSquares().fit(pa.table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}), y)
    save(model, tmp_path / "m.json")
    back = load(tmp_path / "m.json")
    swapped = pa.table({"c": X[:, 2], "a": X[:, 0], "b": X[:, 1]})
    expected = model.predict(swapped.select(["a", "b", "c"]))
    assert np.array_equal(back.predict(swapped), expected) and np.array_equal(back.predict(X), expected)
    with pytest.raises(ColumnsError, match=r"(?s)b: missing.*d: not in the model"):
        back.predict(pa.table({"a": [1.0], "c": [1.0], "d": [1.0]}))


def test_a_schema_encodes_and_matches_by_name(tmp_path):
    flats = pa.table(
        {"region": ["n", "s", "w", "s", "n"], "rooms": [1, 2, 3, 4, 6], "price": [1.0, 3.0, 2.0, 5.0, 4.0]}
    )
    schema = Schema.learn(flats, "price", one_hot=["region"])
    X, y = schema.source(flats).to_arrays()
    model = LeastSquares().fit(X, y)
    save(model, tmp_path / "m.json", schema=schema)
    back = load(tmp_path / "m.json")
    assert back.schema == schema
    assert np.array_equal(back.predict(flats.select(["rooms", "region"])), model.predict(X))
    with pytest.raises(CellsError, match="levels not seen"):
        back.predict(pa.table({"rooms": [1], "region": ["x"]}))


def test_arrays_of_the_wrong_shape_or_not_finite_are_refused(rows, tmp_path):
    save(LeastSquares().fit(*rows), tmp_path / "m.json")
    back = load(tmp_path / "m.json")
    for wrong in (rows[0][:, :2], rows[0][0], [[]]):
        with pytest.raises(ShapeError, match="3"):
            back.predict(wrong)
    with pytest.raises(CellsError, match="NaN"):
        back.predict([[1.0, np.nan, 2.0]])


def test_what_is_known_about_the_fit_is_recorded(rows, tmp_path):
    save(LeastSquares().fit(*rows), tmp_path / "m.json")
    assert load(tmp_path / "m.json").training["rank"] == 3
    save(GD(standardize=True).fit(*rows), tmp_path / "m.json")
    assert load(tmp_path / "m.json").training["status"] == "converged"
    save(load(tmp_path / "m.json"), tmp_path / "m.json", training={"by": "é"})
    assert load(tmp_path / "m.json").training == {"by": "é"}


DEEP: list = []
for _ in range(5000):
    DEEP = [DEEP]
STRANGE = {"nan": np.nan, "object": object(), "surrogate": "\ud800", "twins": {1: "a", "1": "b"}, "deep": DEEP,
           "digits": 10**5000, "twins inside": [{"y": [{1: 0, "1": 0}]}]}  # fmt: skip


@pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE)
def test_what_json_cannot_hold_is_refused(rows, tmp_path, value):
    with pytest.raises(OptionError, match="cannot be written"):
        save(LeastSquares().fit(*rows), tmp_path / "m.json", training={"x": value})
    assert not (tmp_path / "m.json").exists()


def test_what_is_no_fitted_line_is_refused(rows, tmp_path):
    class Cubic:
        curvature_bound = 1.0
        value = derivative = curvature = staticmethod(np.square)

    broken = Line(np.array([1.0, np.inf]), 0.0, Scaling.none(2), Huber(), 0.0, True, "broken")
    wide = Schema.learn(pa.table({"a": [1, 2], "y": [1, 2]}), "y")
    lossy = GD(standardize=True).fit(*rows).set_params(loss=Cubic())
    for model, options in ((LinearRegression(), {}), (object(), {}), (broken, {}), (lossy, {}),
                           (LeastSquares().fit(*rows), {"schema": wide})):  # fmt: skip
        with pytest.raises(OptionError):
            save(model, tmp_path / "m.json", **options)
    assert os.listdir(tmp_path) == []


def test_a_schema_of_other_columns_is_refused(rows, tmp_path):
    """As many columns, but in another order: every prediction would be wrong."""
    X, y = rows
    table = pa.table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": y})
    schema = Schema.learn(table.select(["b", "a", "c", "y"]), "y")
    with pytest.raises(OptionError, match="a, b, c"):
        save(LeastSquares().fit(table.select(["a", "b", "c"]), y), tmp_path / "m.json", schema=schema)


@pytest.mark.parametrize("step", ["fsync", "replace", "fdopen"])
def test_a_write_that_fails_leaves_the_old_file(step, rows, tmp_path, monkeypatch):
    path = tmp_path / "m.json"
    save(LeastSquares().fit(*rows), path)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, step, full)
        with pytest.raises(OSError, match=r"No space left.*m\.json"):
            save(LeastSquares(reg_lambda=1.0).fit(*rows), path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["m.json"]


def test_the_file_is_plain_json_of_format_1(rows, tmp_path):
    save(MODELS["clipped by an open domain"].fit(*rows), tmp_path / "m.json")
    values = json.loads((tmp_path / "m.json").read_text())
    assert values["format"] == 1
    assert values["clip_low"] == [None, -1.0, None] and values["clip_high"] == [None, None, 0.5]
    assert {"w", "b", "mu", "sigma", "schema", "sha256"} <= set(values)


def test_a_schema_given_later_names_the_columns_of_the_reference(rows, tmp_path):
    X, y = rows
    save(LeastSquares().fit(X, y), tmp_path / "m.json", X=X, y=y)
    frame = pa.table({name: X[:, j] for j, name in enumerate("abcdefgh"[: X.shape[1]])})
    save(load(tmp_path / "m.json"), tmp_path / "named.json", schema=Schema.learn(frame))
    named = load(tmp_path / "named.json")
    assert named.reference.features == named.schema.names
    assert DriftMonitor(named).check(frame).status == "no drift"


def test_more_columns_than_a_reference_holds_are_saved_without_one(rows, tmp_path, monkeypatch):
    monkeypatch.setattr("trueline.ship.drift.reference.MOST_COLUMNS", 2)
    with pytest.warns(TruelineWarning, match="without the reference that drift needs"):
        save(LeastSquares().fit(*rows), tmp_path / "m.json", X=rows[0], y=rows[1])
    assert load(tmp_path / "m.json").reference is None and load(tmp_path / "m.json").data.rows == 60


def test_the_model_of_another_library_is_saved_with_its_rows(rows, tmp_path):
    for kind in ("their ridge", "their descent", "their pipeline"):
        save(MODELS[kind].fit(*rows), tmp_path / "m.json", X=rows[0], y=rows[1])
        back = load(tmp_path / "m.json")
        assert back.data.rows == 60 and back.reference.features and back.training["versions"]["scikit-learn"]
