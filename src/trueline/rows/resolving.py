"""From what a Domain says, by name or position, to arrays for rows of a known width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .allowed import Allowed

if TYPE_CHECKING:
    from .domain import Domain

__all__ = ["resolve"]

Array = NDArray[np.float64]


def resolve(domain: Domain, n_features: int) -> Allowed:
    """The rules of a Domain for rows of `n_features` numbers.

    Parameters
    ----------
    domain : Domain
    n_features : int

    Raises
    ------
    OptionError
        Unknown columns; bounds of another length; whole numbers or groups that the bounds leave nothing of.
    """
    if domain.names is not None and len(domain.names) != n_features:
        raise OptionError(f"this Domain names {len(domain.names)} columns, the data has {n_features}")
    labels = tuple(domain.names) if domain.names is not None else tuple(f"X[:, {j}]" for j in range(n_features))
    low, high = domain.bounds(n_features)
    whole, frozen = np.zeros(n_features, dtype=bool), np.zeros(n_features, dtype=bool)
    whole[_positions(domain, domain.integers, "integers", n_features)] = True
    frozen[_positions(domain, domain.frozen, "frozen", n_features)] = True
    low[whole], high[whole] = np.ceil(low[whole]), np.floor(high[whole])
    for j in np.flatnonzero(whole & ~frozen & (low > high)):
        raise OptionError(f"{labels[j]}: no whole number lies between its bounds")
    groups = []
    for option in ("one_hot", "exactly_one"):
        for group in getattr(domain, option):
            columns = np.array(_positions(domain, group, option, n_features), dtype=np.intp)
            patterns = _patterns(columns, labels, (low, high), option == "one_hot")
            if frozen[columns].any() and not frozen[columns].all():
                raise OptionError(f"{_listed(labels, columns)} are one group: freeze all of them or none")
            if not frozen[columns].all():
                groups.append((columns, patterns))
                low[columns], high[columns], whole[columns] = patterns.min(axis=0), patterns.max(axis=0), False
    grouped = [int(j) for columns, _ in groups for j in columns]
    if len(grouped) != len(set(grouped)):
        raise OptionError("a column stands in two one-hot groups")
    return Allowed(low, high, whole, tuple(groups), frozen, labels)


def _patterns(columns: NDArray[np.intp], labels: Sequence[str], box: tuple[Array, Array], reference: bool) -> Array:
    """Rows of 0 and 1 that the group's columns may be together, inside their bounds."""
    if len(columns) == 0:
        raise OptionError("a one-hot group has no columns")
    patterns = np.vstack([np.zeros(len(columns)), np.eye(len(columns))])[0 if reference else 1 :]
    inside = ((patterns >= box[0][columns]) & (patterns <= box[1][columns])).all(axis=1)
    if not inside.any():
        raise OptionError(f"the bounds leave no level of the group {_listed(labels, columns)}",
                          advice="Columns of a group are 0 or 1: let their bounds hold both")  # fmt: skip
    return np.asarray(patterns[inside])


def _positions(domain: Domain, keys: Iterable[Any], option: str, n_features: int) -> list[int]:
    """Columns by position; names are looked up."""
    found = []
    for key in keys:
        if isinstance(key, str):
            if domain.names is None or key not in domain.names:
                said = "no names were given" if domain.names is None else f"names are {', '.join(domain.names)[:200]}"
                raise OptionError(f"{option}: no column is called {key!r}: {said}")
            found.append(list(domain.names).index(key))
        elif isinstance(key, int | np.integer) and not isinstance(key, bool) and -n_features <= int(key) < n_features:
            found.append(int(key) % n_features)
        else:
            raise OptionError(f"{option}: {key!r} is no column of {n_features}")
    return found


def _listed(labels: Sequence[str], columns: NDArray[np.intp]) -> str:
    return ", ".join(labels[int(j)] for j in columns[:8]) + (", ..." if len(columns) > 8 else "")
