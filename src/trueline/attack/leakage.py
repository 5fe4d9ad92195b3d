"""What was learnt about persons from a model: one number for every random split, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models.summary_table import Cells, as_html, as_text, number

__all__ = ["AttributeLeakage", "MembershipLeakage"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MembershipLeakage:
    """What the errors of a model tell about who was in its training rows: one number for every random split.

    Parameters
    ----------
    aucs : ndarray (splits,)
        Chance that a row of training has a smaller loss than another row; 0.5 tells nothing.
    baseline_aucs : ndarray (splits,)
        The same without the model: distance of y from the mean of all labels in place of the loss.
    advantages : ndarray (splits,)
        Share of members called members minus share of others called members. The threshold on the loss is chosen on
        one half of the rows, the shares are of the other half.
    n_train, n_features : int
        Rows in every training, and columns.
    warned : tuple of (str, int)
        Warnings of the fits, by class, and how many.
    """

    aucs: Array
    baseline_aucs: Array
    advantages: Array
    n_train: int
    n_features: int
    warned: tuple[tuple[str, int], ...] = ()

    @property
    def auc(self) -> float:
        """Mean over the splits."""
        return float(self.aucs.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """What one attacked model shows: 95 % of the splits lie between."""
        return _interval(self.aucs)

    @property
    def standard_error(self) -> float:
        """Of `auc`: how far more splits of these rows would move it, not what other rows would show."""
        halvings = self.aucs[: len(self.aucs) // 2 * 2].reshape(-1, 2).mean(axis=1)
        return float(halvings.std(ddof=1) / np.sqrt(len(halvings)))

    @property
    def excess(self) -> float:
        """AUC above the baseline without a model, mean over the splits."""
        return float((self.aucs - self.baseline_aucs).mean())

    @property
    def excess_interval(self) -> tuple[float, float]:
        """95 % of the splits lie between."""
        return _interval(self.aucs - self.baseline_aucs)

    @property
    def advantage(self) -> float:
        """Mean over the splits; 0 tells nothing, 1 everything."""
        return float(self.advantages.mean())

    @property
    def advantage_interval(self) -> tuple[float, float]:
        """95 % of the splits lie between."""
        return _interval(self.advantages)

    @property
    def found(self) -> bool:
        """One attacked model would show it: both intervals, of the AUC and of its excess, lie above no leakage."""
        return self.interval[0] > 0.5 and self.excess_interval[0] > 0

    def __str__(self) -> str:
        return as_text(*self._parts())

    def _repr_html_(self) -> str:
        return as_html(*self._parts())

    def _parts(self) -> tuple[str, Cells, Cells, list[str]]:
        facts = [("training rows", str(self.n_train)), ("columns", str(self.n_features)),
                 ("splits", str(len(self.aucs))), ("found", "yes" if self.found else "no")]  # fmt: skip
        lines = (("AUC", self.aucs), ("AUC without the model", self.baseline_aucs), ("advantage", self.advantages))
        rows = [[name, number(float(values.mean())), *map(number, _interval(values))] for name, values in lines]
        notes = ["Intervals hold 95 % of the splits: what an attack on one model shows."]
        notes += [f"{count} of the fits warned: {name}." for name, count in self.warned]
        return "Membership inference", facts, [["", "mean", "from", "to"], *rows], notes


@dataclass(frozen=True, eq=False)
class AttributeLeakage:
    """How well a column is inferred with and without the model: one number for every random split.

    Parameters
    ----------
    name : str
        The sensitive column.
    knows : str
        ``"output"`` or ``"label"``: what the attacker has of the person, beside the other columns.
    errors, baseline_errors : ndarray (splits,)
        Root mean square error with the model and without it, over rows unseen by the attacker, in the column's units.
    hits, baseline_hits : ndarray (splits,)
        Share of the rows whose value is the nearest of the two to the estimate; NaN for a column of more values.
    n_known, n_scored : int
        Rows that the attacker learns from, and rows scored, in every split.
    """

    name: str
    knows: str
    errors: Array
    baseline_errors: Array
    hits: Array
    baseline_hits: Array
    n_known: int
    n_scored: int

    @property
    def gains(self) -> Array:
        """1 - (error with the model / error without)², one for each split: 1 tells the column, 0 nothing new."""
        return np.asarray(1 - np.square(self.errors / self.baseline_errors))

    @property
    def gain(self) -> float:
        """Mean over the splits."""
        return float(self.gains.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % of the splits lie between."""
        return _interval(self.gains)

    @property
    def found(self) -> bool:
        """The interval lies above 0."""
        return self.interval[0] > 0

    def __str__(self) -> str:
        return as_text(*self._parts())

    def _repr_html_(self) -> str:
        return as_html(*self._parts())

    def _parts(self) -> tuple[str, Cells, Cells, list[str]]:
        facts = [("sensitive column", self.name), ("the attacker has", f"the {self.knows}"),
                 ("gain", f"{self.gain:.3f} ({self.interval[0]:.3f} to {self.interval[1]:.3f})"),
                 ("found", "yes" if self.found else "no")]  # fmt: skip
        rows = [["error without the model", number(float(self.baseline_errors.mean()))],
                ["error with the model", number(float(self.errors.mean()))]]  # fmt: skip
        if np.isfinite(self.hits).all():
            rows += [["right without the model", number(float(self.baseline_hits.mean()))],
                     ["right with the model", number(float(self.hits.mean()))]]  # fmt: skip
        notes = [f"Learnt from {self.n_known} rows, scored on {self.n_scored} others, {len(self.errors)} times.",
                 "Gain is the share of the variance left without the model that the model removes."]  # fmt: skip
        return "Attribute inference", facts, [["", "mean"], *rows], notes


def _interval(values: Array) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
