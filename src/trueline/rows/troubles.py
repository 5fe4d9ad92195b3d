"""What keeps cells from being finite numbers: kinds of trouble, counted and located, and said in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ..errors import Problem

__all__ = ["FEW", "Cells", "Kind", "Mask", "Tally", "Trouble", "as_problem", "few", "locate"]

Mask = NDArray[np.bool_]

FEW = 5  # rows that are named of many


class Kind(StrEnum):
    """Ways in which a cell fails to be a finite number; the value is how a message says it."""

    BLANK = "blank (NaN or null)"
    INFINITE = "infinity"
    TEXT = "text, not numbers"
    LOGICAL = "true/false among numbers"
    INEXACT = "whole numbers beyond 2**53, which float64 cannot hold exactly"
    DATE = "dates or times, not numbers"
    COMPLEX = "complex numbers"
    NESTED = "lists or structs, not numbers"
    OBJECT = "objects, not numbers"
    UNKNOWN = "levels not seen in training"
    RANGE = "outside the range seen in training"
    FRACTION = "fractions where training saw whole numbers only"


@dataclass(frozen=True)
class Trouble:
    """One kind of trouble in one column: where it first shows (from 0), how often, the first such cell, a few rows."""

    kind: Kind
    first: int
    count: int
    value: str = ""
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cells:
    """A column as float64, NaN wherever there is no number; `troubles` says why (blanks included)."""

    numbers: NDArray[np.float64]
    troubles: tuple[Trouble, ...] = ()
    blank: Mask | None = None


class Tally:
    """Troubles of many columns, added up over many pieces of a table."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Kind], Trouble] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, column: str, troubles: Iterable[Trouble], first_row: int = 0) -> None:
        """Add what was found in a piece that starts at `first_row` (from 0)."""
        for trouble in troubles:
            key = column, trouble.kind
            earlier = self._found.get(key)
            rows = tuple(row + first_row for row in trouble.rows or (trouble.first,))
            if earlier is None:
                self._found[key] = replace(trouble, first=trouble.first + first_row, rows=rows)
            else:
                rows = (earlier.rows + rows)[:FEW]
                self._found[key] = replace(earlier, count=earlier.count + trouble.count, rows=rows)

    def of(self, column: str) -> dict[Kind, Trouble]:
        """What was found in one column."""
        return {kind: trouble for (name, kind), trouble in self._found.items() if name == column}

    def all(self) -> Iterator[tuple[str, Trouble]]:
        """Every column and what was found in it, in the order of finding."""
        yield from ((column, trouble) for (column, _), trouble in self._found.items())

    def kinds(self) -> list[Kind]:
        """The kinds found in any column, in the order of `Kind`."""
        found = {kind for _, kind in self._found}
        return [kind for kind in Kind if kind in found]

    def first_rows(self) -> set[int]:
        """Rows (from 0) in which a trouble first shows."""
        return {trouble.first for trouble in self._found.values()}

    def problems(self, lines: Mapping[int, str] | None = None) -> list[Problem]:
        """Everything as `Problem`s; `lines` says where rows (from 0) stand in a file."""
        return [as_problem(column, trouble, lines or {}) for (column, _), trouble in self._found.items()]


def as_problem(
    column: str, trouble: Trouble, lines: Mapping[int, str], what: str | None = None, fix: str | None = None
) -> Problem:
    """A trouble in words, with its first cell and, where known, the line of the file."""
    seen = f"first {_short(trouble.value)}" if trouble.value else ""
    example = ", ".join(part for part in (seen, lines.get(trouble.first, "")) if part)
    words = (what or str(trouble.kind)) + (f" ({example})" if example else "")
    return Problem(words, column=column, row=trouble.first + 1, count=trouble.count, fix=fix)


def _short(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:37] + "...")


def locate(found: Iterable[tuple[Kind, Mask, str]]) -> tuple[Trouble, ...]:
    """One Trouble for every mask (rows,) that holds anywhere; each comes with its first cell."""
    seen = (entry for entry in found if entry[1].any())
    return tuple(Trouble(kind, int(np.argmax(mask)), int(np.count_nonzero(mask)), value, few(mask))
                 for kind, mask, value in seen)  # fmt: skip


def few(mask: Mask) -> tuple[int, ...]:
    """The first rows in which a mask (rows,) holds."""
    first = int(np.argmax(mask))
    for end in (first + 1_000, len(mask)):  # mostly they are close together
        rows = np.flatnonzero(mask[first:end])[:FEW]
        if len(rows) == FEW:
            break
    return tuple((rows + first).tolist())
