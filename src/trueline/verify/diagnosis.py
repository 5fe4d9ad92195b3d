"""diagnose: what stands in the way of a good fit, found before fitting."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import CellsError, Problem
from ..findings import Assurance, Finding, Severity
from ..models.base import LinearModel
from ..models.gate import column_name
from ..rows import table
from ..rows.source import in_memory
from .rules import RULES, Rows

__all__ = ["diagnose"]

REPRODUCE = "trueline.verify.diagnose(X, y)"


def diagnose(X: ArrayLike, y: ArrayLike | str) -> list[Finding]:
    """Look at the rows before fitting, and say what would go wrong, with evidence and advice.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X

    Returns
    -------
    list of Finding
        Worst first. Rules: not-finite, more-columns-than-rows, collinear-columns, nearly-collinear-columns,
        double-intercept, slow-descent, largest-stable-lr, missing-intercept, extreme-rows, float32-overflow, id-like.
        Rows with NaN or infinity are named, then left out of the other rules.

    Raises
    ------
    DataError
        Text columns, lengths that differ: what cannot be looked at at all.

    Examples
    --------
    >>> X = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [5.0, 10.0]])
    >>> print(diagnose(X, np.arange(4.0))[0])
    [high] X[:, 0], X[:, 1] determine each other -> Drop 1 of them, or set reg_lambda: their coefficients are not ...
    """
    try:
        source = in_memory(LinearModel()._source(X, y, None))
    except CellsError as error:  # a frame's gate names all of its cells at once
        if not all("NaN" in problem.what or "infinity" in problem.what for problem in error.problems):
            raise
        return [_not_finite(problem) for problem in error.problems]
    finite = np.isfinite(source.X).all(axis=1) & np.isfinite(source.y)
    findings = [_not_finite(problem) for problem in _cells(source.X, source.y, source.names)]
    names = tuple(column_name(source.names, j) for j in range(source.n_features))
    if finite.sum() >= 2:
        rows = Rows(source.X[finite].astype(np.float64), source.y[finite], names, np.flatnonzero(finite))
        findings += [finding for rule in RULES for finding in rule(rows)]
    order = list(Severity)[::-1]
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def _cells(X: Any, y: Any, names: tuple[str, ...] | None) -> list[Problem]:
    problems: list[Problem] = []
    for values, columns, what in ((X, names, "X"), (y, None, "y")):
        try:
            table.check_finite(values, columns, what)
        except CellsError as error:
            problems += error.problems
    return problems


def _not_finite(problem: Problem) -> Finding:
    return Finding(
        "not-finite", Severity.CRITICAL, str(problem),
        evidence={"first_row": problem.row, "rows": problem.count}, where=(problem.column or "",),
        assurance=Assurance.PROVEN, reproduce=REPRODUCE,
        advice="Drop or fill these rows; every fit refuses them",
    )  # fmt: skip
