"""What every command shares: messages for people, JSON for machines, progress, and errors without tracebacks."""

from __future__ import annotations

import functools
import json
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import typer

from ..errors import DataError, DivergenceError, TruelineError

__all__ = ["Incomplete", "guarded", "print_json", "progress", "say", "table", "warned"]

P = ParamSpec("P")
R = TypeVar("R")

WRONG_USE, INCOMPLETE = 2, 3


class Incomplete(Exception):
    """The command did not finish what it was asked for; exit code 3."""


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn expected errors into one message on stderr and an exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (DivergenceError, Incomplete) as error:
            _fail(str(error), INCOMPLETE)
        except DataError as error:
            _fail(_with_correction(error, sys.argv), WRONG_USE)
        except TruelineError as error:
            _fail(str(error), WRONG_USE)
        except OSError as error:
            _fail(f"{error.filename or 'file'}: {error.strerror or error}", WRONG_USE)
        raise AssertionError("unreachable")

    return run


def _fail(message: str, code: int) -> None:
    typer.echo(f"trueline: {message}", err=True)
    raise typer.Exit(code)


def _with_correction(error: DataError, argv: Sequence[str]) -> str:
    """What is in the way and, where flags remove it, the command to paste: what was typed, and those flags."""
    fixes = list(dict.fromkeys(problem.fix for problem in error.problems if problem.fix))
    if not fixes or len(argv) < 2:
        return str(error)
    listed = str(error).removesuffix(error.advice).rstrip()
    return f"{listed}\n\nThis command gets past it:\n  {shlex.join(['trueline', *argv[1:]])} {' '.join(fixes)}"


def say(text: str = "") -> None:
    """A line for a person."""
    typer.echo(text)


def print_json(values: dict[str, Any]) -> None:
    """One object for a machine; a number that is not finite becomes null."""
    typer.echo(json.dumps(_plain(values), indent=1, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return value


def table(rows: Sequence[Sequence[str]], headings: Sequence[str]) -> None:
    """Columns side by side: the first to the left, numbers to the right."""
    widths = [max(len(row[j]) for row in [headings, *rows]) for j in range(len(headings))]
    for row in [headings, *rows]:
        cells = [cell.ljust(width) if j == 0 else cell.rjust(width)
                 for j, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
        say("  " + "  ".join(cells).rstrip())


@contextmanager
def warned() -> Iterator[list[str]]:
    """Collect warnings as text instead of showing file and line."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield texts
        finally:
            texts += list(dict.fromkeys(str(warning.message) for warning in caught))


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int | None], object]]:
    """A bar with rows and rows/s on a terminal; nothing where stderr goes elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(),
        TextColumn("{task.completed:,.0f} rows"), TextColumn("{task.fields[speed]}"), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, speed="")

        def show(done: int, total: int | None) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, total=total, speed=f"{speed:,.0f} rows/s" if speed else "")

        yield show
