"""How much work an audit does, fixed before it starts: never by the clock, so that it can be repeated."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import OptionError

__all__ = ["EFFORTS", "MOST_COLUMNS", "Effort", "effort_of"]

MOST_COLUMNS = 1000  # after encoding: beyond, single sections would take hours


@dataclass(frozen=True)
class Effort:
    """Units of work.

    Parameters
    ----------
    name : str
    counted : int
        Features whose rows are counted, those that move the output most.
    counted_rows : int
        Rows times features up to which every row is counted in; larger data are sampled.
    arena_rows : int
        Rows on which attacks meet defences.
    seeds : int
        Splits and attacks per rate.
    rates : tuple of float
        Shares of poison.
    adaptive : int
        Refits of the attack that knows the defence.
    splits : int
        Halvings on which leakage is measured.
    trimmed_rows : int
        Rows on which the trimmed and the median fit are made.
    """

    name: str
    counted: int
    counted_rows: int
    arena_rows: int
    seeds: int
    rates: tuple[float, ...]
    adaptive: int
    splits: int
    trimmed_rows: int


EFFORTS = {
    "quick": Effort("quick", 4, 2_000, 400, 1, (0.05, 0.2), 0, 20, 20_000),
    "normal": Effort("normal", 8, 25_000, 1_000, 2, (0.02, 0.05, 0.1, 0.2), 12, 100, 100_000),
    "thorough": Effort("thorough", 1000, 100_000, 4_000, 5, (0.01, 0.02, 0.05, 0.1, 0.15, 0.2), 100, 200, 1_000_000),
}


def effort_of(name: str) -> Effort:
    """The units of a name.

    Parameters
    ----------
    name : str

    Raises
    ------
    OptionError
        There is no such effort.

    Examples
    --------
    >>> effort_of("quick").adaptive
    0
    """
    if name not in EFFORTS:
        raise OptionError(f"effort must be one of {', '.join(EFFORTS)}, got {name!r}")
    return EFFORTS[name]
