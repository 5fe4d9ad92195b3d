"""What a table does against a schema: every violation, and what the policies make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import Problem
from .columns import Column
from .stream import did_you_mean
from .troubles import Kind, Tally, Trouble, as_problem

__all__ = ["SchemaCheck", "Violation", "cell_violations", "column_violations", "in_words"]


@dataclass(frozen=True)
class Violation:
    """One way in which one column is not what the schema says.

    Parameters
    ----------
    column : str
    kind : str
        ``"missing"``, ``"extra"``, ``"range"``, ``"fraction"``, ``"unknown"`` (a level), ``"blank"``, ``"infinite"``,
        ``"text"``, ``"logical"``, ``"inexact"``, ``"date"``, ``"complex"``, ``"nested"`` or ``"object"``.
    count : int
        How many rows show it.
    rows : tuple of int
        The first few of them, counted from 1; none where the whole column is meant.
    example : str
        The first such cell.
    policy : str
        What becomes of it: ``"refuse"``, ``"clip"`` or ``"warn"``.
    message : str
        All of it in words.
    """

    column: str
    kind: str
    count: int
    rows: tuple[int, ...]
    example: str
    policy: str
    message: str


@dataclass(frozen=True)
class SchemaCheck:
    """Every violation of a table.

    Parameters
    ----------
    n_rows : int
        Rows that were looked at.
    violations : tuple of Violation
        Columns first, then cells in the order of finding.
    """

    n_rows: int
    violations: tuple[Violation, ...] = ()

    @property
    def refused(self) -> bool:
        """Is there anything that no prediction is made of?"""
        return any(violation.policy == "refuse" for violation in self.violations)

    def problems(self) -> tuple[Problem, ...]:
        """What is refused, as the errors of trueline list it."""
        return tuple(
            Problem(v.message.removeprefix(f"{v.column}: "), v.column, v.rows[0] if v.rows else None,
                    v.count if v.rows else None)
            for v in self.violations if v.policy == "refuse"
        )  # fmt: skip

    def notes(self) -> tuple[str, ...]:
        """What is clipped or only warned of, one line each."""
        return tuple(_note(v) for v in self.violations if v.policy != "refuse")

    def __str__(self) -> str:
        rows = f"{self.n_rows:,} row{'' if self.n_rows == 1 else 's'}"
        if not self.violations:
            return f"{rows}: no violations"
        return "\n  ".join([f"{rows}, {len(self.violations)} violations:",
                            *(f"{v.policy}: {_note(v)}" for v in self.violations)])  # fmt: skip


def _note(violation: Violation) -> str:
    if not violation.rows:
        return violation.message
    more = ", ..." if violation.count > len(violation.rows) else ""
    rows = "row" if violation.count == 1 else "rows"
    effect = {"clip": "; clipped"}.get(violation.policy, "")
    if violation.kind == "unknown" and violation.policy == "warn":
        effect = "; taken for the reference level"
    return f"{violation.message} ({violation.count} {rows}: {', '.join(map(str, violation.rows))}{more}{effect})"


def column_violations(wanted: list[str], there: tuple[str, ...], ignored: set[str], extra: str) -> Iterator[Violation]:
    """Columns that are missing (refused always), or that nobody asked for (`extra` is the policy)."""
    surplus = [name for name in there if name not in {*wanted, *ignored}]
    for name in wanted:
        if name not in there:
            message = f"{name}: missing{did_you_mean(name, surplus)}"
            yield Violation(name, "missing", 0, (), "", "refuse", message)
    for name in surplus:
        yield Violation(name, "extra", 0, (), "", extra, f"{name}: not a column of the schema")


def cell_violations(tally: Tally, columns: tuple[Column, ...]) -> Iterator[Violation]:
    """What was found in cells, each under the policy of its column."""
    known = {column.name: column for column in columns}
    for name, trouble in tally.all():
        column = known.get(name)
        problem = as_problem(name, trouble, {}, in_words(column, trouble))
        policy = "refuse" if column is None else column.policy(trouble.kind)
        yield Violation(name, trouble.kind.name.lower(), trouble.count, tuple(row + 1 for row in trouble.rows),
                        trouble.value, policy, f"{name}: {problem.what}")  # fmt: skip


def in_words(column: Column | None, trouble: Trouble) -> str | None:
    """How to say it where the column knows better than the kind of trouble."""
    if column is None or trouble.kind is not Kind.RANGE:
        return None
    return f"outside {column.low:.10g} to {column.high:.10g}, the range of training"
