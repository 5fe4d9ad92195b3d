"""Rows that need a closer look: everything wrong with them at once, or what the schema's policies make of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import DataError
from ...rows.cells import EXACT_LIMIT
from ...rows.columns import Column
from ...rows.schema import Schema
from ...rows.violations import Violation, column_violations
from .refusals import RefusedError
from .taken import FEW, Taken, as_problem

__all__ = ["UnusualRows"]

MOST_STRANGE = 50  # columns that nobody asked for are named, and compared with those that are missing
LONGEST = 80  # characters of a name or cell that are repeated to the caller

WORDS = {
    "missing": "missing", "text": "text, not a number", "logical": "true or false, not a number",
    "nested": "a list or an object", "inexact": "whole numbers beyond 2**53, which float64 cannot hold exactly",
    "infinite": "too large for float64", "number": "not text",
}  # fmt: skip


class UnusualRows:
    """What `Schema.apply` makes of JSON: slower than `RowReader`, and says everything.

    Parameters
    ----------
    schema : Schema
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def rows(self, rows: list[dict[str, Any]]) -> Taken:
        """Rows that may lack cells or have too many.

        Raises
        ------
        RefusedError
            What the schema refuses, all of it.
        """
        names = dict.fromkeys(_keys(rows))
        known = set(self.schema.names)
        absent = object()
        columns = {name: [row.get(name, absent) for row in rows] if name in known else [] for name in names}
        gaps = [_violation(name, "missing", [i for i, cell in enumerate(cells) if cell is absent], cells)
                for name, cells in columns.items() if absent in cells]  # fmt: skip
        if gaps:
            self._refuse_columns(columns, gaps)
        return self.columns(columns, len(rows))

    def columns(self, columns: Mapping[str, list[Any]], n_rows: int) -> Taken:
        """Columns side by side; of those that the schema does not know only the names are looked at.

        Raises
        ------
        RefusedError
            What the schema refuses, all of it.
        """
        notes = [found for found in self._refuse_columns(columns, []) if found.policy != "refuse"]
        cells = {column.name: columns[column.name] for column in self.schema.columns}
        whys = {column.name: _whys(column, cells[column.name]) for column in self.schema.columns}
        wrong = [found for name, why in whys.items() for found in _wrong_cells(name, why, cells[name])]
        table = pa.table({column.name: _arrow(column, cells[column.name], whys[column.name])
                          for column in self.schema.columns})  # fmt: skip
        try:
            X, check = self.schema.apply(table)
        except DataError:
            wrong += [found for found in self.schema.check(table).violations if found.policy == "refuse"]
        if wrong:
            raise _refusal("wrong_cells", wrong)
        return Taken(X, self._raw(cells, n_rows), tuple(as_problem(found) for found in (*notes, *check.violations)))

    def _refuse_columns(self, columns: Mapping[str, Any], gaps: list[Violation]) -> list[Violation]:
        wanted = list(self.schema.names)
        known = set(wanted)
        strange = [name for name in columns if name not in known]
        shown = tuple(_short(name) for name in strange[:MOST_STRANGE])
        there = (*(name for name in wanted if name in columns), *shown)
        found = [*column_violations(wanted, there, set(), self.schema.extra), *gaps]
        if any(violation.policy == "refuse" for violation in found):
            raise _refusal("wrong_columns", [violation for violation in found if violation.policy == "refuse"])
        return found

    def _raw(self, cells: Mapping[str, list[Any]], n_rows: int) -> Any:
        raw = np.empty((n_rows, len(self.schema.columns)))
        for place, column in enumerate(self.schema.columns):
            codes = {level: code for code, level in enumerate(column.levels)}
            sent = cells[column.name]
            raw[:, place] = [codes.get(cell, -1) for cell in sent] if column.kind == "category" else sent
        return raw


def _keys(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The keys of all rows, as often as they are there."""
    for row in rows:
        yield from row


def _whys(column: Column, cells: list[Any]) -> list[str | None]:
    """What is wrong with the kind of each cell: told apart here, where JSON still says what it is."""
    judge = _why_not_text if column.kind == "category" else _why_not_number
    return [None if why == "logical" and column.kind == "boolean" else why for why in map(judge, cells)]


def _wrong_cells(name: str, whys: list[str | None], cells: list[Any]) -> Iterator[Violation]:
    for reason in dict.fromkeys(why for why in whys if why is not None):
        yield _violation(name, reason, [i for i, why in enumerate(whys) if why == reason], cells)


def _why_not_text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return None
    return "nested" if isinstance(cell, list | dict) else "number"


def _why_not_number(cell: Any) -> str | None:
    """What keeps a cell from being a number; nulls are for the schema to refuse."""
    if isinstance(cell, float):
        return "infinite" if math.isinf(cell) else None
    if cell is None or isinstance(cell, bool):
        return None if cell is None else "logical"
    if isinstance(cell, int):
        return "inexact" if abs(cell) > int(EXACT_LIMIT) else None
    return "text" if isinstance(cell, str) else "nested"


def _violation(name: str, kind: str, places: list[int], cells: list[Any]) -> Violation:
    rows = tuple(place + 1 for place in places[:FEW])
    example = "" if kind == "missing" else _short(_spelled(cells[places[0]]))
    seen = f" (first {example!r})" if example else ""
    return Violation(name, kind, len(places), rows, example, "refuse", f"{name}: {WORDS[kind]}{seen}")


def _spelled(cell: Any) -> str:
    if isinstance(cell, int) and not isinstance(cell, bool) and cell.bit_length() > 300:
        return f"a whole number of {cell.bit_length()} bits"
    return cell if isinstance(cell, str) else json.dumps(cell)  # as it was sent: true, not True


def _arrow(column: Column, cells: list[Any], whys: list[str | None]) -> Any:
    """Cells for the schema; in the place of a wrong one, which is named already, one that it has nothing against."""
    good = [cell if why is None else _blameless(column) for cell, why in zip(cells, whys, strict=True)]
    if column.kind == "category":
        return pa.array(good, pa.string())
    return pa.array([None if cell is None else float(cell) for cell in good], pa.float64())


def _blameless(column: Column) -> Any:
    return column.levels[0] if column.kind == "category" else column.low or 0.0


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _refusal(reason: str, found: list[Violation]) -> RefusedError:
    lines = [f"{violation.message}{_where(violation)}" for violation in found]
    more = f"; and {len(lines) - 3} more" if len(lines) > 3 else ""
    return RefusedError(reason, "; ".join(lines[:3]) + more, [as_problem(violation) for violation in found])


def _where(violation: Violation) -> str:
    if not violation.rows:
        return ""
    rows = "rows" if violation.count > 1 else "row"
    more = ", ..." if violation.count > len(violation.rows) else ""
    return f" ({rows} {', '.join(map(str, violation.rows))}{more})"
