"""How an audit, and each of its findings, is made again: words that can be run as they stand."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ..findings import Finding

__all__ = ["Again", "call_of", "file_of"]

FOLDER = "rows"  # where the files of rows go when nobody said


def file_of(finding: Finding) -> str:
    """What the file with the rows of a finding is called.

    Examples
    --------
    >>> from trueline.findings import Severity
    >>> file_of(Finding("sign-flips", Severity.LOW, "12 rows flip it", where=("age",)))
    'sign-flips-772fb830.csv'
    """
    return f"{finding.rule_id}-{finding.fingerprint[:8]}.csv"


def call_of(model: Any, terms: dict[str, Any], options: dict[str, Any]) -> str:
    """The call from Python, what was left out by default left out; data by the names that they have there.

    Examples
    --------
    >>> call_of(None, {"effort": "quick", "random_state": 0}, {"drop": ["id"]})
    "trueline.audit.run(X, y, effort='quick', random_state=0, drop=['id'])"
    """
    words = ["X", "y", *(["model"] if model is not None else [])]
    plain = {name: value for name, value in options.items() if name not in ("title", "command", "rows_to")}
    for name, value in {**terms, **plain}.items():
        if value is not None:
            short = isinstance(value, str | int | float | bool | list | tuple | dict) and len(repr(value)) < 200
            words.append(f"{name}={value!r}" if short else f"{name}={name}")
    return f"trueline.audit.run({', '.join(words)})"


@dataclass(frozen=True)
class Again:
    """The words for one audit.

    Parameters
    ----------
    audit : str
        Makes the whole audit again: a command, or a call from Python.
    rows_to : str or None
        The folder to which its rows are written; None where they are not.
    """

    audit: str
    rows_to: str | None = None

    def words(self, finding: Finding, has_rows: bool) -> str:
        """What shows a finding again: with rows these are applied and the model refitted, else all is searched anew.

        Parameters
        ----------
        finding : Finding
        has_rows : bool

        Examples
        --------
        >>> from trueline.findings import Severity
        >>> finding = Finding("sign-flips", Severity.LOW, "12 rows flip it", where=("age",))
        >>> Again("trueline audit a.csv --target y", "rows").words(finding, True)
        'trueline audit a.csv --target y --replay rows/sign-flips-772fb830.csv'
        """
        if not has_rows:
            return self.audit
        path = (PurePath(self.rows_to or FOLDER) / file_of(finding)).as_posix()
        if self.audit.startswith("trueline.audit.run("):
            write = f"{self.audit}.rows_to({FOLDER!r}); "
            seen = self.audit.replace("trueline.audit.run(X, y", f"trueline.audit.replay(X, y, {path!r}", 1)
            return write + seen
        write = "" if self.rows_to else f"{self.audit} --rows-to {FOLDER}; "
        return f"{write}{self.audit} --replay {shlex.quote(path)}"
