"""Changes: the rows that a finding speaks of, as a file, so that anybody can apply them and refit."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ReadError
from ..files import write_whole
from .ground import Ground

__all__ = ["Changes", "read_changes"]

Array = NDArray[np.float64]
HEAD = ("change", "row")


@dataclass(frozen=True, eq=False)
class Changes:
    """Rows that leave, rows that get another label, rows that come in.

    Parameters
    ----------
    names : tuple of str (n_features,)
    target : str
    removed : tuple of int
        Where they stand in the table, from 1.
    relabelled : dict of int to float
        Where they stand in the table, from 1, and their new labels.
    rows : ndarray (n_added, n_features)
        In the units of the data.
    labels : ndarray (n_added,)
    """

    names: tuple[str, ...]
    target: str
    removed: tuple[int, ...]
    relabelled: dict[int, float]
    rows: Array
    labels: Array

    @classmethod
    def of(cls, ground: Ground, *, gone: ArrayLike = (), relabelled: Any = ((), ()), added: Any = None) -> Changes:
        """From row numbers of the audit, counted from 0, and rows in the space of the model.

        Parameters
        ----------
        ground : Ground
        gone : array of int
        relabelled : (array of int, array)
        added : (rows, labels), optional
        """
        numbers = ground.rows.numbers
        who, what = np.asarray(relabelled[0], dtype=np.intp), np.asarray(relabelled[1], dtype=np.float64)
        scaling = ground.line.scaling
        rows, labels = (np.empty((0, len(ground.names))), np.empty(0)) if added is None else added
        return cls(
            ground.names,
            ground.target,
            tuple(int(number) for number in numbers[np.asarray(gone, dtype=np.intp)]),
            {int(number): float(label) for number, label in zip(numbers[who], what, strict=True)},
            np.asarray(rows * scaling.sigma + scaling.mu if ground.scaled else rows, dtype=np.float64),
            np.asarray(labels, dtype=np.float64),
        )

    @classmethod
    def of_flip(cls, ground: Ground, flips: Any, rows: NDArray[np.intp]) -> Changes:
        """What `rows_to_flip` found among some rows.

        Parameters
        ----------
        ground : Ground
        flips : RowsToFlip
        rows : ndarray
            Those it looked at, from 0.
        """
        if flips.by == "add":
            return cls.of(ground, added=(flips.rows, flips.labels))
        if flips.by == "relabel":
            return cls.of(ground, relabelled=(rows[flips.rows], flips.labels))
        return cls.of(ground, gone=rows[flips.rows])

    def __str__(self) -> str:
        told = ((len(self.removed), "removed"), (len(self.relabelled), "relabelled"), (len(self.labels), "added"))
        parts = [f"{number:,} row{'s' * (number != 1)} {what}" for number, what in told if number]
        return ", ".join(parts) or "nothing changed"

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """One line a row: what happens to it, where it stands, its label and features where they are new.

        Parameters
        ----------
        path : str or path-like
        """
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow([*HEAD, self.target, *self.names])
        blank = [""] * len(self.names)
        lines.writerows(["remove", number, "", *blank] for number in self.removed)
        lines.writerows(["relabel", number, repr(label), *blank] for number, label in self.relabelled.items())
        for row, label in zip(self.rows.tolist(), self.labels.tolist(), strict=True):
            lines.writerow(["add", "", *(repr(value) for value in [label, *row])])  # shortest text that reads back
        write_whole(path, text.getvalue().encode())


def read_changes(path: str | os.PathLike[str]) -> Changes:
    """What `Changes.to_csv` wrote, or somebody by hand.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    ReadError
        A line that says nothing: which one, and what it should be.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "rows.csv"
    >>> _ = file.write_text("change,row,y,x\\nremove,17,,\\nadd,,2.5,0.1\\n")
    >>> print(read_changes(file))
    1 row removed, 1 row added
    """
    name = os.fspath(path)
    try:
        lines = list(csv.reader(io.StringIO(Path(path).read_bytes().decode("utf-8-sig"))))
    except UnicodeDecodeError as error:
        raise ReadError(f"{name}: is not UTF-8 ({error.reason})") from None
    if not lines or tuple(lines[0][:2]) != HEAD or len(lines[0]) < 4:
        raise ReadError(f"{name}: its first line must be change,row, the target and the features",
                        advice="Write one with trueline audit ... --rows-to FOLDER")  # fmt: skip
    removed, relabelled, rows = list[int](), dict[int, float](), list[list[float]]()
    for number, cells in enumerate(lines[1:], start=2):
        try:
            if cells[0] == "remove":
                removed.append(int(cells[1]))
            elif cells[0] == "relabel":
                relabelled[int(cells[1])] = float(cells[2])
            elif cells[0] == "add" and len(cells) == len(lines[0]):
                rows.append([float(cell) for cell in cells[2:]])
            else:
                raise ValueError(f"{cells[0]!r} is neither remove, relabel nor add with every cell")
        except (ValueError, IndexError) as error:
            raise ReadError(f"{name}:{number}: {error}") from None
    cells_ = np.array(rows, dtype=np.float64).reshape(len(rows), len(lines[0]) - 2)
    return Changes(tuple(lines[0][3:]), lines[0][2], tuple(removed), relabelled, cells_[:, 1:], cells_[:, 0])
