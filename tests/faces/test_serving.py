"""``trueline serve`` and ``trueline apikey`` up to the socket: what is refused, what is said, what is kept."""

from __future__ import annotations

import json

import pytest

from trueline.faces import serving
from trueline.faces.serve import running


@pytest.fixture
def served(monkeypatch):
    """Everything but the loop: the service that would have run."""
    found = []
    monkeypatch.setattr(running, "run", lambda service, door: found.append(service))
    return found


def test_a_file_is_named_by_its_stem(run, model, served):
    printed = run("serve", model, "--port", "0", "--round", "2", "--rate", "60/minute", "--max-rows", "5")
    assert printed.code == 0 and printed.out == ""
    assert "model@1: LeastSquares, 3 columns, predicts price" in printed.err
    assert "checked at load: checksum" in printed.err and "API keys: none" in printed.err
    assert "5 rows" in printed.err and "60/minute per caller" in printed.err and "2 decimals" in printed.err
    assert served[0].hosts == {"localhost", "127.0.0.1", "::1"} and served[0].settings.round == 2


def test_another_host_needs_keys(run, model, served, tmp_path):
    printed = run("serve", model, "--port", "0", "--host", "0.0.0.0")
    assert printed.code == 2 and "without a key" in printed.err and "--keys" in printed.err and not served
    assert run("apikey", "new", "--file", "keys.json").code == 0
    printed = run("serve", model, "--port", "0", "--host", "0.0.0.0", "--keys", "keys.json")
    assert printed.code == 0 and "API keys: required, 1 in keys.json" in printed.err
    assert served[0].hosts is None
    printed = run("serve", model, "--port", "0", "--host", "0.0.0.0", "--open-to-all")
    assert printed.code == 0 and "WARNING" in printed.err


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("example", False),
    ],
)
def test_which_hosts_are_this_machine(host, own):
    assert serving._is_loopback(host) is own


def test_wrong_use(run, model, served, tmp_path):
    for words, said in [
        (["nowhere.json"], "nowhere.json"),
        ([model, "--rate", "often"], "60/minute"),
        ([model, "--keys", "nowhere.json"], "nowhere.json"),
        ([model, "--host", "203.0.113.1", "--open-to-all"], "203.0.113.1"),
        (["flats.csv"], "flats.csv"),
    ]:
        printed = run("serve", *words, "--port", "0")
        assert printed.code in (2, 3) and said in printed.err and "Traceback" not in printed.err, words
    model.write_bytes(model.read_bytes().replace(b"e", b"E", 1))
    assert run("serve", model, "--port", "0").code == 2 and not served


def test_a_port_that_is_taken(run, model):
    with running.listen("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        printed = run("serve", model, "--port", port)
    assert printed.code == 2 and f"127.0.0.1:{port}" in printed.err


def test_missing_packages_are_named(run, model, monkeypatch):
    monkeypatch.setattr(serving, "find_spec", lambda name: None if name == "uvicorn" else 1)
    printed = run("serve", model)
    assert printed.code == 2 and "uvicorn" in printed.err and "pip install 'trueline[serve]'" in printed.err


def test_a_version_of_a_registry(run, model, served):
    assert run("register", model, "flats", "--registry", "sqlite:///r.db").code == 0
    assert run("promote", "flats@1", "--registry", "sqlite:///r.db").code == 0
    printed = run("serve", "flats@champion", "--registry", "sqlite:///r.db", "--port", "0")
    assert printed.code == 0 and "flats@1: LeastSquares" in printed.err
    assert served[0].served.label == "flats@1"
    printed = run("serve", "flats@7", "--registry", "sqlite:///r.db", "--port", "0")
    assert printed.code == 2 and "flats" in printed.err


def test_keys_from_first_to_last(run, tmp_path):
    printed = run(
        "apikey", "new", "--scopes", "predict,metrics", "--expires", "90d", "--note", "billing", "--file", "k.json"
    )
    text = printed.out.splitlines()[0]
    id_ = text.split("_")[1]
    assert text.startswith("tl_") and "only time the key is shown" in printed.out
    assert text.split("_", 2)[2] not in (tmp_path / "k.json").read_text()
    made = run("apikey", "new", "--file", "k.json", "--json").json
    assert made["key"].startswith(f"tl_{made['id']}_") and made["scopes"] == ["predict"]
    listed = run("apikey", "list", "--file", "k.json")
    assert id_ in listed.out and "predict, metrics, until" in listed.out and "billing" in listed.out
    assert text.split("_", 2)[2] not in listed.out
    assert [key["id"] for key in run("apikey", "list", "--file", "k.json", "--json").json["keys"]] == [id_, made["id"]]
    assert run("apikey", "revoke", id_, "--file", "k.json").code == 0
    assert len(json.loads((tmp_path / "k.json").read_text())["keys"]) == 1


def test_keys_wrong_use(run, tmp_path):
    (tmp_path / "other.json").write_text('{"format": 1}')
    for words, said in [
        (["new", "--scopes", "root", "--file", "k.json"], "'root'"),
        (["new", "--expires", "soon", "--file", "k.json"], "90d"),
        (["new", "--file", "other.json"], "other.json"),
        (["list", "--file", "none.json"], "none.json"),
        (["revoke", "abc", "--file", "none.json"], "none.json"),
        (["new", "--file", "no/where/k.json"], "no/where"),
    ]:
        printed = run("apikey", *words)
        assert printed.code == 2 and said in printed.err, words
    assert (tmp_path / "other.json").read_text() == '{"format": 1}' and not (tmp_path / "k.json").exists()
    assert run("apikey", "new", "--file", "k.json").code == 0
    assert run("apikey", "revoke", "abc", "--file", "k.json").code == 2


@pytest.mark.parametrize(
    "words", [["serve"], ["apikey"], ["apikey", "new"], ["apikey", "list"], ["apikey", "revoke"]], ids=" ".join
)
def test_help_has_an_example(run, words):
    printed = run(*words, "--help").out
    example = printed.partition("Example: ")[2].split()
    assert example[: len(words) + 1] == ["trueline", *words]
    flags = [word for word in example if word.startswith("--")]
    assert words == ["apikey"] or all(flag in printed.partition("Example: ")[0] for flag in flags)
