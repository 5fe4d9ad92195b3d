"""What a table's columns are, learnt in one read; or all that stands in the way, with the flags that remove it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..errors import CellsError, ColumnsError, DataError, Problem
from .cells import level_cells, number_cells
from .columns import Column
from .stream import TableStream, closest, did_you_mean
from .table import eager_frame
from .troubles import Kind, Tally, Trouble, as_problem

__all__ = ["Plan", "learn_columns"]

MANY_LEVELS = 1_000  # more than this is not a category but a label of the row
LOOK = 100_000  # values compared before a column is called an id
ID_NAME = re.compile(
    r"(?i:(^|[_\s-])(id|uuid|guid)$|^(index|key|row|rownum|unnamed: 0|column \d+|__index_level_\d+__)$)|[a-z]I[dD]$"
)


@dataclass(frozen=True)
class Plan:
    """What the user wants done with the columns.

    Parameters
    ----------
    target : str or None
    one_hot, drop : tuple of str
        Columns to encode, columns to leave out.
    drop_missing : bool
        Leave out rows with blanks instead of refusing them.
    """

    target: str | None
    one_hot: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    drop_missing: bool = False

    def problems(self, names: tuple[str, ...]) -> Iterator[Problem]:
        """Names that are not there, or asked for twice."""
        if self.target is not None and self.target not in names:
            close = closest(self.target, names)
            fix = f"--target {shlex.quote(close)}" if close else None
            yield Problem(f"no such column to be the target{did_you_mean(self.target, names)}", self.target, fix=fix)
        for flag, wanted in (("one-hot", self.one_hot), ("drop", self.drop)):
            for name in wanted:
                if name not in names:
                    features = [each for each in names if each != self.target]
                    close = closest(name, features)
                    taken = close in (*self.one_hot, *self.drop)
                    fix = f"--{flag} {shlex.quote(close)}" if close and not taken else None
                    yield Problem(f"no such column to {flag}{did_you_mean(name, features)}", name, fix=fix)
                elif name == self.target:
                    yield Problem(f"is the target, so it cannot be in {flag}", name)
        for name in set(self.one_hot) & set(self.drop):
            yield Problem("is both in one-hot and in drop", name)


@dataclass
class Profile:
    """What one column held, kept rows only."""

    name: str
    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    numbers: int = 0
    seen: set[str] = field(default_factory=set)
    looked: int = 0

    def add_numbers(self, values: NDArray[np.float64]) -> None:
        values = values[np.isfinite(values)]
        if len(values):
            self.numbers += len(values)
            self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
            self.whole = self.whole and bool((values == np.rint(values)).all())

    def look(self, values: Any) -> None:
        """Remember distinct values (an Arrow array of text), up to a limit."""
        values = values.drop_null()
        if self.looked < LOOK:
            values = values.slice(0, LOOK - self.looked)
            self.seen.update(pc.unique(values).to_pylist())
            self.looked += len(values)

    @property
    def labels_rows(self) -> bool:
        """Is (nearly) every value another, as in an id or a free text?"""
        return len(self.seen) > MANY_LEVELS or (self.looked > 2 and len(self.seen) >= 0.9 * self.looked)

    def kind(self) -> str:
        if not self.whole:
            return "numeric"
        return "boolean" if self.low >= 0 and self.high <= 1 else "integer"


class Learner:
    """One read of a stream: profiles of the features and the target, and all the troubles."""

    def __init__(self, stream: TableStream, plan: Plan) -> None:
        self.stream, self.plan = stream, plan
        target = plan.target if plan.target in stream.names else closest(plan.target or "", stream.names)
        self.features = [name for name in stream.names if name not in (target, *plan.drop)]
        self.levels: dict[str, set[str]] = {name: set() for name in self.features if name in plan.one_hot}
        used = [*self.features, *([target] if target is not None else [])]
        self.profiles = {name: Profile(name) for name in used}
        self.tally = Tally()
        self.rows = self.kept = 0

    def read(self) -> None:
        for table in self.stream.tables():
            frame = eager_frame(table)
            keep = np.ones(len(frame), dtype=bool)
            pieces = {str(name): self._cells(str(name), frame.get_column(name), keep) for name in frame.columns
                      if str(name) in self.profiles}  # fmt: skip
            for name, values in pieces.items():
                self._profile(name, values, keep)
            self.rows += len(frame)
            self.kept += int(keep.sum())

    def _cells(self, name: str, series: nw.Series[Any], keep: NDArray[np.bool_]) -> Any:
        """The column's numbers or levels; rows with a blank leave `keep` where they are to be dropped."""
        if name in self.levels:
            levels, troubles = level_cells(series, self.stream.spelled)
            self._drop(np.asarray(levels.is_null()), keep)
            values: Any = levels
        else:
            cells = number_cells(series, self.stream.spelled)
            values, troubles = cells.numbers, cells.troubles
            self._drop(cells.blank, keep)
            if any(trouble.kind is Kind.TEXT for trouble in troubles):
                self.profiles[name].look(level_cells(series, self.stream.spelled)[0])
        self.tally.add(name, troubles, self.rows)
        return values

    def _drop(self, blank: NDArray[np.bool_] | None, keep: NDArray[np.bool_]) -> None:
        if self.plan.drop_missing and blank is not None:
            keep &= ~blank

    def _profile(self, name: str, values: Any, keep: NDArray[np.bool_]) -> None:
        profile = self.profiles[name]
        if name in self.levels:
            if len(self.levels[name]) <= MANY_LEVELS:
                self.levels[name].update(pc.unique(values.filter(keep)).drop_null().to_pylist())
            return
        profile.add_numbers(values[keep])
        if ID_NAME.search(name) and profile.whole and Kind.TEXT not in self.tally.of(name):
            profile.look(pc.cast(pa.array(values[keep], from_pandas=True), pa.string()))

    def columns(self) -> tuple[Column, ...]:
        """The features' columns, once there are no problems."""
        return tuple(self._column(self.profiles[name]) for name in self.features)

    def _column(self, profile: Profile) -> Column:
        if profile.name in self.levels:
            return Column(profile.name, "category", tuple(sorted(self.levels[profile.name])))
        return Column(profile.name, profile.kind(), (), profile.low, profile.high)

    def problems(self) -> list[Problem]:
        """Everything in the way, each with the flag that removes it where one does."""
        lines = self.stream.places(self.tally.first_rows())
        found = list(self.plan.problems(self.stream.names))
        for name, profile in self.profiles.items():
            found += self._judged(profile, self.tally.of(name), lines)
        if not self.features:
            found.append(Problem("no column is left to learn from"))
        return found

    def _judged(self, profile: Profile, troubles: dict[Kind, Trouble], lines: Mapping[int, str]) -> Iterator[Problem]:
        name = profile.name
        blank = troubles.pop(Kind.BLANK, None)
        drop = None if name == self.plan.target else f"--drop {shlex.quote(name)}"
        if blank and blank.count == self.rows:
            yield Problem("every cell is blank", name, 1, self.rows, drop)
            return
        if Kind.LOGICAL in troubles and profile.kind() == "boolean":
            del troubles[Kind.LOGICAL]
        text = troubles.pop(Kind.TEXT, None)
        what, fix = self._words(profile, text, drop)
        if text:
            yield as_problem(name, text, lines, what, fix)
        for trouble in troubles.values():
            yield as_problem(name, trouble, lines, fix=drop)
        if text is None and (label := self._label(profile)):
            yield Problem(label, name, fix=drop)
        cured = fix == drop if text else bool(troubles)  # the column goes, so its blanks go with it
        if blank and (cured or not self.plan.drop_missing):
            words = "blank" if self.stream.spelled else None
            mostly = 2 * blank.count > self.rows  # one such column would cost the rows of all the others
            yield as_problem(name, blank, lines, words, (drop if cured or mostly else None) or "--drop-missing")

    def _words(self, profile: Profile, text: Trouble | None, drop: str | None) -> tuple[str | None, str | None]:
        """How to say that a column holds text, and the flag that helps."""
        if text is None:
            return None, None
        if text.count <= profile.numbers:
            return "text among numbers", drop
        if profile.labels_rows:
            return "text that differs in nearly every row, like an id", drop
        return None, drop and f"--one-hot {shlex.quote(profile.name)}"

    def _label(self, profile: Profile) -> str | None:
        """What makes a column useless as a feature, if anything does."""
        if profile.name in self.levels:
            n_levels = len(self.levels[profile.name])
            if n_levels > MANY_LEVELS:
                return f"more than {MANY_LEVELS} levels, too many for one-hot"
            return "only one level" if n_levels == 1 else None
        if profile.name == self.plan.target or not ID_NAME.search(profile.name):
            return None
        distinct = profile.whole and profile.looked > 2 and len(profile.seen) == profile.looked
        return "a number of the row (an id), not a measurement" if distinct else None


