"""``trueline show | card | export | keygen | schema``: one model file, for people and machines."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex

import numpy as np
import pyarrow as pa
import pytest
from rich.cells import cell_len

from trueline import LeastSquares, Schema
from trueline.defend import PrivateLeastSquares
from trueline.ship import Snapshot, load, save
from trueline.ship.sealing import canonical, seal


@pytest.fixture
def keys(run):
    assert run("keygen", "release").code == 0
    return "release.key", "release.pub"


@pytest.fixture
def wild(flats):
    """A flat of 99 rooms, beyond what training saw."""
    path = flats.parent / "wild.csv"
    path.write_text("region,rooms,age\nnorth,99,40\nsouth,3,40\n")
    return path


def values_of(text):
    return [float(row[0]) for row in list(csv.reader(io.StringIO(text)))[1:]]


def test_fit_records_where_the_model_came_from(run, flats, clean):
    assert run("fit", flats.name, "--target", "price", *clean, "-o", "m.json", "--seed", 3).code == 0
    model = load("m.json")
    assert model.data.sources == (flats.name,) and model.data.rows == 59 and model.reference is not None
    training = model.training
    assert training["metrics"]["rows"] == 12 and training["seeds"] == {"held_out": 3}
    assert training["versions"]["trueline"] and training["rows"] == 59
    assert (
        run("fit", flats.name, "--target", "price", *clean, "-o", "n.json", "--no-snapshot", "--no-reference").code == 0
    )
    model = load("n.json")
    assert model.data is None and model.reference is None
    descent = ("--lr", "0.0005", "--epochs", 5)
    assert run("fit", flats.name, "--target", "price", *clean, "-o", "d.json", *descent).code == 0
    training = load("d.json").training
    assert training["epochs"] == 5 and training["lr"] == 0.0005 and training["status"] == "epochs used up"
    assert training["seeds"] == {"random_state": 0, "held_out": 0}


def test_the_order_of_the_file_does_not_change_the_snapshot(run, flats, clean):
    run("fit", flats.name, "--target", "price", *clean, "-o", "a.json")
    header, *lines = flats.read_text().splitlines()
    flats.write_text("\n".join([header, *reversed(lines)]) + "\n")
    run("fit", flats.name, "--target", "price", *clean, "-o", "b.json")
    assert load("a.json").data == load("b.json").data
    flats.write_text("\n".join([header, *lines, lines[-1]]) + "\n")
    run("fit", flats.name, "--target", "price", *clean, "-o", "c.json")
    assert load("c.json").data.hash != load("a.json").data.hash


def test_show_says_what_it_is_and_what_it_tells(run, model):
    said = run("show", model)
    assert said.code == 0 and "LeastSquares -> price" in said.out and "rooms" in said.out
    assert "59 rows from flats.csv" in said.out and "What this file tells about its training rows" in said.out
    assert said.err == f"{model}: checksum holds; not signed, so who wrote it is not known\n"
    found = run("show", model, "--json").json
    assert found["data"]["rows"] == 59 and found["checked"] == "checksum" and found["reveals"]


def test_a_card_is_written_or_printed(run, model):
    printed = run("card", model)
    assert printed.out.startswith("# Model card: model.json")
    said = run("card", model, "-o", "card.md")
    assert "card.md" in said.out
    with open("card.md", encoding="utf-8") as card:
        assert card.read() == printed.out
    assert run("card", model, "-o", model).code == 2


def test_export_writes_a_graph_that_answers_as_the_model_does(run, model):
    runtime = pytest.importorskip("onnxruntime")
    said = run("export", model, "-o", "m.onnx", "--json").json
    assert said["features"] == 4 and said["bytes"] == os.path.getsize("m.onnx")
    X = np.array([[1.0, 0.0, 3.0, 20.0]])
    answer = runtime.InferenceSession("m.onnx").run(["y"], {"X": X})[0]
    np.testing.assert_allclose(answer.ravel(), load(model).predict(X), rtol=1e-12)
    assert "knows no policies" in run("export", model, "-o", "n.onnx").out


def test_every_load_says_which_of_the_two_was_checked(run, flats, clean, keys):
    key, pub = keys
    made = run("fit", flats.name, "--target", "price", *clean, "-o", "m.json", "--sign-with", key)
    assert made.code == 0 and f"Saved m.json, signed by key {load('m.json').signature.key}." in made.out
    new = flats.parent / "new.csv"
    new.write_text("region,rooms,age\nnorth,3,40\n")
    plain = run("predict", "m.json", new)
    assert "checksum holds; its signature by key" in plain.err and "was not checked" in plain.err
    checked = run("predict", "m.json", new, "--require-signed", pub, "--json")
    assert "signature of" in checked.err and "holds" in checked.err
    assert checked.json["checked"].startswith("signature of ") and values_of(plain.out) == checked.json["predictions"]
    for words in (("show", "m.json"), ("card", "m.json"), ("schema", "show", "m.json"),
                  ("export", "m.json", "-o", "m.onnx")):  # fmt: skip
        assert "signature of" in run(*words, "--require-signed", pub).err, words
    verified = run("verify", flats, "--target", "price", "--model", "m.json", "--drop-missing", "--require-signed", pub)
    assert "signature of" in verified.err


def test_what_is_not_signed_by_the_owner_is_refused(run, model, flats, keys):
    run("keygen", "other")
    commands = [("predict", model, flats), ("show", model), ("card", model), ("schema", "show", model),
                ("export", model, "-o", "m.onnx"), ("schema", "edit", model, "--extra", "warn"),
                ("verify", flats, "--target", "price", "--model", model),
                ("audit", flats, "--target", "price", "--model", model),
                ("forget", model, flats, "-o", "f.json")]  # fmt: skip
    before = model.read_bytes()
    for words in commands:
        said = run(*words, "--require-signed", keys[1])
        assert said.code == 2 and "model.json: not signed" in said.err, words
    assert model.read_bytes() == before and not os.path.exists("m.onnx")
    assert run("show", model, "--require-signed", keys[0]).code == 2  # the private half
    assert run("show", model, "--require-signed", "gone.pub").code == 2


def test_keygen_says_how_to_use_it_and_never_overwrites(run, keys):
    said = run("keygen", "release")
    assert said.code == 2 and "there already" in said.err
    made = run("keygen", "second", "--json").json
    assert os.stat(made["private"]).st_mode & 0o777 == 0o600 and len(made["key"]) == 16 and made["encrypted"] is False


def test_a_passphrase_comes_from_the_environment(run, monkeypatch, model):
    monkeypatch.setenv("TRUELINE_KEY_PASSPHRASE", "correct horse")
    assert run("keygen", "locked", "--json").json["encrypted"] is True
    edit = ("schema", "edit", model, "--extra", "warn", "--sign-with", "locked.key")
    assert run(*edit).code == 0
    monkeypatch.setenv("TRUELINE_KEY_PASSPHRASE", "wrong")
    said = run(*edit)
    assert said.code == 2 and "locked.key" in said.err and "wrong" not in said.err
    monkeypatch.delenv("TRUELINE_KEY_PASSPHRASE")
    assert run(*edit).code == 2


def test_policies_are_changed_and_sealed_again(run, model, wild):
    loose = run("predict", model, wild)
    assert loose.code == 0 and "warning: rooms: outside 1 to 5" in loose.err and "rows: 1" not in loose.out
    before = model.read_bytes()
    said = run("schema", "edit", model, "--column", "rooms", "--out-of-range", "refuse", "-o", "strict.json")
    assert said.code == 0 and "1 column changed" in said.out and model.read_bytes() == before
    refused = run("predict", "strict.json", wild)
    assert refused.code == 2 and "rooms: outside 1 to 5" in refused.err and "line 2" in refused.err
    assert run("schema", "edit", model, "--out-of-range", "clip").code == 0
    clipped = run("predict", model, wild, "--json")
    assert len(clipped.json["warnings"]) == 1 and "clipped" in clipped.json["warnings"][0]
    assert clipped.json["predictions"][1] == values_of(loose.out)[1]
    assert clipped.json["predictions"][0] == pytest.approx(values_of(loose.out)[0] - 94 * load(model).coef_[2])
    shown = run("schema", "show", model, "--json").json
    assert {c["name"]: c.get("out_of_range") for c in shown["columns"]} == {
        "region": None,
        "rooms": "clip",
        "age": "clip",
    }
    assert shown["row"]["required"] == ["region", "rooms", "age"]


def test_editing_drops_a_signature_and_says_so_unless_it_is_made_anew(run, model, keys):
    key, pub = keys
    assert run("schema", "edit", model, "--extra", "warn", "--sign-with", key).code == 0
    assert run("show", model, "--require-signed", pub).code == 0
    said = run("schema", "edit", model, "--extra", "refuse")
    assert said.code == 0 and "is dropped" in said.err
    assert run("show", model, "--require-signed", pub).code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--column", "romos", "--out-of-range", "clip"), "romos: no such column, did you mean rooms"),
        (("--column", "region", "--out-of-range", "clip"), "region: is category, and has no policy out_of_range"),
        (("--out-of-range", "ignore"), "--out-of-range must be warn, clip or refuse, got 'ignore'"),
        (("--unknown-level", "clip"), "--unknown-level must be refuse or warn, got 'clip'"),
        ((), "nothing to change"),
        (("--column", "rooms", "--extra", "warn"), "Leave out --column"),
        (("--extra", "clip"), "--extra must be refuse or warn, got 'clip'"),
    ],
)
def test_what_cannot_be_edited_is_said_and_nothing_written(run, model, words, said):
    before = model.read_bytes()
    printed = run("schema", "edit", model, *words)
    assert printed.code == 2 and said in printed.err and model.read_bytes() == before


def test_names_and_levels_end_where_they_seem_to(run, tmp_path):
    sides = [" lead", "a, b", "a, b", "plain"]
    table = pa.table({"部屋": [1.0, 2.0, 4.0, 5.0], "side": sides, "y": [1.0, 2.0, 3.0, 5.0]})
    schema = Schema.learn(table, "y", one_hot=["side"])
    save(LeastSquares().fit(*schema.source(table).to_arrays()), "m.json", schema=schema)
    lines = run("schema", "show", "m.json").out.splitlines()
    assert "' lead', 'a, b', plain" in lines[3]
    assert {cell_len(line) for line in lines[1:]} == {cell_len(lines[1])}  # as a terminal draws them


def test_bounds_that_were_declared_were_not_seen(run, tmp_path):
    table = pa.table({"rooms": [1.0, 2.0, 4.0, 5.0], "y": [1.0, 2.0, 3.0, 5.0]})
    schema = Schema.learn(table, "y")
    fitted = PrivateLeastSquares(1.0, bounds=(0, 10), y_bounds=(0, 10)).fit(*schema.source(table).to_arrays())
    save(fitted, "m.json", schema=schema)
    for words in (("schema", "show", "m.json"), ("card", "m.json")):
        printed = run(*words).out
        assert "declared" in printed and "0 to 10" in printed and "seen in training" not in printed, words


@pytest.mark.parametrize("words", [("schema", "show"), ("schema", "edit", "--extra", "warn"), ("predict", "new.csv")])
def test_without_a_schema_it_is_said_how_to_get_one(run, tmp_path, words):
    save(LeastSquares().fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 4.0]), "m.json")
    (tmp_path / "new.csv").write_text("a\n1\n")
    command = (*words[:1], "m.json", *words[1:]) if words[0] == "predict" else (*words[:2], "m.json", *words[2:])
    said = run(*command)
    assert said.code == 2 and 'schema=Schema.learn(table, "target")' in said.err


def test_forget_drops_what_remembers_the_rows(run, flats, clean, keys):
    run("fit", flats.name, "--target", "price", *clean, "--keep-moments", "-o", "m.json", "--sign-with", keys[0])
    gone = flats.parent / "gone.csv"
    gone.write_text("".join(line + "\n" for line in flats.read_text().splitlines()[:4]))
    found = run("forget", "m.json", gone, "--drop", "flat_id", "-o", "f.json", "--json")
    assert {"metrics", "snapshot", "reference"} <= set(found.json["dropped"]) and "is dropped" in found.err
    after = load("f.json")
    assert after.data is None and after.reference is None and after.training["metrics"] is None
    assert after.signature is None
    assert run("forget", "m.json", gone, "--drop", "flat_id", "-o", "f.json", "--sign-with", keys[0]).code == 0
    assert run("show", "f.json", "--require-signed", keys[1]).code == 0


def test_hidden_characters_of_a_file_are_shown_not_sent_to_the_terminal(run, tmp_path):
    X, y = np.arange(8.0)[:, None], np.arange(8.0) ** 2
    evil = "a\x1b[2Jb\u202e"
    save(LeastSquares().fit(pa.table({evil: X[:, 0]}), y), "m.json", training={evil: {evil: evil}},
         X=X, y=y, snapshot=Snapshot.of(X, y, [evil], sources=[evil]))  # fmt: skip
    values = json.loads((tmp_path / "m.json").read_text())
    (tmp_path / "m.json").write_bytes(canonical(seal({**values, "kind": evil})))
    for words in (("show", "m.json"), ("card", "m.json"), ("show", "m.json", "--json")):
        printed = run(*words)
        assert printed.code == 0
        assert "\x1b" not in printed.out + printed.err and "\u202e" not in printed.out + printed.err, words


@pytest.mark.parametrize(
    "command", ["show", "card", "export", "keygen", "schema show", "schema edit"]
)  # fmt: skip
def test_every_command_has_an_example_that_parses(run, command):
    printed = run(*command.split(), "--help").out
    example = shlex.split(printed.partition("Example: ")[2].replace("\n", " "))
    assert example[: len(command.split()) + 1] == ["trueline", *command.split()]
    assert all(word in printed for word in example if word.startswith("--"))
