"""What a row may be: the bounds that a pipeline enforces, and the observed ranges for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import ColumnsError, OptionError, Problem
from ..rows.domain import Domain
from ..rows.stream import did_you_mean
from .intake import Intake

__all__ = ["domain_of"]


def domain_of(rows: Intake, bounds: Any = None, domain: Domain | None = None) -> tuple[Domain, tuple[str, ...]]:
    """The domain, and the columns whose bounds were given.

    Parameters
    ----------
    rows : Intake
    bounds : dict of column to (low, high), or (low, high), optional
    domain : Domain, optional

    Raises
    ------
    OptionError
        Both are given; bounds that are no pair of numbers.
    ColumnsError
        Bounds for columns that are not there.
    DataError
        Bounds that exclude every row.
    """
    d = rows.X.shape[1]
    learnt = Domain.learn(rows.X, rows.y, schema=_schema(rows)) if rows.schema else Domain.learn(rows.X, rows.y)
    learnt = replace(learnt, names=rows.names)
    if domain is not None:
        if bounds is not None:
            raise OptionError("bounds are short for a domain: give one or the other")
        low, high = domain.bounds(d)
        named = [name for name, a, b in zip(rows.names, low, high, strict=True) if np.isfinite(a) and np.isfinite(b)]
        labels = np.isfinite(domain.y_low) and np.isfinite(domain.y_high)
        domain = _closed(domain, learnt, d)
        domain.check(rows.X, rows.y)
        return domain, (*named, *([rows.target] if labels else []))
    if bounds is None:
        return learnt, ()
    given = bounds if isinstance(bounds, Mapping) else _each(bounds, rows)
    found = _with(learnt, given, rows)
    found.check(rows.X, rows.y)
    return found, tuple(name for name, pair in given.items() if np.isfinite(_pair(name, pair)).all())


def _schema(rows: Intake) -> Any:
    """The schema, where its features are these columns."""
    return rows.schema if rows.schema is not None and rows.schema.feature_names == rows.names else None


def _each(bounds: Any, rows: Intake) -> dict[str, tuple[float, float]]:
    low, high = Domain.of(bounds, rows.X.shape[1]).bounds(rows.X.shape[1])
    return {name: (float(a), float(b)) for name, a, b in zip(rows.names, low, high, strict=True)}


def _with(learnt: Domain, given: Mapping[str, Any], rows: Intake) -> Domain:
    known = (*rows.names, rows.target)
    if strange := [Problem(f"no such feature{did_you_mean(name, known)}", name) for name in given if name not in known]:
        raise ColumnsError("bounds", problems=strange, advice=f"Columns are {', '.join(known)[:300]}")
    low, high = learnt.bounds(len(rows.names))
    fields: dict[str, Any] = {}
    for name, pair in given.items():
        a, b = _pair(name, pair)
        if name == rows.target:
            fields |= {"y_low": a, "y_high": b}
        else:
            j = rows.names.index(name)
            low[j], high[j] = a, b
    return _closed(replace(learnt, low=low, high=high, **fields), learnt, len(rows.names))


def _pair(name: str, pair: Any) -> tuple[float, float]:
    try:
        low, high = (float(end) for end in pair)
    except (TypeError, ValueError):
        raise OptionError(f"bounds of {name} must be (low, high), got {pair!r}") from None
    if np.isnan(low) or np.isnan(high):
        raise OptionError(f"bounds of {name}: {low:g} to {high:g} are no two numbers")
    if not low <= high:
        raise OptionError(f"bounds of {name}: {low:g} lies above {high:g}")
    return low, high


def _closed(domain: Domain, learnt: Domain, d: int) -> Domain:
    """Sides that a domain leaves open end where the rows do."""
    (low, high), (least, most) = domain.bounds(d), learnt.bounds(d)
    return replace(
        domain,
        low=np.where(np.isfinite(low), low, least),
        high=np.where(np.isfinite(high), high, most),
        y_low=domain.y_low if np.isfinite(domain.y_low) else learnt.y_low,
        y_high=domain.y_high if np.isfinite(domain.y_high) else learnt.y_high,
    )