def learn_columns(stream: TableStream, plan: Plan) -> tuple[Column, ...]:
    """The columns of a table's features, learnt in one read.

    Parameters
    ----------
    stream : TableStream
    plan : Plan

    Raises
    ------
    ColumnsError, CellsError
        All the problems of the whole table at once, each with the command-line flag that removes it.
    DataError
        There are no rows, or none without blanks.
    """
    learner = Learner(stream, plan)
    learner.read()
    if problems := learner.problems():
        named = any(True for _ in plan.problems(stream.names))
        kind = ColumnsError if named else CellsError
        advice = _advice([problem.fix for problem in problems if problem.fix])
        if named:
            advice = f"The columns are {', '.join(stream.names)}" + (f"\n{advice}" if advice else "")
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise kind(f"{stream.label}: {count}", problems=problems, advice=advice)
    if not learner.kept:
        raise DataError(f"{stream.label}: no rows are left, every one of {learner.rows} has a blank")
    return learner.columns()


def _advice(fixes: Iterable[str]) -> str:
    """The flags, once for the shell and once for Python."""
    flags = list(dict.fromkeys(fixes))
    if not flags:
        return ""
    options: dict[str, list[str]] = {}
    for flag in flags:
        option, *names = shlex.split(flag)
        options.setdefault(option[2:].replace("-", "_"), []).extend(names)
    python = ", ".join(f"{option}={_option(option, names)}" for option, names in options.items())
    return f"Try {' '.join(flags)}; in Python Schema.learn(..., {python})"


def _option(option: str, names: list[str]) -> str:
    if not names:
        return "True"
    return repr(names[0]) if option == "target" else repr(names)
