"""The demo runs, says the same every time, and what it says is so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE

import pytest

import trueline

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(trueline.__file__).parents[1])}
TRUTH = 2.0


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> tuple[str, str, Path]:
    """What ``python demo.py`` printed, what ``trueline demo`` printed, and the picture where one can be drawn."""
    picture = tmp_path_factory.mktemp("demo") / "demo.png"
    plot = ["--plot", str(picture)] if find_spec("matplotlib") else []
    commands = [[str(ROOT / "demo.py")], ["-m", "trueline.faces.cli", "demo", *plot]]
    runs = [
        subprocess.Popen([sys.executable, "-W", "error", *words], stdout=PIPE, stderr=PIPE, env=ENVIRONMENT)
        for words in commands
    ]
    printed = [(*run.communicate(), run.returncode) for run in runs]
    assert [(error.decode(), code) for _, error, code in printed] == [("", 0), ("", 0)]
    return printed[0][0].decode(), printed[1][0].decode(), picture


@pytest.fixture(scope="module")
def story(told) -> str:
    return told[0]


@pytest.fixture(scope="module")
def defended(story) -> list[dict[str, float]]:
    """For each attack: the slope under each defence."""
    chapter = story.partition("5. Defend")[2]
    tables = re.split(r"^  defence .*$", chapter, flags=re.M)[1:]
    row = re.compile(r"^  (\S.*?) {2,}(-?\d+\.\d+) +-?\d+\.\d+ +\d+\.\d+$", re.M)
    return [{name: float(w) for name, w in row.findall(table)} for table in tables]


def test_it_is_short_enough_to_read():
    assert len((ROOT / "demo.py").read_text().splitlines()) <= 120


def test_the_command_prints_the_same_bytes(told):
    """Two processes, two ways to start: the story is the same."""
    story, command, picture = told
    assert command.removesuffix(f"\npicture: {picture}\n") == story


def test_the_gradient_is_right_and_descent_arrives(story):
    assert "gradient check passed" in story
    assert re.search(r"converged after \d+ epochs, final MSE 0\.2\d+", story)


def test_the_poison_moves_the_slope_by_more_than_one(story):
    shifts = [float(text) for text in re.findall(r"w: .* -> .*\(shift (.*)\)", story)]
    assert len(shifts) == 2 and all(abs(shift) > 1 for shift in shifts)
    errors = [(float(a), float(b)) for a, b in re.findall(r"MSE on clean data: (\S+) -> (\S+)", story)]
    assert all(after > 10 * before for before, after in errors)


def test_bounding_each_row_withstands_both_attacks(defended):
    assert len(defended) == 2
    for slopes in defended:
        assert abs(slopes["none"] - TRUTH) > 1
        assert abs(slopes["Huber loss"] - TRUTH) < 0.2
        assert abs(slopes["row gradients clipped at 1"] - TRUTH) < 0.2


def test_clipping_features_softens_the_outlier_but_not_wrong_labels(defended):
    outlier, aimed = (slopes["features clipped at 1%, 99%"] - TRUTH for slopes in defended)
    assert abs(outlier) < abs(defended[0]["none"] - TRUTH) / 2
    assert abs(aimed) > 1


def test_the_picture_is_a_picture(told):
    _, command, picture = told
    if find_spec("matplotlib") is None:
        pytest.skip("matplotlib, which draws the picture, is not installed")
    assert command.endswith(f"\npicture: {picture}\n")
    content = picture.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) > 10_000
