"""A registry in a SQLite file: what went in comes out, and nothing else ever does."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import date, timedelta

import pyarrow as pa
import pytest

from ship.registry_scene import write_audit, write_model
from trueline import LeastSquares, Schema
from trueline.errors import (
    ArtifactError,
    GateError,
    OptionError,
    ReadError,
    RegistryBusyError,
    RegistryConflictError,
    RegistryError,
)
from trueline.ship import Registry, keygen, load, save
from trueline.ship.registry.database import create_database
from trueline.ship.registry.gate import objections, read_audit
from trueline.ship.registry.store import open_store


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """An empty registry, made once: MLflow takes seconds for it."""
    path = tmp_path_factory.mktemp("empty") / "models.db"
    create_database(path, 30.0)
    return path


@pytest.fixture
def registry(empty, tmp_path):
    shutil.copy(empty, tmp_path / "models.db")
    return Registry(f"sqlite:///{tmp_path}/models.db", patience=1.0)


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / "model.json")


def stored(tmp_path, version, file="model.json"):
    return tmp_path / "models.db.files" / version.run / "artifacts" / file


def tables(tmp_path):
    """Every table of the database, as text."""
    with closing(sqlite3.connect(tmp_path / "models.db")) as database:
        return "\n".join(database.iterdump())


def test_bytes_come_back_and_tags_tell_what_they_are(registry, model, tmp_path):
    made = registry.register(model, "flats")
    assert (made.reference, made.sha256, made.data) == ("flats@1", load(model).sha256, load(model).data.hash)
    found = registry.pull("flats@1", tmp_path / "out.json")
    assert found == made and (tmp_path / "out.json").read_bytes() == model.read_bytes()
    assert registry.load("flats@1").coef_.tolist() == load(model).coef_.tolist()


def test_versions_count_up_aliases_move_and_history_tells_it(registry, model, tmp_path):
    write_model(tmp_path / "other.json", 5.0, {"metrics": {"rows": 7, "rmse": 0.25, "mae": 0.1, "r2": None}})
    registry.register(model, "flats")
    registry.register(tmp_path / "other.json", "flats")
    assert registry.promote("flats@1").aliases == ("champion",)
    assert registry.promote("flats@champion", "staging").aliases == ("champion", "staging")
    assert registry.promote("flats@2").aliases == ("champion",)
    told = [(one.version, one.aliases, one.rmse) for one in registry.history("flats")]
    assert told == [(2, ("champion",), 0.25), (1, ("staging",), None)]
    assert registry.load("flats@champion").sha256 == load(tmp_path / "other.json").sha256


def test_a_registry_can_be_moved_with_its_files(registry, model, tmp_path):
    registry.register(model, "flats")
    (tmp_path / "elsewhere").mkdir()
    for name in ("models.db", "models.db.files"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
    moved = Registry(f"sqlite:///{tmp_path}/elsewhere/models.db")
    assert moved.load("flats@1").sha256 == load(model).sha256
    assert moved.register(model, "flats").version == 2
    moved.pull("flats@2", tmp_path / "out.json")
    assert not (tmp_path / "models.db.files").exists()


def test_diff_tells_every_part(registry, tmp_path):
    one = write_model(tmp_path / "1.json", 2.0, {"metrics": {"rows": 9, "rmse": 1.0, "mae": 1.0, "r2": 0.5}})
    two = write_model(tmp_path / "2.json", 3.0, {"status": "converged"})
    first = write_audit(tmp_path / "1.audit.json", one, {"cheap-lever": "low", "sign-flips": "medium"})
    second = write_audit(tmp_path / "2.audit.json", two, {"sign-flips": "medium", "extrapolation": "low"})
    registry.register(one, "flats", audit=first)
    registry.register(two, "flats", audit=second)
    found = registry.diff("flats@1", "flats@2")
    assert found.coefficients["X[:, 0]"] == (load(one).coef_[0], load(two).coef_[0])
    assert found.metrics["rmse"] == (1.0, None) and found.fit["status"] == (None, "converged")
    assert {key: [f.rule_id for f in group] for key, group in found.findings.items()} == {
        "new": ["extrapolation"], "gone": ["cheap-lever"], "kept": ["sign-flips"]}  # fmt: skip
    assert json.loads(json.dumps(found.to_dict()))["findings"]["gone"][0]["rule_id"] == "cheap-lever"
    assert registry.diff("flats@1", "flats@1").same and not found.same


def test_diff_says_once_that_one_version_has_no_schema(registry, tmp_path):
    rows = pa.table({"rooms": [1.0, 2.0, 3.0, 4.0], "age": [3.0, 1.0, 4.0, 1.0], "price": [1.0, 2.0, 2.0, 5.0]})
    save(LeastSquares().fit(rows, y="price"), tmp_path / "with.json")
    save(LeastSquares().fit(rows.drop_columns(["age", "price"]).to_pandas(), rows["price"]), tmp_path / "without.json")
    for name in ("with.json", "without.json"):
        registry.register(tmp_path / name, "plain")
    words = "with its ranges, levels and policies"
    assert registry.diff("plain@1", "plain@2").schema == (f"gone, {words}", "age: gone")
    assert registry.diff("plain@2", "plain@1").schema == (f"new, {words}", "age: new")


def test_diff_says_which_levels_came_and_went(registry, tmp_path):
    """Not the two lists, which are cut off before they differ."""
    sides = [f"side {number:02}" for number in range(30)]
    for last in (" moon", "sun"):
        rows = pa.table({"side": [*sides, last] * 2, "y": [float(number) for number in range(62)]})
        schema = Schema.learn(rows, "y", one_hot=["side"])
        save(LeastSquares().fit(*schema.source(rows).to_arrays()), tmp_path / "m.json", schema=schema)
        registry.register(tmp_path / "m.json", "sides")
    assert registry.diff("sides@1", "sides@2").schema == ("side: levels gone ' moon', new sun",)


GOOD = ["converged", "optimal, not unique", "exact fit", "best of many starts", None]


def test_only_what_converged_is_registered(registry, tmp_path):
    for status in ("settled", "epochs used up", "max_iter used up", "diverged", "stopped by the caller"):
        path = write_model(tmp_path / "model.json", training={"status": status})
        with pytest.raises(GateError, match=f"has not converged \\({status}\\)"):
            registry.register(path, "flats")
        assert "flats" not in tables(tmp_path)
    for version, status in enumerate(GOOD, start=1):
        path = write_model(tmp_path / "model.json", training={"status": status} if status else {})
        assert registry.register(path, "flats").version == version


FAILED = [
    ({"cheap-lever": "high"}, {}, "high: cheap-lever was found"),
    ({"cheap-lever": "critical", "sign-flips": "high"}, {}, "critical: .*; .*high: sign-flips"),
    ({}, {"incomplete": ["damage"]}, "could not compute damage"),
    ({}, {"model": {"intercept": 1.0, "coefficients": [{"feature": "x", "value": 7.0}]}}, "of another model"),
    ({}, {"model": {"intercept": 1.0, "coefficients": []}}, "of another model"),
]  # fmt: skip


def test_an_audit_that_failed_its_gate_is_refused_unless_somebody_says_why(registry, model, tmp_path):
    for severities, changes, words in FAILED:
        audit = write_audit(tmp_path / "audit.json", model, severities, **changes)
        with pytest.raises(GateError, match=words) as error:
            registry.register(model, "flats", audit=audit)
        assert error.value.reasons
        made = registry.register(model, "flats", audit=audit, force="Ann: trial only")
        assert made.forced == "Ann: trial only" and registry.history("flats")[0] == made


def test_an_audit_of_other_columns_or_another_intercept_is_of_another_model(tmp_path):
    path = tmp_path / "named.json"
    save(LeastSquares().fit(pa.table({"x": [0.0, 1.0, 3.0]}), [1.0, 3.5, 7.0]), path)
    model = load(path)

    def against(feature, intercept):
        audit = {"intercept": intercept, "coefficients": [{"feature": feature, "value": model.coef_[0]}]}
        return objections(model, read_audit(write_audit(tmp_path / "audit.json", path, {}, model=audit)))

    assert against("x", model.intercept_) == []
    for told in (against("z", model.intercept_), against("x", model.intercept_ + 1)):
        assert len(told) == 1 and told[0].startswith("the audit is of another model: its coefficients differ")


def test_coefficients_are_no_closer_for_being_small(tmp_path):
    """Of columns near 1e15, coefficients of 2e-13 and -7e-13 are other models."""
    path = tmp_path / "small.json"
    save(LeastSquares().fit([[0.0], [1e15], [4e15]], [1.0, 201.0, 801.0]), path)
    model = load(path)
    audit = {"intercept": model.intercept_, "coefficients": [{"feature": "x", "value": -7e-13}]}
    told = objections(model, read_audit(write_audit(tmp_path / "audit.json", path, {}, model=audit)))
    assert len(told) == 1 and "another model" in told[0]


def test_medium_findings_pass_and_answered_ones_too(registry, model, tmp_path):
    mild = write_audit(tmp_path / "mild.json", model, {"cheap-lever": "medium"})
    made = registry.register(model, "flats", audit=mild, force="not needed")
    assert (made.audit, made.forced) == ("1 medium", "")
    bad = write_audit(tmp_path / "bad.json", model, {"cheap-lever": "high"})
    until = (date.today() + timedelta(days=9)).isoformat()
    answers = tmp_path / "suppress.toml"
    answers.write_text(f'[[suppress]]\nrule = "cheap-lever"\nreason = "payslips are checked"\nexpires = {until}\n')
    assert registry.register(model, "flats", audit=bad, suppress=answers).version == 2


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"findings": 1}', b"[" * 100_000])
def test_what_is_no_audit_is_refused(model, tmp_path, content):
    (tmp_path / "audit.json").write_bytes(content)
    with pytest.raises(ReadError, match=r"audit\.json"):
        Registry("sqlite:///never.db").register(model, "flats", audit=tmp_path / "audit.json")


@pytest.mark.parametrize("reason", ["  ", "a\nb", "a\x1b[31m", "\u202ea", "x" * 501])
def test_a_reason_is_one_line_of_text(model, reason):
    with pytest.raises(OptionError, match="a reason is one line"):
        Registry("sqlite:///never.db").register(model, "flats", force=reason)


def test_expect_version_lets_nobody_pass_twice(registry, model):
    assert registry.register(model, "flats", expect_version=0).version == 1
    with pytest.raises(RegistryConflictError, match="flats@1 is the newest version, not 0") as error:
        registry.register(model, "flats", expect_version=0)
    assert error.value.winner == "flats@1"
    assert registry.register(model, "flats", expect_version=1).version == 2
    with pytest.raises(RegistryConflictError, match="not 7"):
        registry.register(model, "flats", expect_version=7)
    assert [one.version for one in registry.history("flats")] == [2, 1]


def test_a_version_that_lost_a_race_and_was_killed_before_it_could_yield_stands_nowhere(registry, model, tmp_path):
    registry.register(model, "flats")
    registry.register(model, "flats")
    store = open_store(registry.uri, 1.0, write=True)
    run, source = store.put("flats", {"model.json": model.read_bytes()}, {})
    store.create("flats", run, source, {"trueline.sha256": load(model).sha256, "trueline.after": "1"})
    assert [one.version for one in registry.history("flats")] == [2, 1]
    with pytest.raises(RegistryError, match=r"flats@3: .*no such version\. It has 2, 1"):
        registry.load("flats@3")
    assert registry.register(model, "flats", expect_version=2).version == 4
    assert [one.version for one in registry.history("flats")] == [4, 2, 1]


def test_a_try_that_failed_after_it_registered_makes_no_second_version(registry, model, monkeypatch):
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    real, calls = MlflowClient.create_model_version, []

    def stumbling(self, *args, **kwargs):
        calls.append(real(self, *args, **kwargs))
        raise MlflowException("API request to http://x failed with exception too many 503 error responses")

    monkeypatch.setattr(MlflowClient, "create_model_version", stumbling)
    assert registry.register(model, "flats").version == 1
    assert len(calls) == 1 and len(registry.history("flats")) == 1


def test_signatures_that_an_alias_requires_stick(registry, model, tmp_path):
    mine, theirs = keygen(tmp_path / "mine"), keygen(tmp_path / "theirs")
    signed = write_model(tmp_path / "signed.json", sign_with=mine.private)
    registry.register(model, "flats")
    assert registry.register(signed, "flats", require_signed=mine.public).signed_by == mine.id
    with pytest.raises(ArtifactError, match="not signed"):
        registry.register(model, "flats", require_signed=mine.public)
    with pytest.raises(ArtifactError, match="not promoted to champion: flats@1: not signed"):
        registry.promote("flats@1", require_signed=mine.public)
    with pytest.raises(ArtifactError, match=f"signed by key {mine.id}"):
        registry.promote("flats@2", require_signed=theirs.public)
    registry.promote("flats@1")  # what was refused set no rule
    registry.promote("flats@2", require_signed=mine.public)
    with pytest.raises(ArtifactError, match=f"a signature of key {mine.id} is required"):
        registry.promote("flats@1")
    registry.promote("flats@1", "staging")  # a rule of champions
    assert registry.load("flats@champion").checked == f"signature of {mine.id}"
    with pytest.raises(ArtifactError, match=theirs.id):
        registry.load("flats@champion", require_signed=theirs.public)
    open_store(registry.uri, 1.0, write=True).point("flats", "champion", 1)  # past the rule, with MLflow itself
    with pytest.raises(ArtifactError, match="flats@champion: not signed"):
        registry.load("flats@champion")
    registry.promote("flats@1", allow_unsigned=True)
    assert registry.load("flats@champion").checked == "checksum"


def test_a_key_that_a_caller_requires_does_not_replace_that_of_the_alias(registry, tmp_path):
    mine, theirs = keygen(tmp_path / "mine"), keygen(tmp_path / "theirs")
    for key in (mine, theirs):
        registry.register(write_model(tmp_path / "signed.json", sign_with=key.private), "flats")
    registry.promote("flats@1", require_signed=mine.public)
    open_store(registry.uri, 1.0, write=True).point("flats", "champion", 2)  # past the rule, with MLflow itself
    with pytest.raises(ArtifactError, match=f"signed by key {theirs.id}, and a signature of key {mine.id}"):
        registry.load("flats@champion", require_signed=theirs.public)


def test_every_changed_byte_of_a_stored_file_is_refused_by_name(registry, model, tmp_path):
    made = registry.register(model, "flats")
    place, content = stored(tmp_path, made), model.read_bytes()
    for at in range(0, len(content), 97):
        place.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(ArtifactError, match="flats@1: "):
            registry.pull("flats@1", tmp_path / "out.json")
    place.write_bytes(write_model(tmp_path / "other.json", 5.0).read_bytes())  # whole, but another model
    with pytest.raises(ArtifactError, match="flats@1: its file is not the one that was registered"):
        registry.pull("flats@1", tmp_path / "out.json")
    place.unlink()
    with pytest.raises(ArtifactError, match="flats@1: its file is gone"):
        registry.load("flats@1")
    with pytest.raises(ArtifactError, match="flats@1"):
        registry.promote("flats@1")
    assert not (tmp_path / "out.json").exists()


def test_an_audit_that_was_changed_is_refused(registry, model, tmp_path):
    audit = write_audit(tmp_path / "audit.json", model, {"cheap-lever": "low"})
    made = registry.register(model, "flats", audit=audit)
    stored(tmp_path, made, "audit.json").write_bytes(audit.read_bytes().replace(b"low", b"info"))
    with pytest.raises(ArtifactError, match="flats@1: its audit is not the one"):
        registry.diff("flats@1", "flats@1")
    stored(tmp_path, made, "audit.json").unlink()
    with pytest.raises(ArtifactError, match="flats@1: its audit is gone"):
        registry.diff("flats@1", "flats@1")


def test_deleted_while_it_is_being_loaded(registry, model, monkeypatch):
    from trueline.ship.registry.store import Store

    registry.register(model, "flats")
    registry.register(model, "flats")
    real = Store.version

    def deleted_first(store, name, version):
        store.delete(name, version)
        return real(store, name, version)

    monkeypatch.setattr(Store, "version", deleted_first)
    with pytest.raises(RegistryError, match=r"flats@1: .*no such version\. It has 2"):
        registry.load("flats@1")


def test_what_somebody_else_registered_is_named_not_loaded(registry, model, tmp_path):
    registry.register(model, "flats")
    client = open_store(registry.uri, 1.0, write=True).client
    client.create_registered_model("theirs")
    client.create_model_version("theirs", str(tmp_path))
    (tmp_path / "outside" / "artifacts").mkdir(parents=True)
    shutil.copy(model, tmp_path / "outside" / "artifacts")
    client.create_model_version("theirs", "x", run_id="../outside", tags={"trueline.sha256": load(model).sha256})
    with pytest.raises(RegistryError, match="theirs@1: was not registered by trueline"):
        registry.load("theirs@1")
    with pytest.raises(ArtifactError, match="theirs@2: its file is gone"):
        registry.load("theirs@2")
    assert [one.version for one in registry.history("theirs")] == [2]


NAMES = ["../../x", "..%2f", "%252e", "a;..", "a\\b", "a\0b", "", "x" * 10_000, "\u202eflats",
         "'; DROP TABLE model_versions; --", "{{7*7}}", "flats' OR name LIKE '%"]  # fmt: skip


def test_hostile_names_leave_every_table_as_it_was(registry, model, tmp_path):
    registry.register(model, "flats")
    before = tables(tmp_path)
    for name in NAMES:
        for call, *words in (
            (registry.register, model, name), (registry.history, name), (registry.load, f"{name}@1"),
            (registry.load, f"flats@{name}"), (registry.promote, f"{name}@1"), (registry.promote, "flats@1", name),
            (registry.diff, f"{name}@1", "flats@1"),
        ):  # fmt: skip
            with pytest.raises(OptionError):
                call(*words)
    assert tables(tmp_path) == before


ELSEWHERE = ["models.db", "sqlite:///", "sqlite:///:memory:", "sqlite://models.db", "file:///x", "postgresql://h/db",
             "sqlite:///a.db?mode=memory", "databricks", "ftp://h"]  # fmt: skip


@pytest.mark.parametrize("uri", ELSEWHERE)
def test_what_is_no_registry_is_refused(uri):
    with pytest.raises(OptionError, match="is no registry"):
        Registry(uri).history("flats")


def test_reading_makes_no_registry_and_a_missing_folder_none_either(model, tmp_path):
    with pytest.raises(RegistryError, match=r"new\.db: there is no registry"):
        Registry(f"sqlite:///{tmp_path}/new.db").history("flats")
    with pytest.raises(RegistryError, match="its folder does not exist"):
        Registry(f"sqlite:///{tmp_path}/no/new.db").register(model, "flats")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json"]


def test_another_database_is_left_alone(model, tmp_path):
    path = tmp_path / "bank.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE accounts (money REAL)")
    before = path.read_bytes()
    with pytest.raises(RegistryError, match=r"bank\.db: is a database, but no registry"):
        Registry(f"sqlite:///{path}").register(model, "flats")
    assert path.read_bytes() == before


def test_a_locked_database_is_waited_for_then_named(registry, model, tmp_path):
    registry.register(model, "flats")
    before = tables(tmp_path)
    with closing(sqlite3.connect(tmp_path / "models.db")) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        for call in (lambda: registry.register(model, "flats"), lambda: registry.history("flats")):
            with pytest.raises(RegistryBusyError, match=r"models\.db: locked by another process for 1 s"):
                call()
        holder.execute("ROLLBACK")
    assert tables(tmp_path) == before and registry.register(model, "flats").version == 2


@pytest.mark.parametrize("damage", ["garbage", "truncated", "torn", "one table", "empty", "folder"])
def test_a_damaged_database_is_named_and_not_written(registry, model, tmp_path, damage):
    registry.register(model, "flats")
    path = tmp_path / "models.db"
    content = path.read_bytes()
    with closing(sqlite3.connect(path)) as database:  # a page that registering never looks at
        ((page,),) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'trace_tags'").fetchall()
    idle = (page - 1) * 4096
    broken = {"garbage": b"no database" * 99, "truncated": content[: len(content) // 2], "empty": b"",
              "torn": content[:8192] + b"\xaa" * 60_000 + content[68_192:],
              "one table": content[:idle] + b"\xaa" * 4096 + content[idle + 4096 :]}  # fmt: skip
    path = tmp_path / "damaged.db"  # under a name that this process holds no connection to
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(broken[damage])
    with pytest.raises(RegistryError, match=r"damaged\.db"):
        Registry(f"sqlite:///{path}").register(model, "flats")
    assert path.is_dir() if damage == "folder" else path.read_bytes() == broken[damage]
    [kept] = (tmp_path / "models.db.files").glob("*/artifacts/model.json")
    assert load(kept).sha256 == load(model).sha256  # as the message says


def test_a_database_that_cannot_be_written_can_still_be_read(registry, model, tmp_path):
    registry.register(model, "flats")
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    (tmp_path / "models.db").chmod(0o400)
    assert registry.load("flats@1").sha256 == load(model).sha256
    with pytest.raises(RegistryError, match=r"models\.db: .*readonly"):
        registry.register(model, "flats")


def test_no_file_is_read_whole_that_is_too_large(registry, model, tmp_path):
    made = registry.register(model, "flats")
    with stored(tmp_path, made).open("r+b") as stream:
        stream.truncate(2**30)
    with pytest.raises(RegistryError, match="larger than 64 MB"):
        registry.load("flats@1")


def test_without_mlflow_it_says_what_to_install(registry, model, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    with pytest.raises(OptionError, match=r"pip install 'trueline\[registry\]'"):
        registry.register(model, "flats")


class Absent:
    """No mlflow is installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "mlflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None
