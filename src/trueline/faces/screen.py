"""What every command shares: messages for people, JSON for machines, progress, and errors without tracebacks."""

from __future__ import annotations

import functools
import json
import os
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer

from ..display import aligned, plain
from ..errors import DataError, DivergenceError, GateError, RegistryBusyError, RegistryConflictError, TruelineError
from .correction import corrected, in_flags

__all__ = [
    "INCOMPLETE",
    "WRONG_USE",
    "IncompleteError",
    "fail",
    "guarded",
    "note",
    "print_json",
    "progress",
    "say",
    "table",
    "warned",
]

P = ParamSpec("P")
R = TypeVar("R")

REFUSED, WRONG_USE, INCOMPLETE, INTERRUPTED = 1, 2, 3, 130

UNFINISHED = (DivergenceError, RegistryBusyError)


class IncompleteError(Exception):
    """The command did not finish what it was asked for; `result` is what it did. Exit code 3."""

    def __init__(self, message: str, result: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.result = result or {}


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn errors into one message on stderr, with --json also an object on stdout, and an exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        as_json = bool(kwargs.get("as_json"))
        try:
            answer = command(*args, **kwargs)
            sys.stdout.flush()  # while a broken pipe can still be handled
            return answer
        except typer.Exit:
            raise
        except BrokenPipeError:  # `| head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
            raise typer.Exit(0) from None
        except KeyboardInterrupt:
            fail("interrupted", INTERRUPTED, as_json)
        except DataError as error:
            _fail_with_correction(error, as_json)
        except GateError as error:
            fail(_refusal(error), REFUSED, as_json, reasons=list(error.reasons))
        except RegistryConflictError as error:
            fail(in_flags(str(error)), REFUSED, as_json, winner=error.winner)
        except IncompleteError as error:
            fail(str(error), INCOMPLETE, as_json, **error.result)
        except Exception as error:
            if os.environ.get("TRUELINE_TRACEBACK"):
                raise
            fail(*_described(error), as_json)

    return run


def _described(error: Exception) -> tuple[str, int]:
    """What to say, and the exit code."""
    if isinstance(error, TruelineError):
        return in_flags(str(error)), INCOMPLETE if isinstance(error, UNFINISHED) else WRONG_USE
    if isinstance(error, OSError):
        return f"{error.filename or 'file'}: {error.strerror or error}", WRONG_USE
    if isinstance(error, MemoryError):
        return "out of memory: fewer columns or rows, or a larger machine", INCOMPLETE
    text = f"{type(error).__name__}: {error}"
    return f"unexpected {text}. TRUELINE_TRACEBACK=1 shows where; please report it", INCOMPLETE


def _refusal(error: GateError) -> str:
    """A line for each reason, and then the way out."""
    lines = [f"{error.message}: refused", *(f"  {reason}" for reason in error.reasons), error.advice]
    return in_flags("\n".join(line for line in lines if line))


def fail(message: str, code: int, as_json: bool, **more: Any) -> NoReturn:
    """Say what is wrong and exit."""
    if as_json:
        print_json({**more, "error": message, "problems": more.get("problems", []), "exit_code": code})
    typer.echo(f"trueline: {message}", err=True)
    raise typer.Exit(code)


def _fail_with_correction(error: DataError, as_json: bool) -> NoReturn:
    """What is in the way and, where flags remove it, the command to paste: what was typed, and those flags."""
    problems = [asdict(problem) for problem in error.problems]
    words = corrected(error.problems, sys.argv[1:])
    if words is None:
        fail(in_flags(str(error)), WRONG_USE, as_json, problems=problems, command=None)
    command = shlex.join(["trueline", *words])
    listed = str(error).removesuffix(error.advice).rstrip().removesuffix(".")
    left = [str(problem) for problem in error.problems if problem.fix is None]
    what = "This command gets past it:" if not left else f"No flag helps with {'; '.join(left)}. For the rest:"
    message = f"{listed}\n\n{what}\n  {command}"
    fail(message, WRONG_USE, as_json, problems=problems, command=None if left else command)


def say(text: str = "") -> None:
    """A line for a person."""
    typer.echo(text)


def note(text: str) -> None:
    """A line for a person, where stdout may be data."""
    typer.echo(text, err=True)


def print_json(values: dict[str, Any]) -> None:
    """One object for a machine, in ASCII; a number that is not finite becomes null."""
    typer.echo(json.dumps(plain(values), indent=1))


def table(rows: Sequence[Sequence[str]], headings: Sequence[str]) -> None:
    """Columns side by side: the first to the left, numbers to the right."""
    for line in aligned([headings, *rows]):
        say(f"  {line}")


@contextmanager
def warned() -> Iterator[list[str]]:
    """Collect warnings as text instead of showing file and line."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield texts
        finally:
            texts += list(dict.fromkeys(in_flags(str(warning.message)) for warning in caught))


@contextmanager
def progress(label: str, unit: str = "rows") -> Iterator[Callable[[int, int | None], object]]:
    """A bar with rows (or another unit) and rows/s on a terminal; nothing where stderr goes elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(),
        TextColumn("{task.fields[rows]}"), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, rows="")

        def show(done: int, total: int | None) -> None:
            speed = f", {done / (bar.tasks[0].elapsed or 1e-9):,.0f} rows/s" if unit == "rows" else ""
            bar.update(task, completed=done, total=total, rows=f"{done:,} {unit}{speed}")

        yield show
