"""The walks in docs, every command run as printed, in its order; its answers are what the page says."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = {"ship.md": 16, "registry.md": 12}  # and how many commands of trueline at least
PORT = "8088"
END = "--- the end of what a command says ---"

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform == "win32", reason="the page is for a POSIX shell"),
]


def steps(page: str) -> list[tuple[str, list[str]]]:
    """Every command of the page, and the lines below it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```", page, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def gist(lines: list[str]) -> list[str]:
    """Words and layout in order; keys, hashes, dates and digits are those of the day and the machine."""
    masked = [re.sub(r"\b(?=[a-z]*\d)[0-9a-f]{12,64}\b", "HASH", line) for line in lines]
    masked = [re.sub(r"[-+±]?\s?\d[\d,.:e–-]*", "#", line) for line in masked]
    return [" ".join(line.replace("≥", "").split()) for line in masked if line.strip()]


@pytest.fixture
def shell(tmp_path):
    """One shell for the whole page, in an empty folder, with this environment's programs first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRUELINE_")}
    with subprocess.Popen(
        ["bash"], cwd=tmp_path, env={**kept, "PATH": path, "COLUMNS": "118"}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    ) as started:  # fmt: skip

        def ask(command: str) -> list[str]:
            assert started.stdin is not None and started.stdout is not None
            started.stdin.write(f"{command}\nkept=$?; echo; echo '{END}'; (exit $kept)\n")
            started.stdin.flush()
            return list(iter(lambda: next(started.stdout).rstrip("\n"), END))

        try:
            yield ask
        finally:
            os.killpg(started.pid, signal.SIGKILL)  # the server too, where a step failed before it was stopped


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


@pytest.mark.parametrize("page", PAGES)
def test_every_command_says_what_the_page_says(shell, page):
    port = free_port()
    walked = steps((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert sum(command.startswith("trueline ") for command, _ in walked) >= PAGES[page]
    for command, printed in walked:
        said = shell(command.replace(PORT, port))
        assert gist([line.replace(port, PORT) for line in said]) == gist(printed), command
