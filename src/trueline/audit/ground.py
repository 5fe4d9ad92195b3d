"""Ground: the rows, the audited model and the terms, as every section of an audit meets them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import TruelineWarning
from ..maths.losses import Squared
from ..maths.solve import least_squares
from ..models.foreign import Line
from ..models.least_squares import LeastSquares
from ..models.trimmed_least_squares import TrimmedLeastSquares
from ..rows.domain import Domain
from .effort import Effort, Siege
from .intake import Intake
from .severity import Terms

__all__ = ["Ground", "quietly"]

Array = NDArray[np.float64]
TRIM = 0.25  # more than this share of bad rows goes unseen by the trimmed fit


@dataclass(frozen=True, eq=False)
class Ground:
    """What is audited, and how.

    Parameters
    ----------
    rows : Intake
    line : Line
        The audited model.
    theirs : bool
        Whether it was given; else it is least squares, fitted now.
    model : object
        The model as it was given, or the fit.
    domain : Domain
        What a row may be, in the units of the data.
    bounded : tuple of str
        Columns whose bounds were given; those of others are only what was observed.
    terms : Terms
    effort : Effort
    seed : int
    sensitive : str or None
    command : str
        How the audit is run again.
    effects : tuple of str
        Features whose effect is what the analysis concludes; none where nobody said.
    on_progress : callable or None
        Called with steps done and in all.
    """

    rows: Intake
    line: Line
    theirs: bool
    model: Any
    domain: Domain
    bounded: tuple[str, ...]
    terms: Terms
    effort: Effort
    seed: int
    sensitive: str | None
    command: str
    effects: tuple[str, ...] = ()
    on_progress: Callable[[int, int], object] | None = None

    @property
    def X(self) -> Array:  # noqa: N802 - what the mathematics calls it
        return self.rows.X

    @property
    def y(self) -> Array:
        return self.rows.y

    @property
    def names(self) -> tuple[str, ...]:
        return self.rows.names

    @property
    def target(self) -> str:
        return self.rows.target

    @property
    def n(self) -> int:
        return len(self.rows.y)

    @property
    def own_penalty(self) -> float | None:
        """λ of the audited model on the mean loss, in its own space; None where it has another kind."""
        return self.line.penalty(float(self.n))

    @property
    def penalty(self) -> float:
        """λ of the refits: the model's own where that is known, else none."""
        return self.own_penalty or 0.0

    @cached_property
    def squares(self) -> bool:
        """Does the audited model minimise squares, so that refits are fits of its own kind?"""
        plain = isinstance(self.line.loss, Squared) and not np.isfinite(self.line.row_bound)
        return plain and self.own_penalty is not None

    @property
    def caveat(self) -> str:
        """What refits say of a model that is not fitted by squares; empty where they are its own."""
        if self.squares:
            return ""
        return (
            f"{self.line.description} is not least squares or ridge as far as is known: refits are least squares on "
            "its rows, and prove nothing of it. "
        )

    @cached_property
    def scaled(self) -> bool:
        """Is there a space of its own, since a penalty or clipping makes it matter?"""
        return self.line.scaling.low is not None or self.penalty > 0

    @cached_property
    def Z(self) -> Array:  # noqa: N802
        """Rows in the space in which the model is penalised; the units of the data where that does not matter."""
        return self.line.scaling.apply(self.X) if self.scaled else self.X

    @cached_property
    def unit(self) -> Array:
        """One unit of Z in the units of the data, (n_features,)."""
        return np.asarray(self.line.scaling.sigma if self.scaled else np.ones(len(self.names)), dtype=np.float64)

    @cached_property
    def sd(self) -> Array:
        """Standard deviation of each column, in the units of the data."""
        return np.asarray(self.X.std(axis=0))

    @cached_property
    def felt(self) -> Array:
        """|coefficient| · sd: what each column moves, in units of y."""
        return np.abs(self.line.coef) * self.sd

    @cached_property
    def predictions(self) -> Array:
        """Of the audited model, in units of y."""
        return np.asarray(self.line.scaling.clip(self.X) @ self.line.coef + self.line.intercept)

    @cached_property
    def sample(self) -> NDArray[np.intp]:
        """Rows on which robust fits are made: all of them unless there are too many for the effort."""
        if self.n <= self.effort.trimmed_rows:
            return np.arange(self.n)
        return np.sort(np.random.default_rng(self.seed).choice(self.n, self.effort.trimmed_rows, replace=False))

    @cached_property
    def refit(self) -> LeastSquares:
        """Least squares or ridge on all rows, with the model's penalty, in Z."""
        return self.fit(np.arange(self.n))

    @cached_property
    def dependent(self) -> tuple[str, ...]:
        """Columns that determine each other: one row more could give them any coefficients. None under a penalty."""
        if self.penalty > 0 or self.refit.rank_ == len(self.names):
            return ()
        found = least_squares(self.refit.moments_, 0.0, self.line.fit_intercept, None).dependent
        return tuple(self.names[j] for j in found if np.ptp(self.X[:, j]) > 0)

    @cached_property
    def trimmed(self) -> TrimmedLeastSquares:
        """The fit of the rows that agree best, in Z."""
        model = TrimmedLeastSquares(
            TRIM, reg_lambda=self.penalty, random_state=self.seed, fit_intercept=self.line.fit_intercept,
            n_starts=10 * self.siege.starts,
        )  # fmt: skip
        quietly(model, self.Z[self.sample], self.y[self.sample])
        return model

    @cached_property
    def suspects(self) -> NDArray[np.bool_]:
        """Rows that the trimmed fit leaves out, over all rows."""
        residual = np.abs(self.trimmed.predict(self.Z) - self.y)
        scale = float(self.trimmed.scale_)
        return residual > 2.24 * max(scale, 1e-12 * float(np.ptp(self.y)))

    @cached_property
    def siege(self) -> Siege:
        """What defences are put through on data of this shape."""
        rows = min(self.n, max(self.effort.arena_rows, 4 * len(self.names)))
        return self.effort.siege_of(rows, len(self.names))

    @cached_property
    def prices(self) -> dict[str, Any]:
        """What defences cost, as far as it was asked for."""
        return {}

    @cached_property
    def defended(self) -> dict[str, Any]:
        """Defences fitted on the sample, as far as they were asked for."""
        return {}

    def fit(self, rows: NDArray[Any]) -> LeastSquares:
        """The model's own kind of fit on some rows, in Z."""
        weight = float(np.count_nonzero(rows) if rows.dtype == bool else len(rows))
        penalty = (self.line.penalty(weight) or 0.0) if self.squares else self.penalty
        model = LeastSquares(penalty, self.line.fit_intercept)
        quietly(model, self.Z[rows], self.y[rows])
        return model

    @cached_property
    def box(self) -> Domain:
        """`domain` in the space of Z; whole numbers and one-hot groups only where Z is the data itself."""
        if not self.scaled:
            return self.domain
        ends = np.stack(self.domain.box(len(self.names)))
        low, high = self.line.scaling.apply(ends)
        frozen = np.flatnonzero(self.domain.allowed(len(self.names)).frozen).tolist()
        return replace(self.domain, low=low, high=high, integers=(), one_hot=(), exactly_one=(), frozen=frozen)

    @property
    def open_columns(self) -> tuple[str, ...]:
        """Columns whose bounds nobody gave."""
        return tuple(name for name in (*self.names, self.target) if name not in self.bounded)

    @property
    def condition(self) -> str:
        """Under which a bound holds that rests on the ranges of the rows; empty where all bounds were given."""
        if not self.open_columns:
            return ""
        few = self.open_columns if len(self.open_columns) <= 3 else (f"{len(self.open_columns)} columns",)
        return f"holds only if your pipeline refuses rows outside the observed ranges of {', '.join(few)}"


def quietly(model: Any, X: Array, y: Array) -> Any:
    """Fit, without what it warns of: the audit says that in its own words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruelineWarning)
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(X, y)
