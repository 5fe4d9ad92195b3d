"""Sentences of a report as markup: names in backticks stand out, a number keeps its unit."""

from __future__ import annotations

from typing import Any

__all__ = ["spoken"]


def spoken(text: str) -> Any:
    """A sentence, escaped; what stands in backticks as a name, direction of writing kept apart.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> str(spoken("`a<b` costs 5 %"))
    '<code class="name"><bdi>a&lt;b</bdi></code> costs 5\\xa0%'
    """
    from markupsafe import Markup, escape

    parts = text.replace(" %", "\u00a0%").split("`")
    if len(parts) % 2 == 0:  # an odd one out: part of a name
        return escape("`".join(parts))
    return Markup("").join(Markup('<code class="name"><bdi>{}</bdi></code>').format(part) if place % 2 else escape(part)
                           for place, part in enumerate(parts))  # fmt: skip
