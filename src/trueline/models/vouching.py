"""Warnings of a fit that saw its rows: columns that determine each other, and digits that are few."""

from __future__ import annotations

import warnings

from ..errors import PrecisionWarning, RankWarning
from ..maths.solve import Solution
from .first_read import Summary
from .gate import column_name

__all__ = ["FEW_DIGITS", "warn_doubts"]

FEW_DIGITS = 6.0  # fewer vouched digits than this are worth a warning
LARGE = 1e3  # a condition number that may have cost them


def warn_doubts(solution: Solution, summary: Summary, intercept: bool) -> None:
    """Say what cannot be vouched for, why, and what to do, to whoever called the caller.

    Parameters
    ----------
    solution : Solution
    summary : Summary
        Of the rows that were solved.
    intercept : bool
    """
    involved = [j for j in solution.dependent if not summary.constant[j]]
    if involved:
        names = [column_name(summary.source.names, j) for j in involved]
        listed = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        n_features = summary.source.n_features
        why = "these columns determine each other"
        if summary.moments.rows < n_features + intercept:
            unknowns = f"{n_features} coefficients" + (" and an intercept" if intercept else "")
            why = f"{summary.moments.rows} rows cannot determine {unknowns}"
        warnings.warn(
            f"rank {solution.rank} of {n_features}: {why}: {listed}. The smallest coefficients that fit are given; "
            "drop columns or set reg_lambda",
            RankWarning, stacklevel=3,
        )  # fmt: skip
    elif solution.digits < FEW_DIGITS:
        cause, remedy = "the columns explain next to nothing of y", "Read the coefficients as zero"
        if solution.condition > LARGE:
            cause = f"nearly dependent columns (condition {solution.condition:.1e})"
            remedy = "Centre the powers of a variable, or drop columns"
        warnings.warn(
            f"{cause}: only {int(solution.digits)} digits of the coefficients can be vouched for. {remedy}",
            PrecisionWarning, stacklevel=3,
        )  # fmt: skip
