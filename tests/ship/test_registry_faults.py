"""A registry under real trouble: several writers, killed writers, a live server. All of these take their time."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from ship.registry_scene import ENVIRONMENT, kills, loop, write_audit, write_model
from trueline.errors import (
    ArtifactError,
    GateError,
    OptionError,
    RegistryBusyError,
    RegistryConflictError,
    RegistryError,
)
from trueline.ship import Registry, keygen, load
from trueline.ship.registry.database import create_database

pytestmark = pytest.mark.faults


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / "model.json")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real MLflow server on this machine: its address, and its folder."""
    folder = tmp_path_factory.mktemp("server")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [Path(sys.executable).with_name("mlflow"), "server", "--backend-store-uri", f"sqlite:///{folder}/server.db",
             "--artifacts-destination", folder / "kept", "--host", "127.0.0.1", "--port", str(port),
             "--workers", "1"]  # fmt: skip
    quiet = {**ENVIRONMENT, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true",
             "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # fmt: skip
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(words, stdout=log, stderr=log, env=quiet, cwd=folder, start_new_session=True)
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", running)
        yield f"http://127.0.0.1:{port}", folder
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def _wait_for(address, running):
    for _ in range(240):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            assert running.poll() is None
            time.sleep(0.5)
    raise AssertionError("the server did not start")


def numbers(process):
    """What a loop said: the versions it got."""
    told, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    return [line.strip() for line in told.splitlines()]


def test_several_processes_on_a_registry_that_is_not_there_yet(model, tmp_path):
    uri = f"sqlite:///{tmp_path}/models.db"
    got = [numbers(one) for one in [loop(uri, model, "flats", 8) for _ in range(4)]]
    told = sorted(int(version) for versions in got for version in versions)
    assert told == list(range(1, 33))
    assert [one.version for one in Registry(uri).history("flats")] == told[::-1]
    assert all(Registry(uri).load(f"flats@{version}").sha256 == load(model).sha256 for version in told)
    assert not list(tmp_path.glob(".*"))


def test_of_several_that_expect_the_same_version_one_wins_each_round(model, tmp_path):
    uri = f"sqlite:///{tmp_path}/models.db"
    newest = Registry(uri).register(model, "flats").version
    for _ in range(2):
        told = [line for one in [loop(uri, model, "flats", 1, newest) for _ in range(4)] for line in numbers(one)]
        [won] = [int(line) for line in told if line.isdigit()]
        assert sorted(told)[1:] == [f"conflict flats@{won}"] * 3
        assert [one.version for one in Registry(uri).history("flats")][:2] == [won, newest]
        newest = won


def test_a_database_is_made_whole_or_not_at_all(model, tmp_path):
    """Killed on the way to the first version: nothing that the next one could stumble over."""
    uri = f"sqlite:///{tmp_path}/models.db"
    told = kills(uri, model, "flats", 5, "start", 4.0)
    if not told:
        with pytest.raises(RegistryError, match=r"there is no registry|holds no model"):
            Registry(uri).history("flats")
    newest = Registry(uri).register(model, "flats").version
    versions = [one.version for one in Registry(uri).history("flats")]
    assert set(told) < set(versions) and versions == list(range(newest, 0, -1))


def test_killed_while_registering(model, tmp_path):
    """Whatever was told stands, and every version that is listed is whole."""
    uri = f"sqlite:///{tmp_path}/models.db"
    create_database(tmp_path / "models.db", 30.0)
    told = kills(uri, model, "flats", 20, "version", 0.1)
    versions = [one.version for one in Registry(uri).history("flats")]
    assert len(told) >= 20 and set(told) <= set(versions) and versions == list(range(len(versions), 0, -1))
    assert {Registry(uri).load(f"flats@{version}").sha256 for version in versions} == {load(model).sha256}
    kept = list((tmp_path / "models.db.files").iterdir())
    assert len(kept) > len(versions)  # some were killed between file and version


def test_mlflow_says_nothing_asks_nobody_and_leaves_no_trace(model, tmp_path):
    """Outside of tests and CI, where MLflow would ask its makers for a configuration and then report to them."""
    script = f"""
import os, socket, logging, threading
def refuse(*args, **kwargs): raise SystemExit("somebody was called")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from trueline.ship import Registry
registry = Registry("sqlite:///{tmp_path}/models.db")
registry.register({str(model)!r}, "flats"); registry.promote("flats@1"); registry.history("flats")
assert not [key for key in os.environ if "MLFLOW" in key]
assert logging.getLogger("mlflow").level == logging.NOTSET
assert threading.active_count() == 1, threading.enumerate()
"""
    bare = {key: value for key, value in ENVIRONMENT.items() if key in ("PATH", "PYTHONPATH", "HOME")}
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, env=bare,
                          cwd=tmp_path)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "models.db", "models.db.files"]


