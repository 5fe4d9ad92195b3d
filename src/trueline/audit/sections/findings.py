"""Findings of an audit: each with the attacker it needs, how it is found again, and what others call it."""

from __future__ import annotations

from typing import Any

from ...findings import Finding, Severity
from ..ground import Ground
from ..section import plain

__all__ = ["ATTRIBUTE", "EVASION", "INTEGRITY", "POISONING", "SUPPLIER", "finding"]

POISONING = "NIST AI 100-2: data poisoning; MITRE ATLAS AML.T0020 Poison Training Data"
SUPPLIER = "NIST AI 100-2: data poisoning, training data control; MITRE ATLAS AML.T0010.002 AI Supply Chain: Data"
EVASION = "NIST AI 100-2: evasion; MITRE ATLAS AML.T0015 Evade AI Model"
ATTRIBUTE = "NIST AI 100-2: privacy, attribute inference; MITRE ATLAS AML.T0024.001 Invert AI Model"
INTEGRITY = "NIST AI 100-2: integrity violation; MITRE ATLAS AML.T0031 Erode AI Model Integrity"


def finding(ground: Ground, rule: str, severity: Severity, title: str, **more: Any) -> Finding:
    """One finding, with the command that makes the audit again.

    Parameters
    ----------
    ground : Ground
    rule : str
    severity : Severity
    title : str
    **more
        The other fields of `Finding`.
    """
    more["evidence"] = plain(more.get("evidence", {}))
    more.setdefault("reproduce", ground.command)
    return Finding(rule, severity, title, **more)
