"""Least squares in exact fractions: the truth that no rounding touches."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

__all__ = ["exact_fit", "solve_exactly"]


def exact_fit(X: Any, y: Any, weights: Any = None, intercept: bool = True) -> tuple[list[Fraction], Fraction] | None:
    """Coefficients and intercept of the stored numbers; None where they are not determined."""
    omega = [Fraction(1)] * len(y) if weights is None else [Fraction(w) for w in weights.tolist()]
    rows = [[Fraction(int(intercept)), *map(Fraction, row)] for row in X.tolist()]
    rows = rows if intercept else [row[1:] for row in rows]
    sides = [Fraction(t) for t in y.tolist()]
    system = [
        [sum(o * row[i] * row[j] for row, o in zip(rows, omega, strict=True)) for j in range(len(rows[0]))]
        + [sum(o * row[i] * t for row, t, o in zip(rows, sides, omega, strict=True))]
        for i in range(len(rows[0]))
    ]
    theta = solve_exactly(system)
    if theta is None:
        return None
    return (theta[1:], theta[0]) if intercept else (theta, Fraction(0))


def solve_exactly(system: list[list[Fraction]]) -> list[Fraction] | None:
    """Gauss-Jordan on [A | c]."""
    size = len(system)
    for i in range(size):
        pivot = next((k for k in range(i, size) if system[k][i]), None)
        if pivot is None:
            return None
        system[i], system[pivot] = system[pivot], system[i]
        system[i] = [value / system[i][i] for value in system[i]]
        for k in range(size):
            if k != i and system[k][i]:
                system[k] = [a - system[k][i] * b for a, b in zip(system[k], system[i], strict=True)]
    return [row[-1] for row in system]
