"""Charts of what an attacker can do: rows taken away, poison added, levers, and who sent the rows."""

from __future__ import annotations

from typing import Any

import altair as alt

from ..saying import amount
from .figure import ACCENT, MARK, PALETTE, SOFT, Figure, finished, hints, values, zero_line

__all__ = ["damage", "levers", "removal_path", "sources"]

Rows = list[dict[str, Any]]
