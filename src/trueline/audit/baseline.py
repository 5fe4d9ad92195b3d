"""The gate: which findings fail a run, given those that were there before and those that somebody answers for."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..errors import ReadError
from ..findings import Finding, Severity

__all__ = ["Suppression", "Verdict", "judge", "read_baseline", "read_suppressions"]

FIELDS = {"fingerprint", "rule", "where", "reason", "expires"}


@dataclass(frozen=True)
class Suppression:
    """A finding that somebody answers for, until a day.

    Parameters
    ----------
    reason : str
        Why it may stand.
    expires : date
        The last day on which it counts.
    fingerprint : str
        Of the finding; or
    rule : str
        every finding of a rule,
    where : str
        if given, only at this place.
    """

    reason: str
    expires: date
    fingerprint: str = ""
    rule: str = ""
    where: str = ""

    def covers(self, finding: Finding) -> bool:
        """Is this finding meant?

        Parameters
        ----------
        finding : Finding
        """
        if self.fingerprint:
            return finding.fingerprint == self.fingerprint
        return finding.rule_id == self.rule and (not self.where or self.where in finding.where)

    def __str__(self) -> str:
        return self.fingerprint or f"{self.rule}{f' at {self.where}' if self.where else ''}"


@dataclass(frozen=True)
class Verdict:
    """What fails, and why other findings do not.

    Parameters
    ----------
    failing : tuple of Finding
        At or above the limit, new or worse, not suppressed.
    states : dict of fingerprint to str
        "new", "updated" (worse or better than before) or "unchanged"; empty without a baseline.
    suppressed : dict of fingerprint to str
        The reason, and until when.
    expired, unused : tuple of Suppression
        Too late; matching nothing.
    """

    failing: tuple[Finding, ...]
    states: dict[str, str]
    suppressed: dict[str, str]
    expired: tuple[Suppression, ...] = ()
    unused: tuple[Suppression, ...] = ()


def judge(
    findings: Iterable[Finding],
    fail_on: Severity,
    today: date,
    baseline: Mapping[str, Severity] | None = None,
    suppressions: Iterable[Suppression] = (),
) -> Verdict:
    """Hold findings against a limit, a baseline and suppressions.

    Parameters
    ----------
    findings : iterable of Finding
    fail_on : Severity
    today : date
    baseline : dict of fingerprint to Severity, optional
        Findings that were there before: they fail only where they got worse.
    suppressions : iterable of Suppression

    Examples
    --------
    >>> finding = Finding("cheap-lever", Severity.HIGH, "income moves it", where=("income",))
    >>> day = date(2026, 1, 31)
    >>> len(judge([finding], Severity.HIGH, day).failing)
    1
    >>> len(judge([finding], Severity.HIGH, day, {finding.fingerprint: Severity.HIGH}).failing)
    0
    """
    found, told = list(findings), list(suppressions)
    live = [one for one in told if one.expires >= today]
    suppressed = {
        one.fingerprint: f"{by.reason} (until {by.expires.isoformat()})"
        for one in found
        for by in reversed(live)
        if by.covers(one)
    }
    states = {} if baseline is None else {one.fingerprint: _state(one, baseline) for one in found}
    failing = [
        one
        for one in found
        if one.severity.at_least(fail_on)
        and one.fingerprint not in suppressed
        and (baseline is None or _worse(one, baseline))
    ]
    unused = [one for one in live if not any(one.covers(finding) for finding in found)]
    expired = [one for one in told if one.expires < today]
    return Verdict(tuple(failing), states, suppressed, tuple(expired), tuple(unused))


def _worse(finding: Finding, baseline: Mapping[str, Severity]) -> bool:
    before = baseline.get(finding.fingerprint)
    return before is None or (finding.severity is not before and finding.severity.at_least(before))


def _state(finding: Finding, baseline: Mapping[str, Severity]) -> str:
    before = baseline.get(finding.fingerprint)
    return "new" if before is None else ("unchanged" if before is finding.severity else "updated")


def read_baseline(path: str | os.PathLike[str]) -> dict[str, Severity]:
    """Fingerprints and severities of an earlier audit's JSON; of findings at one place the worst.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    ReadError
        It is not the JSON of an audit.
    """
    try:
        values = json.loads(Path(path).read_bytes())
        found: dict[str, Severity] = {}
        for entry in values["findings"]:
            severity, fingerprint = Severity(entry["severity"]), str(entry["fingerprint"])
            if fingerprint not in found or severity.at_least(found[fingerprint]):
                found[fingerprint] = severity
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReadError(
            f"{os.fspath(path)}: is not the JSON of an audit ({type(error).__name__}: {error})",
            advice="Write one with trueline audit ... --json audit.json",
        ) from None
    return found


def read_suppressions(path: str | os.PathLike[str]) -> tuple[Suppression, ...]:
    """The tables ``[[suppress]]`` of a TOML file.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    ReadError
        Not TOML; an entry without reason, expiry or target, or with a word that means nothing.

    Examples
    --------
    >>> text = '[[suppress]]\\nrule = "cheap-lever"\\nreason = "payslips are checked"\\nexpires = 2027-01-31\\n'
    >>> _ = Path("suppress.toml").write_text(text)
    >>> print(*read_suppressions("suppress.toml"))
    cheap-lever
    """
    name = os.fspath(path)
    try:
        values = tomllib.loads(Path(path).read_bytes().decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReadError(f"{name}: is not TOML ({error})") from None
    entries = values.get("suppress")
    if set(values) != {"suppress"} or not isinstance(entries, list):
        raise ReadError(f"{name}: holds no tables [[suppress]] and nothing else")
    return tuple(_suppression(entry, f"{name}: suppression {i}") for i, entry in enumerate(entries, start=1))


def _suppression(entry: Any, place: str) -> Suppression:
    if not isinstance(entry, dict) or not set(entry) <= FIELDS:
        raise ReadError(f"{place}: may hold {', '.join(sorted(FIELDS))}, got {entry!r:.200}")
    expires = entry.get("expires")
    expires = expires.date() if isinstance(expires, datetime) else expires
    texts = {key: entry.get(key, "") for key in FIELDS - {"expires"}}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ReadError(f"{place}: everything but expires is text")
    if not texts["reason"].strip():
        raise ReadError(f"{place}: has no reason", advice='Write reason = "who decided, and why"')
    if not isinstance(expires, date):
        raise ReadError(f"{place}: has no day on which it expires", advice="Write expires = 2027-01-31, without quotes")
    if bool(texts["fingerprint"]) == bool(texts["rule"]):
        raise ReadError(f"{place}: needs either a fingerprint or a rule")
    return Suppression(texts["reason"], expires, texts["fingerprint"], texts["rule"], texts["where"])
