"""What trueline set out to reach, beside what this run measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .accuracy import DIGITS_NEEDED, Cell
from .descent import EPOCHS, GradientRace
from .poisoning import REFERENCE, REFERENCE_SECONDS, Poisoned
from .racing import Timing
from .robust import RobustRace
from .speed import LIMIT, Race

__all__ = ["Goal", "all_goals"]

OURS = "trueline LeastSquares"


@dataclass(frozen=True)
class Goal:
    """A goal; `met` is None where nothing was measured for it."""

    text: str
    measured: str
    met: bool | None


def all_goals(
    accuracy: dict[str, list[Cell]], races: Sequence[Race], gradients: Sequence[GradientRace],
    epochs: dict[str, Timing], robust: Sequence[RobustRace], poisoned: Sequence[Poisoned],
) -> list[Goal]:  # fmt: skip
    """In the order of the tables."""
    return [
        _right_or_warned(accuracy.get(OURS, [])),
        _every_race("faster than oneDAL at every shape", races, "oneDAL", 1.0),
        _near_the_wall(races),
        _every_race("50 × faster than LinearRegression", races, "scikit-learn LinearRegression", 50.0),
        _fused(gradients),
        _thousand_epochs(epochs),
        *map(_robust, robust),
        *(_poison(run) for run in poisoned if run.title.startswith("B2")),
    ]


def _right_or_warned(cells: Sequence[Cell]) -> Goal:
    wrong = sum(cell.silently_wrong for cell in cells)
    words = f"{wrong} of {len(cells)} columns silently below {DIGITS_NEEDED:.0f} digits"
    return Goal("every column of table 1 right or warned", words, wrong == 0 if cells else None)


def _every_race(text: str, races: Sequence[Race], peer: str, times: float) -> Goal:
    pairs = [(race.ratio(peer), race.ratio(OURS)) for race in races]
    gains = [theirs / ours for theirs, ours in pairs if theirs and ours]
    words = ", ".join(f"{gain:.1f} ×" for gain in gains)
    return Goal(text, words or "–", all(gain >= times for gain in gains) if gains else None)


def _near_the_wall(races: Sequence[Race]) -> Goal:
    """The wall is the slower of one read and the arithmetic."""
    found = []
    for race in races:
        read, ours = race.timings[LIMIT].seconds, race.timings[OURS].seconds if OURS in race.timings else None
        if read and ours:
            found.append(ours / max(read, race.arithmetic))
    words = ", ".join(f"{ratio:.1f} ×" for ratio in found)
    text = "within 2 × of the slower of memory and arithmetic"
    return Goal(text, words or "–", all(ratio <= 2 for ratio in found) if found else None)


def _fused(gradients: Sequence[GradientRace]) -> Goal:
    """Held in float64, by every loss."""
    found = []
    for race in gradients:
        read = race.timings[LIMIT].seconds
        ours = [t.seconds for name, t in race.timings.items() if name.startswith("trueline") and t.seconds]
        if race.dtype == "float64" and read and ours:
            found += [seconds / read for seconds in ours]
    words = f"{min(found):.2f} to {max(found):.2f} reads" if found else "–"
    return Goal("one full gradient within 1.3 reads, every loss", words, max(found) <= 1.3 if found else None)


def _thousand_epochs(epochs: dict[str, Timing]) -> Goal:
    many, one = epochs.get(f"LinearRegressionGD, {EPOCHS} epochs"), epochs.get("LeastSquares")
    text = f"{EPOCHS} epochs within 1.2 × of one closed form"
    if not (many and one and many.seconds and one.seconds):
        return Goal(text, many.note if many else "–", None)
    ratio = many.seconds / one.seconds
    return Goal(text, f"{ratio:.2f} ×", ratio <= 1.2)


ROBUST = {"Huber": 10.0, "median": 40.0, "least": 1.0}  # times faster than the peer


def _robust(race: RobustRace) -> Goal:
    times = ROBUST[race.title.split()[0].rstrip(",")]
    peer = next(name for name in race.timings if name != LIMIT and not name.startswith("trueline"))
    ours = next(name for name in race.timings if name.startswith("trueline"))
    text = f"{race.title}: {times:g} × faster than {peer}"
    mine, theirs = race.timings[ours].seconds, race.timings[peer].seconds
    if not (mine and theirs):
        return Goal(text, race.timings[ours].note or race.timings[peer].note or "–", None)
    worse = race.objective.get(ours, 1.0) > 1.0 + 1e-6
    words = f"{theirs / mine:.1f} ×" + (", objective worse" if worse else "")
    return Goal(text, words, theirs / mine >= times and not worse)


def _poison(run: Poisoned) -> Goal:
    times = max(damage.times for damage in run.damage)
    text = f"B2: damage × {REFERENCE:g} in a small part of {REFERENCE_SECONDS:g} s"
    return Goal(
        text, f"× {times:.0f} in {run.seconds:.1f} s", times >= REFERENCE and run.seconds < REFERENCE_SECONDS / 10
    )
