"""Choices: a part of a domain that branch and bound can relax to half spaces, round, and split."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionError
from ...rows.allowed import Allowed

__all__ = ["Choices"]

Array = NDArray[np.float64]
Group = tuple[NDArray[np.intp], Array]

WHOLE = 1e-7  # a relaxed value this near an allowed one, in parts of the column's range, is that one


@dataclass(frozen=True, eq=False)
class Choices:
    """Rows between bounds, with columns of whole numbers and groups of columns that take one of several patterns.

    Parameters
    ----------
    low, high : ndarray (n_features,)
        In the units of the data; of a group's columns the smallest and largest of its patterns.
    whole : ndarray of bool (n_features,)
    groups : tuple of (ndarray (columns,), ndarray (patterns, columns))
        One-hot groups; frozen columns are one more, whose patterns are the rows that exist.
    """

    low: Array
    high: Array
    whole: NDArray[np.bool_]
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, allowed: Allowed, X: Array) -> Choices:
        """All that a domain allows; frozen columns take their values, together, from the rows X.

        Raises
        ------
        OptionError
            A column has no bounds.
        """
        open_ends = allowed.free & ~(np.isfinite(allowed.low) & np.isfinite(allowed.high))
        if open_ends.any():
            names = ", ".join(allowed.labels[j] for j in np.flatnonzero(open_ends)[:8])
            raise OptionError(f"no bounds on {names}: it could be anything", advice="Give bounds=(low, high)")
        groups = list(allowed.groups)
        if allowed.frozen.any():
            columns = np.flatnonzero(allowed.frozen)
            groups.append((columns, np.unique(X[:, columns], axis=0)))
        start = cls(allowed.low.copy(), allowed.high.copy(), allowed.whole & allowed.free, ())
        for columns, patterns in groups:
            start = start._joined(columns, patterns)
        return start

    def ranges(self) -> tuple[Array, Array, Array]:
        """The relaxation {x : low <= N @ x <= high}: N (ranges, n_features), low and high (ranges,)."""
        normals, low, high = [np.eye(len(self.low))], [self.low], [self.high]
        for columns, patterns in self.groups:
            total, sums = np.zeros((1, len(self.low))), patterns.sum(axis=1)
            total[0, columns] = 1.0
            normals.append(total)
            low.append(sums.min(keepdims=True))
            high.append(sums.max(keepdims=True))
        return np.vstack(normals), np.concatenate(low), np.concatenate(high)

    def rounded(self, x: Array) -> Array:
        """The nearest row that is one of these, group by group in parts of its ranges."""
        x = np.clip(x, self.low, self.high)
        x = np.where(self.whole, np.round(x), x)
        for columns, patterns in self.groups:
            away = np.square((patterns - x[columns]) / self._range[columns]).sum(axis=1)
            x[columns] = patterns[np.argmin(away)]
        return np.asarray(x)

    def fixed(self, x: Array) -> Choices:
        """Those that share whole numbers and patterns with the row x; only continuous columns are left to choose."""
        low, high = np.where(self.whole, x, self.low), np.where(self.whole, x, self.high)
        groups = tuple((columns, x[columns][None, :]) for columns, _ in self.groups)
        for columns, _ in self.groups:
            low[columns] = high[columns] = x[columns]
        return Choices(low, high, self.whole, groups)

    def neighbours(self, x: Array) -> Array:
        """Rows that differ from x in one pattern, or by one step of one whole number, (n_rows, n_features)."""
        found = [x[None, :]]
        for columns, patterns in self.groups:
            rows = np.tile(x, (len(patterns), 1))
            rows[:, columns] = patterns
            found.append(rows)
        for j in np.flatnonzero(self.whole):
            rows = np.tile(x, (4, 1))
            rows[:, j] = np.clip([x[j] - 1, x[j] + 1, self.low[j], self.high[j]], self.low[j], self.high[j])
            found.append(rows)
        return np.vstack(found)

    def split(self, x: Array) -> tuple[Choices, Choices] | None:
        """Two parts between which the relaxed row x lies; None where x is allowed."""
        away = np.abs(x - self.rounded(x)) / self._range
        away[~self._discrete] = 0.0
        j = int(np.argmax(away))
        if away[j] <= WHOLE:
            return None
        for number, (columns, patterns) in enumerate(self.groups):
            if j in columns:
                return self._split_group(number, patterns, int(np.flatnonzero(columns == j)[0]), float(x[j]))
        cut = float(np.floor(x[j]))
        low, high = self.low.copy(), self.high.copy()
        high[j], low[j] = cut, cut + 1.0
        return replace(self, high=high), replace(self, low=low)

    def _split_group(self, number: int, patterns: Array, place: int, value: float) -> tuple[Choices, Choices] | None:
        values = np.unique(patterns[:, place])
        if len(values) == 1:  # the relaxation misses the group by rounding alone
            return None
        above = min(max(int(np.searchsorted(values, value)), 1), len(values) - 1)
        left = patterns[:, place] < values[above]
        columns = self.groups[number][0]
        rest = replace(self, groups=self.groups[:number] + self.groups[number + 1 :])
        return rest._joined(columns, patterns[left]), rest._joined(columns, patterns[~left])

    def _joined(self, columns: NDArray[np.intp], patterns: Array) -> Choices:
        low, high = self.low.copy(), self.high.copy()
        low[columns], high[columns] = patterns.min(axis=0), patterns.max(axis=0)
        return replace(self, low=low, high=high, groups=(*self.groups, (columns, patterns)))

    @property
    def _range(self) -> Array:
        return np.where(self.high > self.low, self.high - self.low, 1.0)

    @property
    def _discrete(self) -> NDArray[np.bool_]:
        discrete = self.whole.copy()
        for columns, _ in self.groups:
            discrete[columns] = True
        return discrete
