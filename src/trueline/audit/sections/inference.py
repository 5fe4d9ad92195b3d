"""Intervals of the audited coefficients, from all rows, made once; or why there are none."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...errors import DataError, OptionError, TruelineWarning
from ...models.least_squares import LeastSquares
from ..ground import Ground
from ..saying import count, listed

__all__ = ["Intervals", "entangled", "inference"]


FEW = 3  # columns that are named, rather than counted


class Intervals(NamedTuple):
    """95 % intervals (n_features, 2) in units of y per unit, or None and why."""

    ends: NDArray[np.float64] | None
    why: str = ""


def inference(ground: Ground) -> Intervals:
    """Robust intervals: HC3, or HC1 where a row has leverage 1, else the classical ones.

    Parameters
    ----------
    ground : Ground
    """
    known = ground.__dict__.get("_inference")
    if known is None:
        known = ground.__dict__["_inference"] = _intervals(ground)
    found: Intervals = known
    return found


def _intervals(ground: Ground) -> Intervals:
    if ground.penalty > 0 or not ground.squares or ground.line.scaling.low is not None:
        return Intervals(None, "Intervals are not defined for a penalised, clipped or otherwise fitted model.")
    frame = pa.table({name: pa.array(ground.X[:, j]) for j, name in enumerate(ground.names)})
    why = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruelineWarning)
        model = LeastSquares(fit_intercept=ground.line.fit_intercept).fit(frame, ground.y)
        for kind in ("HC3", "HC1", "classical"):
            try:
                found = model.summary(kind, frame, ground.y)
            except (DataError, OptionError) as error:
                why = _reason(error)
            else:
                return Intervals(np.asarray(found.intervals)[int(ground.line.fit_intercept) :])
    return Intervals(None, f"There are no intervals: {why}.")


def _reason(error: DataError | OptionError) -> str:
    """In one line, however many columns it names."""
    names = [problem.column for problem in getattr(error, "problems", ()) if problem.column]
    if not names:
        return str(error).rstrip(".")
    return (
        f"{count(len(names), 'column')} are determined by others, or never change ({listed(names, 4)}). Leave out "
        "columns until each says something of its own"
    )


def entangled(ground: Ground) -> str:
    """Which columns determine each other, in few words; empty where none does.

    Parameters
    ----------
    ground : Ground
    """
    names = ground.dependent
    which = listed(names) if len(names) <= FEW else count(len(names), "column")
    return f"{which} determine each other" if names else ""
