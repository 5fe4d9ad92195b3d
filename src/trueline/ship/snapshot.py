"""Which rows a model was trained on, as one hash that neither the file format nor the order of rows changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, ShapeError
from .fields import is_int, is_list_of

__all__ = ["Snapshot"]

Array = NDArray[np.float64]
Words = NDArray[np.uint64]

VERSION = "rows of trueline, 1"
BLOCK_ROWS = 1 << 14
ODD = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(32)
MOST_SOURCES = 1_000


@dataclass(frozen=True)
class Snapshot:
    """The training rows, told apart from any others: a hash, their number, and the names of where they came from.

    Two tables have one hash where they hold the same rows as often, whatever their order, the order of their columns,
    and the kind of file: numbers count by their value as float64 (-0 as 0, float32 as the float64 it equals).

    To find other rows with the same hash is as hard as for SHA-256: the hash is that of all rows in sorted order, not a
    sum of small hashes. It hides nothing that can be guessed: whoever has a table can tell whether it is this one,
    and who knows all rows but one can try out what that one holds.

    Parameters
    ----------
    hash : str
        SHA-256 in hexadecimal.
    rows : int
    sources : tuple of str
        Names of files, without their folders.
    """

    hash: str
    rows: int
    sources: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, X: Array, y: Array, names: Sequence[str] | None = None, *, references: Mapping[str, str] | None = None,
        sources: Sequence[str] = (),
    ) -> Snapshot:  # fmt: skip
        """The snapshot of rows as numbers.

        Parameters
        ----------
        X : ndarray (n_samples, n_features)
        y : ndarray (n_samples,)
        names : sequence of str, optional
            Of the features; by position without them.
        references : mapping of str to str, optional
            The level of each category that has no feature of its own (`Schema.dropped_levels`).
        sources : sequence of str
            Names of the files.

        Raises
        ------
        ShapeError
            X, y and the names do not fit together.

        Examples
        --------
        >>> X, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0])
        >>> here = Snapshot.of(X, y, ["a", "b"])
        >>> here == Snapshot.of(X[::-1, ::-1], y[::-1], ["b", "a"])
        True
        >>> here.hash == Snapshot.of(X[[0, 1, 1]], y[[0, 1, 1]], ["a", "b"]).hash
        False
        """
        if X.ndim != 2 or y.shape != X.shape[:1] or (names is not None and len(names) != X.shape[1]):
            many = "" if names is None else f", {len(names)} names"
            raise ShapeError(f"X {X.shape} and y {y.shape}{many} are no rows")
        named = list(range(X.shape[1])) if names is None else np.argsort(np.array(names, dtype=object)).tolist()
        header = {"version": VERSION, "rows": len(y), "references": dict(sorted((references or {}).items())),
                  "features": X.shape[1] if names is None else [names[j] for j in named]}  # fmt: skip
        digest = hashlib.sha256(json.dumps(header, ensure_ascii=True).encode() + b"\n")
        order = _order(X, y, named)
        for first in range(0, len(y), BLOCK_ROWS):
            digest.update(_words(X, y, named, order[first : first + BLOCK_ROWS]).tobytes())
        return cls(digest.hexdigest(), len(y), tuple(sources))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"hash": self.hash, "rows": self.rows, "sources": list(self.sources)}

    @classmethod
    def from_dict(cls, values: Any) -> Snapshot | None:
        """What `to_dict` wrote, or null.

        Parameters
        ----------
        values : dict or None

        Raises
        ------
        ArtifactError
            Of another shape.
        """
        if values is None:
            return None
        if not isinstance(values, dict) or set(values) != {"hash", "rows", "sources"}:
            raise ArtifactError(f"data must be null, or have hash, rows and sources, got {values!r:.100}")
        text, rows, sources = values["hash"], values["rows"], values["sources"]
        if not isinstance(text, str) or len(text) != 64 or set(text) - set("0123456789abcdef"):
            raise ArtifactError(f"data: hash must be 64 hexadecimal digits, got {text!r:.100}")
        if not is_int(rows) or not 0 < rows < 2**63:
            raise ArtifactError(f"data: rows cannot be {rows!r:.100}")
        if not is_list_of(sources, str) or len(sources) > MOST_SOURCES:
            raise ArtifactError(f"data: sources must be a list of at most {MOST_SOURCES} names")
        return cls(text, rows, tuple(sources))


def _order(X: Array, y: Array, columns: list[int]) -> NDArray[np.intp]:
    """Row numbers in an order that depends on what the rows hold alone.

    By a 64-bit mixture of a row's words, which is fast and usually tells all rows apart; where it does not, by the
    words themselves. Equal rows may come in any order.
    """
    mixed = np.empty(len(y), dtype=np.uint64)
    for first in range(0, len(y), BLOCK_ROWS):
        block = slice(first, first + BLOCK_ROWS)
        mixed[block] = _mixed(_words(X, y, columns, block))
    order = np.argsort(mixed)
    tied = np.flatnonzero(np.diff(mixed[order]) == 0)
    return _untied(X, y, columns, order, tied) if len(tied) else order


def _words(X: Array, y: Array, columns: list[int], rows: Any) -> Words:
    """The bits of some rows, little-endian, (rows, columns + 1): one value, one pattern."""
    values = np.empty((len(y[rows]), len(columns) + 1), dtype="<f8")
    values[:, :-1] = X[rows] if columns == list(range(len(columns))) else X[rows][:, columns]
    values[:, -1] = y[rows]
    values += 0.0  # -0 becomes 0
    words: Words = values.view("<u8")
    return words


def _mixed(words: Words) -> Words:
    mixed = np.zeros(len(words), dtype=np.uint64)
    for column in words.T:
        mixed = (mixed ^ column) * ODD
        mixed ^= mixed >> HALF  # whole numbers have all their bits at the top
    return mixed


def _untied(X: Array, y: Array, columns: list[int], order: NDArray[np.intp], tied: NDArray[np.intp]) -> Any:
    """`order`, with rows of one mixture that are not equal put in the order of their words."""
    here, there = _words(X, y, columns, order[tied]), _words(X, y, columns, order[tied + 1])
    if (here == there).all():
        return order
    among = np.union1d(tied, tied + 1)  # positions whose mixture is not their own
    words = _words(X, y, columns, order[among])
    keys = (*words.T[::-1], _mixed(words))
    order[among] = order[among][np.lexsort(keys)]
    return order
