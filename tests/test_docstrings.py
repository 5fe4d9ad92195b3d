"""Documented parameters equal the signature, and every example in a docstring runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

import trueline

MODULES = ["trueline", *(found.name for found in pkgutil.walk_packages(trueline.__path__, "trueline."))]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def documented(docstring: str) -> list[str] | None:
    """Names under the numpydoc heading Parameters, in order; None where there is no such heading."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^[^\n]+\n---|\Z)", inspect.cleandoc(docstring), re.M | re.S)
    if section is None:
        return None
    heads = re.findall(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: ?:.*)?$", section[1], re.M)
    return [name.lstrip("*") for head in heads for name in head.split(", ")]


def parameters(subject: Callable[..., object]) -> list[str]:
    """Public names of the signature; none for protocols, nor for classes that inherit it from C, as warnings do."""
    if getattr(subject, "_is_protocol", False):
        return []
    try:
        taken = inspect.signature(subject).parameters
    except ValueError:
        return []
    return [name for name in taken if name not in ("self", "cls") and not name.startswith("_")]


def mismatch(name: str, subject: Callable[..., object], required: bool = False) -> str | None:
    """What is wrong with the Parameters section of `subject`; None where nothing is."""
    said = documented(subject.__doc__ or "")
    taken = parameters(subject)
    if said is None:
        return f"{name} documents none of {taken}" if required and taken else None
    return None if said == taken else f"{name} documents {said}, takes {taken}"


def public_subjects(module: ModuleType) -> Iterator[tuple[str, Callable[..., object]]]:
    """Functions and classes of ``__all__`` that live in this module, and their public methods."""
    for name in getattr(module, "__all__", ()):
        subject = getattr(module, name)
        if getattr(subject, "__module__", "") != module.__name__ or not callable(subject):
            continue
        yield f"{module.__name__}.{name}", subject
        for method, value in vars(subject).items() if inspect.isclass(subject) else ():
            if inspect.isfunction(value) and not method.startswith("_"):
                yield f"{module.__name__}.{name}.{method}", value


@pytest.mark.parametrize("name", MODULES)
def test_documented_parameters_equal_the_signature(name):
    module = importlib.import_module(name)
    found = [mismatch(label, subject) for label, subject in public_subjects(module)]
    assert [line for line in found if line] == []


def front_door() -> Iterator[tuple[str, Callable[..., object]]]:
    """What users meet first: the functions and classes of ``trueline`` and of its public rooms."""
    rooms = [value for name in trueline.__all__ if inspect.ismodule(value := getattr(trueline, name))]
    for room in [trueline, *rooms]:
        for name in getattr(room, "__all__", ()):
            subject = getattr(room, name)
            if callable(subject):
                yield f"{room.__name__}.{name}", subject


def test_everything_behind_the_front_door_is_documented():
    found = {label: mismatch(label, subject, required=True) for label, subject in front_door()}
    assert len(found) >= 6
    assert [line for line in found.values() if line] == []


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example may write a file
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert failed == 0


def sample(first: int, *rest: int, second: int = 0, **more: int) -> None:
    """Stand in for a documented function.

    Parameters
    ----------
    first : int
        Of two lines,
        this: one.
    *rest : int
    second
    **more : int

    Returns
    -------
    nothing : None
    """


def test_mismatch_sees_a_parameter_renamed_dropped_or_reordered():
    def swapped(x: int, y: int) -> None:
        """Parameters
        ----------
        y, x : int
        """

    def renamed(x: int) -> None:
        """Parameters
        ----------
        z : int
        """

    def bare(x: int) -> None:
        """Say nothing of x."""

    assert documented(sample.__doc__ or "") == ["first", "rest", "second", "more"]
    assert mismatch("sample", sample) is None
    assert mismatch("swapped", swapped) == "swapped documents ['y', 'x'], takes ['x', 'y']"
    assert mismatch("renamed", renamed) == "renamed documents ['z'], takes ['x']"
    assert mismatch("bare", bare) is None
    assert mismatch("bare", bare, required=True) == "bare documents none of ['x']"
