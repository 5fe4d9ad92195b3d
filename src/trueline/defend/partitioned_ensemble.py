"""PartitionedEnsemble: disjoint parts, one vote each, the median; few rows can change few votes."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.utils.validation import check_is_fitted

from ..errors import OptionError, ShapeError, TruelineWarning
from ..models.base import all_or_nothing
from ..models.options import generator, is_number, is_whole
from .meta import Array, MetaRegressor, Rows, fit_on
from .poison_certificate import PoisonCertificate

__all__ = ["PartitionedEnsemble", "part_of"]


class PartitionedEnsemble(MetaRegressor):
    """Fit one estimator on each of many disjoint parts of the rows and predict the median of their predictions.

    `certify` proves for each prediction how many poisoned rows it withstands.

    *Threat model.* The attacker knows everything, the partition and its salt too, and adds or removes up to m rows
    (x, y) of any content, anywhere in the table; changing a row is removing one and adding one and counts twice. The
    certificate compares the fit on the rows at hand with the fit on any such table: either may be the poisoned one.

    *Why one row changes at most one vote.* The part of a row is a keyed hash of its own cells (x, y), not of its place
    nor of other rows, so an added or removed row leaves every other row in its part, and in its order. A vote is
    computed from the rows of its part alone: each part has its own clone and a random seed that depends on the number
    of the part, and nothing is scaled by other parts' rows. So the votes of the other parts are the same numbers.

    *What is not covered.* What happens before `fit` and looks at many rows (scaling or selecting columns on the whole
    table, choosing `parts` or penalties by cross-validation): put such steps inside `estimator`. An estimator that
    reads anything but its rows. Tables whose columns change their type. Attackers who make `fit` refuse, with cells
    that are not numbers, numbers that overflow, or by removing so many rows that fewer than parts·(n_features + 1)
    are left: that is loud, and no prediction moves. The rows at which predictions are asked for.

    Parts that got fewer rows than unknowns vote for the mean of their own labels (0 where they have none), which
    depends on them alone, so the proof covers them; a warning counts them. Every vote stands on 1/parts of the rows: it
    is noisier, by about √parts for each, and the median loses some of that again against one fit on all rows.

    Parameters
    ----------
    estimator : regressor
        Fitted on each part. Deterministic for given rows, or with a `random_state`.
    parts : int
        Odd. No prediction withstands more than (parts - 1)/2 rows.
    random_state : int, Generator or RandomState, optional
        Salt of the hash and seed of the parts' estimators; None means 0, so every run can be repeated.

    Attributes
    ----------
    estimators_ : list of regressor (parts,)
    part_ : ndarray of int (n_samples,)
        Which part each training row fell into.

    Raises
    ------
    OptionError
        `parts` is not odd and positive, or `estimator` cannot be fitted.
    ShapeError
        Fewer than parts·(n_features + 1) rows.
    DataError
        Rows that cannot be used.

    Warns
    -----
    TruelineWarning
        Parts that got fewer rows than unknowns.

    Notes
    -----
    Levine and Feizi (2021), Deep partition aggregation: provable defenses against general poisoning attacks, §3.1 for
    the partition. For the median see `PoisonCertificate`, which holds the proof.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> X = np.linspace(0, 1, 200)[:, None]
    >>> y = 3 * X.ravel() + 0.05 * np.sin(50 * np.arange(200.0))
    >>> ensemble = PartitionedEnsemble(LeastSquares(), parts=9).fit(X, y)
    >>> certificate = ensemble.certify([[0.5]], tolerance=0.5)
    >>> certificate.prediction.round(1), certificate.withstands
    (array([1.5]), array([4]))
    """

    estimators_: list[Any]
    part_: NDArray[np.intp]

    def __init__(self, estimator: Any, *, parts: int = 11, random_state: Any = None) -> None:
        self.estimator = estimator
        self.parts = parts
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit a clone on each part.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
        y : array (n_samples,)
        sample_weight : array (n_samples,), optional
            How often each row counts within its part; handed on.

        Returns
        -------
        self
        """
        if not is_whole(self.parts) or self.parts % 2 == 0:
            raise OptionError(f"parts must be an odd whole number, got {self.parts!r}",
                              advice="With an odd number the median is one of the votes")  # fmt: skip
        with all_or_nothing(self):
            rows = self._read(X, y, sample_weight)
            count, unknowns = int((rows.omega > 0).sum()), rows.X.shape[1] + 1
            if count < self.parts * unknowns:
                most = (count // unknowns - 1) // 2 * 2 + 1  # the largest odd number of parts that fit
                raise ShapeError(
                    f"{self.parts} parts of {unknowns} unknowns need at least {self.parts * unknowns} rows, got "
                    f"n_samples = {count}",
                    advice=f"Use at most {most} parts, better a third of that" if most > 1 else "Use fewer columns",
                )
            rng = generator(self.random_state)
            salt, seeds = rng.bytes(16), rng.integers(2**31, size=self.parts)
            self.part_ = part_of(rows.X, rows.y, self.parts, salt)
            self.estimators_ = [self._fit_part(rows, number, int(seeds[number])) for number in range(self.parts)]
            self._say_which_are_small(rows, unknowns)
        return self

    def _fit_part(self, rows: Rows, number: int, seed: int) -> Any:
        """The vote of one part: a function of its rows, its number and the seed, and of nothing else."""
        mine = (self.part_ == number) & (rows.omega > 0)
        if mine.sum() < rows.X.shape[1] + 1:
            constant = float(np.average(rows.y[mine], weights=rows.omega[mine])) if mine.any() else 0.0
            vote = DummyRegressor(strategy="constant", constant=constant)
            return vote.fit(np.zeros((1, rows.X.shape[1])), [constant])
        estimator = clone(self.estimator)
        seeded = {name: seed for name in estimator.get_params() if name.rpartition("__")[2] == "random_state"}
        return fit_on(estimator.set_params(**seeded), rows, mine)

    def _say_which_are_small(self, rows: Rows, unknowns: int) -> None:
        sizes = np.bincount(self.part_[rows.omega > 0], minlength=self.parts)
        small = int((sizes < unknowns).sum())
        if small:
            warnings.warn(
                f"{small} of {self.parts} parts got fewer rows than unknowns ({unknowns}) and vote for the mean of "
                "their labels. Use fewer parts", TruelineWarning, stacklevel=3,
            )  # fmt: skip

    def predict(self, X: ArrayLike) -> Array:
        """The median of the parts' predictions.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
            With the columns of `fit`, in the same order.

        Returns
        -------
        ndarray (n_samples,)
            In the units of y.
        """
        return np.asarray(self._votes(X)[:, self.parts // 2])

    def certify(self, X: ArrayLike, tolerance: float) -> PoisonCertificate:
        """How many poisoned rows each prediction withstands while it stays within ±tolerance.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
        tolerance : float
            In the units of y; not negative.

        Returns
        -------
        PoisonCertificate

        Raises
        ------
        OptionError
            `tolerance` is negative or not a number.
        """
        if not is_number(tolerance, least=0):
            raise OptionError(f"tolerance must be a number of at least 0, in the units of y, got {tolerance!r}")
        return PoisonCertificate(self._votes(X), float(tolerance))

    def _votes(self, X: Any) -> Array:
        """Every part's prediction, in ascending order, (n_rows, parts)."""
        check_is_fitted(self)
        given = self._checked(X)
        votes = [np.asarray(one.predict(given), dtype=np.float64).ravel() for one in self.estimators_]
        return np.sort(np.column_stack(votes), axis=1)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimators_")


def part_of(X: Array, y: Array, parts: int, salt: bytes) -> NDArray[np.intp]:
    """The part of each row: a keyed hash of its cells, so that no other row has a say.

    Parameters
    ----------
    X, y : ndarray (n_samples, n_features), ndarray (n_samples,)
    parts : int
    salt : bytes

    Examples
    --------
    >>> X, y = np.arange(6.0).reshape(3, 2), np.zeros(3)
    >>> bool(part_of(X, y, 7, b"salt")[2] == part_of(X[2:], y[2:], 7, b"salt")[0])
    True
    """
    cells = np.column_stack([X, y]) + 0.0  # -0.0 and 0.0 are one number
    digests = [hashlib.blake2b(row.tobytes(), digest_size=8, key=salt).digest() for row in cells]
    return np.array([int.from_bytes(digest, "little") % parts for digest in digests], dtype=np.intp)
