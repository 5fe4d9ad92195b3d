"""Does the model follow from these rows?"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import OptionError
from ...findings import Assurance, Finding, Severity
from ...verify.reproduction import reproduce
from ..ground import Ground
from ..saying import amount
from ..section import Section, Table
from .findings import INTEGRITY, finding

__all__ = ["reproduces"]

HOW = (
    "trueline.verify.reproduce: the model's own loss and penalty are minimised anew on these rows and the "
    "coefficients compared; where they differ, single causes are tried and claimed only if they give the model."
)


def reproduces(ground: Ground) -> Section:
    """Refit, and say in how many digits the two agree.

    Parameters
    ----------
    ground : Ground
    """
    if not ground.theirs:
        return Section(
            "",
            "",
            not_run="no model was given, so least squares was fitted now and there is nothing to reproduce",
            how=HOW,
            facts={"because": "no model was given"},
        )
    try:
        X: Any = ground.X
        if isinstance(ground.model, Mapping | str | PathLike):  # coefficients are matched by name
            X = pa.table({name: pa.array(np.ascontiguousarray(ground.X[:, j])) for j, name in enumerate(ground.names)})
        found = reproduce(ground.model, X, ground.y)
    except OptionError as error:
        return Section("", "", not_run=str(error), how=HOW)
    text = f"{found}".replace("\n", "\n\n")
    if found.reproduced:
        return Section(
            "",
            "",
            text=text,
            how=HOW,
            facts={"calm": f"The model follows from these rows: it was refitted to {found.digits:.0f} digits."},
        )
    return Section("", "", text=text, how=HOW, findings=(_finding(ground, found),), tables=(_table(ground, found),))


def _finding(ground: Ground, found: Any) -> Finding:
    explained = "; ".join(one.text for one in found.explanations)
    first = found.first_difference
    gap = float(abs(ground.predictions - ground.refit.predict(ground.Z)).mean())
    return finding(
        ground,
        "not-reproduced",
        Severity.MEDIUM if explained else Severity.HIGH,
        f"The model does not follow from these rows: {first.name} is {amount(first.theirs, 5)}, they give "
        f"{amount(first.ours, 5)}" + (f"; explained by {explained}" if explained else "; no single cause explains it"),
        effect=gap,
        where=(ground.target,),
        assurance=Assurance.FOUND,
        reference=INTEGRITY,
        evidence={
            "digits": found.digits,
            "first": first.name,
            "theirs": first.theirs,
            "ours": first.ours,
            "explanations": [one.text for one in found.explanations],
        },
        advice="Ask for the rows and the settings that it was trained with before anybody relies on it",
    )


def _table(ground: Ground, found: Any) -> Table:
    rows = [[one.text, one.digits] for one in found.explanations]
    rows += [[f"(nearest) {found.nearest.text}", found.nearest.digits]] if found.nearest is not None else []
    return Table("What would explain it", ("cause", "digits that agree then"), rows)
