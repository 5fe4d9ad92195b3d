"""reproduce: does this model follow from these rows? And if not, what would explain it?"""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone

from ..errors import OptionError, TruelineError
from ..maths.losses import Squared
from ..models.foreign import as_line
from ..models.options import is_number
from ..rows.executor import single_threaded_blas
from .certificate import certify
from .explaining import candidates
from .reproduced import Difference, Explanation, Reproduction
from .subject import Fit, Subject, subject

__all__ = ["reproduce"]

WRITTEN = 3.0  # digits that a rounded table must at least have, to be said to follow from rows
DESCENTS = ("LinearRegressionGD", "SGDRegressor")  # they stop before the optimum, and cannot agree in all digits
STOPPED = 1e-10  # of the spread of y: the gap at which descent without its estimator is said to have arrived
SLACK = 0.5  # of a digit, between what is asked for and what rounding leaves


def reproduce(model: Any, X: Any, y: Any, sample_weight: ArrayLike | None = None, *,
              digits: float = 6.0) -> Reproduction:  # fmt: skip
    """Does this model follow from these rows?

    Its own loss, penalty and scaling are minimised anew. Where the outcome differs, causes are tried in turn: another
    penalty, an intercept, standardised coefficients, another unit, weights, rows left out, another loss. One is
    claimed only if a refit under it gives the model in as many digits as can be asked for, at least four, and more
    than chance would among as many tries. One cause at a time: two together are not found.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, ..., what `ship.load` gave, a fitted scikit-learn linear model or Pipeline
        of scalers and one; or a table of coefficients, as a mapping of names to values or the path of a CSV file, with
        a row for the intercept.
    X : array or frame (n_samples, n_features)
        Columns are matched by name where both sides have names; otherwise by position.
    y : array (n_samples,), or the name of a column of X
    sample_weight : array (n_samples,), optional
    digits : float
        How many digits must agree. Fewer are asked for where the rows determine fewer, or fewer were written.

    Returns
    -------
    Reproduction

    Raises
    ------
    ColumnsError
        Columns that only one side has: each is named.
    OptionError
        Not a linear model, or one that cannot be fitted anew: a file of a model with another loss.
    DataError
        Rows that cannot be used.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(50, 2))
    >>> y = X @ [1.0, 2.0] + rng.normal(size=50)
    >>> reproduce(Ridge(alpha=3.0).fit(X, y), X, y).reproduced
    True
    >>> ridge = Ridge(alpha=3.0).fit(X, y)
    >>> print(reproduce({"a": ridge.coef_[0], "b": ridge.coef_[1], "intercept": ridge.intercept_}, X, y))
    a table of coefficients, refitted by least squares: does NOT follow from these rows (1.3 digits agree; ...
      first difference: a is 1.119517, these rows give 1.1781017
      explained by: a ridge penalty reg_lambda = 0.06 (alpha = 3) on the coefficients (1... digits)
    """
    if not is_number(digits, above=0) or digits > 15:
        raise OptionError(f"digits must be a number above 0 and at most 15, got {digits!r}")
    with single_threaded_blas():
        asked = subject(model, X, y, sample_weight)
        ours, how = _refit(model, asked)
        if asked.digits(ours) < digits and asked.line.description in DESCENTS:
            ours, how = _descended(model, asked, ours, how)
        agreed, wanted = asked.digits(ours), max(min(digits, ours.digits - SLACK), 1.0)
        rounded = asked.grain >= WRITTEN and asked.rounds_to(ours)
        reproduced = agreed >= wanted or rounded
        found, nearest, tried = ((), None, 0) if reproduced else _explain(asked, min(wanted, asked.grain - SLACK))
    difference = None if reproduced else _first(asked, ours, wanted)
    return Reproduction(f"{asked.line.description}, refitted by {how}", bool(reproduced), agreed, ours.digits,
                        asked.grain, float(digits), difference, found, nearest, tried)  # fmt: skip


