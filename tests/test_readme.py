"""What the README prints is what its code prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def test_the_example_prints_what_stands_below_it():
    (code,) = blocks("python")
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    printed = README[README.index(code) :].split("\n```\n")[2]

    def rounded(text: str) -> str:  # the last digits of a gap of 1e-26 belong to one processor
        return re.sub(r"\d\.\de-\d\d", "tiny", text).strip()

    assert rounded(run.stdout) == rounded(printed)
    assert len(code.splitlines()) <= 10


def test_it_is_short():
    assert len(README.splitlines()) <= 150


def test_every_local_link_leads_somewhere():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert all((Path(__file__).parents[1] / link).exists() for link in links)
