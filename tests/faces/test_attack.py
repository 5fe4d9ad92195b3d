"""``trueline attack``: poison that does what is said, within what columns hold, ready to be appended."""

from __future__ import annotations

import csv
import hashlib
import json

import numpy as np
import pytest

from trueline import LeastSquares
from trueline.faces.attacking import KINDS

COLUMNS = ("--target", "price", "--one-hot", "region", "--drop", "flat_id", "--drop-missing")
AIM = {"targeted": ("--at-row", "5", "--shift", "40")}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_writes_rows_that_can_be_appended_and_do_the_harm_it_says(run, flats, kind):
    words = (
        "attack",
        flats,
        *COLUMNS,
        "--kind",
        kind,
        "--rate",
        "0.1",
        *AIM.get(kind, ()),
        "-o",
        "poison.csv",
        "--json",
    )
    result = run(*words)
    assert result.code == 0, result.err
    said = result.json
    rows = list(csv.DictReader((flats.parent / "poison.csv").read_text().splitlines()))
    assert len(rows) == said["poison_rows"] == 6 and list(rows[0]) == ["region", "rooms", "age", "price"]
    assert {row["region"] for row in rows} <= {"north", "south", "west"}
    clean = [row for row in csv.DictReader(flats.read_text().splitlines()) if row["age"]]
    for column in ("rooms", "age", "price"):
        values = [float(row[column]) for row in clean]
        assert all(min(values) <= float(row[column]) <= max(values) for row in rows)
    assert all(float(row["rooms"]).is_integer() for row in rows)
    X, y = numbers(clean)
    model = LeastSquares().fit(*(np.concatenate(pair) for pair in zip((X, y), numbers(rows), strict=True)))
    assert np.mean((model.predict(X) - y) ** 2) == pytest.approx(said["mse_after"], rel=1e-6)
    assert said["mse_after"] > said["mse_before"]


def numbers(rows):
    X = [[r["region"] == "south", r["region"] == "west", float(r["rooms"]), float(r["age"])] for r in rows]
    return np.array(X, dtype=float), np.array([float(r["price"]) for r in rows])


def test_a_person_reads_what_it_does_and_where_it_went(run, flats):
    result = run("attack", flats, *COLUMNS, "--kind", "targeted", *AIM["targeted"], "-o", "poison.csv")
    assert "flats.csv: 59 rows; targeted adds 6 (9.2% of all)" in result.out
    assert "its maker knows the model and controls added rows" in result.out
    assert "prediction for row 5" in result.out and "+40" in result.out
    assert "Saved poison.csv" in result.out and "poison.csv.json" in result.out
    assert "Not saved" in run("attack", flats, *COLUMNS, "--kind", "flip").out


def test_beside_the_rows_stands_where_they_come_from(run, flats):
    run("attack", flats, *COLUMNS, "--kind", "flip", "--seed", "3", "-o", "poison.csv")
    about = json.loads((flats.parent / "poison.csv.json").read_text())
    assert about["sha256"] == hashlib.sha256((flats.parent / "poison.csv").read_bytes()).hexdigest()
    assert (about["kind"], about["seed"], about["made_for"], about["target"]) == (
        "flip_labels",
        3,
        "flats.csv",
        "price",
    )
    first = (flats.parent / "poison.csv").read_bytes()
    run("attack", flats, *COLUMNS, "--kind", "flip", "--seed", "3", "-o", "again.csv")
    assert (flats.parent / "again.csv").read_bytes() == first


def test_labels_stay_within_the_bounds_given(run, flats):
    result = run("attack", flats, *COLUMNS, "--kind", "flip", "--y-bounds", "-50", "900", "-o", "poison.csv")
    assert result.code == 0
    labels = [float(row["price"]) for row in csv.DictReader((flats.parent / "poison.csv").read_text().splitlines())]
    assert labels and set(labels) <= {-50.0, 900.0}


def test_the_attack_that_knows_the_defence(run, flats):
    words = ("attack", flats, *COLUMNS, "--kind", "adaptive", "--against", "trimmed", "--json")
    said = run(*words).json
    assert said["knows"] == "defence" and said["mse_after"] > said["mse_before"]


@pytest.mark.parametrize(
    ("words", "message"),
    [(("--kind", "magic"), "--kind must be one of outlier, flip"),
     (("--kind", "targeted"), "needs --at-row"),
     (("--kind", "flip", "--shift", "3"), "go with --kind targeted"),
     (("--kind", "targeted", "--at-row", "99", "--shift", "3"), "the table has 59 rows"),
     (("--kind", "targeted", "--at-row", "9", "--shift", "0"), "the goal is met already"),
     (("--kind", "flip", "--against", "huber"), "--against goes with --kind adaptive"),
     (("--kind", "adaptive", "--against", "prayer"), "--against must be one of"),
     (("--kind", "flip", "--y-bounds", "5000", "9000"), "exclude"),
     (("--kind", "flip", "-o", "flats.csv"), "would overwrite what is read"),
     (("--kind", "flip", "--y-bounds", "9", "5"), "got --y-bounds 9.0 5.0"),
     (("--rate", "0.001"), "Raise --rate"),
     (("--rate", "0"), "--rate must be above 0")],
)  # fmt: skip
def test_what_cannot_be_done_is_said(run, flats, words, message):
    result = run("attack", flats, *COLUMNS, *words)
    assert result.code == 2 and message in result.err
    assert not (flats.parent / "poison.csv").exists()


def test_without_the_flags_the_command_to_paste_is_given(run, flats):
    result = run("attack", flats, "--target", "price")
    assert result.code == 2 and "trueline attack" in result.err and "--one-hot region" in result.err
