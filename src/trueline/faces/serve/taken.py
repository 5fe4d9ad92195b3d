"""Rows as they were taken from a request: the numbers that the line is applied to, and what there is to say."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...rows.violations import Violation

__all__ = ["FEW", "Taken", "as_problem"]

Array = NDArray[np.float64]

FEW = 5  # rows that are named of many


@dataclass(frozen=True, eq=False)
class Taken:
    """Rows of a request.

    Parameters
    ----------
    X : ndarray (n_rows, n_features)
        What `Model.predict` makes of the same rows as a frame.
    raw : ndarray (n_rows, n_columns)
        The cells as they were sent; of a category the number of its level, -1 for one that training did not see.
    warnings : tuple of dict
        What the policies clipped or let pass: column, kind, rows, value, policy, what.
    """

    X: Array
    raw: Array
    warnings: tuple[dict[str, Any], ...] = ()


def as_problem(found: Violation) -> dict[str, Any]:
    """A violation as it stands in an answer.

    Examples
    --------
    >>> as_problem(Violation("rooms", "range", 1, (2,), "9", "warn", "rooms: outside 2 to 4"))["rows"]
    [2]
    """
    values = asdict(found)
    what, value = values.pop("message").removeprefix(f"{found.column}: "), values.pop("example")
    return {**values, "rows": list(found.rows), "value": value, "what": what}
