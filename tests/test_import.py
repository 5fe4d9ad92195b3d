"""The door is cheap: nothing heavy before first use, and everything listed is behind it."""

from __future__ import annotations

import importlib.util
import pkgutil
import subprocess
import sys

import pytest

import trueline

HEAVY = [
    "sklearn",
    "numba",
    "pandas",
    "matplotlib",
    "typer",
    "rich",
    "pyarrow",
    "polars",
    "scipy",
    "numpy",
    "narwhals",
    "joblib",
]


def loaded_by(code: str) -> set[str]:
    """Which heavy packages a fresh interpreter holds after running `code`."""
    report = f"{code}\nimport sys\nprint('loaded:', *(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_import_loads_nothing_heavy():
    assert loaded_by("import trueline; dir(trueline); trueline.__version__") == set()


def test_a_name_loads_what_it_needs_and_no_more():
    assert loaded_by("import trueline; trueline.Finding") == set()
    assert loaded_by("import trueline; trueline.Domain") == {"numpy"}


@pytest.mark.parametrize("name", trueline.__all__)
def test_every_listed_name_is_there(name):
    value = getattr(trueline, name)
    assert value is not None
    assert getattr(trueline, name) is value
    assert name in dir(trueline)


def test_classes_carry_their_own_name():
    classes = [name for name in trueline.__all__ if name[0].isupper()]
    assert [getattr(trueline, name).__name__ for name in classes] == classes


def test_all_is_sorted_and_names_nothing_twice():
    assert trueline.__all__ == sorted(set(trueline.__all__))


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'trueline' has no attribute 'Lasso'"):
        trueline.Lasso  # noqa: B018


@pytest.mark.skipif(importlib.util.find_spec("trueline.faces.cli") is None, reason="no command line yet")
def test_help_answers_without_loading_the_engine():
    call = """
import sys
sys.argv = ["trueline", "--help"]
from trueline.faces.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""
    assert loaded_by(call) & {"numpy", "scipy", "sklearn", "numba", "pyarrow", "pandas", "polars"} == set()


def test_no_module_hides_a_public_name_of_its_package():
    """A module sets itself as an attribute of its package when it is first imported."""
    packages = [trueline, *(getattr(trueline, room) for room in trueline._ROOMS)]
    for package in packages:
        modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
        hidden = set(package.__all__) & modules - {*trueline._ROOMS, "datasets"}  # these are meant
        assert not hidden, f"{package.__name__}: {hidden}"
