"""Help has an example for every command and imports nothing heavy, which is what keeps it fast."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import trueline

HEAVY = ("numpy", "scipy", "sklearn", "numba", "pyarrow", "narwhals", "matplotlib", "pandas")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(trueline.__file__).parents[1])}


@pytest.mark.parametrize("words", [["--help"], ["fit", "--help"], ["--version"]], ids=" ".join)
def test_help_imports_nothing_heavy(words):
    script = (
        f"import sys; sys.argv = ['trueline', *{words!r}]\n"
        "from trueline.faces.cli import main\n"
        "try: main()\n"
        f"finally: print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=ENVIRONMENT)
    assert printed.stdout.splitlines()[-1] == "HEAVY []"


@pytest.mark.parametrize("command", ["fit", "predict", "verify", "audit", "forget", "demo"])
def test_every_command_has_an_example_that_parses(run, command):
    printed = run(command, "--help").out
    example = printed.partition("Example: ")[2].split()
    assert example[:2] == ["trueline", command]
    flags = [word for word in example if word.startswith("--")]
    assert all(flag in printed.partition("Example: ")[0] for flag in flags)


def test_the_flags_of_fit_are_grouped(run):
    printed = run("fit", "--help").out
    panels = [printed.index(f"─ {title} ") for title in ("Data", "Model", "Gradient descent", "Output")]
    assert panels == sorted(panels)
    descent = printed[panels[2] : panels[3]]
    assert all(
        flag in descent for flag in ("--gd", "--lr", "--epochs", "--loss", "--standardize", "--momentum", "--tol")
    )


def test_the_version(run):
    assert run("--version").out == f"trueline {trueline.__version__}\n"


def test_alone_it_shows_its_help(run):
    assert "verify" in run().out + run().err
