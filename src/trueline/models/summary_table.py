"""A summary of a fit as text for a terminal and as HTML for a notebook: the same cells in both."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..display import aligned

__all__ = ["Cells", "as_html", "as_text", "number", "probability"]

Cells = Sequence[Sequence[str]]

TINY = 1e-16  # p-values below are rounding of the tail, and no more evidence than this


def number(value: float, digits: int = 5) -> str:
    """A number to so many significant digits; a dash where there is none.

    Parameters
    ----------
    value : float
    digits : int

    Examples
    --------
    >>> number(-1234567.0), number(0.5), number(float("nan"))
    ('-1.2346e+06', '0.50000', '-')
    """
    return "-" if value != value else f"{value:#.{digits}g}".rstrip(".")


def probability(p: float) -> str:
    """A p-value, never shown as 0.

    Parameters
    ----------
    p : float

    Examples
    --------
    >>> [probability(p) for p in (0.0421, 3.2e-5, 0.0, float("nan"))]
    ['0.042', '3.2e-05', '<1e-16', '-']
    """
    if p != p:
        return "-"
    return "<1e-16" if p < TINY else f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def as_text(title: str, facts: Cells, table: Cells, notes: Sequence[str]) -> str:
    """Aligned lines: the facts in two columns, the table under its heads, the notes below.

    Parameters
    ----------
    title : str
    facts : sequence of (name, value)
    table : sequence of rows, heads first; the first column is text
    notes : sequence of str
    """
    lines = aligned(table)
    half = len(facts) // 2
    left, right = [*facts[:half], *[("", "")] * (len(facts) % 2)], facts[half:]
    shape = [max(len(str(row[k])) for row in side) for side in (left, right) for k in (0, 1)]
    wide = max(len(lines[0]), sum(shape) + 8)
    gap = " " * (wide - sum(shape) - 4)
    top = [f"{a:<{shape[0]}}  {b:>{shape[1]}}{gap}{c:<{shape[2]}}  {d:>{shape[3]}}".rstrip()
           for (a, b), (c, d) in zip(left, right, strict=True)]  # fmt: skip
    rule, thin = "=" * wide, "-" * wide
    body = [title, rule, *top, rule, lines[0], thin, *lines[1:], rule]
    return "\n".join([*body, *(f"Note: {note}" for note in notes)])


def as_html(title: str, facts: Cells, table: Cells, notes: Sequence[str]) -> str:
    """The same as two HTML tables; every cell escaped.

    Parameters
    ----------
    title : str
    facts, table : as for `as_text`
    notes : sequence of str
    """
    head, *rows = table
    known = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
    heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(c)}</td>" for c in row[1:]) + "</tr>"
        for row in rows
    )
    said = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        f"<div><table><caption>{escape(title)}</caption><tbody>{known}</tbody></table>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{said}</div>"
    )
