"""Summary: what a least-squares fit says about its coefficients, and how far it can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import fdtrc, stdtr, stdtrit

from ..errors import OptionError
from .basis import EPS, Array, Basis
from .covariance import RowSums
from .options import is_number
from .summary_table import Cells, as_html, as_text, number, probability

__all__ = ["Summary"]


@dataclass(frozen=True, eq=False, repr=False)
class Summary:
    """Coefficients with standard errors, tests and the quality of the fit; prints as a table.

    Parameters
    ----------
    names : tuple of str
        Of the coefficients, the intercept first.
    coef : ndarray (p,)
        In units of y per unit of the column.
    covariance : ndarray (p, p)
        Of the coefficients; zero where the fit is perfect, NaN where moments cannot tell.
    cov : str
        What it assumes: "classical", "HC0" to "HC3", "cluster".
    n, df_model, df_resid : int
        Rows that count (weight above 0), slopes, and n - p.
    df_inference : int
        Degrees of freedom of t and of F's denominator: n - p, or clusters - 1.
    n_clusters : int or None
    residual_standard_error : float
        s = √(Σωe²/(n-p)), in units of y.
    r2, adjusted_r2 : float
        Share of Σω(y-ȳ)² that is explained, of Σωy² without intercept; and 1 - (1-R²)·(n-1)/(n-p).
    f, f_p : float
        Test that all slopes are zero, with `covariance`; NaN where clusters are fewer than that takes.
    log_likelihood, aic, bic : float
        Normal errors; k = p as in statsmodels (R adds 1 for s).
    condition : float
        Condition number of the centred, equilibrated columns.
    digits : float
        Decimal digits of the standard errors that are vouched for.
    """

    names: tuple[str, ...]
    coef: Array
    covariance: Array
    cov: str
    n: int
    df_model: int
    df_resid: int
    df_inference: int
    n_clusters: int | None
    residual_standard_error: float
    r2: float
    adjusted_r2: float
    f: float
    f_p: float
    log_likelihood: float
    aic: float
    bic: float
    condition: float
    digits: float

    @classmethod
    def of(cls, *, names: tuple[str, ...], intercept: float, coef: Array, basis: Basis, cov: str, squares: float,
           sums: RowSums | None, digits: float) -> Self:  # fmt: skip
        """Everything that follows from a fit, its residual sum of squares and the sums over its rows.

        Parameters
        ----------
        names : tuple of str (p,)
        intercept, coef : float, ndarray (n_features,)
        basis : Basis
        cov : str
        squares : float
            Σωe², 0 for a perfect fit.
        sums : RowSums or None
            None for "classical" from moments.
        digits : float
        """
        moments, p = basis.problem.moments, basis.size
        n = moments.rows - moments.idle
        df = n - p
        groups = len(sums.codes) if sums is not None and cov == "cluster" else None
        middle = squares / df * np.eye(p) if sums is None or cov == "classical" else sums.covariance(cov, n)
        if squares == 0:
            middle = np.zeros((p, p))
        root = basis.lift @ _root(middle)
        df_inference = df if groups is None else groups - 1
        f = _wald(basis.slopes(coef), middle[basis.intercept :, basis.intercept :], df_inference)
        log_likelihood = _log_likelihood(squares, n, moments.log_weight)
        missing = _unexplained(squares, basis)
        return cls(
            names=names, coef=np.append(intercept, coef) if basis.intercept else coef, covariance=root @ root.T,
            cov=cov, n=n, df_model=len(coef), df_resid=df, df_inference=df_inference, n_clusters=groups,
            residual_standard_error=float(np.sqrt(squares / df)), r2=1 - missing,
            adjusted_r2=1 - missing * (n - basis.intercept) / df, f=f,
            f_p=float(fdtrc(len(coef), df_inference, f)), log_likelihood=log_likelihood,
            aic=2 * p - 2 * log_likelihood, bic=float(np.log(n)) * p - 2 * log_likelihood,
            condition=basis.condition, digits=digits,
        )  # fmt: skip

    @property
    def standard_errors(self) -> Array:
        """Of each coefficient, in its units, (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def t(self) -> Array:
        """coef / standard error, (p,); NaN where the error is 0."""
        errors = self.standard_errors
        return np.divide(self.coef, errors, out=np.full_like(errors, np.nan), where=errors > 0)

    @property
    def p(self) -> Array:
        """Two-sided p-value that the coefficient is zero, (p,)."""
        return np.asarray(2 * stdtr(self.df_inference, -np.abs(self.t)))

    @property
    def intervals(self) -> Array:
        """95 % intervals of the coefficients, (p, 2)."""
        return self.interval(0.95)

    def interval(self, level: float) -> Array:
        """Intervals that hold each coefficient with probability `level`, (p, 2).

        Parameters
        ----------
        level : float
            Between 0 and 1.
        """
        if not is_number(level) or not 0 < level < 1:
            raise OptionError(f"level must be a probability between 0 and 1, such as 0.95, got {level!r}")
        reach = -stdtrit(self.df_inference, (1 - level) / 2) * self.standard_errors
        return np.column_stack([self.coef - reach, self.coef + reach])

    def __str__(self) -> str:
        return as_text(*self._cells())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html(*self._cells())

    def _cells(self) -> tuple[str, Cells, Cells, list[str]]:
        """Title, facts, table and notes, as text."""
        clusters = [] if self.n_clusters is None else [("Clusters", str(self.n_clusters))]
        test = f"F({self.df_model}, {self.df_inference})"
        facts = [
            ("Observations", str(self.n)), ("Df residuals", str(self.df_resid)), ("Df model", str(self.df_model)),
            ("Covariance", self.cov), *clusters, ("Condition", number(self.condition, 3)),
            ("R-squared", _share(self.r2)), ("Adj. R-squared", _share(self.adjusted_r2)),
            (test, number(self.f, 4)), (f"P > {test}", probability(self.f_p)), ("AIC", number(self.aic, 6)),
            ("Residual s.e.", number(self.residual_standard_error)),
        ]  # fmt: skip
        head = ["", "coef", "std err", "t", "P>|t|", "[0.025", "0.975]"]
        columns = zip(self.names, self.coef, self.standard_errors, self.t, self.p, *self.intervals.T, strict=True)
        rows = [
            [name, number(b, 6), number(se, 4), number(t, 4), probability(p), number(low), number(high)]
            for name, b, se, t, p, low, high in columns
        ]
        return "Least squares", facts, [head, *rows], self._notes()

    def _notes(self) -> list[str]:
        if self.residual_standard_error == 0:
            return ["the residuals are zero to rounding; there is nothing to test."]
        if self.residual_standard_error != self.residual_standard_error:
            return ["the residuals are smaller than moments can resolve; pass the rows: summary(cov, X, y)."]
        return [f"{self.digits:.0f} digits of the standard errors are vouched for."] if self.digits < 6 else []


def _share(value: float) -> str:
    return "-" if value != value else f"{value:.4f}"


def _root(middle: Array) -> Array:
    """L with LLᵀ = middle, which is positive semi-definite up to rounding."""
    if not np.isfinite(middle).all():
        return np.full_like(middle, np.nan)
    values, vectors = np.linalg.eigh(middle)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _wald(slopes: Array, middle: Array, df: int) -> float:
    """slopesᵀ·middle⁻¹·slopes / d; NaN where `middle` has no inverse, infinite for a perfect fit."""
    if not np.isfinite(middle).all() or df < len(slopes):
        return float("nan")
    if not middle.any():
        return float("inf") if slopes.any() else float("nan")
    return float(slopes @ np.linalg.solve(middle, slopes)) / len(slopes)


def _unexplained(squares: float, basis: Basis) -> float:
    """1 - R²; NaN where y never changes."""
    total = float(basis.problem.gram[-1, -1])
    still = float(np.square(64 * EPS * basis.problem.moments.mean[-1]))
    return squares / (total * basis.problem.moments.weight) if total > still else float("nan")


def _log_likelihood(squares: float, n: int, log_weight: float) -> float:
    """Of normal errors at their most likely variance Σωe²/n."""
    if squares == 0:
        return float("inf")
    return float(-n / 2 * (np.log(2 * np.pi * squares / n) + 1) + log_weight / 2)
