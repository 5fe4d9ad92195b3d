"""Text that others chose (column names, cells, paths), made so that what is shown is what is there."""

from __future__ import annotations

import unicodedata
from typing import Any

__all__ = ["visible", "visible_values"]

# Control, format (direction overrides, zero width), half a surrogate pair, unassigned, line and paragraph separators.
HIDDEN = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
KEPT = {"\n", "\t"}  # a page shows them as a blank


def visible(text: str, most: int = 4000) -> str:
    """The text with what cannot be seen written out, cut off where it is longer than anybody reads.

    Parameters
    ----------
    text : str
    most : int
        Characters that are kept.

    Examples
    --------
    >>> visible("price\\u202ecod.exe"), visible("a\\x00b"), visible("année")
    ('price\\\\u202ecod.exe', 'a\\\\x00b', 'année')
    >>> visible("abcdef", most=4)
    'abc…'
    """
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(_written(sign) if unicodedata.category(sign) in HIDDEN else sign for sign in cut)


def visible_values(value: Any) -> Any:
    """`visible` for every text inside, keys included.

    Parameters
    ----------
    value : Any
        What JSON can hold.

    Examples
    --------
    >>> visible_values({"a\\x00": ["b\\u202e", 1, None]})
    {'a\\\\x00': ['b\\\\u202e', 1, None]}
    """
    if isinstance(value, dict):
        return {visible(str(key)): visible_values(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [visible_values(entry) for entry in value]
    return visible(value) if isinstance(value, str) else value


def _written(sign: str) -> str:
    if sign in KEPT:
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
