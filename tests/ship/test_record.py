"""What a file records of the fit, and what the file of a private model must not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from trueline import LeastSquares, LinearRegressionGD, Schema
from trueline.defend import PrivateLeastSquares
from trueline.errors import ArtifactError, OptionError
from trueline.ship import load, save
from trueline.ship.drift.reference import Reference
from trueline.ship.record import Privacy, metrics_on, public_schema, record_of
from trueline.ship.sealing import canonical, seal
from trueline.ship.showing import describe
from trueline.ship.snapshot import Snapshot


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    X = rng.uniform(-1, 1, size=(400, 2))
    return X, X @ [1.0, -2.0] + 0.5 + rng.normal(size=400) / 10


@pytest.fixture(scope="module")
def private(rows):
    return PrivateLeastSquares(1.0, 1e-6, bounds=([-2.0, -3.0], [2.0, 3.0]), y_bounds=(-5, 5)).fit(*rows)


def test_a_descent_records_how_it_ended_and_with_what(rows):
    record = record_of(LinearRegressionGD(lr=0.25, tol=1e-8, standardize=True, random_state=7).fit(*rows))
    assert (record["status"], record["lr"], record["seeds"]) == ("converged", 0.25, {"random_state": 7})
    assert isinstance(record["epochs"], int) and record["epochs"] > 1
    assert set(record["versions"]) == {"python", "trueline", "numpy", "scipy", "scikit-learn", "numba"}
    assert record["versions"]["numpy"] == np.__version__


def test_other_models_record_what_they_know(rows):
    closed = record_of(LeastSquares().fit(*rows))
    assert closed["status"] is None and closed["rank"] == 2 and closed["digits"] > 9 and closed["lr"] is None
    theirs = record_of(SGDRegressor(random_state=3).fit(*rows))
    assert theirs["epochs"] > 0 and theirs["seeds"] == {"random_state": 3} and "rank" not in theirs
    plain = record_of(LinearRegression().fit(*rows))
    assert plain["epochs"] is None and plain["seeds"] == {} and isinstance(plain.get("rank", 2), int)
    json.dumps([closed, theirs, plain], allow_nan=False)


@pytest.mark.parametrize("frames", ["pandas", "polars"])
def test_the_name_of_y_is_that_of_the_target(rows, tmp_path, frames):
    """In the schema where there is one without a target, else in the record; what says otherwise stands."""
    library, path = pytest.importorskip(frames), tmp_path / "m.json"
    table = library.DataFrame({"a": rows[0][:, 0], "b": rows[0][:, 1], "price": rows[1]})
    X, y = table[["a", "b"]], table["price"]
    fitted, schema = LeastSquares().fit(X, y), Schema.learn(X)
    save(fitted, path, X=X, y=y)
    assert load(path).schema is None and load(path).target == describe(load(path))["target"] == "price"
    save(load(path), path)
    assert load(path).target == "price"
    save(fitted, path, X=X, y=y, schema=schema)
    assert load(path).schema == replace(schema, target="price")
    save(fitted, path, X=X, y=y, schema=replace(schema, target="rent"))
    assert load(path).target == "rent"
    save(fitted, path, X=X, y=y.rename("a"))
    assert load(path).target is None  # the name of a feature
    save(fitted, path, X=X, y=np.asarray(y))
    assert load(path).target is None


def test_metrics_are_those_of_scikit_learn(rng):
    y, p = rng.normal(size=50), rng.normal(size=50)
    found = metrics_on(p, y)
    assert found["rows"] == 50
    assert found["rmse"] == pytest.approx(root_mean_squared_error(y, p))
    assert found["mae"] == pytest.approx(mean_absolute_error(y, p))
    assert found["r2"] == pytest.approx(r2_score(y, p))
    assert metrics_on(np.zeros(3), np.ones(3))["r2"] is None


def test_the_file_of_a_private_model_tells_nothing_of_its_rows(rows, private, tmp_path):
    X, y = rows
    save(private, tmp_path / "p.json", X=X, y=y)
    values = json.loads((tmp_path / "p.json").read_text())
    assert values["privacy"] == {"epsilon": 1.0, "delta": 1e-6}
    assert values["data"] is values["reference"] is values["moments"] is None
    assert set(values["training"]) == {"versions"}
    back = load(tmp_path / "p.json")
    assert back.privacy == Privacy(1.0, 1e-6)
    assert np.array_equal(back.predict(10 * X), private.predict(10 * X))


def test_other_rows_and_one_private_model_give_the_same_bytes(rows, private, tmp_path):
    """Whatever the rows hold, beyond the coefficients the file is the same."""
    X, y = rows
    for name, scale in (("a", 1.0), ("b", 0.5)):
        table = pa.table({"u": X[:, 0] * scale, "v": np.rint(X[:, 1] * 2 * scale), "y": y})
        schema = Schema.learn(table, "y")
        assert [column.kind for column in schema.columns] == ["numeric", "integer"]
        save(private, tmp_path / f"{name}.json", X=X * scale, y=y, schema=schema)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    columns = load(tmp_path / "a.json").schema.columns
    assert [(c.kind, c.low, c.high) for c in columns] == [("numeric", -2.0, 2.0), ("numeric", -3.0, 3.0)]


def test_a_private_model_stays_private_when_saved_again(rows, private, tmp_path):
    X, y = rows
    save(private, tmp_path / "p.json")
    save(load(tmp_path / "p.json"), tmp_path / "q.json", X=X, y=y)
    assert (tmp_path / "q.json").read_bytes() == (tmp_path / "p.json").read_bytes()
    for training in ({"metrics": {"rmse": 1.0}}, {"rows": 400}, {"train_mse": 0.1}):
        for model in (private, load(tmp_path / "p.json")):
            with pytest.raises(OptionError, match="hides its rows"):
                save(model, tmp_path / "r.json", training=training)
    with pytest.raises(OptionError, match="keeps no moments"):
        save(private, tmp_path / "r.json", keep_moments=True)
    assert not (tmp_path / "r.json").exists()


@pytest.mark.parametrize("name", ["rank", "condition", "digits", "status", "epochs", "train_r2"])
def test_whatever_else_tells_of_the_rows_is_refused_beside_a_private_model(private, tmp_path, name):
    with pytest.raises(OptionError, match=f"{name} would tell"):
        save(private, tmp_path / "p.json", training={name: 1})
    assert not (tmp_path / "p.json").exists()


def test_a_snapshot_and_a_reference_that_are_given_stay_out_of_a_private_file(rows, private, tmp_path):
    X, y = rows
    save(private, tmp_path / "p.json")
    save(private, tmp_path / "q.json", snapshot=Snapshot.of(X, y), reference=Reference.of(private, X, y))
    assert (tmp_path / "q.json").read_bytes() == (tmp_path / "p.json").read_bytes()


def test_public_bounds_are_those_of_the_same_column_and_nothing_stands_where_there_are_none():
    """A category takes as many features as it has levels but one."""
    seen = pa.table({"region": ["n", "s", "w"], "u": [0.1, 0.2, 0.3], "v": [7.5, 8.5, 9.5]})
    schema = Schema.learn(seen, one_hot=["region"])
    low, high = np.array([0.0, 0.0, -2.0, -np.inf]), np.array([1.0, 1.0, 2.0, 3.0])
    told = [[(c.low, c.high) for c in public_schema(schema, *ends).columns] for ends in ((low, high), (None, None))]
    assert told == [[(None, None), (-2.0, 2.0), (None, None)], [(None, None)] * 3]


@pytest.mark.parametrize(
    "privacy",
    [[], {}, {"epsilon": 1.0}, {"epsilon": 0.0, "delta": 0.1}, {"epsilon": 1.0, "delta": 1.0}, {"epsilon": True,
     "delta": 0.1}, {"epsilon": "1", "delta": 0.1}],
    ids=str,
)  # fmt: skip
def test_a_damaged_privacy_is_refused(private, tmp_path, privacy):
    save(private, tmp_path / "p.json")
    values = json.loads((tmp_path / "p.json").read_text())
    (tmp_path / "p.json").write_bytes(canonical(seal({**values, "privacy": privacy})))
    with pytest.raises(ArtifactError, match="privacy"):
        load(tmp_path / "p.json")


def test_a_file_that_says_private_and_holds_rows_is_refused(rows, tmp_path):
    save(LeastSquares().fit(*rows), tmp_path / "m.json", X=rows[0], y=rows[1], keep_moments=True)
    values = json.loads((tmp_path / "m.json").read_text()) | {"privacy": {"epsilon": 1.0, "delta": 1e-6}}
    for gone in ((), ("data",), ("data", "reference"), ("reference", "moments")):
        (tmp_path / "m.json").write_bytes(canonical(seal({**values, **dict.fromkeys(gone)})))
        with pytest.raises(ArtifactError, match="a private model holds no"):
            load(tmp_path / "m.json")
