"""``trueline forget``: the model of the remaining rows, what else remembered them, and what cannot be known."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from trueline.ship import load


@pytest.fixture
def kept(run, flats, clean):
    """A model of the flats that can forget."""
    assert run("fit", flats.name, "--target", "price", *clean, "--keep-moments", "-o", "model.json").code == 0
    return Path("model.json")


def write(name, rows):
    with open(name, "w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return name


@pytest.fixture
def parts(flats):
    """Rows 3 to 14 of the flats, a blank among them, and the rest."""
    rows = list(csv.DictReader(flats.read_text().splitlines()))
    return write("gone.csv", rows[3:15]), write("rest.csv", rows[:3] + rows[15:])


def test_the_answer_is_that_of_a_fit_without_the_rows(run, kept, parts, clean):
    gone, rest = parts
    found = run("forget", kept, gone, "-o", "new.json", "--json").json
    refit = run("fit", rest, "--target", "price", *clean, "--json").json
    for name, value in refit["coefficients"].items():
        assert found["coefficients"][name]["after"] == pytest.approx(value, rel=1e-9)
    assert found["intercept"]["after"] == pytest.approx(refit["intercept"], rel=1e-9)
    for name in ("rows", "train_mse", "train_r2", "rank"):
        assert found["training"][name] == pytest.approx(refit["training"][name], rel=1e-9)
    assert found["rows"] == {"before": 59, "forgotten": 11, "after": 48} and found["skipped"] == 1
    saved = load("new.json")
    assert saved.coef_.tolist() == [pair["after"] for pair in found["coefficients"].values()]
    assert saved.training == found["training"] and saved.training["forgotten_rows"] == 11
    assert not {"held_out_mse", "held_out_r2", "held_out_rows", "seed"} & set(saved.training)
    assert load(kept).coef_.tolist() == [pair["before"] for pair in found["coefficients"].values()]


def test_what_a_person_reads(run, kept, parts):
    printed = run("forget", kept, parts[0], "-o", "new.json")
    assert printed.code == 0 and printed.err.startswith("model.json: checksum holds; not signed")
    for part in (
        "59 rows, 11 forgotten -> 48 rows", "1 row with a blank was skipped", "price per unit", "before", "after",
        "Refreshed: coefficients", "train_mse",
        "Dropped, since they remember the forgotten rows: metrics, snapshot, reference",
        "so its range is no longer known; what remains lies within",
        "What cannot be known", "ever in the fit", "copies", "Saved new.json",
    ):  # fmt: skip
        assert part in printed.out, part


def test_in_place_and_again(run, kept, parts):
    assert run("forget", kept, parts[0], "--in-place").code == 0
    assert load(kept).training["forgotten_rows"] == 11
    rows = list(csv.DictReader(Path("rest.csv").read_text().splitlines()))
    assert run("forget", kept, write("two.csv", rows[20:22]), "--in-place").code == 0
    assert (load(kept).training["rows"], load(kept).training["forgotten_rows"]) == (46, 13)


@pytest.mark.parametrize("flags", [(), ("--in-place", "-o", "new.json")], ids=["nowhere", "both"])
def test_a_place_is_named_once(run, kept, parts, flags):
    before = kept.read_bytes()
    said = run("forget", kept, parts[0], *flags)
    assert said.code == 2 and "--in-place" in said.err and "-o" in said.err
    assert kept.read_bytes() == before and not Path("new.json").exists()


@pytest.mark.parametrize("output", ["model.json", "gone.csv"])
def test_nothing_that_is_read_is_overwritten(run, kept, parts, output):
    said = run("forget", kept, parts[0], "-o", output)
    assert said.code == 2 and "overwrite" in said.err


def test_models_that_cannot_forget(run, flats, clean, parts):
    run("fit", flats, "--target", "price", *clean, "-o", "plain.json")
    said = run("forget", "plain.json", parts[0], "-o", "new.json")
    assert said.code == 2 and "plain.json" in said.err and "--keep-moments" in said.err
    run("fit", flats, "--target", "price", *clean, "--standardize", "-o", "descent.json")
    said = run("forget", "descent.json", parts[0], "-o", "new.json", "--json")
    assert said.code == 2 and "LinearRegressionGD" in said.json["error"]
    assert not Path("new.json").exists()


def test_descent_keeps_no_moments_and_says_so_before_the_rows_are_read(run, flats, monkeypatch):
    monkeypatch.setattr("trueline.faces.fitting.read_table", lambda *args: pytest.fail("the rows were read"))
    said = run("fit", flats, "--target", "price", "--keep-moments", "--momentum", "0.5")
    assert said.code == 2 and "closed form" in said.err


def test_columns_are_matched_by_name(run, kept, parts, flats):
    rows = list(csv.DictReader(flats.read_text().splitlines()))[3:6]
    swapped = write("s.csv", [{name: row[name] for name in ("price", "age", "region", "rooms")} for row in rows])
    assert run("forget", kept, swapped, "-o", "new.json", "--json").json["rows"]["forgotten"] == 3
    extra = write("e.csv", [{**row, "sold on": "monday"} for row in rows])
    refused = run("forget", kept, extra, "-o", "e.json", "--json")
    assert refused.code == 2 and refused.json["command"].endswith("--drop 'sold on'")
    assert run("forget", kept, extra, "-o", "e.json", "--drop", "sold on").code == 0
    missing = write("m.csv", [{name: row[name] for name in ("age", "region", "rooms")} for row in rows])
    said = run("forget", kept, missing, "-o", "new2.json")
    assert said.code == 2 and "price: missing" in said.err


def test_rows_that_were_not_in(run, kept, flats):
    rows = list(csv.DictReader(flats.read_text().splitlines()))[3:6]
    for change, word in (({"price": "99999"}, "spread of y"), ({"rooms": "77"}, "rooms: 77"),
                         ({"region": "east"}, "'east'")):  # fmt: skip
        said = run("forget", kept, write("x.csv", [{**rows[0], **change}, *rows[1:]]), "-o", "new.json")
        assert said.code == 2 and word in said.err, change
    assert run("forget", kept, flats, "-o", "new.json").code == 2
    assert not Path("new.json").exists()


def test_the_last_row_of_a_level_is_refused_by_name(run, kept, flats):
    rows = [row for row in csv.DictReader(flats.read_text().splitlines()) if row["region"] == "west"]
    said = run("forget", kept, write("west.csv", rows), "-o", "new.json")
    assert said.code == 2 and "region: no row is left with the level 'west'" in said.err


def test_only_blanks_is_nothing_to_forget(run, kept, flats):
    row = list(csv.DictReader(flats.read_text().splitlines()))[7]
    said = run("forget", kept, write("blank.csv", [row]), "-o", "new.json")
    assert said.code == 2 and "blank" in said.err


@pytest.fixture
def outlier(run, flats, clean):
    """A model of the flats and one of a price a million times theirs; that row."""
    rows = list(csv.DictReader(flats.read_text().splitlines()))
    far = {"flat_id": "f-x", "region": "north", "rooms": "3", "age": "1.5", "price": "3e9"}
    words = ("--target", "price", *clean, "--keep-moments", "-o", "model.json")
    assert run("fit", write("all.csv", [*rows, far]), *words).code == 0
    return write("far.csv", [far])


def test_digits_that_are_lost_are_a_warning_or_with_strict_the_end(run, outlier):
    strict = run("forget", "model.json", outlier, "-o", "new.json", "--strict", "--json")
    assert strict.code == 3 and not Path("new.json").exists()
    assert strict.json["saved"] is None and strict.json["digits"] < 9 and "digits" in strict.json["error"]
    loose = run("forget", "model.json", outlier, "-o", "new.json")
    assert loose.code == 0 and "warning: only" in loose.out and "Fit again" in loose.out
    assert json.loads(Path("new.json").read_text())["training"]["digits"] < 9


def test_arguments_the_wrong_way_round(run, kept, parts):
    said = run("forget", parts[0], kept, "-o", "new.json")
    assert said.code == 2 and "trueline forget model.json" in said.err


def test_keeping_moments_says_what_they_tell(run, flats, clean):
    words = ("fit", flats, "--target", "price", *clean, "-o", "m.json")
    assert "moments tell" in run(*words, "--keep-moments").out and "moments tell" not in run(*words).out
