"""Moments in a file come back to the bit, are believed in nothing, and take rows out as the estimator does."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from trueline import LeastSquares, LinearRegressionGD, Schema
from trueline.errors import ArtifactError, DataError, OptionError
from trueline.ship import load, save
from trueline.ship.forgetting import forget_rows
from trueline.ship.sealing import canonical, seal


@pytest.fixture
def rows(rng):
    X = rng.normal(size=(50, 3)) * [1.0, 2.0, 0.3] + [0.0, 1.0, -2.0]
    return X, X @ [1.0, -2.0, 0.5] + 3.0 + rng.normal(size=50)


@pytest.fixture
def table(rng):
    """Numbers, whole numbers, truth values and a category; 40 rows of which the first holds the largest `a`."""
    a = np.r_[9.0, rng.uniform(0, 8, 39)]
    k, t, r = rng.integers(1, 7, 40), np.arange(40) % 2, np.array(["n", "s", "w"])[rng.integers(0, 3, 40)]
    return pa.table({"a": a, "k": k, "t": t, "r": r.tolist(), "y": 2 * a - k + t + rng.normal(size=40)})


@pytest.fixture
def learn(tmp_path):
    """Fit on a table and read the saved file back."""

    def fit(table, **options):
        schema = Schema.learn(table, "y", one_hot=["r"])
        model = LeastSquares(**options).fit(*schema.source(table).to_arrays())
        training = {"rows": table.num_rows, "train_mse": 1.0, "metrics": {"rows": 8, "rmse": 2.0}}
        training |= {"by": "é"}
        save(model, tmp_path / "t.json", X=table, y="y", schema=schema, training=training, keep_moments=True)
        return load(tmp_path / "t.json")

    return fit


def forget(model, table, first, last):
    return forget_rows(model, *model.schema.source(table.slice(first, last - first)).to_arrays())


def test_every_bit_comes_back(rows, tmp_path, rng):
    X, y = rows
    model = LeastSquares().fit(X, y, rng.uniform(size=50)).partial_fit(X[:2], y[:2], [0.0, 3.0])
    save(model, tmp_path / "m.json", keep_moments=True)
    back = load(tmp_path / "m.json")
    for name, value in vars(model.moments_).items():
        assert np.asarray(getattr(back.moments, name)).tobytes() == np.asarray(value).tobytes(), name
    save(back, tmp_path / "n.json")
    assert (tmp_path / "n.json").read_bytes() == (tmp_path / "m.json").read_bytes()
    again = back.least_squares().forget(X[:2], y[:2], [0.0, 3.0])
    assert np.array_equal(again.coef_, model.forget(X[:2], y[:2], [0.0, 3.0]).coef_)


def test_moments_are_kept_only_where_asked(rows, tmp_path):
    model = LeastSquares().fit(*rows)
    save(model, tmp_path / "m.json")
    assert json.loads((tmp_path / "m.json").read_text())["moments"] is None
    with pytest.raises(OptionError, match="--keep-moments"):
        load(tmp_path / "m.json").least_squares()
    with pytest.raises(OptionError, match="none to keep"):
        save(load(tmp_path / "m.json"), tmp_path / "n.json", keep_moments=True)
    descent = LinearRegressionGD(standardize=True, tol=1e-6).fit(*rows)
    with pytest.raises(OptionError, match="keeps no moments"):
        save(descent, tmp_path / "n.json", keep_moments=True)
    save(descent, tmp_path / "n.json")
    with pytest.raises(OptionError, match="LinearRegressionGD cannot"):
        load(tmp_path / "n.json").least_squares()


def test_what_the_record_says_is_believed_only_where_it_can_be(rows, tmp_path):
    model = LeastSquares().fit(*rows)
    said = {"rank": "3", "condition": None, "digits": 12.5, "solver": 7}
    save(model, tmp_path / "m.json", keep_moments=True, training=said)
    back = load(tmp_path / "m.json").least_squares()
    assert (back.rank_, back.digits_, back.solver_) == (3, 12.5, "") and np.isnan(back.condition_)
    save(model, tmp_path / "m.json", keep_moments=True)
    assert load(tmp_path / "m.json").least_squares().condition_ == model.condition_


def test_more_moments_than_a_file_holds_are_refused_when_saving(rows, tmp_path, monkeypatch):
    save(LeastSquares().fit(*rows), tmp_path / "m.json")
    monkeypatch.setattr("trueline.ship.writing.LARGEST_FILE", (tmp_path / "m.json").stat().st_size)
    save(LeastSquares().fit(*rows), tmp_path / "m.json")
    with pytest.raises(OptionError, match="without its moments"):
        save(LeastSquares().fit(*rows), tmp_path / "n.json", keep_moments=True)
    assert not (tmp_path / "n.json").exists()


WRONG = {
    "a list": lambda m: m.clear(),
    "unknown field": lambda m: m.update(more=1),
    "pivot shorter": lambda m: m["pivot"].pop(),
    "total longer": lambda m: m["total"].append(0.0),
    "scatter a square": lambda m: m.update(scatter=[[1.0] * 4] * 4),
    "scatter text": lambda m: m["scatter"].__setitem__(0, "1"),
    "scatter truth": lambda m: m["scatter"].__setitem__(0, True),
    "scatter beyond floats": lambda m: m["scatter"].__setitem__(0, 10**400),
    "diagonal negative": lambda m: m["scatter"].__setitem__(2, -1.0),
    "correlation above 1": lambda m: m["scatter"].__setitem__(1, 1e6),
    "total beyond the squares": lambda m: m["total"].__setitem__(0, 1e6),
    "peak below the diagonal": lambda m: m["peak"].__setitem__(0, 1e-3),
    "peak negative": lambda m: m["peak"].__setitem__(0, -1.0),
    "rows a fraction": lambda m: m.update(rows=50.0),
    "rows negative": lambda m: m.update(rows=-1),
    "rows truth": lambda m: m.update(rows=True),
    "all idle": lambda m: m.update(idle=50),
    "steps negative": lambda m: m.update(steps=-1),
    "weight zero": lambda m: m.update(weight=0.0),
    "weight negative": lambda m: m.update(weight=-50.0),
    "weight null": lambda m: m.update(weight=None),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_impossible_moments_under_a_right_checksum(rows, tmp_path, change):
    save(LeastSquares().fit(*rows), tmp_path / "m.json", keep_moments=True)
    values = json.loads((tmp_path / "m.json").read_text())
    change(values["moments"])
    (tmp_path / "m.json").write_bytes(canonical(seal(values)))
    with pytest.raises(ArtifactError, match=r"m\.json: moments"):
        load(tmp_path / "m.json")


OTHERS = [{"kind": "Ridge"}, {"sigma": [2.0, 1.0, 1.0]}, {"loss": {"name": "huber", "delta": 1.0}}]


@pytest.mark.parametrize("change", OTHERS, ids=str)
def test_moments_under_another_kind_of_model(rows, tmp_path, change):
    save(LeastSquares().fit(*rows), tmp_path / "m.json", keep_moments=True)
    values = json.loads((tmp_path / "m.json").read_text()) | change
    (tmp_path / "m.json").write_bytes(canonical(seal(values)))
    with pytest.raises(ArtifactError, match="only a LeastSquares"):
        load(tmp_path / "m.json")


def test_a_flipped_bit_in_the_moments_is_seen(rows, tmp_path):
    save(LeastSquares().fit(*rows), tmp_path / "m.json", keep_moments=True)
    content = (tmp_path / "m.json").read_bytes()
    first = content.index(b'"moments"')
    for at in range(first, len(content), 7):
        (tmp_path / "m.json").write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(ArtifactError):
            load(tmp_path / "m.json")


@pytest.mark.parametrize("options", [{}, {"reg_lambda": 0.2}, {"fit_intercept": False}], ids=str)
def test_a_saved_model_without_rows_is_the_fit_of_the_rest(table, learn, options):
    found = forget(learn(table, **options), table, 0, 6)
    rest = learn(table.slice(6), **options)
    assert np.allclose(found.model.coef_, rest.coef_, rtol=1e-10) and found.model.moments.rows == 34
    X, y = rest.schema.source(table.slice(6)).to_arrays()
    training = found.model.training
    error = rest.predict(X) - y
    assert training["train_mse"] == pytest.approx(np.mean(error**2))
    assert training["train_r2"] == pytest.approx(1 - np.mean(error**2) / np.var(y))
    assert (training["rows"], training["forgotten_rows"], training["by"]) == (34, 6, "é")
    assert found.dropped == ("metrics", "snapshot", "reference") and training["metrics"] is None
    assert found.model.data is None and found.model.reference is None
    assert forget(found.model, table, 6, 8).model.training["forgotten_rows"] == 8


def test_a_forgotten_extreme_leaves_the_schema(table, learn):
    """9 was the largest `a`. What replaces it depends on the remaining rows alone, and holds them."""
    model = learn(table)
    found = forget(model, table, 0, 1)
    column = found.model.schema.columns[0]
    rest = np.array(table["a"])[1:]
    assert found.ranges["a"] == (column.low, column.high) and column.low == rest.min() and column.high >= rest.max()
    assert column.high == pytest.approx(rest.mean() + np.sqrt(38) * rest.std(), rel=1e-6)
    assert found.model.schema.columns[3] == model.schema.columns[3]
    whole = found.model.schema.columns[1]
    assert whole.low == int(whole.low) and found.model.schema.columns[2].high == 1.0


@pytest.mark.parametrize("level", ["n", "s"], ids=["the reference", "another"])
def test_the_last_row_of_a_level_stays(table, learn, level):
    names = ["w"] * 38 + [level, "x"]
    table = table.set_column(3, "r", pa.array(names)).slice(0, 40)
    table = pa.concat_tables([table, table.slice(39, 1), table.slice(1, 3)])
    for reg_lambda in (0.0, 0.5):
        model = learn(table, reg_lambda=reg_lambda)
        with pytest.raises(DataError, match=f"r: no row is left with the level '{level}'"):
            forget(model, table, 38, 39)


def test_values_that_training_never_saw_were_not_in_the_fit(table, learn):
    model = learn(table)
    X, y = model.schema.source(table.slice(0, 2)).to_arrays()
    for at, value, said in ((0, 50.0, "a: 50"), (1, 2.5, "k: 2.5"), (2, 0.5, "t: 0.5")):
        wrong = X.copy()
        wrong[1, at] = value
        with pytest.raises(DataError, match=f"(?s)not in the fit.*{said}"):
            forget_rows(model, wrong, y)


def test_a_perfect_fit_has_no_error_to_record(table, learn):
    table = table.set_column(4, "y", pa.array(2 * np.array(table["a"]) + 1.0))
    found = forget(learn(table), table, 0, 6)
    assert "train_mse" in found.dropped and "train_mse" not in found.model.training


def test_weights_and_missing_schemas_are_refused(rows, tmp_path):
    X, y = rows
    save(LeastSquares().fit(X, y), tmp_path / "m.json", keep_moments=True)
    with pytest.raises(OptionError, match="schema"):
        forget_rows(load(tmp_path / "m.json"), X[:1], y[:1])
    frame = pa.table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": y})
    model = LeastSquares().fit(X, y, np.linspace(1, 2, 50))
    save(model, tmp_path / "m.json", schema=Schema.learn(frame, "y"), keep_moments=True)
    with pytest.raises(OptionError, match="sample weights"):
        forget_rows(load(tmp_path / "m.json"), X[:1], y[:1])
