"""Sever: drop the rows whose gradients pull together in one direction, refit, repeat."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError, ShapeError
from ..models.base import all_or_nothing
from ..models.options import is_number, is_whole
from .distances import robust_scale
from .meta import Array, Mask, MetaRegressor, Rows, check_share, fit_on, worst_within

__all__ = ["Sever", "spectral_scores"]


class Sever(MetaRegressor):
    """Filter rows by their gradients' weight along the direction in which gradients spread most, then refit.

    A round fits the estimator on the rows still kept, takes each row's gradient of the squared loss, r·[x, 1] with the
    columns in robust units, and scores it by its square along the top singular direction of the centred gradients. The
    rows of largest score go. To move a fit, few rows must pull hard and together, and that is the direction found.
    A ridge penalty adds the same vector to every row's gradient, which centring takes away.

    Give a `share` of one and a half times what may be poisoned, since clean rows go along: on a tight cluster of
    poison, with that all of it went up to 20 % of 300 rows, with the share itself 3 % of it stayed at 10 % and a
    quarter at 20 %, and at 30 % least squares bent to the cluster and the filter found nothing. With
    ``threshold=None`` that many rows go from clean data too: a price in efficiency, and for skewed errors in bias.
    Poison that a row can do with an ordinary residual stays.

    Parameters
    ----------
    estimator : regressor
        Anything with fit and predict; its predictions give the residuals.
    share : float
        Share of the rows to drop at most, over all rounds, in [0, 0.5).
    rounds : int
        Each drops at most share/rounds of the rows; the paper takes 4.
    threshold : float, optional
        Stop once the mean score is at most this many times its robust size, (1.4826 · median √score)²: for normal
        errors and columns that ratio is 1 to 3. None drops `share` in any case, as the paper's experiments do.

    Attributes
    ----------
    estimator_ : regressor
        Fitted on the kept rows.
    kept_ : ndarray of bool (n_samples,)
    scores_ : ndarray (n_samples,)
        τ of each row in the last round that judged it, in (units of y)².
    round_ : ndarray of int (n_samples,)
        The round in which a row was dropped, from 1; 0 for kept rows.

    Raises
    ------
    OptionError
        `share` outside [0, 0.5), `rounds` below 1, `threshold` not above 0.
    ShapeError
        So few rows that what is left after `share` would fit exactly: its gradients are zero and say nothing.
    DataError
        Rows that cannot be used.

    Notes
    -----
    Diakonikolas, Kamath, Kane, Li, Steinhardt and Stewart (2019), Sever: a robust meta-algorithm for stochastic
    optimization, algorithm 1. The filter of algorithm 2 draws its cut at random and needs a bound on the clean
    variance; here the largest scores go, as in section 5 of the paper, and `threshold` holds a robust estimate of that
    bound. The guarantee of the paper (theorem 2.1) is therefore not carried over as it stands. Between rounds a
    `LeastSquares` is refitted by taking rows out of its moments; the last fit always reads the kept rows.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> y = X @ [1.0, -2.0] + 0.1 * rng.normal(size=200)
    >>> X[:10], y[:10] = [2.0, 2.0], 30.0
    >>> LeastSquares().fit(X, y).coef_.round(1)
    array([3.4, 0.1])
    >>> sever = Sever(LeastSquares(), share=0.1).fit(X, y)
    >>> sever.coef_.round(1), int(sever.kept_[:10].sum())
    (array([ 1., -2.]), 0)
    """

    kept_: Mask
    scores_: Array
    round_: NDArray[np.intp]

    def __init__(self, estimator: Any, *, share: float = 0.1, rounds: int = 4, threshold: float | None = None) -> None:
        self.estimator = estimator
        self.share = share
        self.rounds = rounds
        self.threshold = threshold

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Filter for some rounds, then fit the estimator on what is left.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
        y : array (n_samples,)
        sample_weight : array (n_samples,), optional
            How often each row counts, in the share too; handed on to the estimator.

        Returns
        -------
        self
        """
        share = check_share("share", self.share)
        if not is_whole(self.rounds):
            raise OptionError(f"rounds must be a whole number of at least 1, got {self.rounds!r}")
        if self.threshold is not None and not is_number(self.threshold, above=0):
            raise OptionError(f"threshold must be a number above 0 or None, got {self.threshold!r}")
        with all_or_nothing(self):
            rows = self._read(X, y, sample_weight)
            left, unknowns = float(rows.omega.sum()) * (1 - share), rows.X.shape[1] + 1
            if left <= unknowns:
                raise ShapeError(f"{len(rows.y)} rows, {share:g} of them dropped, fit {unknowns} unknowns exactly",
                                 advice="Give more rows than unknowns, or screen by leverage")  # fmt: skip
            self._filter(rows, share * float(rows.omega.sum()))
            self.estimator_ = fit_on(self.estimator, rows, self.kept_)
        return self

    def _filter(self, rows: Rows, budget: float) -> None:
        """Rounds of fit, score and drop."""
        space = _robust_space(rows.X)
        counted = rows.omega > 0
        dropped, scores, when = ~counted, np.zeros(len(rows.y)), np.zeros(len(rows.y), dtype=np.intp)
        for number in range(1, self.rounds + 1):
            kept = ~dropped
            fitted = fit_on(self.estimator, rows, kept)
            residuals = np.asarray(fitted.predict(rows.given), dtype=np.float64).ravel() - rows.y
            gradients = residuals[kept, None] * space[kept]
            scores[kept] = spectral_scores(gradients, rows.omega[kept])
            if self.threshold is not None and _spread_out(scores[kept], rows.omega[kept]) <= self.threshold:
                break
            gone = float(rows.omega[dropped].sum())
            worst = worst_within(np.where(kept, scores, 0.0), np.where(kept, rows.omega, 0.0),
                                 budget * number / self.rounds - gone)  # fmt: skip
            dropped |= worst
            when[worst] = number
        self.kept_, self.scores_, self.round_ = ~(dropped & counted), scores, when


