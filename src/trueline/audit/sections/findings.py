"""Findings of an audit: each with the attacker it needs, how it is found again, and what others call it."""

from __future__ import annotations

from typing import Any

from ...display import plain
from ...findings import Finding, Severity
from ..ground import Ground

__all__ = ["ATTRIBUTE", "EVASION", "INTEGRITY", "MEMBERSHIP", "POISONING", "SUPPLIER", "finding"]

_NIST, _ATLAS = "NIST AI 100-2 E2025", "MITRE ATLAS"
POISONING = f"{_NIST}: NISTAML.013 Data Poisoning; {_ATLAS} AML.T0020 Poison Training Data"
SUPPLIER = f"{_NIST}: NISTAML.013 Data Poisoning; {_ATLAS} AML.T0010.002 AI Supply Chain Compromise: Data"
EVASION = f"{_NIST}: NISTAML.022 Evasion; {_ATLAS} AML.T0015 Evade AI Model"
ATTRIBUTE = f"{_NIST}: NISTAML.03 Privacy Compromises; {_ATLAS} AML.T0024.001 Invert AI Model"
MEMBERSHIP = f"{_NIST}: NISTAML.033 Membership Inference; {_ATLAS} AML.T0024.000 Infer Training Data Membership"
INTEGRITY = f"{_NIST}: NISTAML.02 Integrity Violations; {_ATLAS} AML.T0031 Erode AI Model Integrity"


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
