"""Column: one column of a schema, what it may hold, and how it becomes numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..errors import ArtifactError, OptionError
from .cells import level_cells, number_cells
from .source import Floats
from .troubles import Cells, Kind, Trouble, locate

__all__ = ["KINDS", "POLICIES", "Column"]

KINDS = ("numeric", "integer", "boolean", "category")
POLICIES = {"out_of_range": ("warn", "clip", "refuse"), "unknown_level": ("refuse", "warn")}


@dataclass(frozen=True)
class Column:
    """A column that a model uses, as learnt in training.

    Parameters
    ----------
    name : str
    kind : str
        ``"numeric"``, ``"integer"`` (only whole numbers were seen), ``"boolean"`` (only 0 and 1, true and false)
        or ``"category"`` (one-hot).
    levels : tuple of str
        Sorted levels of a category; the first is the reference, which has no feature of its own.
    low, high : float, optional
        Smallest and largest number seen, in the units of the data; None for a category, and where no range is known.
    out_of_range : str
        What prediction does with a number outside of them, or with a fraction where only whole numbers were seen:
        ``"warn"``, ``"clip"`` to the range, or ``"refuse"``. A fraction within the range is not clipped.
    unknown_level : str
        What prediction does with a level not seen in training: ``"refuse"``, or ``"warn"`` and take it for the
        reference level.
    """

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    out_of_range: str = "warn"
    unknown_level: str = "refuse"

    def __post_init__(self) -> None:
        for policy, allowed in POLICIES.items():
            if getattr(self, policy) not in allowed:
                raise OptionError(f"{policy} of {self.name!r} must be one of {allowed}, got {getattr(self, policy)!r}")

    @property
    def policy_name(self) -> str:
        """Which of the policies this kind of column has."""
        return "unknown_level" if self.kind == "category" else "out_of_range"

    def policy(self, kind: Kind) -> str:
        """``"refuse"``, ``"clip"`` or ``"warn"``: what prediction does with such a cell."""
        if kind is Kind.UNKNOWN:
            return self.unknown_level
        if kind is Kind.FRACTION:
            return "refuse" if self.out_of_range == "refuse" else "warn"
        return self.out_of_range if kind is Kind.RANGE else "refuse"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name per feature: the column's own, or ``region=north`` for every level after the first."""
        return tuple(f"{self.name}={level}" for level in self.levels[1:]) if self.levels else (self.name,)

    def encode(self, series: nw.Series[Any], spelled: bool, out: Floats, judged: bool = False) -> tuple[Trouble, ...]:
        """Write the column's features into `out` (rows, features) and say what stands in the way.

        Parameters
        ----------
        series : narwhals Series (rows,)
        spelled : bool
            Cells are the spellings of a text file.
        out : ndarray (rows, features of this column)
            NaN is written where a number is blank.
        judged : bool
            Also look for numbers that training did not see, and clip those that are to be clipped.
        """
        if self.kind == "category":
            return self._one_hot(series, spelled, out)
        cells = number_cells(series, spelled)
        out[:, 0] = cells.numbers
        strange = self._strange(cells.numbers) if judged else ()
        if self.out_of_range == "clip" and any(trouble.kind is Kind.RANGE for trouble in strange):
            np.clip(out[:, 0], self.low, self.high, out=out[:, 0])
        return self.forgive(cells) + strange

    def _strange(self, numbers: NDArray[np.float64]) -> tuple[Trouble, ...]:
        """Finite numbers that the column did not hold in training."""
        if self.low is None or self.high is None or not len(numbers):
            return ()
        found = []
        with np.errstate(invalid="ignore"):
            within = numbers.min() >= self.low and numbers.max() <= self.high  # false where a cell is blank
            if not within:
                outside = ((numbers < self.low) | (numbers > self.high)) & np.isfinite(numbers)
                found.append((Kind.RANGE, outside, _first(numbers, outside)))
            if self.kind != "numeric":
                broken = (numbers != np.rint(numbers)) & np.isfinite(numbers)
                found.append((Kind.FRACTION, broken, _first(numbers, broken)))
        return locate(found)

    def forgive(self, cells: Cells) -> tuple[Trouble, ...]:
        """What stands in the way, where ``true`` is none in a boolean column."""
        return tuple(found for found in cells.troubles if not (self.kind == "boolean" and found.kind is Kind.LOGICAL))

    def _one_hot(self, series: nw.Series[Any], spelled: bool, out: Floats) -> tuple[Trouble, ...]:
        names, troubles = level_cells(series, spelled)
        found: Any = pc.index_in(names, value_set=pa.array(self.levels, pa.string()))
        codes: NDArray[np.int32] = np.asarray(pc.fill_null(found, -1))
        out[:] = 0.0
        rows = np.flatnonzero(codes > 0)
        out[rows, codes[rows] - 1] = 1.0
        blank = np.asarray(names.is_null())
        out[blank] = np.nan
        unknown = (codes < 0) & ~blank
        if unknown.any():
            troubles += locate([(Kind.UNKNOWN, unknown, names[int(np.argmax(unknown))].as_py())])
        return troubles

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; of the policies the one that applies to this kind."""
        values = {name: getattr(self, name) for name in ("name", "kind", "levels", "low", "high", self.policy_name)}
        return {**values, "levels": list(self.levels)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Column:
        """The column that `to_dict` wrote.

        Parameters
        ----------
        values : dict

        Raises
        ------
        ArtifactError
            A field is missing, unknown or of the wrong type.
        """
        fields = {"name", "kind", "levels", "low", "high"}
        policies = set(values) - fields if isinstance(values, Mapping) else set()
        if not isinstance(values, Mapping) or fields - set(values) or len(policies) != 1 or policies - set(POLICIES):
            raise ArtifactError(f"schema: a column must have exactly the fields {sorted(fields)} and one of "
                                f"{sorted(POLICIES)}, got {values!r:.200}")  # fmt: skip
        name, kind, levels = values["name"], values["kind"], values["levels"]
        if not isinstance(name, str) or not name or kind not in KINDS:
            raise ArtifactError(f"schema: column {name!r} must have a name, and a kind among {KINDS}, not {kind!r}")
        if not isinstance(levels, list) or not all(isinstance(level, str) for level in levels):
            raise ArtifactError(f"schema: levels of {name!r} must be a list of text")
        if levels != sorted(set(levels)) or (kind == "category") != (len(levels) > 1):
            raise ArtifactError(f"schema: {name!r} is {kind} with {len(levels)} levels; a category has at least two, "
                                "sorted and distinct, and nothing else has any")  # fmt: skip
        low, high = (cls._bound(name, kind, values[side]) for side in ("low", "high"))
        if low is not None and high is not None and low > high:
            raise ArtifactError(f"schema: {name!r} reaches from {low} up to {high}")
        if (low is None) != (high is None):
            raise ArtifactError(f"schema: {name!r} must have both low and high, or neither")
        column, policy = cls(name, kind, tuple(levels), low, high), policies.pop()
        if policy != column.policy_name or values[policy] not in POLICIES[policy]:
            raise ArtifactError(f"schema: {name!r} is {kind}, its {policy} cannot be {values[policy]!r:.200}")
        return replace(column, **{policy: values[policy]})

    @staticmethod
    def _bound(name: str, kind: str, value: object) -> float | None:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not (value is None or (number and kind != "category")):
            raise ArtifactError(f"schema: {name!r} is {kind}, its low and high cannot be {value!r:.200}")
        return float(value) if number else None  # type: ignore[arg-type]


def _first(numbers: NDArray[np.float64], mask: NDArray[np.bool_]) -> str:
    return f"{numbers[np.argmax(mask)]:.10g}" if mask.any() else ""
