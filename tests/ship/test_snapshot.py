"""The snapshot of rows: one hash for the same rows however they lie, another for any other rows."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from trueline import LeastSquares, Schema
from trueline.errors import ArtifactError, OptionError, ShapeError
from trueline.rows import open as open_rows
from trueline.ship import Snapshot, load, save
from trueline.ship import snapshot as snapshots

FLATS = {
    "region": ["n", "s", "w", "s", "n", "w", "n"],
    "rooms": [1, 2, 3, 4, 6, 5, 1],
    "size": [0.1, 1e-17, 33.3, 41.7, 1e5, 0.3, 0.1],
    "price": [1.0, 3.5, 2.0, 5.25, 4.0, 1 / 3, 1.0],
}
small = st.integers(-2, 2).map(float)
tables = st.integers(1, 3).flatmap(
    lambda d: st.lists(st.lists(small, min_size=d + 1, max_size=d + 1), min_size=1, max_size=8)
)


def of(rows, **options):
    rows = np.asarray(rows, dtype=np.float64)
    return Snapshot.of(rows[:, :-1], rows[:, -1], **options)


@given(tables, st.randoms())
def test_the_order_of_rows_does_not_matter_and_nothing_else_is_forgiven(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert of(rows) == of(shuffled)
    assert of(rows).hash != of([*rows, rows[0]]).hash != of([*rows, rows[0], rows[0]]).hash
    other = [list(row) for row in rows]
    other[0][0] += 0.5
    assert of(rows).hash != of(other).hash


@given(tables, tables)
def test_one_hash_means_the_same_rows_as_often(one, two):
    same = len(one[0]) == len(two[0]) and sorted(map(tuple, one)) == sorted(map(tuple, two))
    assert (of(one).hash == of(two).hash) is same


@given(tables, st.randoms())
def test_rows_that_the_mixture_cannot_tell_apart_are_still_in_one_order(rows, random):
    """Were the 64-bit mixture broken altogether, order and duplicates would still come out right."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots, "_mixed", lambda words: np.zeros(len(words), dtype=np.uint64))
        assert of(rows) == of(random.sample(rows, len(rows)))
        assert of(rows).hash != of([*rows, rows[0], rows[0]]).hash
        patch.setattr(snapshots, "_mixed", lambda words: words[:, 0] & np.uint64(1 << 52))
        assert of(rows) == of(random.sample(rows, len(rows)))


def test_duplicates_do_not_cancel():
    rows = [[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]]
    assert len({of(rows).hash, of(rows[2:]).hash, of(rows[1:]).hash, of(rows + rows[:2]).hash}) == 4


def test_columns_in_any_order_under_their_names():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    here = Snapshot.of(X, y, ["a", "b", "c"])
    assert here == Snapshot.of(X[:, [2, 0, 1]], y, ["c", "a", "b"])
    assert here.hash != Snapshot.of(X[:, [2, 0, 1]], y, ["a", "b", "c"]).hash
    assert here.hash != Snapshot.of(X, y, ["a", "b", "d"]).hash
    assert here.hash != Snapshot.of(X, y).hash
    assert here.hash != Snapshot.of(X, y, ["a", "b", "c"], references={"r": "n"}).hash


def test_numbers_count_by_value():
    assert of([[0.0, 1.0]]) == of([[-0.0, 1.0]])
    assert of([[0.1, 1.0]]).hash != of([[np.nextafter(0.1, 1), 1.0]]).hash
    X = np.array([[0.1], [2.5]], dtype=np.float32)
    assert Snapshot.of(X, np.zeros(2)) == Snapshot.of(X.astype(np.float64), np.zeros(2))


def test_more_rows_than_a_block_shuffled(rng, monkeypatch):
    monkeypatch.setattr(snapshots, "BLOCK_ROWS", 7)
    rows = rng.integers(0, 3, size=(100, 3)).astype(float)
    first = of(rows)
    assert first == of(rng.permutation(rows))
    monkeypatch.undo()
    assert first == of(rows)


def test_whole_numbers_are_told_apart_by_the_mixture(rng):
    """All their bits are at the top of a float64: a mixture of low bits alone would tell none apart."""
    rows = np.unique(rng.integers(0, 50, size=(20_000, 4)).astype(float), axis=0)
    words = snapshots._words(rows[:, :-1], rows[:, -1], [0, 1, 2], slice(None))
    assert len(np.unique(snapshots._mixed(words))) == len(rows)