def test_a_server_does_all_that_a_file_does(server, model, tmp_path, capfd):
    registry, keys = Registry(server[0]), keygen(tmp_path / "release")
    signed = write_model(tmp_path / "signed.json", 3.0, sign_with=keys.private)
    audit = write_audit(tmp_path / "audit.json", model, {"cheap-lever": "high"})
    with pytest.raises(GateError, match="cheap-lever"):
        registry.register(model, "flats", audit=audit)
    made = registry.register(model, "flats", audit=audit, force="Ann: a trial")
    assert registry.register(signed, "flats", audit=write_audit(tmp_path / "2.json", signed, {})).version == 2
    with pytest.raises(RegistryConflictError, match="flats@2 is the newest"):
        registry.register(model, "flats", expect_version=1)
    assert registry.pull("flats@1", tmp_path / "out.json") == made
    assert (tmp_path / "out.json").read_bytes() == model.read_bytes()
    registry.promote("flats@2", require_signed=keys.public)
    with pytest.raises(ArtifactError, match="flats@1: not signed"):
        registry.promote("flats@1")
    assert registry.load("flats@champion").checked == f"signature of {keys.id}"
    assert [(one.version, one.aliases) for one in registry.history("flats")] == [(2, ("champion",)), (1, ())]
    found = registry.diff("flats@1", "flats@champion")
    assert [finding.rule_id for finding in found.findings["gone"]] == ["cheap-lever"]
    for words in ("flats@9", "flats@nobody", "houses@1"):
        with pytest.raises(RegistryError, match=r"127\.0\.0\.1.*holds no"):
            registry.load(words)
    for name in ("../../x", "..%2f", "%252e", "a;.."):
        with pytest.raises(OptionError):
            registry.register(model, name)
    assert capfd.readouterr() == ("", "")


def test_several_processes_on_a_server(server, model):
    told = sorted(int(line) for one in [loop(server[0], model, "race", 6) for _ in range(3)] for line in numbers(one))
    assert told == list(range(1, 19)) == [one.version for one in Registry(server[0]).history("race")][::-1]
    together = [line for one in [loop(server[0], model, "race", 1, 18) for _ in range(3)] for line in numbers(one)]
    [won] = [int(line) for line in together if line.isdigit()]
    assert sorted(together)[1:] == [f"conflict race@{won}"] * 2


def test_a_file_that_a_server_lost_or_swapped_is_refused(server, model, tmp_path):
    registry = Registry(server[0])
    made = registry.register(model, "lost")
    [kept] = (server[1] / "kept").glob(f"*/{made.run}/artifacts/model.json")
    shutil.copy(write_model(tmp_path / "other.json", 9.0), kept)
    with pytest.raises(ArtifactError, match="lost@1: its file is not the one"):
        registry.load("lost@1")
    kept.unlink()
    with pytest.raises(ArtifactError, match="lost@1: its file is gone"):
        registry.load("lost@1")


def test_killed_while_registering_on_a_server(server, model):
    told = kills(server[0], model, "killed", 8, "version", 0.3)
    versions = [one.version for one in Registry(server[0]).history("killed")]
    assert len(told) >= 8 and set(told) <= set(versions) and versions == list(range(len(versions), 0, -1))
    assert {Registry(server[0]).load(f"killed@{version}").sha256 for version in versions} == {load(model).sha256}


def test_nobody_answers(model):
    before = time.monotonic()
    with closing(socket.socket()) as deaf:
        deaf.bind(("127.0.0.1", 0))  # bound, not listening
        registry = Registry(f"http://ann:secret@127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(RegistryBusyError, match=r"no answer .*refused") as error:
            registry.register(model, "flats")
    assert "secret" not in str(error.value) and "secret" not in repr(registry)
    assert time.monotonic() - before < 10
