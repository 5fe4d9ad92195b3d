"""Scene: the gate of every poisoning attack. Clean rows, what may be added to them, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..models.base import LinearModel
from ..models.gate import names_of
from ..models.options import generator, is_number, is_whole
from ..rows import table
from ..rows.domain import Domain
from ..rows.source import in_memory

__all__ = ["Budget", "RateBudget", "Scene", "prepare", "row_budget"]

Array = NDArray[np.float64]

MOST = 0.5  # a majority of poison is no attack any more: the clean rows are then the outliers


class Budget(TypedDict, total=False):
    """What every attack takes besides X, y and rate.

    - ``rows``: int, how many poison rows, instead of a rate.
    - ``domain``: `Domain`, what a row may be; what was observed (`Domain.learn`) by default.
    - ``bounds``, ``y_bounds``: ``(low, high)``, short for a Domain; scalars or one per feature, in the units of the
      data. What is not given is as observed.
    - ``random_state``: int or Generator; 0 by default.
    """

    rows: int | None
    domain: Domain | None
    bounds: Any
    y_bounds: Any
    random_state: int | np.random.Generator | None


class RateBudget(Budget, total=False):
    """`Budget`, and ``rate``: float, poison / all rows, at most 0.5."""

    rate: float | None


@dataclass(frozen=True, eq=False)
class Scene:
    """Clean rows and an attacker's means.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
    y : ndarray (n_samples,)
    names : tuple of str or None
    domain : Domain
    rows : int
        How many poison rows the budget allows.
    rng : numpy Generator
    seed : int or None
        What `rng` was made from, where that is a number.
    """

    X: Array
    y: Array
    names: tuple[str, ...] | None
    domain: Domain
    rows: int
    rng: np.random.Generator
    seed: int | None

    def draw(self, n: int | None = None, rng: np.random.Generator | None = None) -> NDArray[np.intp]:
        """Numbers of clean rows at random: each at most once as long as there are enough."""
        n = self.rows if n is None else n
        return np.asarray((rng or self.rng).choice(len(self.y), size=n, replace=n > len(self.y)))

    def project(self, X: Array, like: Array | None = None) -> Array:
        """The nearest allowed rows; frozen columns from `like`, drawn from the clean rows by default."""
        frozen = self.domain.allowed(self.X.shape[1]).frozen
        if frozen.any():
            like = self.X[self.draw(len(X))] if like is None else like
            X = np.where(frozen, like, X)
        return self.domain.project(X)

    def largest_residual(self, coef: Array, b: float) -> float:
        """The largest |y - (x·coef + b)| of any allowed row, in the units of y.

        Parameters
        ----------
        coef : ndarray (n_features,)
        b : float

        Raises
        ------
        OptionError
            A column or y without bounds: nothing bounds it.
        """
        low, high = self.need_labels()
        allowed = self.domain.allowed(len(coef))
        like = self.X if allowed.frozen.any() else None
        many = np.tile(coef, (1 if like is None else len(like), 1))
        least = float((allowed.farthest(-many, like) @ coef).min()) + b
        most = float((allowed.farthest(many, like) @ coef).max()) + b
        return max(high - least, most - low)

    def need_choice(self) -> None:
        """Refuse where every column is frozen."""
        if self.domain.allowed(self.X.shape[1]).frozen.all():
            raise OptionError("every column is frozen: this attacker cannot choose x",
                              advice="flip_labels chooses labels only; or leave a column free")  # fmt: skip

    def need_labels(self) -> tuple[float, float]:
        """The bounds of y, refused where one is open or they leave no choice."""
        low, high = self.domain.y_low, self.domain.y_high
        if not (np.isfinite(low) and np.isfinite(high)):
            raise OptionError("y has no bounds, and this attack goes to them", advice="Give y_bounds=(low, high)")
        if low == high:
            raise OptionError(f"y can only be {low:g}: there is no label to choose", advice="Give wider y_bounds")
        return float(low), float(high)


def prepare(X: Any, y: Any, rate: float | None = None, *, rows: int | None = None, domain: Domain | None = None,
            bounds: Any = None, y_bounds: Any = None,
            random_state: int | np.random.Generator | None = 0) -> Scene:  # fmt: skip
    """Clean rows through the gate that every model uses, the budget in rows, the domain.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    rate : float, optional
        Poison / (clean + poison), at most 0.5.
    rows, domain, bounds, y_bounds, random_state
        See `Budget`.

    Raises
    ------
    OptionError
        Neither rate nor rows, or both; more than half; a domain together with bounds.
    DataError
        Rows that cannot be used; bounds that exclude all of them.
    """
    gate = LinearModel()
    source = in_memory(gate._source(X, y, None))
    table.check_finite(source.X, source.names, "X")
    table.check_finite(source.y, what="y")
    clean, labels = source.X.astype(np.float64), source.y.astype(np.float64)
    names = source.names if source.names is not None else names_of(gate)
    if domain is not None and (bounds is not None or y_bounds is not None):
        raise OptionError("bounds and y_bounds are short for a domain: give one or the other")
    if domain is None:
        domain = replace(Domain.learn(clean, labels), names=names, **_given(bounds, y_bounds, clean.shape[1]))
    domain = _with_label_range(domain, labels)
    domain.check(clean, labels)
    seed = int(random_state) if isinstance(random_state, int | np.integer) else None
    return Scene(clean, labels, names, domain, row_budget(len(clean), rate, rows), generator(random_state), seed)


def row_budget(n_clean: int, rate: float | None, rows: int | None) -> int:
    """How many rows may be added to `n_clean`: the most that keep poison / (clean + poison) <= rate.

    Parameters
    ----------
    n_clean : int
    rate : float or None
    rows : int or None

    Raises
    ------
    OptionError
        Neither or both are given; above one half; less than one row.

    Examples
    --------
    >>> row_budget(1494, 0.2, None)
    373
    """
    if (rate is None) == (rows is None):
        raise OptionError("give either rate (poison / all rows) or rows (how many poison rows)")
    if rate is not None:
        if not is_number(rate, above=0) or rate > MOST:
            raise OptionError(f"rate must be above 0 and at most {MOST:g}, got {rate!r}",
                              advice="With more poison than clean rows, the clean ones are the outliers")  # fmt: skip
        rows = int(np.floor(rate / (1 - rate) * n_clean + 1e-9))
        if rows == 0:
            raise OptionError(f"a rate of {rate:g} of {n_clean} rows is less than one row", advice="Use rows=1")
    if not is_whole(rows) or int(rows) > n_clean:  # type: ignore[arg-type]
        raise OptionError(f"rows must be a whole number from 1 to the {n_clean} clean rows, got {rows!r}")
    return int(rows)  # type: ignore[arg-type]


def _given(bounds: Any, y_bounds: Any, n_features: int) -> dict[str, Any]:
    """Fields of the Domain that bounds say; whole numbers are only asked for where nothing is said of X."""
    short = Domain.of(bounds, n_features, y_bounds)
    fields: dict[str, Any] = {}
    if bounds is not None:
        fields |= {"low": short.low, "high": short.high, "integers": ()}
    if y_bounds is not None:
        fields |= {"y_low": short.y_low, "y_high": short.y_high}
    return fields


def _with_label_range(domain: Domain, y: Array) -> Domain:
    """Labels may move within y's observed range unless the Domain says otherwise."""
    if np.isinf(domain.y_low) and np.isinf(domain.y_high):
        return replace(domain, y_low=float(y.min()), y_high=float(y.max()))
    return domain
