"""What leaves a result: lines that align on a terminal, values that JSON knows."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

__all__ = ["aligned", "plain"]


def aligned(rows: Sequence[Sequence[str]], left: Collection[int] = (0,)) -> list[str]:
    """Columns side by side, as wide as a terminal draws them: two places for 北, none for an accent of its own.

    Parameters
    ----------
    rows : sequence of sequences of str
        As many cells in each; heads come first.
    left : collection of int
        Columns of words; all others are pushed to the right.

    Examples
    --------
    >>> print("\\n".join(aligned([("", "p"), ("age", "0.5"), ("income", "1e-12")])))
                p
    age       0.5
    income  1e-12
    """
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]

    def cell(j: int, text: str) -> str:
        blank = " " * (widths[j] - cell_len(text))
        return text + blank if j in left else blank + text

    return ["  ".join(cell(j, text) for j, text in enumerate(row)).rstrip() for row in rows]


def plain(value: Any) -> Any:
    """The same in values that JSON knows: numpy's become Python's, what is not finite becomes null.

    Examples
    --------
    >>> import numpy as np
    >>> plain({"a": np.array([1.0, np.nan]), "b": (np.int64(2), True)})
    {'a': [1.0, None], 'b': [2, True]}
    """
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if hasattr(value, "tolist"):  # an array or a scalar of numpy, which need not be loaded for this
        return plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
