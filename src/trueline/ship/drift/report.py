"""What `DriftMonitor.check` found."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ...display import plain
from .table import table_of

__all__ = ["Drift", "DriftReport", "PairDrift"]


@dataclass(frozen=True)
class Drift:
    """One column, the prediction, or the residual: what changed, and whether chance would do as much.

    Parameters
    ----------
    name : str
    kind : str
        ``"number"``, ``"level"`` (a category), ``"prediction"`` or ``"residual"``.
    rows, blank, unknown : int
        Cells that hold a value; that hold none (NaN, infinite, text); levels not seen in training.
    mean, reference_mean, sd, reference_sd : float or None
        Of the window and of training, in the units of the column; None for levels.
    shift, shift_error : float or None
        Difference of the means and its standard error; levels: None.
    felt : float or None
        What this column does to the mean prediction, coef · shift as clipped for prediction, in units of y. Exact: over
        all columns it sums to the shift of the mean prediction.
    felt_unclipped : float or None
        The same had nothing been clipped.
    wasserstein : float or None
        Distance between the two samples in standard deviations of training; levels: None.
    psi, psi_by_chance : float or None
        Population stability index, and about what it is at these numbers of rows where nothing changed.
    p : float or None
        By the law of both samples' counts, at this very window size; None where not judged.
    adjusted : float or None
        The same, for everything that is watched together (Holm).
    drifted : bool
        Whether `adjusted` is at most the level.
    not_judged : str
        Why there is no p.
    cells : tuple of (str, int, int)
        Each cell in words, and the rows of training and of the window in it.
    """

    name: str
    kind: str
    rows: int = 0
    blank: int = 0
    unknown: int = 0
    mean: float | None = None
    reference_mean: float | None = None
    sd: float | None = None
    reference_sd: float | None = None
    shift: float | None = None
    shift_error: float | None = None
    felt: float | None = None
    felt_unclipped: float | None = None
    wasserstein: float | None = None
    psi: float | None = None
    psi_by_chance: float | None = None
    p: float | None = None
    adjusted: float | None = None
    drifted: bool = False
    not_judged: str = ""
    cells: tuple[tuple[str, int, int], ...] = ()

    @property
    def shift_sd(self) -> float | None:
        """The shift in standard deviations of training; None where these are 0 or there is no shift."""
        return self.shift / self.reference_sd if self.shift is not None and self.reference_sd else None


@dataclass(frozen=True)
class PairDrift:
    """Two columns of numbers: do they still go together as in training?

    Parameters
    ----------
    first, second : str
        Their names.
    rows : int
        Rows where both have a value.
    phi, reference_phi : float or None
        Correlation of "above its middle in training", of the window and of training; of two normal columns sin(π/2 phi)
        is that of the columns. None where one of the two is always above, or never.
    p : float or None
        That the odds of being high together are those of training (Zelen's exact test); how often each is high does
        not matter. None where not judged.
    adjusted : float or None
        The same for everything that is watched.
    drifted : bool
    not_judged : str
        Why there is no p.
    """

    first: str
    second: str
    rows: int
    phi: float | None
    reference_phi: float | None
    p: float | None
    adjusted: float | None = None
    drifted: bool = False
    not_judged: str = ""

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.first} & {self.second}"


@dataclass(frozen=True)
class DriftReport:
    """A window of rows against the training rows.

    Parameters
    ----------
    alarm : bool
        Whether anything drifted: false, where nothing did, with probability at least 1 - alpha.
    status : str
        ``"drift"``, ``"no drift"`` or ``"not enough data"``: something could not be judged, and nothing else drifted.
    rows, reference_rows : int
    features : tuple of Drift
        Every column, and what is there beside them, what the model feels most first.
    prediction : Drift
        Its shift is that of the mean prediction.
    residual : Drift or None
        y - ŷ, where labels are known.
    alpha : float
        The rate of false alarms that was asked for.
    level : float
        What of it went to this window.
    window : int or None
        Its number, where alpha is spread over many.
    problems : tuple of str
        What the schema says otherwise of the window.
    refusal : str
        Why the window as a whole was not judged, or cannot be called free of drift.
    target : str
        What the predictions are called.
    time : object
        When, where it was said.
    model : dict
        What the model file says of itself.
    pairs : tuple of PairDrift
        Of every two columns of numbers, where training remembers how they go together; strongest evidence first.
    """

    alarm: bool
    status: str
    rows: int
    reference_rows: int
    features: tuple[Drift, ...]
    prediction: Drift
    residual: Drift | None
    alpha: float
    level: float
    window: int | None = None
    problems: tuple[str, ...] = ()
    refusal: str = ""
    target: str = "y"
    time: Any = None
    model: Mapping[str, Any] = field(default_factory=dict)
    pairs: tuple[PairDrift, ...] = ()

    @property
    def watched(self) -> tuple[Drift, ...]:
        """Everything: columns, prediction, and where labels are known the residual."""
        return (*self.features, self.prediction, *([self.residual] if self.residual else []))

    @property
    def judged(self) -> tuple[Drift | PairDrift, ...]:
        """The same, and every pair of columns."""
        return (*self.watched, *self.pairs)

    @property
    def drifted(self) -> tuple[str, ...]:
        """Names of what drifted; of a pair ``first & second``."""
        return tuple(each.name for each in self.judged if each.drifted)

    @property
    def complete(self) -> bool:
        """Whether all that training knew was judged, on rows that can be predicted."""
        return self.refusal == "" and not any(each.not_judged for each in self.judged)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a number that is not finite is None."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        told = {"features": [_told(each) for each in self.features], "prediction": _told(self.prediction),
                "residual": _told(self.residual) if self.residual else None, "model": dict(self.model),
                "pairs": [asdict(each) for each in self.pairs]}  # fmt: skip
        more = {
            "drifted": self.drifted,
            "complete": self.complete,
            "time": None if self.time is None else str(self.time),
        }
        found: dict[str, Any] = plain({**values, **told, **more})
        return found

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write one page that opens offline.

        Parameters
        ----------
        path : str or path-like

        Raises
        ------
        OptionError
            What draws the page is not installed.
        OSError
            The file cannot be written.
        """
        from .page import write_page

        write_page(self, path)

    def __str__(self) -> str:
        return table_of(self)


def _told(drift: Drift) -> dict[str, Any]:
    values = {name: value for name, value in asdict(drift).items() if name != "cells"}
    return {**values, "shift_sd": drift.shift_sd}
