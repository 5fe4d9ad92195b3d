"""Candidate: a fit with one thing changed, that may explain a model."""

from __future__ import annotations

from dataclasses import dataclass

from .subject import Fit

__all__ = ["Candidate"]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A changed fit.

    Parameters
    ----------
    cause : str
        "penalty", "intercept", "standardised", "weights", "unit of y", "unit of a column", "rows", "undetermined",
        "solver", "loss".
    text : str
    fit : Fit
    intercept : bool
        Is the intercept compared as well?
    weighed : int
        How many like it were weighed to find it: chance has so many tries.
    fitted : int
        Numbers, like the size of a penalty, that were taken from the coefficients: these agree by themselves.
    """

    cause: str
    text: str
    fit: Fit
    intercept: bool = True
    weighed: int = 1
    fitted: int = 0
