"""Install the lock of the benchmarks; what does not install here is skipped with its reason.

Standard library only: it runs before anything else is there.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["entries", "main"]

HERE = Path(__file__).parent


def main() -> int:
    """All at once; where one package stands in the way, one after the other."""
    if not _pip(HERE / "requirements.lock"):
        print("== not everything installs here; one package after the other", flush=True)
        for name, text in entries((HERE / "requirements.lock").read_text()).items():
            if not _alone(text):
                print(f"== skipped: {name} does not install on this machine", flush=True)
    root = str(HERE.parent)
    return 0 if _pip("--no-build-isolation", "--no-deps", "--editable", root, hashes=False) else 1


def entries(lock: str) -> dict[str, str]:
    """Each package of a lock with its pin and hashes."""
    blocks = re.split(r"^(?=[a-zA-Z0-9])", lock, flags=re.M)[1:]
    return {re.split(r"[=\s;]", block)[0]: block for block in blocks}


def _alone(text: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "one.lock"
        lock.write_text(text)
        return _pip(lock, "--no-deps")


def _pip(*what: str | Path, hashes: bool = True) -> bool:
    options = ["--require-hashes", "--only-binary=:all:", "-r"] if hashes else []
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *options]
    return subprocess.run([*command, *map(str, what)], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
