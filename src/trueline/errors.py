"""Everything trueline raises, and what to do about it.

::

    TruelineError                     .advice: one sentence, what to do next
    ├── DataError (ValueError)        the rows cannot be used as they are; .problems lists each thing in the way
    │   ├── ShapeError                lengths or dimensions do not fit together
    │   ├── ColumnsError              columns are missing, extra, repeated or swapped
    │   ├── CellsError                cells that are not finite numbers: blank, text, NaN, inf
    │   │   └── NotANumberError (TypeError)   a cell holds an object that no number can be made of
    │   ├── MagnitudeError            numbers too large or too small for float64 arithmetic
    │   └── ReadError                 a file that cannot be read: names file, line or byte
    ├── OptionError (ValueError)      a parameter outside what it may be
    ├── DivergenceError (ArithmeticError)   descent ran away; .history holds the losses
    ├── ArtifactError (ValueError)    a model file that cannot be trusted
    └── RegistryError                 a registry that cannot be read, or does not hold what was asked for
        ├── RegistryBusyError         locked, or no answer: nothing was changed, try again
        ├── RegistryConflictError     somebody else registered first; .winner names their version
        └── GateError                 a model that must not be registered; .reasons lists why

    TruelineWarning (UserWarning)     the answer stands, but read this
    ├── ConstantColumnWarning         a column that never changes: its coefficient is 0
    ├── ExactFitWarning               most rows lie exactly on one line: residuals have no scale
    ├── RankWarning                   columns that determine each other: the minimum-norm answer is given
    └── PrecisionWarning              fewer digits than usual can be vouched for
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "ArtifactError",
    "CellsError",
    "ColumnsError",
    "ConstantColumnWarning",
    "DataError",
    "DivergenceError",
    "ExactFitWarning",
    "GateError",
    "MagnitudeError",
    "NotANumberError",
    "OptionError",
    "PrecisionWarning",
    "Problem",
    "RankWarning",
    "ReadError",
    "RegistryBusyError",
    "RegistryConflictError",
    "RegistryError",
    "ShapeError",
    "TruelineError",
    "TruelineWarning",
]


@dataclass(frozen=True)
class Problem:
    """One thing in the way: which column, where it first shows, how often.

    Parameters
    ----------
    what : str
        The problem in words, e.g. ``"text, not numbers (first 'NEAR BAY')"``.
    column : str, optional
        The column's name, or ``X[:, j]`` for an array without names.
    row : int, optional
        The first row that shows it, counted from 1 (a file's header does not count).
    count : int, optional
        How many rows show it.
    fix : str, optional
        The command-line flag that removes it, e.g. ``"--one-hot region"``.
    """

    what: str
    column: str | None = None
    row: int | None = None
    count: int | None = None
    fix: str | None = None

    def __str__(self) -> str:
        rows = None if self.count is None else f"{self.count} row{'' if self.count == 1 else 's'}"
        first = None if self.row is None else f"first in row {self.row}"
        where = ", ".join(part for part in (rows, first) if part)
        subject = f"{self.column}: " if self.column else ""
        return f"{subject}{self.what}" + (f" ({where})" if where else "")


class TruelineError(Exception):
    """Base of all errors of trueline; `advice` says what to do next."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        stop = "" if message.endswith("?") else "."
        super().__init__(f"{message}{stop} {advice}" if advice else message)
        self.advice = advice


class DataError(TruelineError, ValueError):
    """The rows cannot be used as they are; `problems` lists everything in the way at once."""

    def __init__(self, message: str = "", *, problems: Iterable[Problem] = (), advice: str = "") -> None:
        self.problems = tuple(problems)
        listed = [str(problem) for problem in self.problems]
        if len(listed) > 1:
            head = message or f"{len(listed)} problems"
            super().__init__("\n  ".join([f"{head}:", *listed]) + (f"\n{advice}" if advice else ""))
            self.advice = advice
        else:
            super().__init__(": ".join(part for part in (message, *listed) if part), advice=advice)


class ShapeError(DataError):
    """Lengths or dimensions do not fit together; both are named."""


class ColumnsError(DataError):
    """Columns are missing, extra, repeated or swapped; all of them are named."""


class CellsError(DataError):
    """Cells that are not finite numbers: blank, text, NaN, inf."""


class NotANumberError(CellsError, TypeError):
    """A cell holds an object that no number can be made of."""


class MagnitudeError(DataError):
    """Numbers too large or too small for float64 arithmetic; the column is named."""


class ReadError(DataError):
    """A file that cannot be read; names file and line, or file and byte."""


class OptionError(TruelineError, ValueError):
    """A parameter outside what it may be."""


class DivergenceError(TruelineError, ArithmeticError):
    """Descent ran away; `history` holds the loss of every epoch up to there."""

    def __init__(self, message: str, *, history: Iterable[float] = (), advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.history = list(history)


class ArtifactError(TruelineError, ValueError):
    """A model file that cannot be trusted: truncated, misshapen, or from a later version."""


class RegistryError(TruelineError):
    """A registry that cannot be read, or does not hold what was asked for; names it, or model@version."""


class RegistryBusyError(RegistryError):
    """The registry is locked, or does not answer: nothing was changed, try again."""


class RegistryConflictError(RegistryError):
    """Somebody else registered first; `winner` is the ``NAME@VERSION`` that stands, empty where there is none."""

    def __init__(self, message: str, *, winner: str = "", advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.winner = winner


class GateError(RegistryError):
    """A model that must not be registered; `reasons` lists everything against it."""

    def __init__(self, message: str, *, reasons: Iterable[str] = (), advice: str = "") -> None:
        self.reasons = tuple(reasons)
        super().__init__(": ".join(part for part in (message, "; ".join(self.reasons)) if part), advice=advice)
        self.message = message


class TruelineWarning(UserWarning):
    """The answer stands, but read this."""


class ConstantColumnWarning(TruelineWarning):
    """A column that never changes: its coefficient is 0."""


class ExactFitWarning(TruelineWarning):
    """Most rows lie exactly on one line: their residuals have no scale, and the line through them is given."""


class RankWarning(TruelineWarning):
    """Columns that determine each other: the minimum-norm answer is given."""


class PrecisionWarning(TruelineWarning):
    """Fewer digits than usual can be vouched for."""
