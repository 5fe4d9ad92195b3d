"""Domain: what a row is allowed to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, OptionError, Problem, ShapeError
from .allowed import Allowed

if TYPE_CHECKING:
    from .schema import Schema

__all__ = ["Domain"]

Array = NDArray[np.float64]
Key = int | str


@dataclass(frozen=True, eq=False)
class Domain:
    """What a row may be, in the units of the data: bounds, whole numbers, one-hot groups, columns nobody can choose.

    Parameters
    ----------
    low, high : float or array-like (n_features,)
        Smallest and largest allowed value; ``-inf`` and ``inf`` leave a side open.
    y_low, y_high : float
        Smallest and largest allowed label, in the units of y.
    integers : iterable of int or str
        Columns of whole numbers, by position or name.
    one_hot : iterable of groups of int or str
        Columns of 0 and 1 of which at most one is 1: the reference level has no column.
    exactly_one : iterable of groups of int or str
        The same where every level has its column.
    frozen : iterable of int or str
        Columns that an attacker cannot choose: a changed row keeps its values, an added row takes them from an
        existing row. Bounds are not asked of them.
    names : sequence of str, optional
        Names of the columns, in their order.

    Raises
    ------
    OptionError
        A bound is NaN, or a low bound lies above its high bound; unknown columns; a group that no row can keep.

    Examples
    --------
    >>> Domain(low=[0, -1], high=[10, 1]).bounds(2)
    (array([ 0., -1.]), array([10.,  1.]))
    >>> flats = Domain(0, [9, 1, 1], integers=["rooms"], one_hot=[["south", "west"]], names=["rooms", "south", "west"])
    >>> flats.project([[2.7, 0.4, 0.8]])
    array([[3., 0., 1.]])
    >>> flats.contains([[3, 0, 1], [3, 1, 1]])
    array([ True, False])
    """

    low: ArrayLike = -np.inf
    high: ArrayLike = np.inf
    _: KW_ONLY
    y_low: float = -np.inf
    y_high: float = np.inf
    integers: Iterable[Key] = ()
    one_hot: Iterable[Sequence[Key]] = ()
    exactly_one: Iterable[Sequence[Key]] = ()
    frozen: Iterable[Key] = ()
    names: Sequence[str] | None = None
    _met: dict[int, Allowed] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for low, high, what in ((self.low, self.high, ""), (self.y_low, self.y_high, "y_")):
            a, b = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
            if np.isnan(a).any() or np.isnan(b).any() or not np.all(a <= b):
                raise OptionError(f"each low bound must be at most its high one, got {what}low={low!r}, "
                                  f"{what}high={high!r}")  # fmt: skip
        for option in ("integers", "frozen", "one_hot", "exactly_one", "names"):
            given = getattr(self, option)
            texts = [given, *given] if option in ("one_hot", "exactly_one") else [given]
            if any(isinstance(text, str) for text in texts):
                raise OptionError(f"{option} must be a list, got the text in {given!r}", advice=f"Write [{given!r}]")
            object.__setattr__(self, option, None if given is None else _frozen(given))  # frozen: this is its birth
        if self.names is not None:
            self.allowed(len(self.names))

    @classmethod
    def of(cls, bounds: Any = None, n_features: int = 1, y_bounds: Any = None) -> Domain:
        """The short form: ``bounds=(low, high)`` as scalars or one per feature, ``y_bounds=(low, high)``.

        Parameters
        ----------
        bounds : (low, high), optional
            Scalars or arrays (n_features,), in the units of the data; nothing is bounded by default.
        n_features : int
        y_bounds : (float, float), optional
            In the units of y.

        Examples
        --------
        >>> Domain.of((0, [1, 5]), 2).bounds(2)
        (array([0., 0.]), array([1., 5.]))
        """
        low, high = _pair(bounds, "bounds")
        y_low, y_high = _pair(y_bounds, "y_bounds")
        if np.ndim(y_low) or np.ndim(y_high):
            raise OptionError(f"y_bounds must be two numbers, got {y_bounds!r}")
        domain = cls(low, high, y_low=float(y_low), y_high=float(y_high))
        domain.allowed(n_features)
        return domain

    @classmethod
    def learn(cls, X: Any, y: Any = None, schema: Schema | None = None) -> Domain:
        """What was observed: ranges, columns of whole numbers (0 and 1 among them), the range of y.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
            With a schema: the raw table, or the numbers it makes of one.
        y : array (n_samples,), or the name of a column of X, optional
        schema : Schema, optional
            Kinds of columns and one-hot groups are taken from it. Without it, groups cannot be told from other columns
            of 0 and 1.

        Raises
        ------
        DataError
            Cells that are not finite numbers, no rows.

        Examples
        --------
        >>> domain = Domain.learn(np.array([[1, 0.5], [3, 2.5]]), [10.0, 20.0])
        >>> domain.integers, domain.y_low, domain.y_high
        ((0,), 10.0, 20.0)
        >>> domain.project([[7.0, 1.0]])
        array([[3., 1.]])
        """
        from .observed import observed

        return cls(**observed(X, y, schema))

    @classmethod
    def from_schema(cls, schema: Schema, y_low: float = -np.inf, y_high: float = np.inf) -> Domain:
        """The ranges, kinds and levels that a schema learnt.

        Parameters
        ----------
        schema : Schema
        y_low, y_high : float
            A schema holds no range of y.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from trueline import Schema
        >>> schema = Schema.learn(pa.table({"rooms": [2, 4], "region": ["n", "s"]}), one_hot=["region"])
        >>> Domain.from_schema(schema).project([[9.0, 0.6]])
        array([[4., 1.]])
        """
        from .observed import from_columns

        return cls(**from_columns(schema), y_low=y_low, y_high=y_high)

    def bounds(self, n_features: int) -> tuple[Array, Array]:
        """Both bounds as arrays (n_features,), as they were given."""
        try:
            low = np.broadcast_to(np.asarray(self.low, dtype=np.float64), (n_features,))
            high = np.broadcast_to(np.asarray(self.high, dtype=np.float64), (n_features,))
        except ValueError:
            raise OptionError(
                f"this Domain bounds {max(np.size(self.low), np.size(self.high))} features, the data has {n_features}"
            ) from None
        return low.copy(), high.copy()

    def box(self, n_features: int) -> tuple[Array, Array]:
        """The smallest box around every allowed row, as arrays (n_features,): bounds moved in to whole numbers."""
        met = self.allowed(n_features)
        return met.low.copy(), met.high.copy()

    def allowed(self, n_features: int) -> Allowed:
        """These rules for rows of `n_features` numbers; columns are found by name or position.

        Raises
        ------
        OptionError
            Unknown columns; bounds of another length; whole numbers or groups that the bounds leave nothing of.
        """
        if n_features not in self._met:
            from .resolving import resolve

            self._met[n_features] = resolve(self, n_features)
        return self._met[n_features]

    def project(self, X: ArrayLike) -> Array:
        """The nearest allowed rows; frozen columns stay as they are. See `Allowed.project`."""
        X = np.asarray(X, dtype=np.float64)
        return self.allowed(X.shape[-1] if X.ndim else 0).project(X)

    def project_y(self, y: ArrayLike) -> Array:
        """The nearest allowed labels, in the units of y."""
        return np.asarray(np.clip(np.asarray(y, dtype=np.float64), self.y_low, self.y_high))

    def contains(self, X: ArrayLike, y: ArrayLike | None = None) -> NDArray[np.bool_]:
        """Which rows (and labels) are allowed.

        Parameters
        ----------
        X : array (n_rows, n_features)
        y : array (n_rows,), optional

        Returns
        -------
        ndarray of bool (n_rows,)
        """
        X = np.asarray(X, dtype=np.float64)
        inside = self.allowed(X.shape[-1]).contains(X)
        if y is None:
            return inside
        labels = np.asarray(y, dtype=np.float64)
        return inside & (labels >= self.y_low) & (labels <= self.y_high)

    def problems(self, X: ArrayLike, y: ArrayLike | None = None) -> list[Problem]:
        """Everything that is not allowed: the column, the first row (from 1) and how many.

        Parameters
        ----------
        X : array (n_rows, n_features)
        y : array (n_rows,), optional

        Examples
        --------
        >>> print(*Domain(0, [9, 1]).problems([[1, 0], [-3, 7], [2, 3]]), sep="; ")
        X[:, 0]: below 0 (1 row, first in row 2); X[:, 1]: above 1 (2 rows, first in row 2)
        """
        X = np.asarray(X, dtype=np.float64)
        found = self.allowed(X.shape[-1]).problems(X)
        labels = np.empty(0) if y is None else np.atleast_1d(np.asarray(y, dtype=np.float64))
        below, above = labels < self.y_low, labels > self.y_high
        for what, bad in (
            (f"below {self.y_low:g}", below),
            (f"above {self.y_high:g}", above),
            ("NaN", np.isnan(labels)),
        ):
            if bad.any():
                found.append(Problem(what, "y", int(np.argmax(bad)) + 1, int(bad.sum())))
        return found

    def farthest(self, direction: ArrayLike, like: ArrayLike | None = None) -> Array:
        """The allowed row with the largest direction·x. See `Allowed.farthest`.

        Examples
        --------
        >>> Domain([0, -1], [9.5, 1], integers=[0]).farthest([2.0, -1.0])
        array([ 9., -1.])
        """
        direction = np.asarray(direction, dtype=np.float64)
        return self.allowed(direction.shape[-1]).farthest(direction, like)

    def sample(self, n: int, rng: np.random.Generator, *, like: ArrayLike | None = None,
               n_features: int | None = None) -> Array:  # fmt: skip
        """Allowed rows, uniform between the bounds. See `Allowed.sample`.

        Parameters
        ----------
        n : int
        rng : numpy Generator
        like : array (rows, n_features), optional
            Rows to draw the values of frozen columns from.
        n_features : int, optional
            Needed where neither names, nor bounds, nor `like` tell it.

        Returns
        -------
        ndarray (n, n_features)
        """
        told = [len(self.names)] if self.names is not None else []
        told += [np.size(side) for side in (self.low, self.high) if np.ndim(side)]
        told += [] if like is None else [np.shape(like)[-1]]
        width = n_features if n_features is not None else (told[0] if told else None)
        if width is None:
            raise ShapeError("this Domain does not know how many features there are", advice="Pass n_features")
        return self.allowed(width).sample(n, rng, like)

    def check(self, X: ArrayLike, y: ArrayLike | None = None) -> None:
        """Refuse bounds that exclude every row of the data, or every label.

        Parameters
        ----------
        X : array (n_rows, n_features)
        y : array (n_rows,), optional

        Raises
        ------
        DataError
            With the ranges of the data beside the bounds.
        """
        X = np.asarray(X, dtype=np.float64)
        self.allowed(X.shape[-1]).check(X)
        labels = np.empty(0) if y is None else np.asarray(y, dtype=np.float64)
        if labels.size and ((labels < self.y_low) | (labels > self.y_high)).all():
            raise DataError(f"the bounds exclude every label: y reaches from {labels.min():g} to {labels.max():g}, "
                            f"allowed is {self.y_low:g} to {self.y_high:g}",
                            advice="y_bounds are in the units of y")  # fmt: skip


def _frozen(given: Iterable[Any]) -> tuple[Any, ...]:
    """A tuple, and tuples within."""
    return tuple(tuple(item) if isinstance(item, list | tuple | np.ndarray) else item for item in given)


def _pair(bounds: Any, option: str) -> tuple[Any, Any]:
    if bounds is None:
        return -np.inf, np.inf
    if isinstance(bounds, str) or not hasattr(bounds, "__len__") or len(bounds) != 2:
        raise OptionError(f"{option} must be (low, high), got {bounds!r}")
    return bounds[0], bounds[1]
