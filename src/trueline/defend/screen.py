"""Screen: drop the rows that stand out, refit, and say which and why."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from ..errors import OptionError, ShapeError, TruelineWarning
from ..models.base import all_or_nothing
from ..models.options import generator, is_number
from .distances import Hat, robust_distance
from .meta import Array, Mask, MetaRegressor, Rows, check_share, fit_on, worst_within

__all__ = ["Dropped", "Screen"]


class Dropped(NamedTuple):
    """One reason to drop a row; a list of them makes a table.

    Parameters
    ----------
    row : int
        Counted from 0.
    reason : str
        "leverage", "residual" or "robust distance".
    value, threshold : float
        In the units of the rule.
    """

    row: int
    reason: str
    value: float
    threshold: float


class Screen(MetaRegressor):
    """Drop rows by leverage, robust distance and studentised residual, then fit an estimator on the rest.

    Leverage and distance look at X alone, over all rows. Residuals are those of least squares on the rows that these
    two leave, so that a row of high leverage cannot hide behind its own pull.

    Masking: many bad rows that agree move the fit, and s, towards themselves, and then none of them stands out by
    leverage or residual; good rows may stand out instead (swamping). Only the robust distance withstands nearly half
    bad rows, and it sees X alone. Nor does any of the three see poison that lies among the rows. Held against
    attackers who know the thresholds, screening sets a price, not a bound.

    Parameters
    ----------
    estimator : regressor
        Anything with fit and predict.
    leverage : float, optional
        Drop rows above this many times the mean leverage (unknowns/n); Belsley, Kuh and Welsch say 2.
    residual : float, optional
        Drop rows whose externally studentised residual is larger in magnitude, in standard deviations.
    robust_distance : float, optional
        Probability: drop rows beyond this quantile of the chi distribution, e.g. 0.999; that many normal rows stay.
    max_share : float
        At most this share of the rows is dropped, the worst first; in [0, 0.5).
    random_state : int, Generator or RandomState, optional
        Of the subsets that the robust distance starts from; None means 0, so every run can be repeated.

    Attributes
    ----------
    estimator_ : regressor
        Fitted on the kept rows.
    kept_ : ndarray of bool (n_samples,)
    reasons_ : ndarray of str (n_samples,)
        Why each row was dropped, "" for kept ones; several reasons are joined by ", ".
    dropped_ : tuple of Dropped
        Row, reason, value and threshold, in the order of the rows: ``pandas.DataFrame(screen.dropped_)``.

    Raises
    ------
    OptionError
        A threshold that cannot be one, no rule at all, or `max_share` outside [0, 0.5).
    DataError
        Rows that cannot be used, or fewer than the unknowns of a rule need.

    Warns
    -----
    TruelineWarning
        More rows stand out than `max_share` lets go.

    Notes
    -----
    Belsley, Kuh and Welsch (1980), chapter 2, for leverage and residuals. Rousseeuw and van Zomeren (1990), Unmasking
    multivariate outliers and leverage points, for distances by the minimum covariance determinant (FAST-MCD, of
    scikit-learn); dummies and constants have no robust spread and are left out of them. It is the slow rule: 27 s for
    100 000 rows of 10 columns on two cores, where the other two take 0.6 s. `sample_weight` says how often
    a row counts; the robust distance looks at each row once.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> X = np.arange(12.0)[:, None]
    >>> y = 2 * X.ravel() + np.resize([0.1, -0.1], 12)
    >>> y[4] = -50.0
    >>> screen = Screen(LeastSquares(), residual=5.0).fit(X, y)
    >>> screen.dropped_[0].row, screen.dropped_[0].reason, screen.estimator_.coef_.round(1)
    (4, 'residual', array([2.]))
    """

    kept_: Mask
    reasons_: NDArray[np.str_]
    dropped_: tuple[Dropped, ...]

    def __init__(
        self, estimator: Any, *, leverage: float | None = 4.0, residual: float | None = 4.0,
        robust_distance: float | None = None, max_share: float = 0.1, random_state: Any = None,
    ) -> None:  # fmt: skip
        self.estimator = estimator
        self.leverage = leverage
        self.residual = residual
        self.robust_distance = robust_distance
        self.max_share = max_share
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Screen the rows, then fit the estimator on what is left.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
        y : array (n_samples,)
        sample_weight : array (n_samples,), optional
            How often each row counts; handed on to the estimator.

        Returns
        -------
        self
        """
        share = check_share("max_share", self.max_share)
        self._check_thresholds()
        with all_or_nothing(self):
            rows = self._read(X, y, sample_weight)
            found = self._look(rows)
            excess = np.max([np.where(over, value / threshold, 0.0) for _, value, threshold, over in found], axis=0)
            dropped = worst_within(excess, rows.omega, share * float(rows.omega.sum()))
            dropped &= rows.omega > 0
            self._say_what_stays(int(((excess > 0) & (rows.omega > 0)).sum()), int(dropped.sum()))
            self.kept_ = ~dropped
            self._tell(found, dropped)
            self.estimator_ = fit_on(self.estimator, rows, self.kept_)
        return self

    def _check_thresholds(self) -> None:
        if self.leverage is None and self.residual is None and self.robust_distance is None:
            raise OptionError("Screen needs a rule: leverage, residual or robust_distance")
        for name in ("leverage", "residual"):
            if getattr(self, name) is not None and not is_number(getattr(self, name), above=0):
                raise OptionError(f"{name} must be a number above 0, got {getattr(self, name)!r}")
        p = self.robust_distance
        if p is not None and not (is_number(p, above=0) and p < 1):
            raise OptionError(f"robust_distance is a probability between 0 and 1, such as 0.999, got {p!r}")

    def _look(self, rows: Rows) -> list[tuple[str, Array, float, Mask]]:
        """What each rule says: its name, the value of each row, the threshold, and who is over it."""
        found = []
        if self.leverage is not None:
            hat = Hat.of(rows.X, rows.omega)
            if rows.omega.sum() <= hat.size:
                raise ShapeError(f"{rows.omega.sum():g} rows determine {hat.size} unknowns without a row to spare: all "
                                 "have leverage 1", advice="Give more rows, or leverage=None")  # fmt: skip
            limit = self.leverage * hat.size / float(rows.omega.sum())
            found.append(("leverage", hat.leverage, limit, hat.leverage > limit))
        if self.robust_distance is not None:
            distance, size = robust_distance(rows.X, int(generator(self.random_state).integers(2**31)))
            limit = float(np.sqrt(chi2.ppf(self.robust_distance, size)))
            found.append(("robust distance", distance, limit, distance > limit))
        if self.residual is not None:
            left = ~np.any([np.zeros(len(rows.y), dtype=np.bool_), *(over for *_, over in found)], axis=0)
            t = np.zeros(len(rows.y))
            t[left] = np.abs(Hat.of(rows.X[left], rows.omega[left]).studentized(rows.y[left]))
            found.append(("residual", t, float(self.residual), t > self.residual))
        return found

    def _say_what_stays(self, found: int, dropped: int) -> None:
        if dropped < found:
            warnings.warn(
                f"{found} rows stand out, max_share={self.max_share:g} lets {dropped} be dropped: the other "
                f"{found - dropped} stay in the fit. Raise max_share, or the thresholds",
                TruelineWarning, stacklevel=3,
            )  # fmt: skip

    def _tell(self, found: list[tuple[str, Array, float, Mask]], dropped: Mask) -> None:
        table = [
            Dropped(int(row), name, float(value[row]), float(threshold))
            for name, value, threshold, over in found
            for row in np.flatnonzero(over & dropped)
        ]
        self.dropped_ = tuple(sorted(table, key=lambda entry: entry.row))
        reasons = [""] * len(dropped)
        for entry in self.dropped_:
            reasons[entry.row] += (", " if reasons[entry.row] else "") + entry.reason
        self.reasons_ = np.array(reasons)
