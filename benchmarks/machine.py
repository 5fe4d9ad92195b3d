"""The machine and the versions that a page of ratios was measured with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from trueline.rows.executor import thread_count

__all__ = ["describe", "versions"]

PACKAGES = ("trueline", "numpy", "scipy", "numba", "scikit-learn", "scikit-learn-intelex", "statsmodels", "glum")


def describe() -> str:
    """Processor, threads and memory in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {thread_count()} threads, {memory:.0f} GiB of memory, {platform.system()}"


def versions() -> str:
    """Python and the packages in the race."""
    found = [f"{name} {_version(name)}" for name in PACKAGES if _version(name)]
    return ", ".join([f"Python {platform.python_version()}", *found])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    known = {name.strip(): value.strip() for name, value in facts.items()}
    wide = "with" if "avx512f" in known.get("flags", "").split() else "without"
    model = f"family {known.get('cpu family', '?')}, model {known.get('model', '?')}"
    return f"{known.get('model name', platform.machine())} ({model}, {wide} AVX-512)"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
