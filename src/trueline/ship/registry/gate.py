"""The gate before a registry: what speaks against a model, and who let it through all the same."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ...audit.baseline import Suppression, judge
from ...audit.report.visible import visible
from ...errors import OptionError, ReadError
from ...findings import Finding, Severity
from ...maths.descent import Status
from ...models.robust_status import FitStatus
from ..artifact import Model

__all__ = ["LARGEST_AUDIT", "Audit", "check_reason", "objections", "parse_audit", "read_audit"]

LARGEST_AUDIT = 64 * 2**20  # bytes
LONGEST_REASON = 500
FAIL_ON = Severity.HIGH
CLOSE = 1e-6  # of a coefficient: an audit that fitted the same rows anew says the same to rounding
ENDED_WELL = {Status.CONVERGED.label, FitStatus.CONVERGED.label, FitStatus.NOT_UNIQUE.label, FitStatus.EXACT_FIT.label,
              FitStatus.LOCAL.label}  # fmt: skip


@dataclass(frozen=True)
class Audit:
    """What `trueline audit --json` wrote.

    Parameters
    ----------
    content : bytes
        The file.
    findings : tuple of Finding
        Of each what identifies it: rule, severity, title, place.
    incomplete : tuple of str
        Sections that could not be computed.
    coefficients : dict of str to float
        Of the model that was audited, the intercept under ``""``.
    """

    content: bytes
    findings: tuple[Finding, ...]
    incomplete: tuple[str, ...]
    coefficients: dict[str, float]

    @property
    def sha256(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.content).hexdigest()

    def __str__(self) -> str:
        counts = Counter(finding.severity for finding in self.findings)
        worst_first = [f"{counts[severity]} {severity}" for severity in reversed(Severity) if counts[severity]]
        return ", ".join(worst_first) or "no findings"


def read_audit(path: str | os.PathLike[str]) -> Audit:
    """An audit's JSON.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    ReadError
        It is not one.
    OSError
        It cannot be read.
    """
    with Path(path).open("rb") as stream:
        content = stream.read(LARGEST_AUDIT + 1)
    if len(content) > LARGEST_AUDIT:
        raise ReadError(f"{os.fspath(path)}: larger than {LARGEST_AUDIT >> 20} MB, which no audit is")
    return parse_audit(content, os.fspath(path))


def parse_audit(content: bytes, name: str) -> Audit:
    """The same from its bytes.

    Parameters
    ----------
    content : bytes
    name : str
        For messages.

    Raises
    ------
    ReadError
        It is not the JSON of an audit.
    """
    try:
        values = json.loads(content)
        findings = tuple(_finding(entry) for entry in values["findings"])
        model = values["model"]
        coefficients = {str(entry["feature"]): float(entry["value"]) for entry in model["coefficients"]}
        coefficients[""] = float(model["intercept"])
        return Audit(content, findings, tuple(str(key) for key in values["incomplete"]), coefficients)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReadError(f"{name}: is not the JSON of an audit ({type(error).__name__}: {error!s:.100})",
                        advice="Write one with trueline audit ... --json audit.json") from None  # fmt: skip


def objections(model: Model, audit: Audit | None, suppressions: Iterable[Suppression] = ()) -> list[str]:
    """Everything that speaks against registering a model; nothing where all is well.

    Parameters
    ----------
    model : Model
    audit : Audit, optional
        Of this model.
    suppressions : iterable of Suppression
        Findings that somebody answers for.
    """
    status = model.training.get("status")
    ended_well = status is None or status in ENDED_WELL  # a closed form has none, and other libraries tell none
    against = [] if ended_well else [f"its fit has not converged ({visible(str(status), 60)})"]
    if audit is None:
        return against
    if not _is_of(audit, model):
        return [*against, "the audit is of another model: its coefficients differ; audit this one with --model"]
    failing = judge(audit.findings, FAIL_ON, date.today(), suppressions=suppressions).failing
    against += [f"finding {one.fingerprint}, {one.severity}: {visible(one.title, 200)}" for one in failing]
    if audit.incomplete:
        against.append(f"the audit could not compute {', '.join(audit.incomplete)}")
    return against


def check_reason(reason: str) -> str:
    """Why a model is let through, as it will stand in the registry.

    Parameters
    ----------
    reason : str

    Raises
    ------
    OptionError
        Blank, too long, or not one line of printable text.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise OptionError(f"a reason is one line of at most {LONGEST_REASON} characters, got {reason!a:.60}",
                          advice="Write who decided, and why")  # fmt: skip
    return reason.strip()


def _finding(entry: Any) -> Finding:
    places = tuple(str(place) for place in entry["where"])
    return Finding(str(entry["rule_id"]), Severity(entry["severity"]), str(entry["title"]), where=places)


def _is_of(audit: Audit, model: Model) -> bool:
    """Do both speak of the same coefficients, by name or, where the model has none, by place?"""
    told = [value for name, value in audit.coefficients.items() if name]
    names = [name for name in audit.coefficients if name]
    known = model.schema.feature_names if model.schema is not None else model.feature_names
    if len(told) != len(model.coef_) or (known is not None and [*known] != names):
        return False
    pairs = zip([*model.coef_.tolist(), model.intercept_], [*told, audit.coefficients[""]], strict=True)
    return all(math.isclose(mine, theirs, rel_tol=CLOSE) for mine, theirs in pairs)  # small says nothing: units
