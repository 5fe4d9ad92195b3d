"""The action and the hook: the shell runs the words it should, whatever stands in the inputs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or not (ROOT / "action.yml").exists(), reason="needs bash and the repository"
)


def steps():
    """The shell of each step, in order."""
    text = (ROOT / "action.yml").read_text()
    found = re.findall(r"^( +)run: (\|\n(?:\1  .*\n?|\n)+|.*)", text, re.M)
    return [re.sub(r"^ {8}", "", block.removeprefix("|\n"), flags=re.M) for _, block in found]


def ran(tmp_path, step, **inputs):
    """What the stand-ins for python and trueline were called with, one word a line."""
    for name in ("trueline", "python"):
        stub = tmp_path / name
        stub.write_text('#!/bin/bash\nprintf "%s\\n" "$@"\n')
        stub.chmod(0o755)
    given = dict.fromkeys(("MODEL", "BASELINE", "SUPPRESS", "ARGUMENTS", "TRUELINE_VERSION"), "")
    env = {**os.environ, **given, "PATH": f"{tmp_path}:{os.environ['PATH']}", **inputs}
    found = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines()


def test_the_words_of_the_audit(tmp_path):
    _, audit = steps()
    needed = {"DATA": "my data.csv", "TARGET": "$(touch pwned)", "FAIL_ON": "high", "EFFORT": "quick",
              "SARIF": "t.sarif", "HTML": "t.html"}  # fmt: skip
    words = ["audit", "my data.csv", "--target", "$(touch pwned)", "--fail-on", "high", "--effort", "quick",
             "--sarif", "t.sarif", "--html", "t.html"]  # fmt: skip
    assert ran(tmp_path, audit, **needed) == words
    assert not (tmp_path / "pwned").exists()
    more = ran(tmp_path, audit, **needed, MODEL="m.json", BASELINE="a.json", SUPPRESS="s.toml",
               ARGUMENTS="--bounds\nmy age=18:110\n\n--redact")  # fmt: skip
    assert more == [*words, "--model", "m.json", "--baseline", "a.json", "--suppress", "s.toml", "--bounds",
                    "my age=18:110", "--redact"]  # fmt: skip


def test_what_pip_installs_is_the_action_itself_unless_told(tmp_path):
    install, _ = steps()
    here = ran(tmp_path, install, GITHUB_ACTION_PATH="/action")
    assert here == ["-m", "pip", "install", "--quiet", "/action[report]"]
    told = ran(tmp_path, install, GITHUB_ACTION_PATH="/action", TRUELINE_VERSION="trueline[report]==1.0")
    assert told[-1] == "trueline[report]==1.0"


def test_every_input_reaches_a_step():
    text = (ROOT / "action.yml").read_text()
    declared = re.findall(r"^  ([\w-]+):\n    description", text.split("outputs:")[0], re.M)
    assert len(declared) > 8
    for name in declared:
        assert f": ${{{{ inputs.{name} }}}}" in text, name


def test_the_hook_runs_a_command_that_is_installed():
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    entry = re.search(r"^  entry: (.*)$", text, re.M)[1].split()
    assert entry[0] in scripts and entry[1:] == ["audit"]
    assert "pass_filenames: false" in text  # the file stands in args
    assert re.search(re.search(r"^  files: (.*)$", text, re.M)[1], "data/a.csv")
