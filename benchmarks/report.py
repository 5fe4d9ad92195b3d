"""`results.md`: three tables of ratios, and which goals they meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from . import machine
from .accuracy import DIGITS_NEEDED, Case, Cell
from .descent import HUBER_TOLERANCE, GradientRace, HuberRace
from .drift import DriftTables, drift_goals
from .drift import section as drift_section
from .goals import Goal, all_goals
from .poisoning import Poisoned
from .racing import Timing
from .robust import RobustRace
from .speed import LIMIT, Race

__all__ = ["Results", "doubts", "render"]


@dataclass(frozen=True)
class Results:
    """Everything that one run found."""

    quick: bool
    load: float  # processes that wanted a processor, as the run ended
    skipped: dict[str, str]
    cases: list[Case]
    left_out: list[str]
    accuracy: dict[str, list[Cell]]
    wampler: dict[str, list[Cell]]
    races: list[Race] = field(default_factory=list)
    gradients: list[GradientRace] = field(default_factory=list)
    epochs: dict[str, Timing] = field(default_factory=dict)
    huber: HuberRace | None = None
    robust: list[RobustRace] = field(default_factory=list)
    poisoned: list[Poisoned] = field(default_factory=list)
    not_poisoned: list[str] = field(default_factory=list)
    drift: DriftTables | None = None

    def goals(self) -> list[Goal]:
        """Each goal with what was measured for it."""
        timed = all_goals(self.accuracy, self.races, self.gradients, self.epochs, self.robust, self.poisoned)
        return [*timed, *drift_goals(self.drift)]


def render(results: Results) -> str:
    """The whole page."""
    parts = [_head(results), _goals(results.goals()), _accuracy(results), _speed(results.races), _descent(results),
             _poison(results), drift_section(results.drift)]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(results: Results) -> str:
    how = "`make bench ARGS=--quick`, on an eighth of the rows" if results.quick else "`make bench`"
    skipped = "".join(f"\n- Skipped: {name}, {reason}." for name, reason in results.skipped.items())
    skipped += "".join(f"\n- **Too noisy, run again:** {name} was quicker than one read." for name in doubts(results))
    return f"""# Measured against its peers

Written by {how}; do not edit.

- Machine: {machine.describe()}.
- Versions: {machine.versions()}.
- All ratios come from one run in which everybody took turns; the shortest of several turns counts, and only behind an
  answer that agreed with an independent one. On a busy machine every ratio is blurred, either way: compare runs
  before believing a small difference. Load average while this ran: {results.load:.1f}.{skipped}"""


def doubts(results: Results) -> list[str]:
    """Who beat the limit: nobody can, so that race was disturbed."""
    huber = {} if results.huber is None else results.huber.timings
    everywhere = [*(race.timings for race in [*results.races, *results.gradients]), results.epochs, huber]
    found = []
    for timings in everywhere:
        read = timings[LIMIT].seconds if timings else None
        found += [name for name, timing in timings.items() if read and timing.seconds and timing.seconds < 0.9 * read]
    return sorted(set(found))


def _goals(goals: Sequence[Goal]) -> str:
    words = {True: "met", False: "**not met**", None: "not measured"}
    return "## Goals\n\nThey are meant for the full sizes.\n\n" + _table(
        ["goal", "measured", ""], [[goal.text, goal.measured, words[goal.met]] for goal in goals]
    )


def _accuracy(results: Results) -> str:
    left_out = "".join(f" Left out, {reason}." for reason in results.left_out)
    first = _table(["at the defaults", *(case.name for case in results.cases)], _cells(results.accuracy))
    numbers = range(1, 1 + max(map(len, results.wampler.values()), default=0))
    second = _table(["at the defaults", *(f"Wampler{number}" for number in numbers)], _cells(results.wampler))
    return f"""## 1. Right at the defaults

Wampler, Longley and Filip: correct digits of the worst coefficient, intercept included, 15 at most. The others:
relative error of the worst slope, for rows whose coefficients are exact. w: the fit warned or refused. Bold: fewer than
{DIGITS_NEEDED:.0f} correct digits, and not a word about it. Nobody can do better than 7.7 on Filip's columns, once they
are rounded to float64.{left_out}

{first}

Wampler's polynomials of degree five, all with exactly known coefficients:

