"""Take rows out of a least-squares fit by subtracting their moments, or say why that cannot be done."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ..errors import DataError, PrecisionWarning, Problem, ShapeError
from ..maths.doubt import Doubt, impossible_columns
from ..maths.moments import Moments
from ..rows.executor import single_threaded_blas
from .fitted_rows import fitted_rows
from .from_moments import few_rows, hold, listed, positive
from .gate import column_name, names_of

__all__ = ["ENOUGH_DIGITS", "forget_rows"]

ENOUGH_DIGITS = 9.0  # what `forget` promises; fewer are a warning
REFIT = "Fit again on the rows that remain"
NOT_IN = "These rows were not in the fit, or not with these values and weights"


def forget_rows(model: Any, X: Any, y: Any, sample_weight: ArrayLike | None) -> None:
    """Subtract rows from a fitted LeastSquares; see `LeastSquares.forget`.

    Parameters
    ----------
    model : LeastSquares
    X, y, sample_weight : as for `fit`

    Raises
    ------
    DataError, ShapeError
        These rows cannot have been in the fit, or the rest does not determine it. The model stays as it was.
    """
    check_is_fitted(model, "coef_")
    with single_threaded_blas():
        before = model.moments_
        rest = _without(before, few_rows(fitted_rows(model, X, y, sample_weight), before.pivot))
        names = names_of(model)
        if columns := impossible_columns(rest):
            raise DataError(
                f"without these rows the spread of {listed(names, columns, rest.n_features)} would be negative",
                advice=NOT_IN,
            )
        _refuse_lost(model, before, rest)
        rest = _unmarked(rest)
        doubt = Doubt(rest, model.reg_lambda, model.fit_intercept)
        _refuse_undetermined(model, doubt)
        solution = doubt.solve()
    hold(model, rest, solution)
    if solution.digits < ENOUGH_DIGITS:
        _warn_digits(model, rest, solution.digits)


def _without(before: Moments, gone: Moments) -> Moments:
    """The moments of the rest, if there can be such rows."""
    too_many = gone.rows > before.rows or gone.rows - gone.idle > before.rows - before.idle
    if too_many or gone.idle > before.idle or gone.weight > before.weight * (1 + 1e-12):
        raise DataError(
            f"{_counted(gone)} cannot have been among the {_counted(before)} of the fit", advice=NOT_IN
        )  # fmt: skip
    rest = before.remove(gone)
    if rest.rows - rest.idle < 1 or rest.weight <= 1e-9 * before.weight / before.rows:
        raise ShapeError("no rows that count would be left, and a line needs some", advice="Delete the model instead")
    if not _weights_exist(rest):
        raise DataError(f"no {rest.rows} weights could be left that add to {rest.weight:g}", advice=NOT_IN)
    return rest


def _unmarked(rest: Moments) -> Moments:
    """Without what the pivot and the peak tell of the rows that are gone.

    The pivot was the mean of rows that these were among. The peak, which the digits need, keeps a power of four.
    """
    rest = positive(rest.about(rest.mean))
    exponent = np.ceil(np.log2(np.maximum(rest.peak, np.finfo(np.float64).tiny)) / 2)
    return replace(rest, peak=np.where(rest.peak > 0, np.exp2(2 * exponent), 0.0))


def _counted(moments: Moments) -> str:
    weight = "" if moments.weight == moments.rows else f" (weight {moments.weight:g}, {moments.idle} of weight 0)"
    return f"{moments.rows} row{'' if moments.rows == 1 else 's'}{weight}"


def _weights_exist(rest: Moments) -> bool:
    """No weights have a geometric mean above their arithmetic one: so other weights are caught."""
    counting = rest.rows - rest.idle
    return counting * float(np.log(rest.weight / counting)) >= rest.log_weight - 1e-9 - 1e-12 * counting


def _refuse_lost(model: Any, before: Moments, rest: Moments) -> None:
    """Too few rows, or columns that no longer vary as far as can be told."""
    columns = rest.n_features
    then, now = (Doubt(moments, model.reg_lambda, model.fit_intercept) for moments in (before, rest))
    needed = 2 if model.reg_lambda > 0 else int(np.count_nonzero(~then.lost)) + bool(model.fit_intercept)
    if rest.rows - rest.idle < needed:
        raise ShapeError(
            f"{rest.rows - rest.idle} rows would be left, which cannot determine {columns} coefficients"
            + (" and an intercept" if model.fit_intercept else ""),
            advice="Keep more rows, drop columns or set reg_lambda, and fit again",
        )
    newly = np.flatnonzero(now.lost & ~then.lost)
    if len(newly) and model.reg_lambda == 0:
        what = "no longer varies" if model.fit_intercept else "is zero"
        raise DataError(
            "the remaining rows do not determine the fit",
            problems=[Problem(f"{what} beyond rounding in the rows that remain", column_name(names_of(model), int(j)))
                      for j in newly],
            advice=f"{REFIT}: without these columns, or with them where they still vary",
        )  # fmt: skip


def _refuse_undetermined(model: Any, doubt: Doubt) -> None:
    columns = doubt.undetermined
    if not columns:
        return
    n_features = doubt.moments.n_features
    was = f" (it did not before either: rank {model.rank_} of {n_features})" if model.rank_ < n_features else ""
    raise DataError(
        f"as far as moments can tell, the remaining rows do not determine the coefficients of "
        f"{listed(names_of(model), columns, n_features)}{was}",
        advice=f"{REFIT}; if these columns determine each other, drop some or set reg_lambda",
    )


def _warn_digits(model: Any, rest: Moments, digits: float) -> None:
    """Say how much was lost, against what the same moments would give had nothing been subtracted."""
    fresh = replace(rest, peak=np.empty(0), steps=0)
    could = Doubt(fresh, model.reg_lambda, model.fit_intercept).digits(model.coef_)
    warnings.warn(
        f"only {digits:.1f} digits of the coefficients can be vouched for from moments alone: subtracting these rows "
        f"lost {max(could - digits, 0.0):.1f}. {REFIT} to have them all",
        PrecisionWarning, stacklevel=4,
    )  # fmt: skip
