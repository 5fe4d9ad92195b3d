"""Poison: budget and domain kept, types kept, provenance kept."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from trueline import Domain, LeastSquares, attack
from trueline.attack import Poison
from trueline.errors import ArtifactError, DataError, OptionError, ShapeError

ATTACKS = {
    "outlier": lambda X, y, **how: attack.outlier(X, y, **how),
    "flip_labels": lambda X, y, **how: attack.flip_labels(X, y, **how),
    "statistical": lambda X, y, **how: attack.statistical(X, y, **how),
    "optimize": lambda X, y, **how: attack.optimize(X, y, steps=10, **how),
    "targeted": lambda X, y, **how: attack.targeted(
        X, y, at=np.asarray(X, dtype=float)[3] * 1.0 + 0.25, shift=3.0, steps=10, **how
    ),
    "adaptive": lambda X, y, **how: attack.adaptive(LeastSquares(), X, y, effort=12, **how),
}


@pytest.fixture
def clean(rng):
    X = np.column_stack([rng.integers(1, 9, 80), rng.random(80), rng.integers(0, 2, 80), rng.random(80) * 5])
    return X, X @ [1.0, -2.0, 3.0, 0.5] + 0.3 * rng.normal(size=80)


DOMAIN = Domain([1, 0, 0, 0], [8, 1, 1, 5], y_low=-2, y_high=15, integers=[0], one_hot=[[2]])


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_keeps_its_rate_its_domain_and_its_seed(name, clean):
    poison = ATTACKS[name](*clean, rate=0.15, domain=DOMAIN, random_state=7)
    assert len(poison.labels) == 14  # 14 / 94 <= 0.15 < 15 / 95
    assert poison.rate <= 0.15
    assert DOMAIN.contains(poison.rows, poison.labels).all()
    again = ATTACKS[name](*clean, rate=0.15, domain=DOMAIN, random_state=7)
    np.testing.assert_array_equal(poison.rows, again.rows)
    np.testing.assert_array_equal(poison.labels, again.labels)
    assert poison.kind == name


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_takes_frozen_columns_from_existing_rows(name, clean):
    X, y = clean
    domain = Domain(0, [8, 1, 1, 5], y_low=-2, y_high=15, frozen=[1, 3])
    poison = ATTACKS[name](X, y, rows=9, domain=domain)
    known = {tuple(row) for row in X[:, [1, 3]]}
    assert all(tuple(row) in known for row in poison.rows[:, [1, 3]])
    poison.apply(X, y)


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_refuses_what_it_cannot_do(name, clean):
    X, y = clean
    make = ATTACKS[name]
    for bad in (
        {"rate": 0.51},
        {"rate": 0.0},
        {"rows": 81},
        {"rows": 0},
        {},
        {"rate": 0.1, "rows": 3},
        {"rate": 0.001},
    ):
        with pytest.raises(OptionError):
            make(X, y, **bad)
    with pytest.raises(OptionError, match="give one or the other"):
        make(X, y, rows=3, domain=DOMAIN, bounds=(0, 1))
    with pytest.raises(DataError, match="exclude every row"):
        make(X, y, rows=3, bounds=(-5, -4))
    with pytest.raises(DataError, match="every label"):
        make(X, y, rows=3, y_bounds=(100, 101))
    with pytest.raises(DataError, match="NaN"):
        make(np.where(X > 4.5, np.nan, X), y, rows=3)
    if name != "flip_labels":
        with pytest.raises(OptionError, match="every column is frozen"):
            make(X, y, rows=3, domain=Domain(frozen=range(4)))


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.filterwarnings("ignore")
def test_every_attack_lives_with_constant_and_repeated_columns_and_few_rows(name, rng):
    X = rng.random((9, 12))
    X[:, 0], X[:, 1] = 4.0, X[:, 2]
    X[5] = X[6]
    y = X[:, 3] + rng.random(9)
    poison = ATTACKS[name](X, y, rows=2)
    assert np.isfinite(poison.rows).all() and np.isfinite(poison.labels).all()
    assert poison.domain.contains(poison.rows, poison.labels).all()


def frames():
    table = {"rooms": [1, 2, 3, 4, 5, 6], "sold": [True, False, True, False, True, True],
             "light": np.array([0.5, 1.5, 2.0, 0.0, 1.0, 1.2], dtype=np.float32)}  # fmt: skip
    return [pd.DataFrame(table), pl.DataFrame(table), pa.table(table)]


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__module__)
def test_apply_keeps_types_and_leaves_its_input_alone(frame):
    import narwhals as nw

    price = nw.new_series(
        "price", [1, 2, 3, 4, 5, 9], nw.Int64, backend=nw.from_native(frame).implementation
    ).to_native()
    poison = attack.flip_labels(frame, price, rows=2)
    X, y = poison.apply(frame, price)
    assert type(X) is type(frame) and type(y) is type(price)
    before, after = nw.from_native(frame), nw.from_native(X)
    assert after.schema == before.schema and len(after) == 8 and len(before) == 6
    assert after["rooms"].to_list() == [1, 2, 3, 4, 5, 6, 6, 1]
    labels = nw.from_native(y, series_only=True)
    assert labels.to_list() == [1, 2, 3, 4, 5, 9, 1, 9] and labels.dtype == nw.Int64
    whole = before.with_columns(nw.from_native(price, series_only=True).alias("price")).to_native()
    joined, name = poison.apply(whole, "price")
    assert name == "price" and nw.from_native(joined)["price"].to_list() == labels.to_list()
    LeastSquares().fit(X, y)


def test_apply_to_arrays_and_lists():
    X, y = np.arange(6, dtype=np.float32).reshape(-1, 1), np.arange(6)
    poison = attack.flip_labels(X, y, rows=1)
    new_X, new_y = poison.apply(X, y)
    assert new_X.dtype == np.float32 and new_y.dtype == y.dtype and len(new_y) == 7
    lists = poison.apply(X.tolist(), y.tolist())
    assert lists[1] == [*range(6), int(new_y[-1])] and isinstance(lists[0], list)


def test_changed_labels_stay_in_their_rows():
    X, y = np.arange(8.0).reshape(-1, 1), np.arange(8.0)
    poison = attack.flip_labels(X, y, rate=0.25, replace=True)
    new_X, new_y = poison.apply(X, y)
    np.testing.assert_array_equal(new_X, X)
    assert sorted(np.flatnonzero(new_y != y)) == [0, 7] and new_y[0] == 7 and new_y[7] == 0
    assert poison.controls == "labels" and poison.rate == 0.25
    frame, column = poison.apply(pd.DataFrame(X, columns=["a"]), pd.Series(y))
    assert column.tolist() == new_y.tolist() and frame["a"].tolist() == X.ravel().tolist()
    assert poison.apply(pa.table({"a": y}), pa.array(y))[1].to_pylist() == new_y.tolist()


def test_changed_labels_are_those_of_rows_in_the_domain_and_at_most_half():
    X, y = np.arange(8.0).reshape(-1, 1), np.arange(8.0)
    poison = attack.flip_labels(X, y, rows=2, replace=True, bounds=(2, 5))
    assert sorted(poison.replaces) == [2, 5]
    for bad in ({"rows": 5}, {"rate": 0.12}):
        with pytest.raises(OptionError, match=r"can be changed|less than one row"):
            attack.flip_labels(X, y, replace=True, **bad)


def test_apply_refuses_what_is_outside_the_budget_or_cannot_be_held(clean):
    X, y = clean
    poison = attack.flip_labels(X, y, rows=20)
    with pytest.raises(DataError, match="above its budget"):
        poison.apply(X[:70], y[:70])
    with pytest.raises(ShapeError, match="4 columns, the data 3"):
        poison.apply(X[:, :3], y)
    with pytest.raises(DataError, match="holds whole numbers"):
        attack.statistical(X, y, rows=5, bounds=(0, 8.5)).apply(X.astype(int), y)
    stranger = Poison(np.full((1, 4), 0.123), np.array([1.0]), "hand", "data", "columns", Domain(frozen=[1]), 80)
    with pytest.raises(DataError, match="frozen"):
        stranger.apply(X, y)
    named = attack.flip_labels(pd.DataFrame(X, columns=list("abcd")), y, rows=2)
    with pytest.raises(DataError, match="made for the columns a, b, c, d"):
        named.apply(pd.DataFrame(X, columns=list("abce")), y)


def test_a_poison_outside_its_own_words_is_refused():
    good = {"rows": np.ones((1, 2)), "labels": np.ones(1), "kind": "hand", "knows": "data", "controls": "added rows",
            "domain": Domain(0, 1), "n_clean": 5}  # fmt: skip
    Poison(**good)
    for bad, message in [
        ({"rows": np.full((1, 2), 2.0)}, r"X\[:, 0\]: above 1"),
        ({"domain": Domain(0, 1, y_high=0.5)}, "y: above 0.5"),
        ({"n_clean": 0}, "more than half"),
        ({"knows": "all"}, "knows must be"),
        ({"labels": np.ones(2)}, "needs rows"),
    ]:
        with pytest.raises((OptionError, ShapeError), match=message):
            Poison(**good | bad)


def test_a_file_gives_back_the_same_poison(tmp_path, clean):
    X, y = clean
    path = tmp_path / "poison.csv"
    for poison in (ATTACKS["optimize"](X, y, rows=5, domain=DOMAIN), attack.flip_labels(X, y, rate=0.1, replace=True),
                   attack.outlier(pd.DataFrame(X, columns=list("abcd")), y, rows=2)):  # fmt: skip
        poison.to_csv(path)
        back = Poison.read_csv(path)
        np.testing.assert_array_equal(back.rows, poison.rows)
        np.testing.assert_array_equal(back.labels, poison.labels)
        assert str(back) == str(poison) and back.report == poison.report and back.names == poison.names
        np.testing.assert_array_equal(back.apply(X, y)[1], poison.apply(X, y)[1])
        assert back.domain.contains(X, y).tolist() == poison.domain.contains(X, y).tolist()
    assert pd.read_csv(path).columns.tolist() == ["a", "b", "c", "d", "y"]


def test_a_file_that_was_touched_is_refused(tmp_path, clean):
    path, beside = tmp_path / "poison.csv", tmp_path / "poison.csv.json"
    attack.flip_labels(*clean, rows=3).to_csv(path)
    about = beside.read_text()
    path.write_text(path.read_text().replace("1.0", "2.0"))
    with pytest.raises(ArtifactError, match="not the rows"):
        Poison.read_csv(path)
    for broken in ("{", json.dumps({**json.loads(about), "format": 9}), "[]"):
        beside.write_text(broken)
        with pytest.raises(ArtifactError):
            Poison.read_csv(path)
    beside.unlink()
    with pytest.raises(ArtifactError, match="nobody knows"):
        Poison.read_csv(path)


def test_it_shows_itself(clean):
    poison = attack.flip_labels(pd.DataFrame(clean[0], columns=["<a>", "b", "c", "d"]), clean[1], rows=1)
    assert str(poison).startswith("1 poison row beside 80 clean ones (rate 0.0123): flip_labels")
    assert "&lt;a&gt;" in poison._repr_html_() and "<a>" not in poison._repr_html_()
