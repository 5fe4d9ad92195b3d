"""The table of counts: for each column, how few rows flip its effect, and how few are proven to be needed."""

from __future__ import annotations

from typing import Any

from .grid import cell_text
from .visible import visible

__all__ = ["HOW_COUNTS", "counts_of"]

KINDS = {"remove": "remove", "relabel": "relabel", "add_bounded": "add, in bounds", "add_any": "add, anything"}
HOW_COUNTS = (
    "Each number is the fewest rows found that do it, refitted with exactly those rows; before it, where there is one, "
    "how many are needed at least, proven. Exact: the two are the same. First order is never shown instead."
)


def counts_of(counts: dict[str, Any], most: int) -> dict[str, Any]:
    """What the template of the counts asks for; empty where nothing was counted.

    Parameters
    ----------
    counts : dict
        columns and rows, as a report has them.
    most : int
        Columns of the data that are shown.
    """
    rows = counts.get("rows") or []
    kinds = [kind for kind in KINDS if any(row.get(kind) for row in rows)]
    if not kinds:
        return {}
    lines = [
        {"feature": visible(str(row.get("feature")), 160), "effect": cell_text(row.get("effect")),
         "interval": _interval(row.get("interval")), "cells": [_bracket(row.get(kind)) for kind in kinds]}
        for row in rows[:most]
    ]  # fmt: skip
    return {"heads": [KINDS[kind] for kind in kinds], "rows": lines, "more": max(0, len(rows) - most)}


def _interval(ends: Any) -> str:
    if not isinstance(ends, list | tuple) or len(ends) != 2 or None in ends:
        return ""
    return f"{cell_text(ends[0])} to {cell_text(ends[1])}"


def _bracket(entry: Any) -> dict[str, Any]:
    """``24–61``, ``11`` (exact), ``≤ 86``, ``≥ 24``, or what there is to say instead."""
    if not isinstance(entry, dict):
        return {"found": False, "text": cell_text(entry), "note": ""}
    found, certified = entry.get("found"), entry.get("certified") or 0
    if found is None:
        least = {"text": f"≥ {certified:,}", "note": "proven; none found"}
        return {"found": False, **(least if certified > 1 else {"text": "none found", "note": ""})}
    if certified == found:
        return {"found": True, "text": f"{found:,}", "note": "exact"}
    text = f"{certified:,}–{found:,}" if certified > 1 else f"≤ {found:,}" if found > 1 else "1"
    return {"found": True, "text": text, "note": ""}
