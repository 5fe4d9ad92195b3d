"""How much work an audit does, fixed before it starts: never by the clock, so that it can be repeated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..errors import OptionError

__all__ = ["EFFORTS", "MOST_COLUMNS", "Effort", "Siege", "effort_of"]

MOST_COLUMNS = 1000  # after encoding: beyond, single sections would take hours
FEWEST, HALVES = 20, 2e9  # models that an attack on membership needs, and multiplications that it may spend
CALL = 12_500_000  # multiplications that take as long as what every fit costs beside its arithmetic


@dataclass(frozen=True)
class Siege:
    """What defences are put through: every attack at every rate on every split.

    Parameters
    ----------
    rates : tuple of float
        Shares of poison.
    splits : int
        Into rows to train on and to test on, each with attacks of its own.
    refits : int
        Of the attack that knows the defence, for each; 0 leaves it out.
    knowing : tuple of float
        Rates at which that attack is tried.
    attacks : tuple of str
        Those that do not know the defence.
    starts : int
        Of the trimmed fit.
    """

    rates: tuple[float, ...]
    splits: int
    refits: int
    knowing: tuple[float, ...]
    attacks: tuple[str, ...] = ("flip", "statistical", "optimize")
    starts: int = 20

    @property
    def fits(self) -> int:
        """How often each defence is fitted on poisoned rows."""
        return self.splits * (len(self.rates) * len(self.attacks) + len(self.knowing) * self.refits)

    def smaller(self) -> Iterator[Siege]:
        """The same with less, step by step: refits first, then rates, splits and attacks."""
        now = replace(self, refits=self.refits // 3)
        yield now
        ends = tuple(sorted({now.rates[len(now.rates) // 4], now.rates[-1]}))
        for change in (
            {"rates": ends, "knowing": ends if now.knowing else ()},
            {"splits": min(now.splits, 2)},
            {"attacks": now.attacks[::2], "starts": 10},
            {"knowing": ends[:1] if now.knowing else ()},
            {"refits": 0, "knowing": ()},
            {"rates": ends[:1]},
        ):
            now = replace(now, **change)
            yield now


@dataclass(frozen=True)
class Effort:
    """Units of work.

    Parameters
    ----------
    name : str
    counted : int
        Features whose rows are counted, those that move the output most.
    counted_cells : int
        Rows times features up to which every row is counted in; larger data are sampled.
    arena_rows : int
        Rows on which attacks meet defences.
    siege : Siege
        What they do there, on data that are not wide.
    arena_work : float
        Multiplications up to which the siege stays whole.
    splits : int
        Halvings on which leakage is measured.
    trimmed_rows : int
        Rows on which the trimmed and the median fit are made.
    """

    name: str
    counted: int
    counted_cells: int
    arena_rows: int
    siege: Siege
    arena_work: float
    splits: int
    trimmed_rows: int

    def siege_of(self, rows: int, columns: int) -> Siege:
        """The largest siege that stays within `arena_work` on so many rows, or the smallest there is.

        Parameters
        ----------
        rows, columns : int

        Examples
        --------
        >>> EFFORTS["normal"].siege_of(1000, 12).rates, EFFORTS["normal"].siege_of(1100, 274).rates
        ((0.02, 0.05, 0.1, 0.2), (0.05, 0.2))
        """
        one = _work(rows, columns)
        found = self.siege
        for smaller in found.smaller():
            if found.fits * one <= self.arena_work:
                break
            found = smaller
        return found

    def halvings(self, rows: int, columns: int) -> int:
        """How many models are trained to see whether errors tell who was in; at least 20.

        Parameters
        ----------
        rows, columns : int
            Of each half.
        """
        return max(FEWEST, min(self.splits, int(HALVES / _work(rows, columns))))


def _work(rows: int, columns: int) -> int:
    """Multiplications of a fit; twice those of a plain one, since wide rows often determine each other."""
    return 2 * rows * columns**2 + CALL


_RATES, _FINE = (0.02, 0.05, 0.1, 0.2), (0.01, 0.02, 0.05, 0.1, 0.15, 0.2)
_PLAIN = ("flip", "statistical")
EFFORTS = {
    "quick": Effort("quick", 4, 300_000, 400, Siege((0.05, 0.2), 3, 0, (), _PLAIN), 1e9, 20, 20_000),
    "normal": Effort("normal", 8, 400_000, 1_000, Siege(_RATES, 3, 15, (0.05, 0.2)), 1.8e9, 100, 100_000),
    "thorough": Effort("thorough", 1000, 50_000_000, 4_000, Siege(_FINE, 8, 100, _RATES), 1e12, 200, 1_000_000),
}  # fmt: skip


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
    >>> effort_of("quick").siege.refits
    0
    """
    if name not in EFFORTS:
        raise OptionError(f"effort must be one of {', '.join(EFFORTS)}, got {name!r}")
    return EFFORTS[name]