def as_csv(columns, path):
    pd.DataFrame(columns).to_csv(path / "t.csv", index=False)
    return open_rows(path / "t.csv")


def as_parquet(columns, path):
    parquet.write_table(pa.table(columns), path / "t.parquet")
    return open_rows(path / "t.parquet")


FORMS = [lambda columns, path: pd.DataFrame(columns), lambda columns, path: pl.DataFrame(columns),
         lambda columns, path: pa.table(columns), as_csv, as_parquet]  # fmt: skip


@pytest.mark.filterwarnings("ignore::trueline.errors.TruelineWarning")
def test_every_kind_of_file_gives_one_snapshot(tmp_path):
    found, sources = set(), []
    for turn, form in enumerate(FORMS):
        order = np.random.default_rng(turn).permutation(7)
        columns = {name: [values[i] for i in order] for name, values in list(FLATS.items())[:: (-1) ** turn]}
        table = form(columns, tmp_path)
        schema = Schema.learn(table, "price", one_hot=["region"])
        model = LeastSquares().fit(*schema.source(table).to_arrays())
        save(model, tmp_path / "m.json", X=table, y="price", schema=schema)
        data = load(tmp_path / "m.json").data
        found.add((data.hash, data.rows))
        sources += data.sources
    assert len(found) == 1 and found.pop()[1] == 7
    assert sources == ["t.csv", "t.parquet"]


def test_arrays_frames_and_names_of_columns(tmp_path, rng):
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    frame = pd.DataFrame(X, columns=["a", "b"])
    model = LeastSquares().fit(frame, y)
    expected = Snapshot.of(X, y, ["a", "b"])
    named = LeastSquares().fit(frame.assign(y=y), "y")
    for fitted, rows in ((model, (X, y)), (model, (frame, y)), (named, (frame.assign(y=y), "y"))):
        save(fitted, tmp_path / "m.json", X=rows[0], y=rows[1])
        assert load(tmp_path / "m.json").data == expected
    save(model, tmp_path / "m.json", X=X, y=y, snapshot=Snapshot.of(X, y, ["a", "b"], sources=["flats.csv"]))
    assert load(tmp_path / "m.json").data.sources == ("flats.csv",)
    save(model, tmp_path / "m.json", X=X, y=y, snapshot=False, reference=False)
    back = load(tmp_path / "m.json")
    assert back.data is None and back.reference is None
    save(model, tmp_path / "m.json")
    assert load(tmp_path / "m.json").data is None


def test_what_was_loaded_keeps_or_drops_what_it_had(tmp_path, rng):
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    save(LeastSquares().fit(X, y), tmp_path / "a.json", X=X, y=y)
    save(load(tmp_path / "a.json"), tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    save(load(tmp_path / "a.json"), tmp_path / "b.json", snapshot=False, reference=False)
    back = load(tmp_path / "b.json")
    assert back.data is None and back.reference is None


def test_rows_that_are_not_of_the_model_are_refused(tmp_path, rng):
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    model = LeastSquares().fit(X, y)
    for rows, kind in (((X[:, :1], y), ShapeError), ((X, y[:-1]), ShapeError), ((X, None), OptionError),
                       ((None, y), OptionError), ((X * np.nan, y), ValueError)):  # fmt: skip
        with pytest.raises(kind):
            save(model, tmp_path / "m.json", X=rows[0], y=rows[1])
    assert not (tmp_path / "m.json").exists()
    for names in (["a"], ["a", "b", "c"]):
        with pytest.raises(ShapeError, match=re.escape("X (30, 2) and y (30,)")):
            Snapshot.of(X, y, names)


@pytest.mark.parametrize(
    "change",
    [{"hash": "0" * 63}, {"hash": "G" * 64}, {"hash": None}, {"rows": 0}, {"rows": True}, {"rows": 1.0},
     {"rows": 2**63}, {"sources": "x"}, {"sources": [1]}, {"sources": ["a"] * 1001}, {"more": 1}],
    ids=str,
)  # fmt: skip
def test_a_damaged_snapshot_is_refused(change):
    good = {"hash": "0" * 64, "rows": 1, "sources": ["a"]}
    assert Snapshot.from_dict(good) == Snapshot("0" * 64, 1, ("a",)) and Snapshot.from_dict(None) is None
    with pytest.raises(ArtifactError, match="data"):
        Snapshot.from_dict(good | change)
    with pytest.raises(ArtifactError, match="data"):
        Snapshot.from_dict([])
