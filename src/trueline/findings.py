"""Finding: what was found, how sure, where, and what to do about it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Assurance", "Finding", "Severity"]


class Severity(StrEnum):
    """How much a finding matters, worst last."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    def at_least(self, other: Severity) -> bool:
        """Is this at or above `other`? (The strings themselves sort by letter.)"""
        order = list(Severity)
        return order.index(self) >= order.index(other)


class Assurance(StrEnum):
    """How sure a finding is."""

    PROVEN = "proven"
    FOUND = "found"
    SAMPLED = "sampled"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Finding:
    """What was found, how sure, where, what to do.

    Parameters
    ----------
    rule_id : str
        Stable name of the rule, e.g. ``"collinear-columns"``.
    severity : Severity
        How much it matters.
    title : str
        One line a person reads first.
    effect : float or None
        How far it can move the answer, in units of y; None where that has no meaning.
    evidence : dict
        The numbers behind it, ready for JSON.
    where : tuple of str
        Columns or rows, e.g. ``("income", "row 17")``.
    attacker : str
        What somebody must know and control to use it; empty where no attacker is needed.
    assurance : Assurance
        proven, found, sampled or not run.
    advice : str
        What to do about it.
    reproduce : str
        The call or command that finds it again, seed included.
    reference : str
        What the attack is called elsewhere: NIST AI 100-2, MITRE ATLAS.

    Examples
    --------
    >>> finding = Finding("constant-column", Severity.LOW, "tenure never changes", where=("tenure",))
    >>> finding.fingerprint == Finding("constant-column", Severity.HIGH, "reworded", where=("tenure",)).fingerprint
    True
    """

    rule_id: str
    severity: Severity
    title: str
    effect: float | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    where: tuple[str, ...] = ()
    attacker: str = ""
    assurance: Assurance = Assurance.FOUND
    advice: str = ""
    reproduce: str = ""
    reference: str = ""

    @property
    def fingerprint(self) -> str:
        """The same between runs as long as the same rule fires in the same place (16 hex digits)."""
        identity = json.dumps([self.rule_id, list(self.where)], ensure_ascii=False)
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, fingerprint included."""
        return {**asdict(self), "where": list(self.where), "fingerprint": self.fingerprint}

    def __str__(self) -> str:
        return f"[{self.severity}] {self.title}" + (f" -> {self.advice}" if self.advice else "")
