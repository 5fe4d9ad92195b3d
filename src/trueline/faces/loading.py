"""From a file and the flags of a command to numbers in memory, with progress."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..rows import Schema
from ..rows import open as open_rows
from .screen import progress

__all__ = ["Table", "read_table"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Table:
    """A file as numbers: X (n_rows, n_features), y (n_rows,), and the schema they follow."""

    X: Array
    y: Array
    schema: Schema

    @property
    def n_rows(self) -> int:
        return len(self.y)


def read_table(
    data: Path, target: str, one_hot: Iterable[str], drop: Iterable[str], drop_missing: bool,
    schema: Schema | None = None,
) -> Table:  # fmt: skip
    """Learn the schema (unless one is given), then read the numbers.

    Raises
    ------
    DataError
        Everything in the way, with the flags that remove it.
    """
    if schema is None:
        with progress(f"looking at {data.name}") as on_progress:
            stream = open_rows(data, on_progress=on_progress)
            schema = Schema.learn(stream, target, one_hot=one_hot, drop=drop, drop_missing=drop_missing)
    with progress(f"reading {data.name}") as on_progress:
        X, y = open_rows(data, on_progress=on_progress).encoded(schema).to_arrays()
    return Table(X, y, schema)
