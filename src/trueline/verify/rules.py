"""The rules of `diagnose`: each looks at finite rows and answers with findings, or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from ..findings import Assurance, Finding, Severity
from ..maths.moments import Moments
from ..maths.objective import largest_curvature, smallest_curvature
from ..maths.scaling import Scaling, constant_columns

__all__ = ["RULES", "Rows"]

Array = NDArray[np.float64]

TOL = 1e-12  # the tol that "epochs needed" is counted for, LinearRegressionGD's default
SLOW = 10_000  # more epochs than this, its default, are worth a finding
NEARLY = 1e3  # condition of standardised columns beyond which coefficients are hard to tell apart
FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Rows:
    """Finite rows, what they are called, and the row numbers (from 0) they had before others were left out."""

    X: Array
    y: Array
    names: tuple[str, ...]
    numbers: NDArray[np.intp]

    @cached_property
    def moments(self) -> Moments:
        return Moments.of(self.X, self.y)

    @cached_property
    def constant(self) -> NDArray[np.bool_]:
        return constant_columns(self.moments)

    @cached_property
    def standardized(self) -> Array:
        """Centred columns of deviation 1, without the constant ones."""
        mu, sigma = Scaling.spread(self.moments, self.constant, True)
        return np.asarray(((self.X - mu) / sigma)[:, ~self.constant])

    @cached_property
    def varying(self) -> list[str]:
        return [name for name, still in zip(self.names, self.constant, strict=True) if not still]

    @cached_property
    def factor(self) -> tuple[Array, Array, Array]:
        """Singular value decomposition of the standardised columns."""
        U, values, Vt = np.linalg.svd(self.standardized, full_matrices=False)
        return U, values, Vt


def _finding(rule: str, severity: Severity, title: str, advice: str, **more: Any) -> Finding:
    return Finding(rule, severity, title, advice=advice, reproduce="trueline.verify.diagnose(X, y)", **more)


def more_columns_than_rows(rows: Rows) -> list[Finding]:
    n, d = rows.X.shape
    if n > d:
        return []
    return [_finding(
        "more-columns-than-rows", Severity.HIGH, f"{n} rows cannot determine {d} coefficients",
        "Collect rows, drop columns, or set reg_lambda: without it the smallest coefficients that fit are given",
        evidence={"rows": n, "columns": d}, assurance=Assurance.PROVEN,
    )]  # fmt: skip


def collinear_columns(rows: Rows) -> list[Finding]:
    """Exact dependence by singular values at rounding level, near dependence by the condition number."""
    n, d = rows.standardized.shape
    if d < 2 or n <= d:
        return []
    _, values, Vt = rows.factor
    null = values <= np.finfo(float).eps * max(n, d) * values[0]
    if null.any():
        involved = np.sqrt(np.square(Vt[null]).sum(axis=0)) > 1e-6
        names = [name for name, inside in zip(rows.varying, involved, strict=True) if inside]
        return [_finding(
            "collinear-columns", Severity.HIGH, f"{', '.join(names)} determine each other",
            f"Drop {int(null.sum())} of them, or set reg_lambda: their coefficients are not determined by these rows",
            evidence={"rank": int(d - null.sum()), "columns": d}, where=tuple(names), assurance=Assurance.PROVEN,
        )]  # fmt: skip
    condition = float(values[0] / values[-1])
    if condition < NEARLY:
        return []
    inflation = np.square(Vt.T / values).sum(axis=1) * n
    names = [name for name, vif in zip(rows.varying, inflation, strict=True) if vif > 100]
    return [_finding(
        "nearly-collinear-columns", Severity.MEDIUM, f"{', '.join(names)} nearly determine each other",
        "Their coefficients are known far worse than their predictions: drop some, or set reg_lambda",
        evidence={"condition": condition,
                  "variance_inflation": dict(zip(rows.varying, inflation.tolist(), strict=True))},
        where=tuple(names), assurance=Assurance.PROVEN,
    )]  # fmt: skip


def double_intercept(rows: Rows) -> list[Finding]:
    names = [name for name, still in zip(rows.names, rows.constant, strict=True) if still]
    if not names:
        return []
    return [_finding(
        "double-intercept", Severity.LOW, f"{', '.join(names)} never change{'s' * (len(names) == 1)}",
        "Drop it, or fit with fit_intercept=False: beside an intercept its coefficient is arbitrary, trueline gives 0",
        evidence={name: float(value) for name, value in zip(names, rows.X[0][rows.constant], strict=True)},
        where=tuple(names), assurance=Assurance.PROVEN,
    )]  # fmt: skip


def descent_speed(rows: Rows) -> list[Finding]:
    """Largest stable learning rate, and how many epochs lr="auto" takes for tol, before and after standardising."""
    raw, scaled = (_condition(moments) for moments in (rows.moments, _standardised_moments(rows)))
    limit = 2 / largest_curvature(rows.moments, 1.0, 0.0, True)
    needed, after = _epochs(raw), _epochs(scaled)
    findings = [_finding(
        "largest-stable-lr", Severity.INFO, f"descent on these rows is stable below lr = {limit:.4g}",
        "lr='auto' takes half of that", evidence={"lr_limit": limit, "lr_auto": limit / 2}, assurance=Assurance.PROVEN,
    )]  # fmt: skip
    if needed > SLOW:
        advice = "Set standardize=True" if after < needed / 2 else "Use LeastSquares, which does not descend"
        findings.append(_finding(
            "slow-descent", Severity.MEDIUM,
            f"gradient descent needs about {_count(needed)} epochs on these columns, {_count(after)} standardised",
            advice, evidence={"condition": raw, "condition_standardised": scaled,
                      "epochs": needed, "epochs_standardised": after},
        ))  # fmt: skip
    return findings


def _standardised_moments(rows: Rows) -> Moments:
    mu, sigma = Scaling.spread(rows.moments, rows.constant, True)
    return Scaling(mu, sigma, rows.constant).moments(rows.moments)


def _condition(moments: Moments) -> float:
    """κ of the Hessian over (w, b), directions without curvature aside."""
    return largest_curvature(moments, 1.0, 0.0, True) / smallest_curvature(moments, 1.0, 0.0, True)


def _epochs(condition: float) -> float:
    """The slowest mode of the gap shrinks by (1 - 1/κ)² an epoch."""
    return 1.0 if condition <= 1 + 1e-9 else float(np.ceil(np.log(TOL) / (2 * np.log1p(-1 / condition))))


def _count(epochs: float) -> str:
    return f"{epochs:,.0f}" if epochs < 1e7 else f"{epochs:.0e}"


def missing_intercept(rows: Rows) -> list[Finding]:
    """Forced through the origin, do the residuals keep a mean?"""
    coef = np.linalg.lstsq(rows.X, rows.y, rcond=None)[0]
    residuals = rows.y - rows.X @ coef
    mean = float(residuals.mean())
    spread = float(residuals.std())
    noise = spread / np.sqrt(len(residuals))
    if rows.constant.any() or abs(mean) <= max(4 * noise, 1e-9 * float(np.abs(rows.y).max())) or spread == 0:
        return []
    return [_finding(
        "missing-intercept", Severity.LOW,
        f"a line through the origin misses y by {mean:.4g} on average", "Keep fit_intercept=True",
        effect=abs(mean), evidence={"mean_residual": mean, "standard_error": noise},
    )]  # fmt: skip


def extreme_rows(rows: Rows) -> list[Finding]:
    """High leverage, or a residual beyond the 1 % Bonferroni limit of a fit that the extreme rows did not bend."""
    n, d = rows.standardized.shape
    p = d + 1
    if n < 3 * p:
        return []
    U, values, _ = rows.factor
    U = U[:, values > np.finfo(float).eps * max(n, d) * values.max(initial=0.0)]
    leverage = np.square(U).sum(axis=1) + 1 / n
    residual = _robust_residuals(rows)
    scale = float(np.median(np.abs(residual))) / float(norm.isf(0.25))
    if scale <= 1e-12 * float(np.ptp(rows.y)):  # a perfect fit: what is left is rounding
        return []
    limit = 1.25 * float(student.isf(0.005 / n, n - p))  # a quarter more: the scale is itself an estimate
    size = np.abs(residual) / scale
    extreme = np.flatnonzero((size > limit) | (leverage > max(0.2, min(0.9, 10 * p / n))))
    if not len(extreme):
        return []
    worst = extreme[np.argsort(-size[extreme] / limit - leverage[extreme])][:10]
    listed = [{"row": int(rows.numbers[i]) + 1, "leverage": float(leverage[i]), "residual": float(residual[i]),
               "robust_deviations": float(size[i])} for i in worst]  # fmt: skip
    places = tuple(f"row {entry['row']}" for entry in listed)
    shown = ", ".join(places[:5]) + (f" and {len(extreme) - 5} more" if len(extreme) > 5 else "")
    return [_finding(
        "extreme-rows", Severity.MEDIUM,
        f"{len(extreme)} extreme row{'s' * (len(extreme) > 1)} pull on the fit: {shown}",
        "Check where they come from; loss='huber' or clip_features bounds what they can do",
        effect=float(np.abs(residual[extreme]).max()),
        evidence={"rows": listed, "count": len(extreme), "limit_deviations": limit}, where=places,
    )]  # fmt: skip


def _robust_residuals(rows: Rows) -> Array:
    """Residuals of a fit to the three quarters of the rows that agree best.

    Concentration steps (Rousseeuw and Van Driessen (2006), §2) from the rows nearest the medians of their columns: a
    look, not a certified optimum.
    """
    design = np.column_stack([np.ones(len(rows.y)), rows.standardized])
    centre = np.median(rows.standardized, axis=0)
    spread = np.median(np.abs(rows.standardized - centre), axis=0)
    distance = np.abs(rows.standardized - centre) / np.where(spread > 0, spread, 1.0)
    kept = max(3 * len(rows.y) // 4, design.shape[1] + 1)
    order = np.argsort(distance.max(axis=1, initial=0.0), kind="stable")
    residual = rows.y
    for _ in range(10):
        inside = np.sort(order[:kept])
        residual = rows.y - design @ np.linalg.lstsq(design[inside], rows.y[inside], rcond=None)[0]
        order = np.argsort(np.abs(residual), kind="stable")
    return residual


def float32_overflow(rows: Rows) -> list[Finding]:
    """Squares summed over the rows must stay below float32's largest number if anybody computes in it."""
    largest = np.abs(np.column_stack([rows.X, rows.y])).max(axis=0)
    with np.errstate(over="ignore"):
        risky = np.flatnonzero(largest * largest * len(rows.y) > FLOAT32_MAX)
    names = tuple([*rows.names, "y"][int(j)] for j in risky)
    if not names:
        return []
    return [_finding(
        "float32-overflow", Severity.LOW, f"squares of {', '.join(names)} overflow float32",
        "Keep float64, or measure in a larger unit; trueline accumulates in float64",
        evidence={name: float(largest[int(j)]) for name, j in zip(names, risky, strict=True)}, where=names,
        assurance=Assurance.PROVEN,
    )]  # fmt: skip


def id_like(rows: Rows) -> list[Finding]:
    """Whole numbers, all different, densely numbered or sorted: they name rows, they do not measure anything."""
    names = [name for name, column in zip(rows.names, rows.X.T, strict=True) if _numbers_rows(column)]
    return [_finding(
        "id-like", Severity.MEDIUM, f"{name} looks like a row number or an id",
        "Drop it: a coefficient on an id means nothing on new rows", where=(name,), evidence={"distinct": len(rows.y)},
    ) for name in names]  # fmt: skip


def _numbers_rows(column: Array) -> bool:
    n = len(column)
    if n < 20 or (column != np.round(column)).any() or len(np.unique(column)) < n:
        return False
    steps = np.diff(column)
    return bool((steps > 0).all() or (steps < 0).all() or np.ptp(column) < 3 * n)


RULES: tuple[Callable[[Rows], list[Finding]], ...] = (
    more_columns_than_rows,
    collinear_columns,
    double_intercept,
    descent_speed,
    missing_intercept,
    extreme_rows,
    float32_overflow,
    id_like,
)
