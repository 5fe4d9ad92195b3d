"""One row of a table as JSON Schema (2020-12): what a prediction over HTTP takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .columns import Column

__all__ = ["row_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def row_schema(columns: Iterable[Column], extra: str) -> dict[str, Any]:
    """An object with one property per column, limited only where prediction refuses what lies beyond.

    Parameters
    ----------
    columns : iterable of Column
    extra : str
        What becomes of other columns: ``"refuse"`` or ``"warn"``.
    """
    properties = {column.name: _cell(column) for column in columns}
    return {
        "$schema": DIALECT, "type": "object", "properties": properties, "required": list(properties),
        "additionalProperties": extra != "refuse",
    }  # fmt: skip


def _cell(column: Column) -> dict[str, Any]:
    if column.kind == "category":
        levels = {"enum": list(column.levels)} if column.unknown_level == "refuse" else {}
        return {"type": "string", **levels}
    strict = column.out_of_range == "refuse"
    limits = {} if column.low is None or not strict else {"minimum": column.low, "maximum": column.high}
    if column.kind == "boolean":  # true and false are no numbers to JSON, and 1 and 0 to a table
        return {"type": ["boolean", "integer" if strict else "number"], **limits}
    return {"type": "integer" if strict and column.kind == "integer" else "number", **limits}
