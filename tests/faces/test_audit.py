"""``trueline audit``: summary, files, gate and exit codes."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from trueline.faces.cli import json_to_file
from trueline.rows.datasets import make_credit_limits


@pytest.fixture
def limits(tmp_path):
    path = tmp_path / "limits.csv"
    pyarrow.csv.write_csv(make_credit_limits(400).table, path)
    return path


FLAGS = ("--target", "limit", "--one-hot", "region", "--effort", "quick")


def test_the_broker_on_the_terminal_and_in_files(run, limits):
    found = run("audit", limits.name, *FLAGS, "--source", "broker", "--json", "a.json", "--sarif", "a.sarif")
    assert found.code == 1, found.err
    assert '"Dogwood"' in found.out.splitlines()[1] + found.out.splitlines()[2]
    assert "at or above --fail-on high" in found.out and "written: a.json, a.sarif" in found.out
    assert len(found.out.splitlines()) <= 25
    told = json.loads((limits.parent / "a.json").read_text())
    assert told["summary"][0]["severity"] == "critical"
    assert told["findings"][0]["reproduce"].startswith("trueline audit limits.csv --target limit --source broker")
    log = json.loads((limits.parent / "a.sarif").read_text())
    assert log["runs"][0]["results"][0]["ruleId"] == "source-pulls"


def test_json_on_stdout_is_the_report_and_nothing_else(run, limits):
    words = ("audit", limits.name, *FLAGS, "--drop", "broker", "--json", "--fail-on", "critical")
    first, again = run(*words), run(*words)
    assert first.code == 0 and first.json["format"] == 1 and first.out == again.out


def test_the_baseline_lets_pass_what_was_there(run, limits):
    assert run("audit", limits.name, *FLAGS, "--source", "broker", "--json", "a.json").code == 1
    known = run("audit", limits.name, *FLAGS, "--source", "broker", "--baseline", "a.json")
    assert known.code == 0 and "Against a.json: 0 new" in known.out
    told = json.loads((limits.parent / "a.json").read_text())
    told["findings"] = told["findings"][1:]
    (limits.parent / "b.json").write_text(json.dumps(told))
    assert run("audit", limits.name, *FLAGS, "--source", "broker", "--baseline", "b.json").code == 1


def test_suppressions_are_told_and_end(run, limits):
    def entry(rule, day):
        return f'[[suppress]]\nrule = "{rule}"\nreason = "risk board"\nexpires = {day}\n'

    rules = ("sign-flips", "worst-added-rows", "poison-by-adding", "influential-row", "disagreeing-rows", "cheap-lever")
    path = limits.parent / "s.toml"
    path.write_text("".join(entry(rule, "2999-01-01") for rule in rules))
    passed = run("audit", limits.name, *FLAGS, "--drop", "broker", "--suppress", "s.toml", "--fail-on", "medium")
    assert "Suppressed: risk board (until 2999-01-01)" in passed.out
    path.write_text("".join(entry(rule, "2001-01-01") for rule in rules))
    late = run("audit", limits.name, *FLAGS, "--drop", "broker", "--suppress", "s.toml", "--fail-on", "medium")
    assert late.code == 1 and "expired on 2001-01-01" in late.out


def test_a_model_from_a_file(run, limits):
    assert run("fit", limits.name, *FLAGS[:4], "--drop", "broker", "-o", "m.json").code == 0
    words = ("audit", limits.name, "--target", "limit", "--model", "m.json")
    found = run(*words, "--source", "broker", "--effort", "quick", "--json")
    assert found.json["model"]["given"] is True
    reproduces = found.json["sections"][0]
    assert reproduces["key"] == "reproduces" and "follows from these rows" in reproduces["text"]
    wrong = run("audit", limits.name, "--target", "income", "--model", "m.json")
    assert wrong.code == 2 and "predicts 'limit', not 'income'" in wrong.err


def test_a_table_of_coefficients_is_a_model(run, limits):
    (limits.parent / "m.csv").write_text("name,coefficient\nintercept,5000\nincome,0.2\n")
    words = ("audit", limits.name, "--target", "limit", "--model", "m.csv", "--effort", "quick")
    found = run(*words, *("--drop", "region", "--drop", "broker", "--drop", "tenure", "--drop", "utilisation"))
    assert found.code == 1 and "does not follow from these rows" in found.out
    assert run(*words, "--one-hot", "region", "--drop", "broker").code == 2


def test_bounds(run, limits):
    good = run("audit", limits.name, *FLAGS, "--drop", "broker", "--bounds", "income=0:400000", "--bounds",
               "limit=0:60000", "--json", "--fail-on", "critical")  # fmt: skip
    assert good.code == 0, good.err
    for word, said in (("income", "COLUMN=LOW:HIGH"), ("income=9", "COLUMN=LOW:HIGH"), ("age=0:9", "no such feature"),
                       ("income=0:1", "exclude")):  # fmt: skip
        bad = run("audit", limits.name, *FLAGS, "--drop", "broker", "--bounds", word)
        assert bad.code == 2 and said in bad.err


def test_blank_rows_are_left_out_and_sources_keep_their_rows(run, limits):
    lines = limits.read_text().splitlines()
    lines.insert(1, lines[1].replace(lines[1].split(",")[0], "", 1))  # a row without income, on top
    (limits.parent / "blank.csv").write_text("\n".join(lines) + "\n")
    assert run("audit", "blank.csv", *FLAGS, "--source", "broker").code == 2
    found = run("audit", "blank.csv", *FLAGS, "--source", "broker", "--drop-missing", "--json")
    plain = run("audit", limits.name, *FLAGS, "--source", "broker", "--json")
    mine, theirs = (one.json["findings"][0]["evidence"]["suspects"] for one in (found, plain))
    assert mine == [row + 1 for row in theirs]  # rows are counted as they stand in the file


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (("--target", "nothing"), 2, "nothing"),
        (("--target", "limit"), 2, "region"),
        ((*FLAGS, "--drop", "broker", "--fail-on", "awful"), 2, "--fail-on must be one of"),
        ((*FLAGS, "--drop", "broker", "--baseline", "limits.csv"), 2, "not the JSON of an audit"),
        ((*FLAGS, "--drop", "broker", "--json", "nowhere/a.json"), 2, "folder does not exist"),
        ((*FLAGS, "--drop", "broker", "--tolerance", "-1"), 2, "tolerance"),
        ((*FLAGS, "--source", "agent"), 2, "agent"),
    ],
)
def test_wrong_use(run, limits, flags, code, said):
    found = run("audit", limits.name, *flags)
    assert found.code == code and said in found.err and "Traceback" not in found.err


def test_an_incomplete_audit_ends_with_3(run, limits, monkeypatch):
    from trueline.audit.sections import SECTIONS

    def broken(ground):
        raise ZeroDivisionError("planted")

    planted = tuple((key, title, broken if key == "descent" else build) for key, title, build in SECTIONS)
    monkeypatch.setattr("trueline.audit.running.SECTIONS", planted)
    found = run("audit", limits.name, *FLAGS, "--drop", "broker", "--fail-on", "critical")
    assert found.code == 3 and "INCOMPLETE, these failed: descent" in found.out


def test_a_finding_at_the_limit_ends_with_1_even_where_a_section_failed(run, limits, monkeypatch):
    from trueline.audit.sections.levers import levers

    def broken(ground):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("trueline.audit.running.SECTIONS", (("levers", "", levers), ("descent", "", broken)))
    found = run("audit", limits.name, *FLAGS, "--drop", "broker", "--fail-on", "info")
    assert found.code == 1 and "INCOMPLETE, these failed: descent" in found.out


def test_json_on_stdout_is_redacted_too(run, limits, monkeypatch):
    from trueline.audit.sections.sources import sources

    monkeypatch.setattr("trueline.audit.running.SECTIONS", (("sources", "By source", sources),))
    words = ("audit", limits.name, *FLAGS, "--source", "broker", "--json")
    assert "Dogwood" in run(*words).out and "Dogwood" not in run(*words, "--redact").out


def test_json_takes_a_file_or_none():
    assert json_to_file(["trueline", "audit", "d.csv", "--json", "a.json"])[3] == "--json-to"
    assert json_to_file(["trueline", "audit", "--json", "d.csv"])[2] == "--json"
    assert json_to_file(["trueline", "audit", "--json=a.json"])[2] == "--json-to=a.json"
    assert json_to_file(["trueline", "fit", "d.csv", "--json", "a.json"])[3] == "--json"


def test_the_commands_that_a_finding_prints_show_its_number_again(run, limits):
    words = ("audit", limits.name, *FLAGS, "--drop", "broker", "--effect", "tenure")
    found = run(*words, "--json-to", "a.json", "--rows-to", "rows")
    assert "findings in rows" in found.out and len(found.out.splitlines()) <= 25
    told = {one["rule_id"]: one for one in json.loads((limits.parent / "a.json").read_text())["findings"]}
    flips = told["sign-flips"]
    assert flips["where"] == ["tenure"]
    seen = run(*shlex.split(flips["reproduce"])[1:])
    assert seen.code == 0 and "Other signs: tenure" in seen.out, seen.err
    assert f"{flips['evidence']['found']} rows added, and refitted" in seen.out
    moved = run(*shlex.split(told["worst-added-rows"]["reproduce"])[1:], "--json").json["effects"]
    assert moved[[one["feature"] for one in moved].index("tenure")]["after"] == pytest.approx(
        told["worst-added-rows"]["evidence"]["after"]
    )
    wrong = run("audit", limits.name, "--target", "limit", "--drop", "region", "--drop", "broker",
                "--replay", shlex.split(flips["reproduce"])[-1])  # fmt: skip
    assert wrong.code == 2 and "of other columns" in wrong.err


def test_redacted_files_name_no_supplier(run, limits):
    words = ("audit", limits.name, *FLAGS, "--source", "broker", "--frozen", "region")
    found = run(*words, "--redact", "--json-to", "a.json", "--sarif", "a.sarif", "--html", "a.html")
    for name in ("a.json", "a.sarif", "a.html"):
        assert "Dogwood" not in (limits.parent / name).read_text(), name
    assert "Dogwood" in found.out  # the terminal is for whoever runs it
    told = json.loads((limits.parent / "a.json").read_text())
    assert "category-lever" not in {finding["rule_id"] for finding in told["findings"]}
    assert "--frozen region" in told["findings"][0]["reproduce"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--sensitive", "nope"), "--sensitive nope is no feature"),
        (("--source", "two words"), "--source 'two words' is no column"),
        (("--effect", "nope"), "--effect: 'nope' is no feature"),
        (("--frozen", "nope"), "--frozen: 'nope' is no feature"),
        (("--tolerance", "-1"), "--tolerance must be above 0"),
        (("--bounds", "income=5:1"), "--bounds of income: 5 lies above 1"),
        (("--bounds", "income=0:1"), "without --bounds the observed ones are taken"),
        (("--attacker-rows", "401"), "--attacker-rows must be at most the 400 rows of the data, got 401"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_said_in_flags(run, limits, flags, said):
    found = run("audit", limits.name, *FLAGS, *(() if "--source" in flags else ("--drop", "broker")), *flags)
    assert found.code == 2 and said in found.err, found.err


def test_a_column_that_the_model_does_not_know_comes_with_the_flag_that_leaves_it_out(run, limits):
    assert run("fit", limits.name, *FLAGS[:4], "--drop", "broker", "-o", "m.json").code == 0
    lines = limits.read_text().splitlines()
    lines = [f"{line},{'extra' if i == 0 else i}" for i, line in enumerate(lines)]
    lines[3] = lines[3].replace(lines[3].split(",")[0], "", 1)
    (limits.parent / "extra.csv").write_text("\n".join(lines) + "\n")
    words = ("audit", "extra.csv", "--target", "limit", "--model", "m.json", "--effort", "quick")
    refused = run(*words)
    assert refused.code == 2 and "extra: not a column of the schema" in refused.err
    command = refused.err.rstrip().splitlines()[-1].strip()
    assert command == f"trueline {shlex.join(words)} --drop extra"
    blank = run(*shlex.split(command)[1:])
    assert blank.code == 2 and blank.err.rstrip().endswith("--drop extra --drop-missing")
    assert "limit from 6 features, 399 rows" in run(*shlex.split(blank.err.rstrip().splitlines()[-1])[1:]).out
    needed = run(*words, "--drop", "extra", "--drop", "income")
    assert needed.code == 2 and "income: the model needs this column" in needed.err


def test_question_marks_are_blanks(run, limits):
    lines = limits.read_text().splitlines()
    lines[1:4] = [line.replace(line.split(",")[0], "?", 1) for line in lines[1:4]]
    (limits.parent / "uci.csv").write_text("\n".join(lines) + "\n")
    name = lines[0].split(",")[0].strip('"')
    for command in ("audit", "fit"):
        flags = ("--target", "limit", "--one-hot", "region", "--drop", "broker")
        refused = run(command, "uci.csv", *flags)
        assert refused.code == 2 and f"{name}: blank (first '?', line 2) (3 rows, first in row 1)" in refused.err
        assert refused.err.rstrip().endswith("--drop-missing")


def test_collinear_columns_are_named_where_they_stop_something(run, tmp_path):
    rng = np.random.default_rng(0)
    a, b, d = rng.normal(size=(3, 80))
    y = 2 * a - b + d + rng.normal(size=80)
    pyarrow.csv.write_csv(pa.table({"a": a, "b": b, "sum": a + b, "d": d, "y": y}), tmp_path / "c.csv")
    found = run("audit", "c.csv", "--target", "y", "--effort", "quick", "--json-to", "c.json")
    words = " ".join(found.out.split())
    assert "The worst rows that could be added (a, b, sum determine each other)" in words
    assert "not counted where a, b, sum determine each other" in words
    assert "By source (no source was named)" in words and len(found.out.splitlines()) <= 25
    told = json.loads((tmp_path / "c.json").read_text())
    left = next(section["not_run"] for section in told["sections"] if section["key"] == "worst_rows")
    assert "a, b, sum determine each other" in left and "--drop" in left
    assert "--reg-lambda" not in found.out  # no flag of this command
