"""What keeps cells from being finite numbers: kinds of trouble, counted and located, and said in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ..errors import Problem

__all__ = ["Cells", "Kind", "Mask", "Tally", "Trouble", "as_problem", "locate"]

Mask = NDArray[np.bool_]


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


@dataclass(frozen=True)
class Trouble:
    """One kind of trouble in one column: where it first shows (from 0), how often, and the first such cell."""

    kind: Kind
    first: int
    count: int
    value: str = ""


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
            if earlier is None:
                self._found[key] = replace(trouble, first=trouble.first + first_row)
            else:
                self._found[key] = replace(earlier, count=earlier.count + trouble.count)

    def of(self, column: str) -> dict[Kind, Trouble]:
        """What was found in one column."""
        return {kind: trouble for (name, kind), trouble in self._found.items() if name == column}

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
    return tuple(Trouble(kind, int(np.argmax(mask)), int(np.count_nonzero(mask)), value) for kind, mask, value in seen)
