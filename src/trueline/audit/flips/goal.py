"""What somebody wants of a coefficient: another sign, another verdict of its test; and how far a fit is from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ...errors import OptionError
from ...models.options import is_number

__all__ = ["COVS", "GOALS", "TIE", "Aim", "Estimate", "Goal"]

Array = NDArray[np.float64]

GOALS = ("sign", "significance", "significant_opposite")
TIE = 1e-10  # of today's coefficient: what is nearer to zero has no sign
COVS = ("classical", "HC0", "HC1", "HC2", "HC3")


@dataclass(frozen=True)
class Estimate:
    """One coefficient of one fit.

    Parameters
    ----------
    coef : float
        In units of y per unit of the column.
    standard_error : float
        In the same units; NaN where there is none (a penalised fit, no degrees of freedom).
    df : int
        Degrees of freedom of its t.
    low, high : float
        The confidence interval; NaN where there is none.
    rows : int
        How many rows it was fitted on.
    """

    coef: float
    standard_error: float
    df: int
    low: float
    high: float
    rows: int

    @property
    def t(self) -> float:
        """coef / standard error; NaN where there is none."""
        return self.coef / self.standard_error if self.standard_error > 0 else float("nan")

    @property
    def significant(self) -> bool:
        """Does the interval leave zero out? False where there is no interval."""
        return bool(self.low > 0 or self.high < 0)

    def __str__(self) -> str:
        if np.isnan(self.standard_error):
            return f"{self.coef:.4g} from {self.rows} rows"
        return f"{self.coef:.4g} [{self.low:.4g}, {self.high:.4g}], t = {self.t:.3g}, from {self.rows} rows"


@dataclass(frozen=True)
class Aim:
    """A way to a goal: make ``way·s·T + margin·crit`` negative, T the coefficient (`studentised` False) or its t.

    Parameters
    ----------
    way : float
        1 to push against the sign s, -1 to push along with it.
    margin : float
        0 to cross zero, 1 to go beyond the critical value, -1 to come back to it from outside.
    studentised : bool
        Whether T is t.
    tie : float
        What counts as zero, in units of the coefficient: crossing it takes that much.
    """

    way: float
    margin: float
    studentised: bool
    tie: float = 0.0

    def distance(self, coef: Any, error: Any, crit: Any) -> Any:
        """How far fits are from the aim; below zero they are there. `coef` is counted along today's sign."""
        if not self.studentised:
            return self.way * coef + self.tie
        return self.way * coef / error + self.margin * crit

    def gap(self, coef: Any, error: Any, crit: Any) -> Any:
        """The same in units of the coefficient."""
        return self.way * coef + (self.margin * crit * error if self.studentised else self.tie)


@dataclass(frozen=True)
class Goal:
    """A goal, the test it speaks of, and the sign that the coefficient has today.

    Parameters
    ----------
    name : {"sign", "significance", "significant_opposite"}
    cov : {"classical", "HC0", "HC1", "HC2", "HC3"}
    level : float
        Of the test, e.g. 0.05.
    """

    name: str
    cov: str = "classical"
    level: float = 0.05

    def __post_init__(self) -> None:
        if self.name not in GOALS:
            raise OptionError(f"goal must be one of {', '.join(GOALS)}, got {self.name!r}")
        if self.cov not in COVS:
            raise OptionError(f"cov must be one of {', '.join(COVS)}, got {self.cov!r}")
        if not is_number(self.level, above=0) or self.level >= 1:
            raise OptionError(f"level must be a probability between 0 and 1, such as 0.05, got {self.level!r}")

    @property
    def studentised(self) -> bool:
        """Whether it takes a standard error to judge."""
        return self.name != "sign"

    def crit(self, df: Any) -> Any:
        """The critical value of |t|; infinite without degrees of freedom."""
        df = np.asarray(df, dtype=np.float64)
        return np.where(df > 0, -stdtrit(np.maximum(df, 1), self.level / 2), np.inf)

    def aims(self, today: Estimate) -> tuple[Aim, ...]:
        """The ways there: a coefficient that is not significant can become so on either side."""
        if self.name == "sign":
            return (Aim(1.0, 0.0, False, TIE * abs(today.coef)),)
        if self.name == "significant_opposite":
            return (Aim(1.0, 1.0, True),)
        return (Aim(1.0, -1.0, True),) if today.significant else (Aim(1.0, 1.0, True), Aim(-1.0, 1.0, True))

    def reached(self, today: Estimate, then: Estimate) -> bool:
        """Is `then` what was wanted of `today`?"""
        if self.name == "significance":
            return np.isfinite(then.low) and then.significant is not today.significant
        opposite = then.coef * np.sign(today.coef) < -TIE * abs(today.coef)
        return bool(opposite and (self.name == "sign" or then.significant))

    def __str__(self) -> str:
        test = f"at level {self.level:g}, {self.cov} errors"
        return {
            "sign": "another sign",
            "significance": f"another verdict {test}",
            "significant_opposite": f"another sign, significant {test}",
        }[self.name]