{second}"""


def _cells(table: dict[str, list[Cell]]) -> list[list[str]]:
    return [[name, *map(_cell, cells)] for name, cells in table.items()]


def _cell(cell: Cell) -> str:
    return (f"**{cell.text}**" if cell.silently_wrong else cell.text) + (" w" if cell.warned else "")


def _speed(races: Sequence[Race]) -> str:
    if not races:
        return ""
    names = [name for name in races[0].timings if name != LIMIT]
    rows = [[name, *(_ratio(race.timings.get(name), race.timings[LIMIT]) for race in races)] for name in names]
    rows.append(["arithmetic: n·d² operations", *(_against_read(race) for race in races)])
    return f"""## 2. Fit, tall data

float64 with an intercept; time divided by that of one read of X by all threads, which no fit can beat. The last line is
what n·d² operations take at the speed of a large matrix product here: from about a hundred columns on, the wall.

{_table(["n × d", *(f"{race.rows:,} × {race.columns}" for race in races)], rows)}

![time against rows](time-vs-n.png)

![time against columns](time-vs-d.png)"""


def _against_read(race: Race) -> str:
    read = race.timings[LIMIT].seconds
    return f"{race.arithmetic / read:.2f}" if read else "–"


def _ratio(timing: Timing | None, unit: Timing | None) -> str:
    if timing is None:
        return "–"
    if timing.seconds is None or unit is None or unit.seconds is None:
        return timing.note or "–"
    ratio = timing.seconds / unit.seconds
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"


def _descent(results: Results) -> str:
    parts = [
        _gradients(results.gradients),
        _epochs(results.epochs),
        _huber(results.huber),
        *map(_robust, results.robust),
    ]
    body = "\n\n".join(part for part in parts if part)
    return f"## 3. Descent and robust losses\n\n{body}" if body else ""


def _gradients(races: Sequence[GradientRace]) -> str:
    if not races:
        return ""
    names = [name for name in races[0].timings if name != LIMIT]
    columns = [f"{race.dtype}, {race.rows:,} × {race.columns}" for race in races]
    rows = [[name, *(_ratio(race.timings.get(name), race.timings[LIMIT]) for race in races)] for name in names]
    return "One full gradient over the rows, in reads of the same X:\n\n" + _table(["", *columns], rows)


def _epochs(timings: dict[str, Timing]) -> str:
    if not timings:
        return ""
    rows = [
        [name, _ratio(timing, timings[LIMIT]), _ratio(timing, timings["LeastSquares"]), f"{timing.error:.0e}"]
        for name, timing in timings.items()
        if name != LIMIT
    ]
    return "Whole fits of the same rows; the error is relative to the largest coefficient:\n\n" + _table(
        ["", "in reads of X", "in closed forms", "error"], rows
    )


def _huber(race: HuberRace | None) -> str:
    if race is None:
        return ""
    theirs = race.timings["HuberRegressor"]
    rows = [
        [name, _ratio(timing, race.timings[LIMIT]), _ratio(timing, theirs), f"{timing.error:.0e}"]
        for name, timing in race.timings.items()
        if name != LIMIT
    ]
    words = (
        f"Huber's loss, {race.rows:,} × {race.columns}, t₂ noise and 5 % outliers, one threshold for both;\n"
        f"a time counts up to an error of {HUBER_TOLERANCE:.0e}, since HuberRegressor stops early at its defaults:\n\n"
    )
    return words + _table(["", "in reads of X", "in HuberRegressors", "error"], rows)


def _robust(race: RobustRace) -> str:
    ours = next(name for name in race.timings if name.startswith("trueline"))
    rows = []
    for name, timing in race.timings.items():
        if name != LIMIT:
            objective = race.objective.get(name)
            reached = "–" if objective is None else f"{objective:.6f}"
            rows.append([name, _ratio(timing, race.timings[LIMIT]), _ratio(timing, race.timings[ours]), reached])
    head = f"{race.title}, {race.rows:,} × {race.columns}, t₂ noise and 5 % outliers:\n\n"
    return head + _table(["", "in reads of X", "in our fits", "objective / lowest"], rows)


def _poison(results: Results) -> str:
    if not results.poisoned and not results.not_poisoned:
        return ""
    rows = [
        [run.title, f"{damage.rate:.0%}", f"{run.clean_mse:.5f}", f"× {damage.times:.2f}", f"× {damage.published}"]
        for run in results.poisoned for damage in run.damage
    ]  # fmt: skip
    seconds = "".join(f" {run.title.partition(',')[0]} took {run.seconds:.2f} s." for run in results.poisoned)
    left_out = "".join(f" Left out: {reason}." for reason in results.not_poisoned)
    return f"""## 4. Poison with published figures

Test MSE on clean rows, over that of the clean fit.{seconds}{left_out}

{_table(["protocol", "rate", "clean", "here", "published"], rows)}"""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
