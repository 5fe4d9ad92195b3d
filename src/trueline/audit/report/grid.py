"""Tables as the page shows them: numbers to the right, what is missing as a dash, the rest counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..saying import amount, growth
from .visible import visible

__all__ = ["cell_text", "grid", "is_number"]

LONGEST = 160  # characters of a cell
FOLDED = 25  # rows: a longer table opens when asked to


def is_number(value: Any) -> bool:
    """Is it an int or a float? (True and False are words.)

    Parameters
    ----------
    value : Any
    """
    return isinstance(value, int | float) and not isinstance(value, bool)


def cell_text(value: Any, most: int = LONGEST) -> str:
    """One value as a person reads it.

    Parameters
    ----------
    value : Any
        What JSON can hold.
    most : int
        Characters that are kept.

    Examples
    --------
    >>> cell_text(20640.0), cell_text(-0.123456), cell_text(None), cell_text(True), cell_text([1, 2])
    ('20,640', '−0.1235', '–', 'yes', '1, 2')
    """
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e9:
            return cell_text(int(value))
        return amount(value, 4).replace("-", "−")
    if isinstance(value, list | tuple):
        shown = ", ".join(str(entry) if isinstance(entry, int) else cell_text(entry) for entry in value[:12])
        return visible(shown + (f" and {len(value) - 12:,} more" if len(value) > 12 else ""), 2 * most)
    if isinstance(value, dict):
        return visible("; ".join(f"{name} {cell_text(entry)}" for name, entry in value.items()), 2 * most)
    return visible(str(value), most)


def grid(
    title: str, columns: Sequence[str], rows: Sequence[Any], units: Sequence[str] = (), *, most: int = 100
) -> dict[str, Any]:
    """What the template of a table asks for.

    Parameters
    ----------
    title : str
    columns : sequence of str
    rows : sequence of lists or dicts
        As many cells as columns.
    units : sequence of str
        One for each column, or none at all.
    most : int
        Rows that are shown.
    """
    lines = [[row.get(name) for name in columns] if isinstance(row, dict) else list(row) for row in rows]
    columns, units, lines = _without_empty(list(columns), list(units), lines)
    named = [*units, *[""] * (len(columns) - len(units))]
    heads = [
        {"name": visible(str(name), LONGEST), "unit": visible(str(unit), LONGEST), "numeric": _is_numeric(lines, place)}
        for place, (name, unit) in enumerate(zip(columns, named, strict=False))
    ]
    shown = [
        [{"text": _told(value, head), "numeric": head["numeric"]} for value, head in zip(line, heads, strict=False)]
        for line in lines[:most]
    ]
    folded = f"{title}: {len(lines):,} rows" if len(lines) > FOLDED else ""
    return {"title": title, "heads": heads, "rows": shown, "more": max(0, len(lines) - most), "folded": folded}


def _without_empty(
    columns: list[str], units: list[str], lines: list[list[Any]]
) -> tuple[list[str], list[str], list[list[Any]]]:
    """The same without columns that hold nothing at all."""
    kept = [place for place in range(len(columns)) if not lines or any(_at(line, place) is not None for line in lines)]
    return (
        [columns[place] for place in kept],
        [_at(units, place) or "" for place in kept],
        [[_at(line, place) for place in kept] for line in lines],
    )


def _at(line: list[Any], place: int) -> Any:
    return line[place] if place < len(line) else None


def _told(value: Any, head: dict[str, Any]) -> str:
    if head["unit"] == "share" and is_number(value):
        return growth(value)
    return str(value) if head["name"] == "row" and isinstance(value, int) else cell_text(value)


def _is_numeric(lines: list[list[Any]], place: int) -> bool:
    present = [line[place] for line in lines if line[place] is not None]
    return bool(present) and all(map(is_number, present))
