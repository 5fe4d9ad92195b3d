"""AuditReport: everything an audit found, as findings, sections and a summary of 25 lines."""

from __future__ import annotations

import html
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..display import plain
from ..errors import OptionError
from ..files import write_whole
from ..findings import Finding, Severity
from .again import file_of
from .changes import Changes
from .section import Section

__all__ = ["FORMAT", "AuditReport"]

FORMAT = 1


@dataclass(frozen=True, eq=False)
class AuditReport:
    """What an audit found; prints as a summary, writes JSON and HTML.

    Parameters
    ----------
    title, target : str
    rows : int
    features : tuple of str
    effort : str
        "quick", "normal" or "thorough".
    seed : int
    tolerance : float
        A shift of y below this does not matter, in units of y.
    tolerance_why : str
        Where that number comes from.
    attacker_rows : int
        How many rows an attacker is thought to control.
    findings : tuple of Finding
        Worst first.
    sections : tuple of Section
    counts : tuple of dict
        For each feature: effect, interval, and how few rows to remove, relabel or add.
    summary : tuple of dict
        Three plain sentences, each ``{"text", "severity"}``.
    todo : str
        What to do first, and what it costs.
    model : dict
        What was audited: kind, penalty, digits, coefficients.
    reveals : tuple of str
        What the report itself tells about the data.
    changes : dict of str to Changes
        The rows that findings speak of, by fingerprint; written by `rows_to` alone.
    """

    title: str
    target: str
    rows: int
    features: tuple[str, ...]
    effort: str
    seed: int
    tolerance: float
    tolerance_why: str
    attacker_rows: int
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]
    counts: tuple[dict[str, Any], ...] = ()
    summary: tuple[dict[str, str], ...] = ()
    todo: str = ""
    model: dict[str, Any] = field(default_factory=dict)
    reveals: tuple[str, ...] = ()
    changes: dict[str, Changes] = field(default_factory=dict)

    @property
    def not_run(self) -> tuple[str, ...]:
        """What was not done, and why: one line each."""
        return tuple(f"{section.title}: {section.not_run}" for section in self.sections if section.not_run)

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Sections that were asked for and could not be computed."""
        return tuple(section.key for section in self.sections if section.failed)

    def section(self, key: str) -> Section:
        """One section by its key.

        Parameters
        ----------
        key : str

        Raises
        ------
        OptionError
            There is none of that name.
        """
        for section in self.sections:
            if section.key == key:
                return section
        raise OptionError(f"there is no section {key!r}", advice=f"There are {', '.join(s.key for s in self.sections)}")

    def at_least(self, severity: Severity | str) -> list[Finding]:
        """Findings at or above a severity.

        Parameters
        ----------
        severity : Severity or str
        """
        return [finding for finding in self.findings if finding.severity.at_least(Severity(severity))]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, the same for the same data, seed and effort: no times, no machine."""
        return {
            "format": FORMAT,
            "title": self.title,
            "target": self.target,
            "rows": self.rows,
            "features": list(self.features),
            "effort": self.effort,
            "seed": self.seed,
            "tolerance": {"value": plain(self.tolerance), "why": self.tolerance_why},
            "attacker_rows": self.attacker_rows,
            "summary": [dict(line) for line in self.summary],
            "todo": self.todo,
            "findings": [plain(finding.to_dict()) for finding in self.findings],
            "counts": {
                "columns": ["feature", "effect", "remove", "relabel", "add_bounded", "add_any"],
                "rows": plain(list(self.counts)),
            },
            "sections": [section.to_dict() for section in self.sections],
            "reveals": list(self.reveals),
            "not_run": list(self.not_run),
            "incomplete": list(self.incomplete),
            "model": plain(self.model),
        }

    def json(self, redact: bool = False) -> str:
        """`to_dict` as text: sorted as written, ASCII, one line feed at the end.

        Parameters
        ----------
        redact : bool
            Leave out what the rows hold, and the names of suppliers.
        """
        told = self.to_dict()
        if redact:
            from .report.redaction import redacted

            told = redacted(told)
        return json.dumps(told, indent=1, allow_nan=False) + "\n"

    def to_json(self, path: str | os.PathLike[str], redact: bool = False) -> None:
        """Write `to_dict` as one JSON file.

        Parameters
        ----------
        path : str or path-like
        redact : bool
            Leave out what the rows hold, and the names of suppliers.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        write_whole(path, self.json(redact).encode())

    def rows_to(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write the rows of each finding that names some: what leaves, is relabelled or comes in. For `replay`.

        Parameters
        ----------
        folder : str or path-like
            Made if it is not there.

        Returns
        -------
        list of Path
            What was written.

        Raises
        ------
        OSError
            A file cannot be written.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        written = []
        for finding in self.findings:
            if finding.fingerprint in self.changes:
                written.append(place / file_of(finding))
                self.changes[finding.fingerprint].to_csv(written[-1])
        return written

    def to_html(self, path: str | os.PathLike[str], redact: bool = False) -> None:
        """Write one page that opens offline.

        Parameters
        ----------
        path : str or path-like
        redact : bool
            Leave out what the rows hold.

        Raises
        ------
        OptionError
            What draws the page is not installed.
        """
        try:
            from .report.html import to_html
        except ImportError as error:
            raise OptionError(f"the page cannot be drawn: {error}", advice='pip install "trueline[report]"') from None
        to_html(self, path, redact=redact)

    def __str__(self) -> str:
        from .terminal import summary_of

        return summary_of(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"
