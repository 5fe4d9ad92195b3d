"""Categories: columns of 0 and 1 that are the levels of one column, as a person meets them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ground import Ground

__all__ = ["Category", "categories", "two_sided"]

SPLIT = re.compile(r"(.+?)[=:](.+)")  # how encoders name a level: region=south, PoolQC:NA


@dataclass(frozen=True)
class Category:
    """One column of text, encoded.

    Parameters
    ----------
    name : str
    columns : tuple of int
        Where its levels stand among the features.
    levels : tuple of str
        Of these columns, in their order; the reference level, which has no column, comes last where rows have it.
    usual : int
        The level that most rows have.
    """

    name: str
    columns: tuple[int, ...]
    levels: tuple[str, ...]
    usual: int

    def effects(self, ground: Ground) -> NDArray[np.float64]:
        """Of every level, in units of y, against the reference.

        Parameters
        ----------
        ground : Ground
        """
        own = ground.line.coef[list(self.columns)]
        return np.append(own, np.zeros(len(self.levels) - len(self.columns)))


def categories(ground: Ground) -> tuple[Category, ...]:
    """Groups of columns that the schema knows, or that are named alike and never 1 together.

    Parameters
    ----------
    ground : Ground
    """
    schema = ground.rows.schema
    known = {} if schema is None else {
        name: (column.name, column.levels[0])
        for column in schema.columns if column.levels for name in column.feature_names
    }  # fmt: skip
    groups: dict[str, list[int]] = {}
    for j, name in enumerate(ground.names):
        found = SPLIT.fullmatch(name)
        home = known[name][0] if name in known else found[1] if found else None
        if home is not None and two_sided(ground, name):
            groups.setdefault(home, []).append(j)
    reference = {home: first for home, first in known.values()}
    made = (_category(ground, home, columns, reference.get(home)) for home, columns in groups.items())
    return tuple(one for one in made if one is not None)


def _category(ground: Ground, home: str, columns: list[int], reference: str | None) -> Category | None:
    block = ground.X[:, columns]
    together = block.sum(axis=1)
    if together.max() > 1 or (len(columns) < 2 and reference is None):
        return None
    levels = [ground.names[j][len(home) + 1 :] for j in columns]
    shares = list(block.mean(axis=0))
    if (together == 0).any():  # a level without a column
        levels.append(reference or "any other")
        shares.append(float((together == 0).mean()))
    return Category(home, tuple(columns), tuple(levels), int(np.argmax(shares))) if len(levels) > 1 else None


def two_sided(ground: Ground, name: str) -> bool:
    """A column of 0 and 1: no sane pipeline lets other values in.

    Parameters
    ----------
    ground : Ground
    name : str
    """
    column = ground.X[:, ground.names.index(name)]
    return bool(((column == 0) | (column == 1)).all())
