"""Column: one column of a schema, what it may hold, and how it becomes numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..errors import ArtifactError
from .cells import level_cells, number_cells
from .source import Floats
from .troubles import Cells, Kind, Trouble

__all__ = ["KINDS", "Column"]

KINDS = ("numeric", "integer", "boolean", "category")


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
        Smallest and largest number seen, in the units of the data; None for a category.
    """

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name per feature: the column's own, or ``region=north`` for every level after the first."""
        return tuple(f"{self.name}={level}" for level in self.levels[1:]) if self.levels else (self.name,)

    def encode(self, series: nw.Series[Any], spelled: bool, out: Floats) -> tuple[Trouble, ...]:
        """Write the column's features into `out` (rows, features) and say what stands in the way.

        Parameters
        ----------
        series : narwhals Series (rows,)
        spelled : bool
            Cells are the spellings of a text file.
        out : ndarray (rows, features of this column)
            NaN is written where a number is blank.
        """
        if self.kind == "category":
            return self._one_hot(series, spelled, out)
        cells = number_cells(series, spelled)
        out[:, 0] = cells.numbers
        return self.forgive(cells)

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
            first = int(np.argmax(unknown))
            troubles += (Trouble(Kind.UNKNOWN, first, int(np.count_nonzero(unknown)), names[first].as_py()),)
        return troubles

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "levels": list(self.levels)}

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
        if not isinstance(values, Mapping) or set(values) != fields:
            raise ArtifactError(f"schema: a column must have exactly the fields {sorted(fields)}, got {values!r:.200}")
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
        return cls(name, kind, tuple(levels), low, high)

    @staticmethod
    def _bound(name: str, kind: str, value: object) -> float | None:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if number != (kind != "category") or not (number or value is None):
            raise ArtifactError(f"schema: {name!r} is {kind}, its low and high cannot be {value!r:.200}")
        return float(value) if number else None  # type: ignore[arg-type]
