"""What happens after `fit`: the model as a file, its versions, the rows it meets. Everything is loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .artifact import Model
    from .drift.monitor import DriftMonitor, DriftReport
    from .drift.reference import Reference
    from .loading import load, loads
    from .onnx_export import to_onnx
    from .registry.registry import Registry
    from .saving import save
    from .signing import keygen, private_key, public_key
    from .snapshot import Snapshot
    from .writing import dumps

__all__ = [
    "DriftMonitor", "DriftReport", "Model", "Reference", "Registry", "Snapshot", "dumps", "keygen", "load", "loads",
    "private_key", "public_key", "save", "to_onnx",
]  # fmt: skip

_WHERE = {
    "DriftMonitor": ".drift.monitor",
    "DriftReport": ".drift.monitor",
    "Model": ".artifact",
    "Reference": ".drift.reference",
    "Registry": ".registry.registry",
    "Snapshot": ".snapshot",
    "dumps": ".writing",
    "keygen": ".signing",
    "load": ".loading",
    "loads": ".loading",
    "private_key": ".signing",
    "public_key": ".signing",
    "save": ".saving",
    "to_onnx": ".onnx_export",
}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_WHERE[name], __name__), name)
    globals()[name] = value  # found once, then an ordinary attribute
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
