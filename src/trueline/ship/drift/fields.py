"""A reference as plain values, and back: nothing is believed before it was checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArtifactError
from ..fields import is_finite, is_int, is_list_of
from .cells import MOST_CELLS, Cells, Intervals, Levels

if TYPE_CHECKING:
    from .reference import Distribution

__all__ = ["distribution_from_dict", "distribution_to_dict", "numbers_from_dict", "reference_fields"]

Array = NDArray[np.float64]

REFERENCE = {"rows", "features", "means", "clipped", "columns", "predictions", "residuals", "left_out"}
NUMBERS = {"name", "edges", "counts", "centres", "mean", "sd", "low", "high"}
NAMES = {"name", "own", "known", "counts"}
MOST_ROWS = 2**53
MOST_LEVELS = 1_000_000
SLACK = 1e-9  # of rounding, where a mean is held against the values that it is of


def distribution_to_dict(column: Distribution) -> dict[str, Any]:
    """Plain values; of levels those that numbers have no use for, and the other way round."""
    counts = column.counts.tolist()
    if isinstance(column.cells, Levels):
        own, known = list(column.cells.own), list(column.cells.known)
        return {"name": column.name, "own": own, "known": known, "counts": counts}
    centres = [None if np.isnan(centre) else centre for centre in column.centres.tolist()]
    summary = {name: float(getattr(column, name)) for name in ("mean", "sd", "low", "high")}
    return {"name": column.name, "edges": column.cells.edges.tolist(), "counts": counts, "centres": centres, **summary}


def distribution_from_dict(values: Any, rows: int) -> dict[str, Any]:
    """The fields of a Distribution that `distribution_to_dict` wrote.

    Parameters
    ----------
    values : dict
    rows : int
        Training rows; no more can have been counted.

    Raises
    ------
    ArtifactError
        Counts that are no counts, edges out of order, centres outside of their cells, too many cells.
    """
    if not isinstance(values, dict) or set(values) not in (NUMBERS, NAMES):
        raise ArtifactError(f"reference: a column must have the fields {sorted(NUMBERS)} or {sorted(NAMES)}")
    name = values["name"]
    if not isinstance(name, str) or not name:
        raise ArtifactError(f"reference: a column cannot be called {name!r:.100}")
    if set(values) == NUMBERS:
        return {"name": name, **_numbers(values, rows)}
    own, known = values["own"], values["known"]
    good = is_list_of(known, str) and len(known) <= MOST_LEVELS and len(set(known)) == len(known)
    _hold(good and is_list_of(own, str) and len(set(own)) == len(own) <= MOST_CELLS, name, "levels must differ")
    _hold(set(own) <= set(known), name, "a level has a cell, and is not among the levels")
    cells = Levels(tuple(own), tuple(known))
    summary = dict.fromkeys(("mean", "sd", "low", "high"), np.nan)
    counts, centres = _counts(values, cells, rows), np.full(cells.size, np.nan)
    return {"name": name, "cells": cells, "counts": counts, "centres": centres, **summary}


def numbers_from_dict(values: Any, rows: int) -> dict[str, Any]:
    """The same of what can only be numbers: predictions and residuals.

    Raises
    ------
    ArtifactError
        As `distribution_from_dict`.
    """
    if not isinstance(values, dict) or set(values) != NUMBERS:
        raise ArtifactError(f"reference: predictions and residuals must have the fields {sorted(NUMBERS)}")
    return distribution_from_dict(values, rows)


def _numbers(values: dict[str, Any], rows: int) -> dict[str, Any]:
    name, edges, centres = values["name"], values["edges"], values["centres"]
    good = isinstance(edges, list) and len(edges) < MOST_CELLS and all(is_finite(edge) for edge in edges)
    _hold(good, name, f"edges must be at most {MOST_CELLS - 1} finite numbers")
    cells = Intervals(np.array(edges, dtype=np.float64))
    _hold(bool((cells.edges[1:] > cells.edges[:-1]).all()), name, "edges must be strictly increasing")
    counts = _counts(values, cells, rows)
    good = isinstance(centres, list) and len(centres) == cells.size
    _hold(good and all(c is None or is_finite(c) for c in centres), name, "one centre for each cell, a number or null")
    middle = np.array([np.nan if centre is None else centre for centre in centres], dtype=np.float64)
    _hold(bool((np.isnan(middle) == (counts == 0)).all()), name, "a centre for each cell with rows, and for no other")
    for part in ("mean", "sd", "low", "high"):
        _hold(is_finite(values[part]), name, f"{part} cannot be {values[part]!r:.100}")
    summary = {part: float(values[part]) for part in ("mean", "sd", "low", "high")}
    low, high = summary["low"], summary["high"]
    slack = SLACK * max(abs(low), abs(high))
    _hold(low - slack <= summary["mean"] <= high + slack, name, "the mean lies outside the range")
    _hold(low <= high and summary["sd"] >= 0, name, "a range or a spread is negative")
    with np.errstate(invalid="ignore"):
        below = middle < np.append(low, cells.edges) - slack
        above = middle > np.append(cells.edges, high) + slack
    _hold(not (below | above).any(), name, "a centre lies outside of its cell")
    return {"cells": cells, "counts": counts, "centres": middle, **summary}


def _counts(values: dict[str, Any], cells: Cells, rows: int) -> NDArray[np.int64]:
    counts = values["counts"]
    good = isinstance(counts, list) and len(counts) == cells.size
    good = good and all(is_int(number) and 0 <= number <= rows for number in counts) and sum(counts) <= rows
    _hold(good, values["name"], f"counts must be {cells.size} whole numbers, {rows} rows at most together")
    return np.array(counts, dtype=np.int64)


def reference_fields(values: Any, most_columns: int) -> dict[str, Any]:
    """The fields of a Reference that are no Distribution, and that there are as many as there should be.

    Raises
    ------
    ArtifactError
        As `Reference.from_dict`.
    """
    if not isinstance(values, dict) or set(values) - {"pairs"} != REFERENCE:
        raise ArtifactError(f"reference: must have exactly the fields {sorted(REFERENCE)}")
    rows, features, columns = values["rows"], values["features"], values["columns"]
    _hold(is_int(rows) and 0 < rows < MOST_ROWS, "rows", f"cannot be {rows!r:.100}")
    _hold(is_list_of(features, str) and len(set(features)) == len(features), "features", "must be different names")
    _hold(isinstance(columns, list) and len(columns) <= most_columns, "columns", f"must be at most {most_columns}")
    _hold(isinstance(values["left_out"], bool), "left_out", "must be true or false")
    means = {}
    for name in ("means", "clipped"):
        given = values[name]
        good: Callable[[Any], bool] = is_finite
        _hold(isinstance(given, list) and len(given) == len(features) and all(map(good, given)), name,
              f"must be {len(features)} finite numbers")  # fmt: skip
        means[name] = np.array(given, dtype=np.float64)
    return {"rows": rows, "features": tuple(features), **means, "left_out": values["left_out"]}


def _hold(good: bool, name: str, what: str) -> None:
    if not good:
        raise ArtifactError(f"reference: {name!r:.100}: {what}")