def _robust_space(X: Array) -> Array:
    """[x, 1] with columns in units of their robust spread, so that no column decides by its units."""
    centre, spread = robust_scale(X)
    spread = np.where(spread > 0, spread, X.std(axis=0))
    usable = spread > 1e-12 * np.abs(centre)
    Z = np.where(usable, (X - centre) / np.where(usable, spread, 1.0), 0.0)
    return np.column_stack([Z, np.ones(len(X))])


def spectral_scores(gradients: Array, omega: Array) -> Array:
    """τ_i = ((g_i - ḡ)·v)², v the top right singular vector of the centred gradients (algorithm 1, step 6).

    Parameters
    ----------
    gradients : ndarray (n_samples, size)
    omega : ndarray (n_samples,)
        How often each row counts.

    Returns
    -------
    ndarray (n_samples,)

    Examples
    --------
    >>> spectral_scores(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 6.0], [0.0, 0.0]]), np.ones(4)).round(2)
    array([ 2.25,  2.25, 20.25,  2.25])
    """
    largest = np.abs(gradients).max(initial=0.0)
    if largest == 0:
        return np.zeros(len(gradients))
    centred = gradients / largest
    centred = centred - (omega @ centred) / omega.sum()
    _, V = np.linalg.eigh((centred * omega[:, None]).T @ centred)
    with np.errstate(over="ignore"):  # infinite scores are the largest all the same
        return np.asarray(np.square(centred @ V[:, -1]) * largest * largest)


def _spread_out(scores: Array, omega: Array) -> float:
    """Mean score over its robust size; 1 for normal gradients, inf where more than half of them are zero."""
    middle = float(np.quantile(np.sqrt(scores), 0.5, weights=omega, method="inverted_cdf"))
    mean = float(omega @ scores / omega.sum())
    return mean / (1.4826 * middle) ** 2 if middle > 0 else (float("inf") if mean > 0 else 0.0)
