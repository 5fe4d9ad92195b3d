"""Allowed: a Domain met with data of known width, as arrays that rows can be held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import CellsError, DataError, OptionError, Problem, ShapeError

__all__ = ["Allowed"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Allowed:
    """What a row of n_features numbers may be.

    Parameters
    ----------
    low, high : ndarray (n_features,)
        In the units of the data; whole numbers where the column holds whole numbers.
    whole : ndarray of bool (n_features,)
        Columns of whole numbers.
    groups : tuple of (ndarray (columns,), ndarray (patterns, columns))
        The columns of each one-hot group, and what they may be together, one pattern of 0 and 1 per row.
    frozen : ndarray of bool (n_features,)
        Columns that cannot be chosen; neither bounds nor kinds are asked of them.
    labels : tuple of str (n_features,)
        What messages call the columns.
    """

    low: Array
    high: Array
    whole: Mask
    groups: tuple[tuple[NDArray[np.intp], Array], ...]
    frozen: Mask
    labels: tuple[str, ...]

    @property
    def free(self) -> Mask:
        """Columns that can be chosen."""
        return ~self.frozen

    def project(self, X: ArrayLike) -> Array:
        """The nearest allowed rows (Euclidean distance, in the units of the data).

        Parameters
        ----------
        X : array (n_rows, n_features), or one row (n_features,)
        """
        X = self._numbers(X)
        rows = np.atleast_2d(X).copy()
        rows[:, self.whole] = np.round(rows[:, self.whole])
        rows = np.where(self.frozen, rows, np.clip(rows, self.low, self.high))
        for columns, patterns in self.groups:
            given = np.atleast_2d(X)[:, columns]
            # ‖x - p‖² = ‖x‖² - 2x·p + ‖p‖², and the first term is the same for every pattern
            distance = np.square(patterns).sum(axis=1) - 2.0 * (given @ patterns.T)
            rows[:, columns] = patterns[np.argmin(distance, axis=1)]
        return np.asarray(rows.reshape(X.shape))

    def contains(self, X: ArrayLike) -> Mask:
        """Which rows are allowed.

        Parameters
        ----------
        X : array (n_rows, n_features), or one row (n_features,)

        Returns
        -------
        ndarray of bool (n_rows,)
        """
        rows = np.atleast_2d(self._numbers(X))
        inside = np.ones(len(rows), dtype=bool)
        for _, _, bad in self._offences(rows):
            inside &= ~bad
        return inside

    def problems(self, X: ArrayLike) -> list[Problem]:
        """What is wrong with rows: the column, the first row and how many.

        Parameters
        ----------
        X : array (n_rows, n_features), or one row (n_features,)
        """
        rows = np.atleast_2d(self._numbers(X))
        return [Problem(f"{what}", label, int(np.argmax(bad)) + 1, int(bad.sum()))
                for label, what, bad in self._offences(rows) if bad.any()]  # fmt: skip

    def _offences(self, rows: Array) -> Iterator[tuple[str, str, Mask]]:
        """Column, what is wrong with it, and in which rows."""
        for j in np.flatnonzero(self.free):
            values, label = rows[:, j], self.labels[j]
            yield label, f"below {self.low[j]:g}", values < self.low[j]
            yield label, f"above {self.high[j]:g}", values > self.high[j]
            if self.whole[j]:
                yield label, "not a whole number", values != np.round(values)
        for columns, patterns in self.groups:
            together = ", ".join(self.labels[j] for j in columns)
            fits = (rows[:, columns][:, None, :] == patterns).all(axis=2).any(axis=1)
            yield together, "not one level of its group", ~fits

    def farthest(self, direction: ArrayLike, like: ArrayLike | None = None) -> Array:
        """The allowed row x with the largest direction·x: a corner, with its whole numbers and groups.

        Parameters
        ----------
        direction : array (n_features,) or (n_rows, n_features)
        like : array of the same shape, or one row, optional
            Where frozen columns take their values from.

        Raises
        ------
        OptionError
            A column without a bound on that side; frozen columns and no `like`.
        """
        direction = self._numbers(direction)
        rows = np.where(direction > 0, self.high, np.where(direction < 0, self.low, np.clip(0.0, self.low, self.high)))
        for columns, patterns in self.groups:
            rows[..., columns] = patterns[np.argmax(direction[..., columns] @ patterns.T, axis=-1)]
        rows = self._thaw(rows, like)
        if not np.isfinite(rows).all():
            self._refuse_open(~np.isfinite(rows.reshape(-1, len(self.low))).all(axis=0))
        return np.asarray(rows)

    def sample(self, n: int, rng: np.random.Generator, like: ArrayLike | None = None) -> Array:
        """Allowed rows, each column uniform between its bounds, each group uniform over its levels.

        Parameters
        ----------
        n : int
        rng : numpy Generator
        like : array (rows, n_features), optional
            Rows to draw the values of frozen columns from, together.

        Raises
        ------
        OptionError
            A column without bounds; frozen columns and no `like`.
        """
        self._refuse_open(self.free & ~(np.isfinite(self.low) & np.isfinite(self.high)))
        low, high = np.where(self.frozen, 0.0, self.low), np.where(self.frozen, 0.0, self.high)
        rows = low + rng.random((n, len(low))) * (high - low)
        whole = self.whole & self.free
        rows[:, whole] = rng.integers(low[whole].astype(np.int64), high[whole].astype(np.int64) + 1, (n, whole.sum()))
        for columns, patterns in self.groups:
            rows[:, columns] = patterns[rng.integers(len(patterns), size=n)]
        drawn = None if like is None else np.atleast_2d(np.asarray(like, dtype=np.float64))
        return self._thaw(rows, None if drawn is None else drawn[rng.integers(len(drawn), size=n)])

    def _thaw(self, rows: Array, like: ArrayLike | None) -> Array:
        """Frozen columns from `like`."""
        if not self.frozen.any():
            return rows
        if like is None:
            names = ", ".join(self.labels[j] for j in np.flatnonzero(self.frozen))
            raise OptionError(f"{names} cannot be chosen", advice="Pass like=: rows to take these columns from")
        return np.where(self.frozen, np.asarray(like, dtype=np.float64), rows)

    def _refuse_open(self, columns: Any) -> None:
        if columns.any():
            names = ", ".join(self.labels[j] for j in np.flatnonzero(columns)[:8])
            raise OptionError(f"no bounds on {names}: it could be anything",
                              advice="Give bounds=(low, high), or a Domain.learn(X, y)")  # fmt: skip

    def _numbers(self, X: ArrayLike) -> Array:
        X = np.asarray(X, dtype=np.float64)
        if X.ndim not in (1, 2) or X.shape[-1] != len(self.low):
            raise ShapeError(f"rows of this Domain have {len(self.low)} columns, got shape {X.shape}")
        if np.isnan(X).any():
            raise CellsError("NaN is in no domain")
        return X

    def check(self, X: Array) -> None:
        """Refuse bounds that no row of the data keeps: a unit or a column is most likely mistaken.

        Parameters
        ----------
        X : ndarray (n_rows, n_features)

        Raises
        ------
        DataError
            Every such column with its range in the data.
        """
        out = self.free & (np.clip(X, self.low, self.high) != X).all(axis=0)
        problems = [Problem(f"reaches from {X[:, j].min():g} to {X[:, j].max():g}, allowed is {self.low[j]:g} to "
                            f"{self.high[j]:g}", self.labels[j]) for j in np.flatnonzero(out)]  # fmt: skip
        if problems:
            raise DataError("the bounds exclude every row of the data", problems=problems,
                            advice="Bounds are in the units of X; Domain.learn(X) gives the observed ones")  # fmt: skip
