"""Leakage: does the model tell who was among its rows, and the sensitive column of a person?"""

from __future__ import annotations

from ..ground import Ground
from ..section import Section
from .attributes import HOW_ATTRIBUTES, attributes
from .members import HOW_MEMBERS, members

__all__ = ["leakage"]


def leakage(ground: Ground) -> Section:
    """Membership inference; with a sensitive column attribute inference as well.

    Parameters
    ----------
    ground : Ground
    """
    who = members(ground)
    if ground.sensitive is None:
        text = (
            f"{ground.caveat}{who.text}Attribute inference: not run, no sensitive column was named (--sensitive COL)."
        )
        tables, findings = who.tables, who.findings
    else:
        what = attributes(ground)
        text, tables = f"{ground.caveat}{who.text}{what.text}", (*who.tables, what.table)
        findings = (*who.findings, *what.findings)
    return Section(
        "",
        "",
        text=text,
        how=HOW_MEMBERS + HOW_ATTRIBUTES,
        tables=tables,
        findings=findings,
        facts={"calm": who.calm},
    )
