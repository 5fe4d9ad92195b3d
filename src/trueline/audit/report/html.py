"""The audit as one HTML file: no address in it, nothing loaded, the same bytes for the same report."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from ...errors import OptionError
from ...files import write_whole
from .grid import grid
from .reading import page_of
from .redaction import redacted
from .visible import visible_values
from .words import spoken

__all__ = ["LIMIT", "to_html"]

LIMIT = 2_000_000  # bytes of the file
MOST = (100, 40, 10)  # rows of a table that are shown; fewer where the file would be too large
NEEDED = ("jinja2", "altair", "vl_convert")
HERE = Path(__file__).parent


class Report(Protocol):
    """What can say itself as a dictionary; `AuditReport` does."""

    def to_dict(self) -> dict[str, Any]: ...


def to_html(report: Mapping[str, Any] | Report, path: str | os.PathLike[str], *, redact: bool = False) -> None:
    """Write a report as one page that opens offline.

    Parameters
    ----------
    report : dict or AuditReport
        What `AuditReport.to_dict` gives.
    path : str or path-like
        The file to write; an existing one is replaced.
    redact : bool
        Leave out what the rows hold: cells, and names taken from them.

    Raises
    ------
    OptionError
        What draws the page is not installed.
    OSError
        The file cannot be written.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise OptionError(f"the page needs {', '.join(missing)}", advice='pip install "trueline[report]"')
    told = dict(report) if isinstance(report, Mapping) else _told(report)
    told = visible_values(redacted(told) if redact else told)
    for most in MOST:
        content = _rendered(page_of(told, most=most, redacted=redact), most)
        if len(content) < LIMIT:
            break
    write_whole(path, content)


def _told(report: Report) -> dict[str, Any]:
    """The report as a dictionary, in which each section also lists the findings it made."""
    told = report.to_dict()
    for section, entry in zip(getattr(report, "sections", ()), told.get("sections", ()), strict=False):
        entry.setdefault("findings", [finding.fingerprint for finding in section.findings])
    return told


def _rendered(page: dict[str, Any], most: int) -> bytes:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from .drawing import runtime

    room = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True)  # fmt: skip
    room.filters |= {"severity_class": _severity_class, "spoken": spoken}
    _draw(page, most)
    page["has_charts"] = any(section["figures"] for section in page["sections"])
    style, behaviour = (_raw((HERE / name).read_text(encoding="utf-8")) for name in ("style.css", "behaviour.js"))
    code = _raw(runtime() if page["has_charts"] else "")
    policy = _policy(str(code), str(behaviour))
    text = room.get_template("page.html.j2").render(
        page=page, style=style, behaviour=behaviour, runtime=code, policy=policy
    )
    return text.encode()


def _draw(page: dict[str, Any], most: int) -> None:
    """Give each section its figures, with the picture, the live chart and the numbers."""
    from .charts import figures_of
    from .drawing import description, still

    for section in page["sections"]:
        for number, figure in enumerate(figures_of(section["chart"], page["target"]), start=1):
            section["figures"].append({
                "title": figure.title, "alt": figure.alt, "caption": figure.caption,
                "still": _raw(still(figure.spec, f"{section['anchor']}-{number}")),
                "spec": _raw(description(figure.spec)),
                "table": grid(figure.title, figure.columns, figure.rows, most=most),
            })  # fmt: skip


def _raw(text: str) -> Any:
    """Text that is markup or code of ours, or was escaped for where it stands."""
    from markupsafe import Markup

    return Markup(text)


def _policy(*scripts: str) -> str:
    """Nothing from anywhere; of scripts, these and no other."""
    prints = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts if script]
    allowed = " ".join(f"'sha256-{print_}'" for print_ in prints)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _severity_class(severity: str) -> str:
    return severity if severity in ("critical", "high", "medium", "low", "info") else "info"
