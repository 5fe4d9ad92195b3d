"""Data whose truth is kept beside it: one bundled real set, and seeded synthetic ones.

The same `random_state` gives the same bits in every run.
"""

from __future__ import annotations

from .credit import CreditLimits, make_credit_limits
from .linear import Dataset, LinearDataset, load_diabetes, make_linear
from .traps import TRAPS, make_trap

__all__ = [
    "TRAPS",
    "CreditLimits",
    "Dataset",
    "LinearDataset",
    "load_diabetes",
    "make_credit_limits",
    "make_linear",
    "make_trap",
]
