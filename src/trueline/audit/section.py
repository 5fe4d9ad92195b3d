"""Section: one part of an audit, as text, tables and at most one chart; what a report is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..display import plain
from ..findings import Finding

__all__ = ["CHARTS", "Section", "Table"]

CHARTS = ("coefficients", "influence", "removal_path", "damage", "levers", "loss", "spectrum", "sources")


@dataclass(frozen=True)
class Table:
    """Columns with units.

    Parameters
    ----------
    title : str
    columns : tuple of str
    rows : list of list
        Text, numbers or None, as many to a row as there are columns.
    units : tuple of str
        One for each column; empty where it has none.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[list[Any]]
    units: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        units = self.units or ("",) * len(self.columns)
        return {"title": self.title, "columns": list(self.columns), "rows": plain(self.rows), "units": list(units)}


@dataclass(frozen=True)
class Section:
    """One part of an audit.

    Parameters
    ----------
    key : str
        Stable name.
    title : str
    text : str
        What it says, in plain words.
    how : str
        How its numbers were computed.
    not_run : str or None
        Why there is nothing, where there is nothing.
    tables : tuple of Table
    chart : dict or None
        ``{"kind": one of CHARTS, "data": [...]}``.
    findings : tuple of Finding
    failed : bool
        Whether it was asked for and could not be computed: the audit is then incomplete.
    facts : dict
        What later sections and the summary need of it; not written anywhere.
    """

    key: str
    title: str
    text: str = ""
    how: str = ""
    not_run: str | None = None
    tables: tuple[Table, ...] = ()
    chart: dict[str, Any] | None = None
    findings: tuple[Finding, ...] = ()
    failed: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; findings stand in the report's own list, here their fingerprints."""
        return {
            "key": self.key,
            "title": self.title,
            "text": self.text,
            "how": self.how,
            "not_run": self.not_run,
            "tables": [table.to_dict() for table in self.tables],
            "chart": plain(self.chart),
            "findings": [finding.fingerprint for finding in self.findings],
        }
