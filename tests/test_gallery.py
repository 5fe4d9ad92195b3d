"""The gallery's scripts draw."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import trueline

SCRIPTS = sorted((Path(__file__).parents[1] / "docs" / "gallery").glob("*.py"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(trueline.__file__).parents[1])}


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib, which draws, is not installed")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_it_draws_a_picture(script, tmp_path):
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "picture.png")], capture_output=True, text=True, env=ENVIRONMENT
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "picture.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert script.with_suffix(".png").exists(), "the picture itself lies beside its script"
