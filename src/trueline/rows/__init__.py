"""Where rows come from, and who walks over them. Everything is loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import datasets
    from .domain import Domain
    from .schema import Column, Schema, SchemaCheck
    from .source import ArraySource, Block, Source
    from .stream import TableStream, open

__all__ = [
    "ArraySource", "Block", "Column", "Domain", "Schema", "SchemaCheck", "Source", "TableStream", "datasets", "open",
]  # fmt: skip

_WHERE = {
    "ArraySource": ".source",
    "Block": ".source",
    "Column": ".schema",
    "Domain": ".domain",
    "Schema": ".schema",
    "SchemaCheck": ".schema",
    "Source": ".source",
    "TableStream": ".stream",
    "open": ".stream",
}


def __getattr__(name: str) -> object:
    if name == "datasets":
        return import_module(".datasets", __name__)
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_WHERE[name], __name__), name)
    globals()[name] = value  # found once, then an ordinary attribute
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
