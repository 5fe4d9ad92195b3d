"""The house stands on its floors, and each check sees the violation it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from architecture import CHECKS, circles, explicit_all, floors, main, printing, pure_maths, read_tree, writing

PACKAGE = Path(__file__).parent.parent / "src" / "trueline"
ALL = "__all__ = []\n"


def plant(folder: Path, files: dict[str, str]) -> Path:
    """A source tree with these files, and an empty ``__init__.py`` in each of its folders."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    return folder


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_house_stands(check):
    assert list(check(read_tree(PACKAGE))) == []


def test_the_house_is_read_at_all():
    names = {module.name for module in read_tree(PACKAGE)}
    assert {"trueline", "trueline.errors", "trueline.rows", "trueline.rows.source"} <= names


@pytest.mark.parametrize(
    ("where", "statement"),
    [
        ("maths/solve.py", "from ..rows import source"),
        ("maths/solve.py", "from ..rows.source import Source"),
        ("maths/solve.py", "from trueline.models import least_squares"),
        ("maths/solve.py", "import trueline.faces.cli"),
        ("maths/solve.py", "def late():\n    from ..rows.source import Source"),
        ("maths/solve.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..rows.source import Source"),
        ("errors.py", "from .maths import moments"),
        ("attack/poison.py", "from ..defend import trim"),
        ("defend/trim.py", "from ..attack.poison import outlier"),
        ("verify/check.py", "from ..attack import poison"),
        ("rows/table.py", "from .. import LeastSquares"),
        ("rows/table.py", "from trueline import Moments, __version__"),
        ("rows/table.py", "import trueline"),
        ("ship/deep/artifact.py", "from ...faces import cli"),
        ("cellar.py", "import os"),
        ("rows/table.py", "from ..cellar import wine"),
    ],
)
def test_floors_sees_an_import_from_above_or_beside(tmp_path, where, statement):
    assert len(list(floors(read_tree(plant(tmp_path, {where: statement}))))) == 1


@pytest.mark.parametrize(
    ("where", "statement"),
    [
        ("findings.py", "from .errors import TruelineError"),
        ("rows/table.py", "from .schema import Schema"),
        ("rows/table.py", "from ..maths.moments import Moments"),
        ("ship/artifact.py", "from .. import __version__, errors"),
        ("ship/deep/artifact.py", "from ..registry import Registry"),
        ("faces/cli.py", "from ..audit import run\nimport numpy as np\nfrom os import path"),
        ("__init__.py", "from .faces.cli import main"),
    ],
)
def test_floors_lets_pass_what_lies_below_or_in_the_same_folder(tmp_path, where, statement):
    tree = plant(tmp_path, {"errors.py": "", where: statement})
    assert list(floors(read_tree(tree))) == []


@pytest.mark.parametrize(
    "files",
    [
        {"rows/a.py": "from .b import x", "rows/b.py": "from .a import y"},
        {"rows/a.py": "from . import b", "rows/b.py": "def late():\n    from .a import y"},
        {"rows/a.py": "from .b import x", "rows/b.py": "from .c import x", "rows/c.py": "import trueline.rows.a"},
        {"rows/a.py": "from . import public", "rows/__init__.py": "from .a import public"},
        {"errors.py": "from .findings import Finding", "findings.py": "from .errors import TruelineError"},
    ],
)
def test_circles_sees_a_circle(tmp_path, files):
    found = list(circles(read_tree(plant(tmp_path, files))))
    assert found
    assert all(line.startswith("circle: ") for line in found)


@pytest.mark.parametrize(
    "files",
    [
        {"rows/a.py": "from .b import x\nfrom .c import y", "rows/b.py": "from .c import x", "rows/c.py": ""},
        {
            "rows/a.py": "from .b import x",
            "rows/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .a import y",
        },
        {"rows/a.py": "from . import b", "rows/b.py": "", "rows/__init__.py": "from .a import x"},
    ],
)
def test_circles_lets_pass_a_diamond_and_typing_only_imports(tmp_path, files):
    assert list(circles(read_tree(plant(tmp_path, files)))) == []


@pytest.mark.parametrize(
    ("name", "text", "violations"),
    [
        ("a.py", "def f(): ...", 1),
        ("a.py", "__all__ = ['f'] + extra", 1),
        ("a.py", ALL, 0),
        ("a.py", "__all__: list[str] = []", 0),
        ("_a.py", "def f(): ...", 0),
        ("a.py", '"""Only a docstring."""', 0),
        ("rows/__init__.py", "from .a import f", 1),
    ],
)
def test_explicit_all_sees_a_module_without_one(tmp_path, name, text, violations):
    tree = plant(tmp_path, {name: text})
    assert len(list(explicit_all(read_tree(tree)))) == violations


@pytest.mark.parametrize("call", ["print('hello')", "import sys\nsys.stderr.write('hello')"])
def test_printing_sees_a_print_below_faces_only(tmp_path, call):
    tree = plant(tmp_path, {"models/a.py": call, "models/progress.py": call, "faces/cli.py": call})
    (line,) = printing(read_tree(tree))
    assert line.startswith("trueline.models.a:")


@pytest.mark.parametrize(
    "call", ["open(path, 'w')", "path.open(mode='ab')", "path.write_text('x')", "path.write_bytes(b'x')"]
)
def test_writing_sees_a_file_written_past_write_whole(tmp_path, call):
    tree = plant(tmp_path, {"ship/a.py": call, "files.py": call})
    (line,) = writing(read_tree(tree))
    assert line.startswith("trueline.ship.a:1:")


def test_writing_lets_reading_pass(tmp_path):
    tree = plant(tmp_path, {"rows/a.py": "open(path)\nopen(path, 'rb')\npath.read_text()\nrows.open('s3://bucket/a')"})
    assert list(writing(read_tree(tree))) == []


def test_pure_maths_sees_a_clock(tmp_path):
    tree = plant(tmp_path, {"maths/a.py": "from time import perf_counter", "rows/a.py": "import time"})
    assert [line.split(":")[0] for line in pure_maths(read_tree(tree))] == ["trueline.maths.a"]


def test_main_says_what_is_wrong_and_fails(tmp_path, capsys):
    good, bad = plant(tmp_path / "good", {"a/b.py": ""}), plant(tmp_path / "bad", {"maths/a.py": "import os"})
    assert main(str(bad)) == 1
    assert "imports os" in capsys.readouterr().out
    (good / "a" / "b.py").unlink()
    (good / "a" / "__init__.py").unlink()
    assert main(str(good)) == 0
