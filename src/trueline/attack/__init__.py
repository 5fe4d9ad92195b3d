"""Who could move it? What an attacker must know and control, and what it buys. Everything is loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .adaptation import adaptive
    from .attribute import attribute_inference
    from .evaded import Change, Evasion
    from .evasion import evade
    from .evasion_levers import EvasionTable, evasion_table
    from .evasion_range import Extrapolation, extrapolation
    from .extracted import Extraction
    from .extraction import extract
    from .flip import flip_labels
    from .leakage import AttributeLeakage, MembershipLeakage
    from .membership import membership_inference
    from .optimization import optimize
    from .poison import Poison
    from .simple import outlier, statistical
    from .sources import Sources, by_source
    from .targeting import targeted

__all__ = [
    "AttributeLeakage",
    "Change",
    "Evasion",
    "EvasionTable",
    "Extraction",
    "Extrapolation",
    "MembershipLeakage",
    "Poison",
    "Sources",
    "adaptive",
    "attribute_inference",
    "by_source",
    "evade",
    "evasion_table",
    "extract",
    "extrapolation",
    "flip_labels",
    "membership_inference",
    "optimize",
    "outlier",
    "statistical",
    "targeted",
]

_WHERE = {
    "AttributeLeakage": ".leakage",
    "Change": ".evaded",
    "Evasion": ".evaded",
    "EvasionTable": ".evasion_levers",
    "Extraction": ".extracted",
    "Extrapolation": ".evasion_range",
    "MembershipLeakage": ".leakage",
    "Poison": ".poison",
    "Sources": ".sources",
    "adaptive": ".adaptation",
    "attribute_inference": ".attribute",
    "by_source": ".sources",
    "evade": ".evasion",
    "evasion_table": ".evasion_levers",
    "extract": ".extraction",
    "extrapolation": ".evasion_range",
    "flip_labels": ".flip",
    "membership_inference": ".membership",
    "optimize": ".optimization",
    "outlier": ".simple",
    "statistical": ".simple",
    "targeted": ".targeting",
}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_WHERE[name], __name__), name)
    globals()[name] = value  # found once, then an ordinary attribute
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
