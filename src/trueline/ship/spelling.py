"""Names, levels and records for a person to read: in quotes where it could not be seen what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..audit.report.visible import visible

__all__ = ["in_words", "spelled", "spelled_list"]

APART = ", "


def spelled(text: str, most: int = 60) -> str:
    """The text as it stands, or quoted and written out where blanks or signs of it would not be seen.

    Parameters
    ----------
    text : str
    most : int
        Characters that are kept.

    Examples
    --------
    >>> [spelled(text) for text in ("north", " lead", "a\\tb", "")]
    ['north', "' lead'", "'a\\\\tb'", "''"]
    """
    kept = text if len(text) <= most else f"{text[: most - 1]}…"
    shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in kept)
    return shown if kept and shown == kept.strip() else f"'{shown}'"


def spelled_list(texts: Iterable[str], most: int = 60) -> str:
    """Several of them with commas between; one that holds such a comma is quoted too.

    Parameters
    ----------
    texts : iterable of str
    most : int
        Characters in all.

    Examples
    --------
    >>> spelled_list(["north", "west ", "a, b"])
    "north, 'west ', 'a, b'"
    """
    shown = [spelled(text) for text in texts]
    whole = APART.join(f"'{text}'" if APART in text and text[0] != "'" else text for text in shown)
    return whole if len(whole) <= most else f"{whole[: most - 1]}…"


def in_words(value: Any) -> str:
    """A value of a training record.

    Examples
    --------
    >>> in_words({"rows": 400, "rmse": 0.1 + 0.2, "seed": None})
    'rows 400, rmse 0.3, seed unknown'
    """
    if isinstance(value, dict):
        return ", ".join(f"{name} {in_words(entry)}" for name, entry in value.items())
    if isinstance(value, float):
        return f"{value:.8g}"
    return "unknown" if value is None else visible(str(value), 200)
