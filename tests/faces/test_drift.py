"""``trueline drift``: a table, JSON or a page; the exit code says drift, none, unreadable, or not enough data."""

from __future__ import annotations

import csv

import pyarrow as pa
import pytest


def windows(flats, name, change=lambda row: row, times=4):
    """The flats of training several times over, blanks filled, each row through `change`."""
    rows = [change({**row, "age": row["age"] or "40"}) for row in csv.DictReader(flats.read_text().splitlines())]
    path = flats.parent / name
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows * times)
    return path


def test_no_drift_is_0(run, flats, model):
    said = run("drift", model, windows(flats, "june.csv", times=1))
    assert said.code == 0
    assert said.out.startswith("No drift: 60 rows against 59 of training, false alarms at most 0.01")
    assert all(name in said.out for name in ("region", "rooms", "age", "prediction", "residual"))


def test_an_alarm_is_1(run, flats, model):
    older = windows(flats, "july.csv", lambda row: {**row, "age": float(row["age"]) + 50})
    said = run("drift", model, older)
    assert said.code == 1 and said.out.startswith("DRIFT in age")
    told = run("drift", model, older, "--json").json
    assert told["alarm"] is True and told["exit_code"] == 1 and told["drifted"][0] == "age"
    assert told["features"][0]["name"] == "age" and told["features"][0]["felt"] == pytest.approx(-50, abs=2)
    assert told["model"]["sha256"] and "cells" not in told["features"][0]


def test_what_cannot_be_read_is_2(run, flats, model):
    assert run("drift", model, "nowhere.parquet").code == 2
    (flats.parent / "torn.parquet").write_bytes(b"PAR1")
    assert "torn.parquet" in run("drift", model, "torn.parquet").err
    (flats.parent / "not.json").write_text("{}")
    assert run("drift", "not.json", flats).code == 2
    assert "trueline: alpha must lie between 0 and 1" in run("drift", model, flats, "--alpha", "2").err


def test_not_enough_is_3(run, flats, model):
    few = windows(flats, "few.csv", times=1)
    few.write_text("\n".join(few.read_text().splitlines()[:4]) + "\n")
    said = run("drift", model, few)
    assert said.code == 3 and said.out.startswith("Not enough data: 3 rows")
    (flats.parent / "none.csv").write_text("region,rooms,age\n")
    said = run("drift", model, "none.csv", "--json")
    assert said.code == 3 and said.json["refusal"] == "the window has no rows"


def test_columns_that_training_did_not_have(run, flats, model):
    more = windows(flats, "more.csv", lambda row: {**row, "tax": 3}, times=1)
    said = run("drift", model, more)
    assert said.code == 3 and "tax: not a column of the schema" in said.out
    assert said.out.startswith("COLUMNS DIFFER: 60 rows") and "To leave them out: --drop tax" in said.out
    assert run("drift", model, more, "--drop", "tax").code == 0
    assert "model needs this column" in run("drift", model, more, "--drop", "rooms").err


def test_columns_that_went_together_and_no_longer_do(run, flats, clean):
    fitted = run("fit", flats, "--target", "price", *clean, "--keep-correlations", "-o", "both.json")
    assert fitted.code == 0 and "Correlations: " in run("show", "both.json").out
    same = run("drift", "both.json", windows(flats, "same.csv", times=1))
    assert same.code == 0 and "1 pair of columns: none goes together otherwise than in training" in same.out
    tied = windows(flats, "tied.csv", lambda row: {**row, "rooms": 1 + int(float(row["age"]) // 16)})
    said = run("drift", "both.json", tied)
    assert (
        said.code == 1 and "1 pair of columns: 1 goes together otherwise" in said.out and "rooms & age: phi" in said.out
    )


def test_labels_under_another_name(run, flats, model):
    def renamed(row):
        return {("paid" if name == "price" else name): value for name, value in row.items()}

    paid = windows(flats, "paid.csv", renamed, times=1)
    assert run("drift", model, paid, "--target", "paid", "--json").json["residual"]["rows"] == 60
    assert run("drift", model, paid, "--target", "sold").code == 2


def test_alpha_is_spread_over_windows(run, flats, model):
    new = windows(flats, "new.csv", times=1)
    assert run("drift", model, new, "--window", "3", "--windows", "10", "--json").json["level"] == pytest.approx(0.001)
    assert run("drift", model, new, "--window", "9", "--json").json["level"] == pytest.approx(0.01 / 90)
    assert "--windows needs --window" in run("drift", model, new, "--windows", "10").err
    assert "used up" in run("drift", model, new, "--window", "11", "--windows", "10").err


def test_a_model_without_its_rows(run, flats, model):
    from trueline.ship import load, save

    stored = load(model)
    save(stored, flats.parent / "bare.json", reference=False)
    said = run("drift", "bare.json", flats)
    assert said.code == 2 and "bare.json: this model does not remember" in said.err


def test_the_page_is_written_and_overwrites_nothing_that_is_read(run, flats, model):
    pytest.importorskip("vl_convert")
    assert run("drift", model, flats, "--html", model).code == 2
    said = run("drift", model, windows(flats, "june.csv", times=1), "--html", "drift.html")
    assert said.code == 0 and "written: drift.html" in said.out
    assert "price: no drift" in (flats.parent / "drift.html").read_text()


def test_labels_cannot_be_a_column_that_the_model_takes(run, flats, model):
    said = run("drift", model, windows(flats, "new.csv", times=1), "--target", "rooms")
    assert said.code == 2 and "rooms: the model predicts from this column" in said.err


def test_a_model_that_hides_its_rows_is_not_told_to_save_them(run, flats):
    from trueline.defend import PrivateLeastSquares
    from trueline.rows.schema import Schema
    from trueline.ship import save

    X, y = [[1.0, 2.0], [3.0, 5.0], [4.0, 4.0]], [1.0, 2.0, 3.0]
    private = PrivateLeastSquares(bounds=(0, 5), y_bounds=(0, 5)).fit(X, y)
    schema = Schema.learn(pa.table({"a": [1.0, 3.0, 4.0], "b": [2.0, 5.0, 4.0]}))
    save(private, flats.parent / "private.json", schema=schema)
    said = run("drift", "private.json", flats)
    assert said.code == 2 and "hides its rows" in said.err and "fit -o" not in said.err


def test_numbers_far_out_keep_the_table_narrow(run, flats, model):
    far = windows(flats, "far.csv", lambda row: {**row, "age": float(row["age"]) * 1e300}, times=1)
    said = run("drift", model, far)
    assert said.code == 1 and max(map(len, said.out.splitlines())) < 160
