"""The audit as one HTML file: no address in it, nothing loaded, the same bytes for the same report."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import OptionError
from ...files import write_whole
from .grid import grid
from .reading import page_of
from .redaction import redacted
from .visible import visible_values
from .words import spoken

if TYPE_CHECKING:
    from .figure import Figure

__all__ = ["LIMIT", "check_installed", "drawn", "rendered", "to_html"]

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
    check_installed()
    told = dict(report) if isinstance(report, Mapping) else report.to_dict()
    told = visible_values(redacted(told) if redact else told)
    for most in MOST:
        page = page_of(told, most=most, redacted=redact)
        _draw(page, most)
        content = rendered(page)
        if len(content) < LIMIT:
            break
    write_whole(path, content)


def check_installed() -> None:
    """Refuse, before the work begins, where what draws a page is missing.

    Raises
    ------
    OptionError
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise OptionError(f"the page needs {', '.join(missing)}", advice='pip install "trueline[report]"')


def rendered(page: dict[str, Any], template: str = "page.html.j2", *folders: Path) -> bytes:
    """A page whose sections have their figures, in the look that all pages share.

    Parameters
    ----------
    page : dict
        What the template asks for; of `sections` each has a list of `figures` (see `drawn`).
    template : str
    *folders : Path
        Where else templates are.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from .drawing import runtime

    room = Environment(loader=FileSystemLoader([*folders, HERE]), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)  # fmt: skip
    room.filters |= {"severity_class": _severity_class, "spoken": spoken}
    page["has_charts"] = any(section["figures"] for section in page["sections"])
    style, behaviour = (_raw((HERE / name).read_text(encoding="utf-8")) for name in ("style.css", "behaviour.js"))
    code = _raw(runtime() if page["has_charts"] else "")
    policy = _policy(str(code), str(behaviour))
    text = room.get_template(template).render(page=page, style=style, behaviour=behaviour, runtime=code, policy=policy)
    return text.encode()


def _draw(page: dict[str, Any], most: int) -> None:
    """Give each section its figures, with the picture, the live chart and the numbers."""
    from .charts import figures_of

    for section in page["sections"]:
        for number, figure in enumerate(figures_of(section["chart"], page["target"]), start=1):
            section["figures"].append(drawn(figure, f"{section['anchor']}-{number}", most))


def drawn(figure: Figure, name: str, most: int = MOST[0]) -> dict[str, Any]:
    """A figure as the template of figures asks for it: the picture, the live chart and the numbers.

    Parameters
    ----------
    figure : Figure
    name : str
        Unique on the page.
    most : int
        Rows of its table that are shown.
    """
    from .drawing import description, still

    return {
        "title": figure.title, "alt": figure.alt, "caption": figure.caption,
        "still": _raw(still(figure.spec, name)), "spec": _raw(description(figure.spec)),
        "table": grid(figure.title, figure.columns, figure.rows, most=most),
    }  # fmt: skip


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
