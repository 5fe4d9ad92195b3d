"""Inference for a least-squares fit: which rows it needs, what stands in the way, and the Summary that results."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, OptionError
from ..rows.executor import single_threaded_blas
from ..rows.source import Source
from .basis import Array, Basis, inference_basis
from .covariance import KINDS, RowSums, row_sums
from .fitted_rows import check_same_rows, cluster_codes, fitted_rows
from .gate import column_name, names_of
from .residuals import from_moments, from_rows, warn_precision
from .summary import Summary

__all__ = ["Summary", "summary_of"]


def summary_of(
    model: Any, cov: str = "classical", X: Any = None, y: Any = None,
    *, sample_weight: ArrayLike | None = None, groups: ArrayLike | None = None,
) -> Summary:  # fmt: skip
    """Standard errors, tests and quality of a fitted LeastSquares.

    Parameters
    ----------
    model : LeastSquares
        Fitted without a penalty.
    cov : {"classical", "HC0", "HC1", "HC2", "HC3", "cluster"}
        What is assumed of the errors: equal variance; independence; independence between clusters.
    X, y : as for `fit`, optional
        The rows of the fit, in its form. "classical" needs them only where the moments lack digits.
    sample_weight : array (n_samples,), optional
        As in `fit`: inverse variances, as in statsmodels' WLS. Rows of weight 0 do not count (R; statsmodels counts
        them).
    groups : array (n_samples,), optional
        The cluster of each row, for "cluster".

    Returns
    -------
    Summary

    Raises
    ------
    OptionError
        A penalised fit; an unknown `cov`; rows or groups that `cov` needs and are missing.
    DataError
        Columns that determine each other; no degrees of freedom; rows that are not those of the fit.

    Warns
    -----
    PrecisionWarning
        The residuals are zero to rounding, or digits are lost to nearly dependent columns.

    Notes
    -----
    Equals ``sm.WLS(y, sm.add_constant(X), sample_weight).fit()`` of statsmodels, and for the others its
    ``.get_robustcov_results(cov)``: t with n-p degrees of freedom, G-1 for clusters. (statsmodels'
    ``.fit(cov_type=...)`` takes the normal distribution instead unless ``use_t=True``.) F tests that all slopes are
    zero, with the same covariance. Without an intercept R² is about zero, as in R and statsmodels.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> X, y = np.arange(6.0)[:, None], np.array([1.0, 2.9, 5.2, 6.9, 9.1, 10.8])
    >>> summary = summary_of(LeastSquares().fit(X, y))
    >>> summary.names, summary.coef.round(3), summary.standard_errors.round(3)
    (('(Intercept)', 'X[:, 0]'), array([1.033, 1.98 ]), array([0.115, 0.038]))
    """
    _check_call(cov, X, y, sample_weight, groups)
    with single_threaded_blas():
        source = None if X is None else fitted_rows(model, X, y, sample_weight)
        basis = inference_basis(model, source)
        coef = np.asarray(model.coef_, dtype=np.float64)
        sums = None if source is None else _read(source, basis, coef, cov, groups)
        residuals = from_moments(basis, coef) if sums is None else from_rows(basis, coef, sums.squares)
        warn_precision(basis, residuals)
        return Summary.of(
            names=_row_names(model, basis), intercept=float(model.intercept_), coef=coef, basis=basis, cov=cov,
            squares=residuals.squares, sums=sums, digits=residuals.digits(basis),
        )  # fmt: skip


def _read(source: Source, basis: Basis, coef: Array, cov: str, groups: ArrayLike | None) -> RowSums:
    codes = None if groups is None else cluster_codes(groups, basis.problem.moments.rows)
    sums = row_sums(source, basis, coef, cov, codes)
    check_same_rows(basis, coef, sums.rows, sums.weight, sums.squares, sums.gradient)
    if sums.alone >= 0:
        raise DataError(
            f"row {sums.alone + 1} alone determines a coefficient (leverage 1), so {cov} is undefined",
            advice="Use HC1, or drop the row together with the column that only it has",
        )
    if cov == "cluster" and len(sums.codes) < 2:
        raise DataError("all rows are in one cluster", advice="Clustered standard errors need two clusters, better 40")
    return sums


def _check_call(cov: str, X: Any, y: Any, sample_weight: Any, groups: Any) -> None:
    if cov not in KINDS:
        raise OptionError(f"cov must be one of {', '.join(KINDS)}, got {cov!r}")
    if (X is None) != (y is None):
        raise OptionError("X and y go together: pass both, the rows of the fit")
    if cov == "cluster" and groups is None:
        raise OptionError('cov="cluster" needs the cluster of each row', advice="summary(cov, X, y, groups=...)")
    if cov != "cluster" and groups is not None:
        raise OptionError(f'groups goes with cov="cluster", not with {cov!r}')
    if X is None and cov != "classical":
        raise OptionError(f"cov={cov!r} needs each row's residual, and a fit keeps only moments",
                          advice="Pass the rows of the fit: summary(cov, X, y)")  # fmt: skip
    if X is None and sample_weight is not None:
        raise OptionError("sample_weight goes with X and y; without rows the weights of the fit are used")


def _row_names(model: Any, basis: Basis) -> tuple[str, ...]:
    names = tuple(column_name(names_of(model), j) for j in range(len(model.coef_)))
    return ("(Intercept)", *names) if basis.intercept else names
