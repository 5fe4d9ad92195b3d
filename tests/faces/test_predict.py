"""``trueline predict``: columns by name, every row accounted for, never wrong numbers."""

from __future__ import annotations

import csv
import shlex

import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression

from trueline.ship import load, save


def rewrite(flats, name, change):
    """The flats again, each row through `change`."""
    rows = [change(row) for row in csv.DictReader(flats.read_text().splitlines())]
    path = flats.parent / name
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def full(row):
    return {**row, "age": row["age"] or "40"}


def test_the_answers_are_those_of_the_model(run, flats, model):
    new = rewrite(flats, "new.csv", full)
    rows = list(csv.DictReader(new.read_text().splitlines()))
    frame = pa.table({"region": [r["region"] for r in rows], "rooms": [float(r["rooms"]) for r in rows],
                      "age": [float(r["age"]) for r in rows]})  # fmt: skip
    expected = load(model).predict(frame).tolist()
    printed = run("predict", model, new)
    assert printed.code == 0
    assert printed.out.splitlines()[0] == "price"
    assert [float(line) for line in printed.out.splitlines()[1:]] == expected
    assert run("predict", model, new, "--json").json["predictions"] == expected
    said = run("predict", model, new, "-o", "p.csv")
    assert "60 rows predicted" in said.out and (flats.parent / "p.csv").read_text() == printed.out


def test_swapped_columns_and_an_absent_target_change_nothing(run, flats, model):
    straight = run("predict", model, rewrite(flats, "a.csv", full)).out
    swapped = rewrite(flats, "b.csv", lambda row: {name: full(row)[name] for name in ("age", "rooms", "region")})
    assert run("predict", model, swapped).out == straight


def test_missing_and_extra_columns_are_all_named(run, flats, model):
    new = rewrite(flats, "new.csv", lambda row: {"region": row["region"], "Rooms ": row["rooms"], "tax": 1, "vat": 2})
    said = run("predict", model, rewrite(flats, "new.csv", lambda row: {"region": row["region"], "tax": 1, "vat": 2}))
    assert said.code == 2
    assert all(part in said.err for part in ("rooms: missing", "age: missing", "tax: not a col", "vat: not a col"))
    assert new.exists()


def test_extra_columns_can_be_dropped_by_the_printed_command(run, flats, model):
    new = rewrite(flats, "new.csv", lambda row: {**full(row), "sold on": "monday"})
    command = run("predict", model, new, "--json").json["command"]
    assert "--drop 'sold on'" in command
    assert run(*shlex.split(command)[1:]).json["rows"] == 60


def test_a_column_that_the_model_needs_cannot_be_dropped(run, flats, model):
    said = run("predict", model, flats, "--drop", "rooms")
    assert said.code == 2 and "rooms: the model needs this column" in said.err


def test_unknown_levels_are_refused_with_their_row(run, flats, model):
    new = rewrite(flats, "new.csv", lambda row: {**full(row), "region": "east" if row["flat_id"] == "f-4" else "west"})
    said = run("predict", model, new)
    assert said.code == 2 and "'east'" in said.err and "row 5" in said.err


def test_blanks_are_refused_or_left_empty_also_in_the_last_row(run, flats, model):
    new = rewrite(flats, "new.csv", lambda row: {**row, "age": "" if row["flat_id"] == "f-59" else row["age"]})
    refused = run("predict", model, new, "--json")
    assert refused.code == 2
    found = run(*shlex.split(refused.json["command"])[1:]).json
    assert (found["rows"], found["skipped"], len(found["predictions"])) == (60, 2, 60)
    assert [i for i, value in enumerate(found["predictions"]) if value is None] == [7, 59]
    run("predict", model, new, "--skip-missing", "-o", "p.csv")
    assert [row["price"] == "" for row in csv.DictReader((flats.parent / "p.csv").read_text().splitlines())].count(
        True
    ) == 2


def test_a_model_of_somebody_else_is_matched_by_its_names(run, tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0, 5.0], "b": [0.0, 1.0, 0.0, 3.0]})
    save(LinearRegression().fit(frame, 10 * frame["a"] - frame["b"]), tmp_path / "m.json")
    (tmp_path / "new.csv").write_text("b,a\n1,100\n")
    assert float(run("predict", "m.json", "new.csv").out.splitlines()[1]) == pytest.approx(999)


def test_a_model_without_names_is_refused(run, tmp_path):
    save(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]), tmp_path / "m.json")
    (tmp_path / "new.csv").write_text("a\n1\n")
    said = run("predict", "m.json", "new.csv")
    assert said.code == 2 and "no names" in said.err and "schema" in said.err


@pytest.mark.parametrize("output", ["model.json", "flats.csv"])
def test_nothing_that_is_read_is_overwritten(run, flats, model, output):
    before = (flats.parent / output).read_bytes()
    said = run("predict", "model.json", "flats.csv", "--skip-missing", "-o", output)
    assert said.code == 2 and "overwrite" in said.err
    assert (flats.parent / output).read_bytes() == before


def test_arguments_the_wrong_way_round(run, flats, model):
    said = run("predict", "flats.csv", "model.json")
    assert said.code == 2 and "The model comes first" in said.err


def test_a_damaged_model_is_named(run, flats, model):
    model.write_bytes(model.read_bytes().replace(b"e", b"E", 1))
    said = run("predict", "model.json", "flats.csv")
    assert said.code == 2 and "model.json" in said.err
