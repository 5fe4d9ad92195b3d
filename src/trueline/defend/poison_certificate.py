"""PoisonCertificate: how many poisoned rows each prediction of an ensemble's median withstands, proven."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError

__all__ = ["PoisonCertificate"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class PoisonCertificate:
    """How many rows, added or removed at will, cannot move each prediction by more than `tolerance`.

    Parameters
    ----------
    votes : ndarray (n_rows, parts)
        What each part predicts, in ascending order, in the units of y; an odd number of parts.
    tolerance : float
        In the units of y.

    Raises
    ------
    OptionError
        Votes that are not in order, or an even number of parts.

    Notes
    -----
    *Claim.* Let v₁ ≤ … ≤ v_k be the votes, k = 2h-1, so that the median is v_h. If at most m < h votes are replaced
    by any numbers, the new median M lies in [v_{h-m}, v_{h+m}].

    *Proof.* At least h new votes are ≤ M. At most m of these were replaced, so at least h-m old votes are ≤ M, and
    the (h-m)-th smallest old vote is: v_{h-m} ≤ M. The other side is the same with signs turned. Both ends are
    reached: replace the m lowest votes by +∞, or the m highest by -∞. ∎

    A poisoned row replaces at most one vote (see `PartitionedEnsemble` for why, and for whom that holds), so a
    prediction withstands every m < h with v_{h+m} ≤ v_h + tolerance and v_{h-m} ≥ v_h - tolerance; with m = h votes
    the median is whatever the attacker likes. The count is exact for an attacker who can turn a part's vote into any
    number with one row, and a lower bound for every other.

    The regression counterpart of Levine and Feizi (2021), Deep partition aggregation, theorem 1, with the median for
    the majority.

    Examples
    --------
    >>> certificate = PoisonCertificate(np.array([[1.0, 2.0, 2.1, 2.2, 9.0]]), tolerance=0.5)
    >>> certificate.prediction, certificate.withstands
    (array([2.1]), array([1]))
    >>> certificate.interval(2)
    (array([1.]), array([9.]))
    """

    votes: Array
    tolerance: float

    def __post_init__(self) -> None:
        if self.votes.ndim != 2 or self.votes.shape[1] % 2 == 0 or (np.diff(self.votes, axis=1) < 0).any():
            raise OptionError("votes must be (n_rows, parts), parts odd, in ascending order in each row")

    @property
    def parts(self) -> int:
        return int(self.votes.shape[1])

    @property
    def prediction(self) -> Array:
        """The median of the votes, (n_rows,), in the units of y."""
        return np.asarray(self.votes[:, self.parts // 2])

    @property
    def withstands(self) -> NDArray[np.intp]:
        """Poisoned rows, (n_rows,), with which each prediction stays within `tolerance`, whatever they are."""
        middle = self.parts // 2
        move = np.abs(self.votes - self.prediction[:, None])
        worst = np.maximum(move[:, middle + 1 :], move[:, :middle][:, ::-1])  # of m = 1, 2, … votes; it only grows
        return np.asarray((worst <= self.tolerance).sum(axis=1))

    def interval(self, rows: int) -> tuple[Array, Array]:
        """Where each prediction lies with so many poisoned rows, for certain.

        Parameters
        ----------
        rows : int
            Added or removed; a changed row counts twice.

        Returns
        -------
        low, high : ndarray (n_rows,)
            In the units of y; infinite where `rows` can turn half of the votes.

        Raises
        ------
        OptionError
            Not a whole number of at least 0.
        """
        if isinstance(rows, bool) or not isinstance(rows, int | np.integer) or rows < 0:
            raise OptionError(f"rows must be a whole number of at least 0, got {rows!r}")
        middle = self.parts // 2
        if rows > middle:
            unbounded = np.full(len(self.votes), np.inf)
            return -unbounded, unbounded
        return np.asarray(self.votes[:, middle - rows]), np.asarray(self.votes[:, middle + rows])

    def __repr__(self) -> str:
        found = self.withstands
        if not found.size:
            return f"PoisonCertificate of 0 predictions, {self.parts} parts"
        return (
            f"PoisonCertificate of {found.size} predictions, {self.parts} parts, within ±{self.tolerance:g}: "
            f"each withstands {found.min()} poisoned rows, half of them {int(np.median(found))}, the best {found.max()}"
        )
