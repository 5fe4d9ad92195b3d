"""What leaves the repository: versions, locks and the built packages."""

from __future__ import annotations

import re
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling import build

import trueline

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", (ROOT / lock).read_text(), re.M))


def names(requirements: list[str | dict[str, str]]) -> set[str]:
    return {re.split(r"[^\w-]", text)[0].lower() for text in requirements if isinstance(text, str)}


def test_the_version_is_the_newest_in_the_changelog():
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert newest is not None
    assert newest[1] == trueline.__version__


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_exact_versions_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text()
    entries = re.split(r"^(?=[a-z])", text, flags=re.M)[1:]
    assert len(entries) > 20
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert re.findall(r"\w+://|--index|--extra-index|--find-links|--trusted-host", text) == []


def test_locks_cover_what_the_project_asks_for():
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    extras = {extra: names(wanted) for extra, wanted in project["optional-dependencies"].items()}
    runtime = names(project["dependencies"]) | names(groups["setup"]) | extras["plot"] | extras["report"]
    assert runtime <= set(pins("requirements.lock"))
    everything = runtime.union(*extras.values(), *(names(group) for group in groups.values()))
    assert everything <= set(pins("requirements-dev.lock"))


def test_the_development_lock_holds_the_runtime_lock():
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist and the wheel, built in process and offline."""
    folder = tmp_path_factory.mktemp("dist")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        sdist, wheel = build.build_sdist(str(folder)), build.build_wheel(str(folder))
    return folder / sdist, folder / wheel


def test_the_wheel_ships_the_demo_the_types_and_no_tests(built):
    with zipfile.ZipFile(built[1]) as wheel:
        files = set(wheel.namelist())
        assert wheel.read("trueline/_demo.py") == (ROOT / "demo.py").read_bytes()
    version = trueline.__version__
    assert {"trueline/__init__.py", "trueline/py.typed", "trueline/rows/domain.py"} <= files
    assert f"trueline-{version}.dist-info/licenses/LICENSE" in files
    assert {name.split("/")[0] for name in files} == {"trueline", f"trueline-{version}.dist-info"}


def test_the_sdist_can_be_built_and_tested_from(built):
    with tarfile.open(built[0]) as sdist:
        files = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = {"pyproject.toml", "Makefile", "demo.py", "LICENSE", "CHANGELOG.md", *LOCKS}
    assert wanted <= files
    assert {"src/trueline/__init__.py", "tests/conftest.py"} <= files
    assert not {name for name in files if name.startswith(".venv")}