def _refit(model: Any, asked: Subject) -> tuple[Fit, str]:
    """By closed form where the loss is squared and the penalty known; else by its own estimator."""
    line = asked.line
    if isinstance(line.loss, Squared) and line.reg_lambda is not None and not np.isfinite(line.row_bound):
        penalty = asked.penalty(float(asked.weights.sum()))
        return asked.refit(), f"ridge with reg_lambda = {penalty:.6g}" if penalty > 0 else "least squares"
    if not isinstance(model, BaseEstimator):
        raise OptionError(f"{line.description} has a loss or penalty that only its own estimator can fit anew",
                          advice="Pass the fitted estimator itself")  # fmt: skip
    return _again(model, asked), "its own estimator"


def _descended(model: Any, asked: Subject, ours: Fit, how: str) -> tuple[Fit, str]:
    """Descent stops near the optimum: by the same descent again, or within the digits that its gap leaves."""
    if isinstance(model, BaseEstimator):
        try:
            again = _again(model, asked)
        except TruelineError:
            return ours, how
        return (again, "its own descent") if asked.digits(again) > asked.digits(ours) else (ours, how)
    weights = asked.weights if asked.weighted else None
    gap = certify(asked.line, asked.X, asked.y, weights).relative_gap
    if gap > STOPPED:
        return ours, how
    return replace(ours, digits=min(ours.digits, asked.digits(ours) + SLACK)), f"{how}, {gap:.0e} from its minimum"


def _again(model: Any, asked: Subject) -> Fit:
    weights = {"sample_weight": asked.weights} if asked.weighted else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said when it was fitted first
        again = as_line(clone(model).fit(asked.X, asked.y, **weights))
    return Fit(again.coef, again.intercept, 9.0)


def _explain(asked: Subject, wanted: float) -> tuple[tuple[Explanation, ...], Explanation | None, int]:
    """Causes that give the model again, and the nearest of the others."""
    claimed: list[Explanation] = []
    nearest, tried = None, 0
    if asked.line.reg_lambda is None:
        return (), None, 0
    near = max(asked.digits(asked.refit()), 0.0)
    free = asked.has_intercept and asked.line.fit_intercept  # an intercept of 0 by decree agrees by itself
    for candidate in candidates(asked):
        tried += candidate.weighed
        agreed = asked.digits(candidate.fit, intercept=candidate.intercept)
        explanation = Explanation(candidate.cause, candidate.text, agreed)
        compared = len(asked.names) + int(candidate.intercept and free) - candidate.fitted
        if compared < 1:  # any model would agree
            continue
        # candidates that were weighed by the thousand lie around the fit to all rows, as densely as that one is near
        chance = (math.log10(candidate.weighed) + 4.0) / compared + (near if candidate.weighed > 1 else 0.0)
        need = max(min(wanted, candidate.fit.digits - SLACK), 4.0 if asked.grain == 16.0 else WRITTEN - 1, chance)
        rounded = asked.rounds_to(candidate.fit, intercept=candidate.intercept) and agreed >= chance
        if agreed >= need or (rounded and asked.grain >= WRITTEN):
            if not claimed or (candidate.intercept and all(explanation.cause != other.cause for other in claimed)):
                claimed.append(explanation)
        elif nearest is None or agreed > nearest.digits:
            nearest = explanation
    return tuple(claimed), nearest, tried


def _first(asked: Subject, ours: Fit, wanted: float) -> Difference:
    """The first coefficient beyond what was asked for; the worst where only their sum is."""
    errors = asked.errors(ours)
    off = np.abs(np.append(asked.theirs.coef - ours.coef, asked.theirs.intercept - ours.intercept))
    beyond = np.flatnonzero((errors > 10.0**-wanted) & (off > asked.halves))
    j = int(beyond[0]) if len(beyond) else int(np.argmax(errors))
    name = [*asked.names, "intercept"][j]
    theirs, mine = np.append(asked.theirs.coef, asked.theirs.intercept), np.append(ours.coef, ours.intercept)
    return Difference(name, float(theirs[j]), float(mine[j]), float(min(-np.log10(max(errors[j], 1e-16)), 16.0)))
