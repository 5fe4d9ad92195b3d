"""How much a finding matters: what it moves against what is tolerable, and how many rows it takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from ..findings import Severity

__all__ = ["EFFECTS", "REACHES", "TABLE", "TOLD", "Terms", "lower", "severity_of", "severity_of_leak",
           "severity_of_sign"]  # fmt: skip

EFFECTS = (1.0, 3.0)  # multiples of the tolerance where a band of effects begins
REACHES = (0.0, 1.0, 5.0)  # multiples of the attacker's rows where a band of rows ends
ONE_ROW_PULLS = 0.5  # standard errors of an effect that a single row moves it by: the sign hangs on that row
TOLD = (0.1, 0.5)  # shares of a column's unknown variance that a model tells, where a band begins

# Lines: effect below the tolerance, from 1 time, from 3 times. Columns: it is so already (0 rows), within the
# attacker's rows, within 5 times as many, more or no number found.
TABLE = (
    (Severity.LOW, Severity.INFO, Severity.INFO, Severity.INFO),
    (Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO),
    (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW),
)


@dataclass(frozen=True)
class Terms:
    """What the reader of an audit tolerates, and of whom.

    Parameters
    ----------
    tolerance : float
        A shift of y below this does not matter, in units of y.
    attacker_rows : int
        How many rows an attacker is thought to control.
    why : str
        Where the tolerance comes from.
    """

    tolerance: float
    attacker_rows: int
    why: str = "given"


def severity_of(effect: float, rows: float | None, terms: Terms, *, own_output: bool = False) -> Severity:
    """The table of docs/severity.md.

    Parameters
    ----------
    effect : float
        What is moved, in units of y; its sign does not matter.
    rows : float or None
        Rows or queries that it takes; 0 for what has happened already, None where no number was found.
    terms : Terms
    own_output : bool
        Only the output for the attacker's own row moves, nobody else's: one step lower.

    Examples
    --------
    >>> severity_of(350.0, 2, Terms(tolerance=100.0, attacker_rows=5)).value
    'high'
    >>> severity_of(350.0, 20, Terms(tolerance=100.0, attacker_rows=5)).value
    'medium'
    """
    line = sum(abs(effect) >= start * terms.tolerance for start in EFFECTS)
    needed = inf if rows is None else rows
    column = sum(needed > end * terms.attacker_rows for end in REACHES)
    found = TABLE[line][column]
    return lower(found) if own_output else found


def lower(severity: Severity) -> Severity:
    """One step down; info stays.

    Parameters
    ----------
    severity : Severity
    """
    order = list(Severity)
    return order[max(0, order.index(severity) - 1)]


def severity_of_sign(effect: float, rows: float | None, terms: Terms) -> Severity:
    """Of a sign that turns around: a conclusion, so never below the line "from 1 time", however small the effect.

    Parameters
    ----------
    effect, rows, terms
        As for `severity_of`.

    Examples
    --------
    >>> severity_of_sign(0.1, 1, Terms(tolerance=100.0, attacker_rows=5)).value
    'medium'
    """
    return severity_of(max(abs(effect), EFFECTS[0] * terms.tolerance), rows, terms)


def severity_of_leak(told: float) -> Severity:
    """Of a model that tells a column of a person; units of y have no meaning there.

    Parameters
    ----------
    told : float
        Share of the variance left without the model that the model removes, 0 to 1.
    """
    return (Severity.INFO, Severity.LOW, Severity.MEDIUM)[sum(told >= start for start in TOLD)]
