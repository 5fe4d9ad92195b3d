"""Files and flags on their way in: a name that nobody knows is an error, whatever the command."""

from __future__ import annotations

import pyarrow as pa
import pytest

from trueline import LeastSquares
from trueline.ship import save


@pytest.fixture
def kept(run, flats, clean):
    """A model that can forget."""
    assert run("fit", flats.name, "--target", "price", *clean, "--keep-moments", "-o", "kept.json").code == 0
    return "kept.json"


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "kept.json", "flats.csv", "--skip-missing"),
        ("forget", "kept.json", "flats.csv", "-o", "new.json"),
        ("drift", "kept.json", "flats.csv"),
        ("audit", "flats.csv", "--target", "price", "--model", "kept.json", "--effort", "quick"),
        ("fit", "flats.csv", "--target", "price"),
        ("verify", "flats.csv", "--target", "price"),
        ("attack", "flats.csv", "--target", "price"),
    ],
    ids=lambda words: words[0],
)
def test_a_column_to_drop_that_is_not_there_is_named_with_what_was_meant(run, flats, kept, words):
    said = run(*words, "--drop", "flat_idd")
    assert said.code == 2 and "flat_idd: no such column to drop, did you mean flat_id?" in said.err
    assert not (flats.parent / "new.json").exists()


def test_what_the_model_knows_can_be_dropped_where_it_is_not(run, flats, kept):
    """The same flags as for the fit, for files with and without what it left out."""
    (flats.parent / "new.csv").write_text("region,rooms,age\nnorth,3,40\n")
    assert run("predict", kept, "new.csv", "--drop", "flat_id", "--drop", "price").code == 0


def test_a_model_without_a_schema_can_leave_columns_out(run, flats, kept):
    save(LeastSquares().fit(pa.table({"rooms": [1.0, 2.0, 4.0]}), [1.0, 2.0, 3.0]), "bare.json")
    (flats.parent / "new.csv").write_text("rooms,tax,price\n1,5,1\n2,5,2\n4,5,3.1\n")
    verify = ("verify", "new.csv", "--target", "price", "--model", "bare.json", "--fail-on", "critical")
    assert run(*verify, "--drop", "tax").code == 0
    said = run(*verify, "--drop", "taxes")
    assert said.code == 2 and "taxes: no such column to drop, did you mean tax?" in said.err
