"""``trueline register | pull | promote | history | diff``: what they say, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from trueline import LeastSquares
from trueline.ship import load, save


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """An empty registry, made once: MLflow takes seconds for it."""
    from trueline.ship.registry.database import create_database

    path = tmp_path_factory.mktemp("empty") / "trueline.db"
    create_database(path, 30.0)
    return path.read_bytes()


@pytest.fixture
def registry(run, model, empty, monkeypatch):
    """The registry that is there by default, in the folder of the test."""
    monkeypatch.delenv("TRUELINE_REGISTRY", raising=False)
    Path("trueline.db").write_bytes(empty)
    return Path("trueline.db")


def test_the_way_of_a_model(run, registry, model):
    assert run("fit", "flats.csv", "--target", "price", "--drop", "flat_id", "--one-hot", "region", "--drop-missing",
               "--reg-lambda", "0.1", "-o", "other.json").code == 0  # fmt: skip
    made = run("register", model, "flats")
    assert made.code == 0 and made.out.splitlines()[0] == f"{model} -> flats@1, sha256 {load(model).sha256[:12]}"
    assert run("register", "other.json", "flats").code == 0
    assert "flats@champion is flats@1 now" in run("promote", "flats@1").out
    assert "flats@1 -> out.json" in run("pull", "flats@champion", "-o", "out.json").out
    assert Path("out.json").read_bytes() == model.read_bytes()
    lines = run("history", "flats").out.splitlines()
    assert [line.split()[0] for line in lines] == ["flats", "@2", "@1"] and lines[2].endswith("champion")
    told = run("diff", "flats@1", "flats@2").out
    assert "Fit: reg_lambda 0.0 -> 0.1" in told and "Data: the same 59 rows." in told
    assert "Findings: not comparable, flats@1 and flats@2 registered without an audit." in told


def test_hidden_characters_of_a_registered_file_are_shown_not_sent_to_the_terminal(run, registry):
    evil = "a\x1b[2Jb\u202e"
    X, y = np.arange(8.0), np.arange(8.0) ** 2
    for number in (1, 2):
        save(LeastSquares().fit(pa.table({evil: X}), y * number), "m.json", training={"status": evil + str(number)})
        refused = run("register", "m.json", "flats")
        assert refused.code == 1 and "has not converged" in refused.err
        made = run("register", "m.json", "flats", "--force", "Ann: a trial")
        assert made.code == 0 and "\x1b" not in refused.err + made.out
    told = run("diff", "flats@1", "flats@2")
    assert "'a\\x1b[2Jb\\u202e'" in told.out and "Fit: status a" in told.out
    assert not {"\x1b", "\u202e"} & set(told.out + run("history", "flats").out + run("promote", "flats@1").out)


def test_json_for_machines(run, registry, model):
    sha256 = load(model).sha256
    assert run("register", model, "flats", "--json").json["sha256"] == sha256
    assert run("promote", "flats@1", "--alias", "staging", "--json").json["aliases"] == ["staging"]
    assert run("pull", "flats@1", "-o", "out.json", "--json").json["saved"] == "out.json"
    assert [one["version"] for one in run("history", "flats", "--json").json["versions"]] == [1]
    found = run("diff", "flats@1", "flats@staging", "--json").json
    assert found["same"] and found["findings"] is None
    assert found["coefficients"]["rooms"]["old"] == found["coefficients"]["rooms"]["new"] != 0


def test_what_is_refused_ends_with_1(run, registry, model):
    of = load(model)
    audit = {
        "findings": [{"rule_id": "cheap-lever", "severity": "high", "title": "rooms moves it", "where": ["rooms"]}],
        "incomplete": [], "model": {"intercept": of.intercept_, "coefficients": [
            {"feature": name, "value": value} for name, value in zip(of.feature_names, of.coef_, strict=True)]},
    }  # fmt: skip
    Path("audit.json").write_text(json.dumps(audit))
    refused = run("register", model, "flats", "--audit", "audit.json", "--json")
    assert refused.code == 1 and "rooms moves it" in refused.json["reasons"][0]
    assert "rooms moves it" in refused.err and "Traceback" not in refused.err
    forced = run("register", model, "flats", "--audit", "audit.json", "--force", "Ann: a trial")
    assert forced.code == 0 and "forced Ann: a trial" in forced.out
    assert "flats@1 was forced: Ann: a trial" in run("history", "flats").out
    conflict = run("register", model, "flats", "--expect-version", "0", "--json")
    assert conflict.code == 1 and conflict.json["winner"] == "flats@1"


def test_what_is_not_signed_as_required_ends_with_2_everywhere(run, registry, model):
    """As a damaged file does: no finding about the model, but a file that must not be used."""
    assert run("keygen", "release").code == 0 and run("register", model, "flats").code == 0
    for words in (("promote", "flats@1"), ("pull", "flats@1", "-o", "out.json"), ("register", model, "flats"),
                  ("serve", "flats@1"), ("show", model)):  # fmt: skip
        said = run(*words, "--require-signed", "release.pub")
        assert said.code == 2 and "not signed, and a signature of key" in said.err, words
    assert not Path("out.json").exists() and len(run("history", "flats").out.splitlines()) == 2


@pytest.mark.parametrize("words", [
    ("history", "../../x"), ("pull", "flats@..%2f", "-o", "out.json"), ("promote", "flats"), ("history", "houses"),
    ("diff", "flats@1", "houses@1"), ("pull", "flats@1"), ("register", "no.json", "flats"),
    ("history", "flats", "--registry", "sqlite:///no.db"), ("history", "flats", "--registry", "no.db"),
], ids=" ".join)  # fmt: skip
def test_wrong_use_ends_with_2(run, registry, words):
    ended = run(*words)
    assert ended.code == 2 and "Traceback" not in ended.err and ended.err
    assert not Path("out.json").exists() and not Path("no.db").exists()


def test_nobody_answers_ends_with_3(run, registry, model):
    ended = run("history", "flats", "--registry", "http://127.0.0.1:1", "--json")
    assert ended.code == 3 and "no answer" in ended.json["error"]


def test_the_environment_names_the_registry(run, registry, model, monkeypatch):
    registry.rename("elsewhere.db")
    monkeypatch.setenv("TRUELINE_REGISTRY", "sqlite:///elsewhere.db")
    assert run("register", model, "flats", "--json").json["registry"] == "sqlite:///elsewhere.db"
    assert not registry.exists()


@pytest.mark.parametrize("command", ["register", "pull", "promote", "history", "diff"])
def test_help_shows_an_example(run, command):
    printed = run(command, "--help").out
    assert f"Example: trueline {command}" in printed and "--registry" in printed
