"""Which columns go together: for every two columns of numbers, rows above the middle of both, of one, of neither.

Middles are fixed by the rows set aside, as cells are, so the counts of training and of a window are comparable by exact
laws (`maths.odds_ratios`), whatever the columns' distributions are. Four counts tell little of a single row, where
covariances of few rows can tell all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArtifactError, OptionError
from ..fields import is_finite, is_int, is_list_of

__all__ = ["MOST_PAIRED", "PairCounter", "Pairs", "middles_of"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

MOST_PAIRED = 64  # columns; 2,016 pairs, some 60 kB of JSON
FIELDS = {"columns", "middles", "counts"}


@dataclass(frozen=True, eq=False)
class Pairs:
    """Counts of the training rows, of every two columns of numbers.

    Parameters
    ----------
    columns : tuple of str
    middles : ndarray (n,)
        What counts as high is above; in the units of the columns.
    counts : ndarray (n (n - 1) / 2, 4) of int
        Of the pairs in the order of `itertools.combinations`: both low, only the second high, only the first, both.
    """

    columns: tuple[str, ...]
    middles: Array
    counts: Counts

    @property
    def names(self) -> list[tuple[str, str]]:
        """Of the two columns of every pair."""
        return list(combinations(self.columns, 2))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"columns": list(self.columns), "middles": self.middles.tolist(), "counts": self.counts.tolist()}

    @classmethod
    def from_dict(cls, values: Any, rows: int) -> Pairs:
        """What `to_dict` wrote.

        Parameters
        ----------
        values : dict
        rows : int
            Training rows; no more can have been counted.

        Raises
        ------
        ArtifactError
            Names twice, middles that are no numbers, counts that are no counts.
        """
        _hold(isinstance(values, dict) and set(values) == FIELDS, f"must have exactly the fields {sorted(FIELDS)}")
        columns, middles, counts = values["columns"], values["middles"], values["counts"]
        good = is_list_of(columns, str) and len(set(columns)) == len(columns) <= MOST_PAIRED
        _hold(good, f"columns must be at most {MOST_PAIRED} different names")
        good = isinstance(middles, list) and len(middles) == len(columns) and all(is_finite(each) for each in middles)
        _hold(good, "one middle for each column, a finite number")
        number = len(columns) * (len(columns) - 1) // 2
        good = isinstance(counts, list) and len(counts) == number and all(is_list_of(four, int) for four in counts)
        good = good and all(len(four) == 4 and all(is_int(n) and n >= 0 for n in four) for four in counts)
        _hold(good and all(sum(four) <= rows for four in counts), f"counts must be {number} times four counts of rows")
        return cls(tuple(columns), np.array(middles, np.float64), np.array(counts, np.int64).reshape(number, 4))


class PairCounter:
    """Rows counted piece by piece, in bounded memory.

    Parameters
    ----------
    columns : dict of str to int
        Names of the columns of numbers, and where they are among all.
    middles : ndarray (n,)

    Examples
    --------
    >>> counter = PairCounter({"a": 0, "b": 1}, np.array([0.0, 10.0]))
    >>> counter.add(np.array([[1.0, 11.0], [-1.0, 9.0], [2.0, np.nan], [3.0, 1.0]]))
    >>> counter.pairs.counts
    array([[1, 0, 1, 1]])
    """

    def __init__(self, columns: Mapping[str, int], middles: Array) -> None:
        self._columns, self._middles = columns, middles
        self._tables = np.zeros((4, len(middles), len(middles)), dtype=np.int64)

    def add(self, values: Array) -> None:
        """Count some rows, (rows, all columns); a pair of which one value is missing counts for nothing."""
        numbers = values[:, list(self._columns.values())]
        there, above = np.isfinite(numbers), numbers > self._middles
        high, low = ((there & side).astype(np.float64) for side in (above, ~above))
        for table, (first, second) in zip(
            self._tables, ((low, low), (low, high), (high, low), (high, high)), strict=True
        ):
            table += (first.T @ second).astype(np.int64)  # sums of 0 and 1 are exact

    @property
    def pairs(self) -> Pairs:
        """What was counted."""
        counts = self._tables[:, *np.triu_indices(len(self._middles), 1)].T
        return Pairs(tuple(self._columns), self._middles, counts)


def middles_of(values: Array) -> Array:
    """The median of every column, or what is next below it where nothing lies above.

    Parameters
    ----------
    values : ndarray (rows, n)
        Of the rows set aside; finite.

    Raises
    ------
    OptionError
        More columns than pairs of them should be kept.
    """
    if values.shape[1] > MOST_PAIRED:
        raise OptionError(f"how {values.shape[1]} columns of numbers go together: a file should say it of "
                          f"{MOST_PAIRED} at most", advice="Save without correlations, or drop columns")  # fmt: skip
    return np.array([_middle(column) for column in values.T])


def _middle(column: Array) -> float:
    middle = np.quantile(column, 0.5, method="inverted_cdf")
    below = column[column < middle]
    return float(below.max() if middle == column.max() and len(below) else middle)


def _hold(good: bool, what: str) -> None:
    if not good:
        raise ArtifactError(f"reference: pairs: {what}")
