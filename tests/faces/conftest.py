"""The command line, run in this process and read as a person or a machine would."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trueline.faces.cli import main


@dataclass(frozen=True)
class Result:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Result]:  # fmt: skip
    """``run("fit", "flats.csv", ...)`` in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run_words(*words: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["trueline", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main()
        printed = capsys.readouterr()
        return Result(int(leaving.value.code or 0), printed.out, printed.err)

    return run_words


@pytest.fixture
def flats(tmp_path: Path) -> Path:
    """60 flats: an id, a region, a blank, rooms, age and a noisy price."""
    rng = np.random.default_rng(5)
    lines = ["flat_id,region,rooms,age,price"]
    for i in range(60):
        rooms, age = int(rng.integers(1, 6)), "" if i == 7 else f"{rng.uniform(0, 80):.1f}"
        price = 100 * rooms - float(age or 0) + 50 * (i % 3) + rng.normal()
        lines.append(f"f-{i},{('north', 'south', 'west')[i % 3]},{rooms},{age},{price:.3f}")
    path = tmp_path / "flats.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def clean() -> tuple[str, ...]:
    """The flags that the flats need."""
    return ("--drop", "flat_id", "--one-hot", "region", "--drop-missing")


@pytest.fixture
def model(run: Callable[..., Result], flats: Path, clean: tuple[str, ...]) -> Path:
    """A model of the flats, saved."""
    assert run("fit", flats.name, "--target", "price", *clean, "-o", "model.json").code == 0
    return flats.parent / "model.json"
