"""Coefficients of the same fit in other units: of standardised columns, of another y, of one column."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .candidate import Candidate
from .subject import Fit, Subject

__all__ = ["standardised", "units"]

NEAR = 1e-4  # a factor this near 1 is no change of units
UNITS = (10.0, 12.0, 60.0, 100.0, 1000.0, 3600.0, 1e6, 2.54, 0.3048, 0.45359237)


def standardised(subject: Subject) -> Iterator[Candidate]:
    """Slopes per deviation (or range) of a column, and y in its own deviations."""
    ours = subject.refit(fit_intercept=True)
    n, centre, y = len(subject.y), subject.X.mean(axis=0), subject.y
    level = float(ours.intercept + centre @ ours.coef)
    one = np.ones(len(centre))
    for bessel, words in ((0, "population"), (1, "sample")):
        unit = subject.X.std(axis=0, ddof=bessel)
        for y_unit, y_words in ((1.0, ""), (float(y.std(ddof=bessel)), ", y standardised too")):
            if y_unit == 0 or n < 3:
                continue
            free = level if y_unit == 1.0 else 0.0
            fit = Fit(ours.coef * unit / y_unit, free, ours.digits)
            text = f"its coefficients are those of standardised columns ({words} deviation{y_words})"
            yield Candidate("standardised", text, fit)
            yield Candidate("standardised", f"{text}; its intercept is another", fit, intercept=False)
    low, high = subject.X.min(axis=0), subject.X.max(axis=0)
    for shift, unit, words in ((centre, one, "centred columns"), (low, high - low, "columns scaled to 0 to 1")):
        fit = Fit(ours.coef * unit, float(ours.intercept + shift @ ours.coef), ours.digits)
        yield Candidate("standardised", f"its coefficients are those of {words}", fit)


def units(subject: Subject) -> Iterator[Candidate]:
    """y in another unit or as a logarithm; one column in a unit of ten, a hundred, sixty, ..."""
    ours, theirs = subject.refit(), subject.theirs
    a, b = ours.coef * subject.size, theirs.coef * subject.size
    factor = float(a @ b) / max(float(a @ a), 1e-300)
    text = f"its y is {factor:.6g} times y here"
    fit = Fit(ours.coef * factor, ours.intercept * factor, ours.digits)
    if abs(factor - 1) > NEAR:
        yield Candidate("unit of y", text, fit, fitted=1)
        yield Candidate("unit of y", f"{text}, with another zero", fit, intercept=False, fitted=1)
    if (subject.y > 0).all():
        yield Candidate("unit of y", "its y is the logarithm of y here", subject.refit(y=np.log(subject.y)))
    yield Candidate("unit of y", "its y has the opposite sign", Fit(-ours.coef, -ours.intercept, ours.digits))
    yield from _one_column(subject, ours)


def _one_column(subject: Subject, ours: Fit) -> Iterator[Candidate]:
    """The slope that differs most, times a number that units differ by."""
    theirs = subject.theirs
    worst = int(np.argmax(subject.errors(ours)[:-1]))
    if ours.coef[worst] != 0 and theirs.coef[worst] != 0:
        ratio = float(theirs.coef[worst] / ours.coef[worst])
        coef = ours.coef.copy()
        for unit in UNITS:
            near = float(np.copysign(unit if abs(ratio) > 1 else 1 / unit, ratio))
            if abs(ratio / near - 1) < 1e-3:
                coef[worst] *= near
                words = f"its {subject.names[worst]} is in another unit: the coefficient is {near:g} times the one here"
                yield Candidate(
                    "unit of a column", words, Fit(coef, ours.intercept, ours.digits), weighed=4 * len(UNITS)
                )
                return
