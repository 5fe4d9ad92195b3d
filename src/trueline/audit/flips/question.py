"""What is asked of `rows_to_flip`, past the gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, OptionError, ShapeError
from ...rows.domain import Domain
from .design import Design, Rows, design_of, read_rows
from .goal import Estimate, Goal
from .result import RowsToFlip

__all__ = ["BYS", "FlipOptions", "Question", "question_of"]

Array = NDArray[np.float64]

BYS = ("remove", "relabel", "add")
EFFORTS = {  # swaps and multiplications for them, pairs of rows for branch and bound, rows whose pairs are all held
    "quick": (32, 2e6, 0.0, 600),
    "normal": (400, 2e7, 2e7, 1500),
    "thorough": (4000, 2e9, 3e8, 6000),
}


class FlipOptions(TypedDict, total=False):
    """What `rows_to_flip` takes besides X, y, feature, goal and by.

    - ``reg_lambda``: float, penalty on the mean loss; 0 by default. A penalised fit has no test, only a sign.
    - ``fit_intercept``: bool, True by default.
    - ``cov``: "classical" (default), "HC0" to "HC3", the errors of the test; ``level``: its level, 0.05 by default.
    - ``domain``: `Domain`, what an added row and a changed label may be; as observed by default.
    - ``bounds``, ``y_bounds``: ``(low, high)``, short for a Domain; scalars or one per feature, in the units of the
      data. What is not given is as observed, also the labels of a Domain that bounds every column but not y.
      ``Domain()`` bounds nothing: then one row is enough.
    - ``effort``: "quick", "normal" (default), "thorough": how long is searched and proven, in units of work.
    - ``random_state``: int or Generator, 0 by default; only "add" for a test draws.
    - ``on_progress``: callable (done, total), called as the parts of the work end.
    """

    reg_lambda: float
    fit_intercept: bool
    cov: str
    level: float
    domain: Domain | None
    bounds: Any
    y_bounds: Any
    effort: str
    random_state: int | np.random.Generator | None
    on_progress: Callable[[int, int], None] | None


@dataclass(frozen=True, eq=False)
class Question:
    """Everything that is asked, past the gate.

    Parameters
    ----------
    rows : Rows
    design : Design
        With the sign of today.
    goal : Goal
    today : Estimate
    options : FlipOptions
    """

    rows: Rows
    design: Design
    goal: Goal
    today: Estimate
    options: FlipOptions

    @property
    def effort(self) -> tuple[int, float, float, int]:
        """What is spent: see EFFORTS."""
        return EFFORTS[self.options.get("effort", "normal")]

    def progress(self, done: int, total: int) -> None:
        """Tell who asked to be told."""
        if (tell := self.options.get("on_progress")) is not None:
            tell(done, total)

    def answer(self, by: str, found: int | None, after: Estimate | None, certified: int, **more: Any) -> RowsToFlip:
        """The result; a proof can not pass what was found."""
        fields: dict[str, Any] = {"rows": np.empty(0, dtype=np.intp), "labels": None, "predicted": None,
                                  "proven_by": "", "note": ""}  # fmt: skip
        return RowsToFlip(feature=self.rows.name, goal=self.goal.name, by=by, found=found, certified=certified,
                          before=self.today, after=after, n=len(self.rows.y), **(fields | more))  # fmt: skip


def question_of(X: Any, y: Any, feature: int | str, goal: str, by: str, options: FlipOptions) -> Question:
    """Read the rows, find the column, fit it today; refuse what cannot be asked.

    Parameters
    ----------
    X, y, feature, goal, by, options
        See `rows_to_flip`.

    Raises
    ------
    OptionError, DataError
        See `rows_to_flip`.
    """
    if unknown := set(options) - set(FlipOptions.__annotations__):
        raise OptionError(f"rows_to_flip has no option {', '.join(sorted(unknown))}",
                          advice=f"It has {', '.join(FlipOptions.__annotations__)}")  # fmt: skip
    if by not in BYS:
        raise OptionError(f"by must be one of {', '.join(BYS)}, got {by!r}")
    if options.get("effort", "normal") not in EFFORTS:
        raise OptionError(f"effort must be one of {', '.join(EFFORTS)}, got {options['effort']!r}")
    wanted = Goal(goal, options.get("cov", "classical"), options.get("level", 0.05))
    rows = read_rows(X, y, feature, options.get("reg_lambda", 0.0), options.get("fit_intercept", True))
    if rows.reg_lambda and wanted.studentised:
        raise OptionError(f"goal={goal!r} asks for a test, and a penalised fit has none: its coefficients are pulled "
                          "towards zero, by more than they vary",
                          advice='Ask for goal="sign", or reg_lambda=0')  # fmt: skip
    design, today = design_of(rows), rows.estimate(wanted)
    if today is None or abs(today.coef) <= design.noise:
        raise DataError(f"the coefficient of {rows.name} is zero to rounding: it has no sign to change")
    if wanted.studentised and not np.isfinite(today.low):
        raise ShapeError("there are no degrees of freedom for a test", advice='Ask for goal="sign"')
    return Question(rows, replace(design, sign=float(np.sign(today.coef))), wanted, today, options)
