"""Poison: rows that somebody would add to the training data, or put in the place of some; what they need for it."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, OptionError, ShapeError
from ..models.base import LinearModel
from ..rows.domain import Domain
from ..rows.source import in_memory

__all__ = ["CONTROLS", "KNOWS", "Poison"]

Array = NDArray[np.float64]

KNOWS = ("nothing", "data", "model", "defence")
CONTROLS = ("added rows", "labels", "columns", "source")


@dataclass(frozen=True, eq=False)
class Poison:
    """Poisoned rows, who could make them, and within which limits.

    Parameters
    ----------
    rows : ndarray (n_poison, n_features)
        In the units of the data.
    labels : ndarray (n_poison,)
        In the units of y.
    kind : str
        The attack that made them.
    knows : {"nothing", "data", "model", "defence"}
        What its maker must know; each includes those before it.
    controls : {"added rows", "labels", "columns", "source"}
        What its maker must control: rows added beside the clean ones; labels of existing rows; the free columns of
        added rows (others are frozen); all rows of one source.
    domain : Domain
        What a row was allowed to be.
    n_clean : int
        Clean rows that it was made for: the budget is n_poison rows among at least so many.
    replaces : ndarray of int (n_poison,), optional
        Row numbers (from 0) whose place the rows take; without it they are added.
    report : dict
        What the attack says of itself: predicted damage, effort, what was out of reach.
    seed : int, optional
        The `random_state` that makes it again.
    names : tuple of str, optional
        Names of the features.

    Raises
    ------
    OptionError
        Rows or labels outside the domain, more poison than clean rows, an unknown word.

    Examples
    --------
    >>> from trueline import attack
    >>> X, y = np.arange(8.0).reshape(-1, 1), np.arange(8.0)
    >>> poison = attack.flip_labels(X, y, rows=2)
    >>> print(poison)
    2 poison rows beside 8 clean ones (rate 0.2): flip_labels; knows data, controls added rows
    >>> poison.apply(X, y)[1]
    array([0., 1., 2., 3., 4., 5., 6., 7., 7., 0.])
    """

    rows: Array
    labels: Array
    kind: str
    knows: str
    controls: str
    domain: Domain
    n_clean: int
    replaces: NDArray[np.intp] | None = None
    report: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.knows not in KNOWS or self.controls not in CONTROLS:
            raise OptionError(f"knows must be one of {KNOWS} and controls one of {CONTROLS}, "
                              f"got {self.knows!r} and {self.controls!r}")  # fmt: skip
        if self.rows.ndim != 2 or self.labels.shape != self.rows.shape[:1] or not len(self.labels):
            raise ShapeError(f"poison needs rows (k, d) and labels (k,), got {self.rows.shape}, {self.labels.shape}")
        if len(self.labels) > (self.n_clean // 2 if self.replaces is not None else self.n_clean):
            raise OptionError(f"{len(self.labels)} poison rows are more than half of the rows")
        if problems := self.domain.problems(self.rows, self.labels):
            raise OptionError(f"poison outside its domain: {'; '.join(map(str, problems))}")

    @property
    def rate(self) -> float:
        """Poison / (clean + poison)."""
        added = 0 if self.replaces is not None else len(self.labels)
        return len(self.labels) / (self.n_clean + added)

    def apply(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The training data with the poison in it, poison last; where labels change, in place.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
            The clean rows: arrays, lists, pandas, Polars, PyArrow.
        y : array (n_samples,), or the name of a column of X

        Returns
        -------
        X, y
            Of the types given, dtypes and column order kept; a pandas index is counted anew. The inputs are not
            touched.

        Raises
        ------
        DataError
            Fewer clean rows than the poison was made for (the rate would be above its budget), other columns, frozen
            values that no clean row has, or a column type that cannot hold the values.
        """
        from .applying import append, replaced

        source = in_memory(LinearModel()._source(X, y, None))
        self._check(np.asarray(source.X, dtype=np.float64), source.names)
        if self.replaces is not None:
            return replaced(X, y, self.rows, self.labels, self.replaces)
        return append(X, y, self.rows, self.labels)

    def _check(self, clean: Array, names: tuple[str, ...] | None) -> None:
        """Is this within the budget and the domain on these rows?"""
        if clean.shape[1] != self.rows.shape[1]:
            raise ShapeError(f"the poison has {self.rows.shape[1]} columns, the data {clean.shape[1]}")
        if names is not None and self.names is not None and names != self.names:
            raise DataError(f"the poison was made for the columns {', '.join(self.names)}, not {', '.join(names)}")
        if len(clean) < self.n_clean:
            raise DataError(f"{len(self.labels)} poison rows were made for at least {self.n_clean} clean rows, "
                            f"here are {len(clean)}: the rate would be above its budget")  # fmt: skip
        frozen = self.domain.allowed(clean.shape[1]).frozen
        if frozen.any():
            known = {tuple(row) for row in clean[:, frozen].tolist()}
            strange = [i for i, row in enumerate(self.rows[:, frozen].tolist()) if tuple(row) not in known]
            if strange:
                raise DataError(f"{len(strange)} poison rows have values in frozen columns that no clean row has")

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the rows as CSV (features, then y), and beside it ``path.json``: who made them, how, within what.

        Parameters
        ----------
        path : str or path-like

        Raises
        ------
        OSError
            The folder is missing or read-only, the disk is full.
        """
        from .poison_file import write

        write(self, path)

    @classmethod
    def read_csv(cls, path: str | os.PathLike[str]) -> Poison:
        """The poison that `to_csv` wrote, exactly.

        Parameters
        ----------
        path : str or path-like

        Raises
        ------
        ArtifactError
            The ``.json`` is missing, or the rows are not those that it speaks of.
        """
        from .poison_file import read

        return cls(**read(path))

    def __str__(self) -> str:
        many = "" if len(self.labels) == 1 else "s"
        where = "in place of clean ones" if self.replaces is not None else f"beside {self.n_clean} clean ones"
        return (f"{len(self.labels)} poison row{many} {where} (rate {self.rate:.3g}): {self.kind}; "
                f"knows {self.knows}, controls {self.controls}")  # fmt: skip

    def _repr_html_(self) -> str:
        """A short table for notebooks."""
        names = [html.escape(name) for name in self.names or [f"x{j}" for j in range(self.rows.shape[1])]][:8]
        head = "".join(f"<th>{name}</th>" for name in [*names, "y"])
        lines = "".join(
            "<tr>" + "".join(f"<td>{value:.4g}</td>" for value in [*row[: len(names)], label]) + "</tr>"
            for row, label in zip(self.rows[:5], self.labels[:5], strict=True)
        )
        return f"<p>{html.escape(str(self))}</p><table><tr>{head}</tr>{lines}</table>"
