"""Weigh attacks against defences, and say what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .arena import compare
    from .standing import Arena, Trial

__all__ = ["Arena", "Trial", "compare"]

_HOMES = {"Arena": ".standing", "Trial": ".standing", "compare": ".arena"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
