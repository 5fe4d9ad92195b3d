"""The command that is printed can be pasted: a shell reads the words that were meant, and they get past."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import trueline
from trueline.errors import Problem
from trueline.faces.correction import corrected, in_flags

NAMES = [
    "plain",
    "two words",
    "it's",
    '"quoted"',
    "été",
    "-x",
    "--drop",
    "a=b",
    "$HOME",
    "`id`",
    "back\\slash",
    "*",
    "名前",
]


def messy(path: Path, names: list[str]) -> None:
    """A column of text under every name, and numbers under y."""
    header = ",".join('"' + name.replace('"', '""') + '"' for name in [*names, "y"])
    rows = [",".join([*("ab"[(i >> j) & 1] for j in range(len(names))), str(i * i % 17)]) for i in range(40)]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def pasted(message: str) -> list[str]:
    """The words that a shell makes of the command at the end of a message."""
    command = message.rstrip().splitlines()[-1].strip()
    shell = subprocess.run(["sh", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=True)
    return [word.decode() for word in shell.stdout.split(b"\0")[:-1]]


@pytest.mark.parametrize("name", NAMES)
def test_any_column_name_survives_the_shell(run, tmp_path, name):
    messy(tmp_path / "messy.csv", [name])
    refused = run("fit", "messy.csv", "--target", "y")
    assert refused.code == 2
    program, *words = pasted(refused.err)
    assert program == "trueline"
    assert run(*words, "--json").json["dropped_levels"] == {name: "a"}


@pytest.mark.parametrize(
    "words",
    [
        ("--target", "y", "messy.csv"),
        ("messy.csv", "--target=y", "--test-share", "0"),
        ("--target", "y", "--", "messy.csv"),
        ("--target", "y", "--", "-dash.csv"),
    ],
    ids=" ".join,
)
def test_options_in_any_order(run, tmp_path, words):
    messy(tmp_path / words[-1] if words[-1].endswith("csv") else tmp_path / "messy.csv", ["one", "-two"])
    refused = run("fit", *words)
    assert run(*pasted(refused.err)[1:]).code == 0


def test_everything_in_the_way_at_once(run, flats):
    refused = run("fit", "flats.csv", "--target", "prize")
    assert "flat_id" in refused.err and "region" in refused.err and "did you mean price" in refused.err
    words = pasted(refused.err)
    assert words.count("--target") == 1
    assert run(*words[1:]).code == 0


def test_a_mistyped_column_is_put_right(run, flats):
    refused = run("fit", "flats.csv", "--target", "price", "--one-hot=regoin", "--drop", "flat_ix", "--drop-missing")
    assert "no such column to one-hot, did you mean region?" in refused.err
    words = pasted(refused.err)
    assert not {"--one-hot=regoin", "flat_ix"} & set(words) and words.count("--drop") == 1
    assert run(*words[1:]).code == 0
    assert (
        "did you mean" not in run("fit", "flats.csv", "--target", "price", "--drop", "prise").err
    )  # the target is not


def test_a_column_that_cannot_be_encoded_is_dropped_instead(run, tmp_path):
    rows = "".join(f"{i},name {i},{i % 7}\n" for i in range(1500))
    (tmp_path / "people.csv").write_text("age,name,y\n" + rows)
    refused = run("fit", "people.csv", "--one-hot", "name", "--target", "y")
    assert "too many" in refused.err
    assert pasted(refused.err)[1:] == ["fit", "people.csv", "--target", "y", "--drop", "name"]
    assert run(*pasted(refused.err)[1:]).code == 0


def test_what_no_flag_removes_is_said(run, flats):
    refused = run("fit", "flats.csv", "--target", "price", "--one-hot", "zzz")
    assert "No flag helps with zzz" in refused.err
    assert "gets past it" not in refused.err


def test_the_whole_line_in_a_real_shell(run, tmp_path):
    messy(tmp_path / "my file.csv", ["it's été", "-x"])
    command = run("fit", "my file.csv", "--target", "y").err.rstrip().splitlines()[-1].strip()
    program = tmp_path / "trueline"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m trueline.faces.cli "$@"\n')
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(Path(trueline.__file__).parents[1])}
    shell = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert (shell.returncode, shell.stderr) == (0, "")


@pytest.mark.parametrize(
    ("fix", "before", "after"),
    [
        ("--target price", "fit f --target prize", "fit f --target price"),
        ("--target price", "fit f --target=prize", "fit f --target price"),
        ("--drop-missing", "fit f --target prize", "fit f --target prize --drop-missing"),
        ("--drop prize", "fit f --one-hot=prize --one-hot b", "fit f --one-hot b --drop prize"),
        ("--drop prize", "fit -- f", "fit --drop prize -- f"),
        ("--one-hot -x", "fit f", "fit f --one-hot=-x"),
    ],
)
def test_what_a_fix_replaces(fix, before, after):
    problem = Problem("in the way", column="prize", fix=fix)
    assert shlex.join(corrected([problem, problem], shlex.split(before)) or []) == after


def test_without_a_fix_there_is_no_command():
    assert corrected([Problem("in the way", column="a")], ["fit", "f"]) is None


def test_advice_speaks_of_flags():
    assert (
        in_flags("lower lr, use lr='auto', or set standardize=True.")
        == "lower lr, use --lr auto, or set --standardize."
    )
    assert in_flags("raise it (momentum=0.9): batch_size=32") == "raise it (--momentum 0.9): --batch-size 32"
    assert in_flags("got y_low=5.0, y_high=1.0") == "got --y-bounds 5.0 1.0"
    assert in_flags("the source must be known") == "the source must be known"
