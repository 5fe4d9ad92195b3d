"""How far columns reach, and how far an output follows them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models.foreign import Line
from ..rows.domain import Domain
from .seen import columns_of, labelled_rows, line_of

__all__ = ["look", "ranges", "spans"]

Array = NDArray[np.float64]


def look(model: Any, X: Any, names: Any, domain: Domain | None) -> tuple[Line, Array, tuple[str, ...]]:
    """The line, the rows as finite numbers, and what the columns are called."""
    line = line_of(model)
    source = labelled_rows(X, np.zeros(len(X)))
    line.rows(source.X, source.y)  # as many columns as the model
    return line, source.X, columns_of(model, len(line.coef), names, None if domain is None else domain.names,
                                      source.names)  # fmt: skip


def ranges(rows: Array, domain: Domain | None) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Bounds of the domain, infinite where open, and its frozen columns."""
    allowed = (Domain() if domain is None else domain).allowed(rows.shape[1])
    allowed.check(rows)
    return allowed.low.copy(), allowed.high.copy(), allowed.frozen


def spans(line: Line, low: Array, high: Array, *, clipped: bool) -> Array:
    """|coef|·(high - low), of the ends as the model sees them; 0 where a coefficient is 0, however far the ends."""
    ends = line.scaling.clip(np.stack([low, high])) if clipped else np.stack([low, high])
    flat = line.coef == 0
    return np.asarray(np.where(flat, 0.0, np.abs(np.where(flat, 1.0, line.coef)) * (ends[1] - ends[0])))
