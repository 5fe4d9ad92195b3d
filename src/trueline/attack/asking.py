"""Asking a model questions: every one counted, never more than allowed, and what its answers are rounded to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CellsError, ShapeError

__all__ = ["Endpoint", "SpentError", "rounding_unit"]

Array = NDArray[np.float64]


class SpentError(Exception):
    """No question is left; caught where the search says what it could not find out."""


class Endpoint:
    """A callable that predicts, and how often it may still be asked.

    Parameters
    ----------
    predict : callable
        From rows (n_rows, n_features) to answers (n_rows,).
    limit : int, optional
        Rows that may be asked about in all.
    """

    def __init__(self, predict: Callable[[Array], Any], limit: int | None = None) -> None:
        self.predict, self.limit = predict, limit
        self.asked = 0

    @property
    def left(self) -> int:
        """Rows that may still be asked about."""
        return 2**62 if self.limit is None else self.limit - self.asked

    def ask(self, rows: Array) -> Array:
        """The answers (n_rows,).

        Raises
        ------
        SpentError
            More rows than are left; nothing is asked.
        ShapeError, CellsError
            Not one finite number for each row.
        """
        if len(rows) > self.left:
            raise SpentError
        self.asked += len(rows)
        answers = np.asarray(self.predict(rows.copy()))
        if answers.dtype.kind not in "fiu" or answers.size != len(rows):
            raise ShapeError(f"predict must give one number for each row: {rows.shape} gave {answers.dtype} "
                             f"{answers.shape}", advice="Wrap it: lambda X: model.predict(X)")  # fmt: skip
        if not np.isfinite(answers).all():
            raise CellsError("predict answered NaN or infinity inside the box", advice="Narrow low and high")
        return answers.astype(np.float64).ravel()


def rounding_unit(answers: Array) -> float:
    """The decimal place to which all answers are rounded, or float32's; 0 where they are not.

    Parameters
    ----------
    answers : ndarray (n,)

    Examples
    --------
    >>> rounding_unit(np.array([1.25, 3.5, -0.75, 2.0])), rounding_unit(np.array([1 / 3, 2 / 3]))
    (0.01, 0.0)
    """
    size = float(np.abs(answers).max())
    if size == 0 or len(np.unique(answers)) < 2:
        return 0.0
    for place in range(int(np.ceil(np.log10(size))), -13, -1):
        scaled = answers / 10.0**place
        if np.abs(scaled).max() > 1e10:
            break  # so many digits are no rounding
        if np.allclose(scaled, np.round(scaled), rtol=1e-14, atol=1e-14):
            return float(10.0**place)
    single = answers.astype(np.float32).astype(np.float64)
    return size * 2.0**-23 if np.array_equal(single, answers) else 0.0
