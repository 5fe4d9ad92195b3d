"""Weigh attacks against defences, and say what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .arena import compare
    from .audit_report import AuditReport
    from .flips.flipping import rows_to_flip
    from .flips.result import RowsToFlip
    from .moves.found import WorstRow
    from .moves.how_few import RowsToMove, rows_to_move
    from .moves.worst import worst_row
    from .replaying import Replay, replay
    from .running import run
    from .standing import Arena, Trial

__all__ = [
    "Arena",
    "AuditReport",
    "Replay",
    "RowsToFlip",
    "RowsToMove",
    "Trial",
    "WorstRow",
    "compare",
    "replay",
    "rows_to_flip",
    "rows_to_move",
    "run",
    "worst_row",
]

_HOMES = {
    "Arena": ".standing",
    "AuditReport": ".audit_report",
    "Replay": ".replaying",
    "RowsToFlip": ".flips.result",
    "RowsToMove": ".moves.how_few",
    "Trial": ".standing",
    "WorstRow": ".moves.found",
    "compare": ".arena",
    "replay": ".replaying",
    "rows_to_flip": ".flips.flipping",
    "rows_to_move": ".moves.how_few",
    "run": ".running",
    "worst_row": ".moves.worst",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
