"""From a file and the flags of a command to numbers in memory, with progress."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, CellsError, ColumnsError, OptionError, Problem
from ..rows import Column, Schema
from ..rows import open as open_rows
from ..rows.stream import Progress, TableStream, did_you_mean
from ..ship import Model, load
from .screen import note, progress

__all__ = [
    "HOW_A_SCHEMA", "Table", "check_output", "checked_words", "leave_out", "load_model", "open_model", "open_table",
    "read_table", "schema_of", "with_flags",
]  # fmt: skip

Array = NDArray[np.float64]

HOW_A_SCHEMA = 'Save it with ship.save(model, path, schema=Schema.learn(table, "target"))'


@dataclass(frozen=True, eq=False)
class Table:
    """A file as numbers: X (n_rows, n_features), y (n_rows,), and the schema they follow."""

    X: Array
    y: Array
    schema: Schema

    @property
    def n_rows(self) -> int:
        return len(self.y)

    def frame(self, rows: NDArray[np.bool_] | None = None) -> Any:
        """X (or some of its rows) as a frame, so that messages speak of columns by name."""
        import pyarrow as pa

        X = self.X if rows is None else self.X[rows]
        return pa.table({name: pa.array(X[:, j]) for j, name in enumerate(self.schema.feature_names)})


def read_table(
    data: str, target: str, one_hot: tuple[str, ...], drop: tuple[str, ...], drop_missing: bool,
    schema: Schema | None = None,
) -> Table:  # fmt: skip
    """Learn the schema (unless one is given), then read the numbers.

    Raises
    ------
    DataError
        Everything in the way, with the flags that remove it.
    """
    name = Path(data).name
    if schema is None:
        with progress(f"looking at {name}") as on_progress:
            stream = open_table(data, on_progress)
            try:
                schema = Schema.learn(stream, target, one_hot=one_hot, drop=drop, drop_missing=drop_missing)
            except ColumnsError as error:
                raise _about_header(error, data, stream.names) from None
    with progress(f"reading {name}") as on_progress:
        stream = open_table(data, on_progress)
        schema = leave_out(schema, drop, stream.names)
        X, y = stream.encoded(schema).to_arrays()
    return Table(X, y, schema)


def open_table(data: str, on_progress: Progress) -> TableStream:
    """The rows of a file; a first line of data instead of names is said to be one."""
    try:
        return open_rows(data, on_progress=on_progress)
    except ColumnsError as error:
        raise _about_header(error, data, [problem.column or "" for problem in error.problems]) from None


def _about_header(error: ColumnsError, data: str, names: Sequence[str]) -> ColumnsError:
    if sum(map(_is_number, names)) <= len(names) / 2:
        return error
    return ColumnsError(
        f"{data}: most column names are numbers ({', '.join(names[:5])}, ...), so its first line is probably data",
        advice="Put a line on top of the file that names the columns",
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def schema_of(model: Model, path: Path) -> Schema:
    """The columns that a saved model takes: its schema, or the names it was fitted with.

    Raises
    ------
    OptionError
        It was saved without either.
    """
    if model.schema is not None:
        return model.schema
    if model.feature_names is None:
        raise OptionError(f"{path}: has no names for its columns, so a file's columns cannot be matched to it",
                          advice=f"{HOW_A_SCHEMA}, or fit it on a frame")  # fmt: skip
    return Schema(tuple(Column(name, "numeric") for name in model.feature_names), model.target)


def check_output(output: Path | None, *inputs: str | Path, flag: str = "-o") -> None:
    """Refuse, before the work begins, a place that cannot be written or would overwrite an input.

    Raises
    ------
    OptionError
        The folder does not exist, or the file is one that the command reads.
    """
    if output is None:
        return
    if output.is_dir() or not output.parent.is_dir():
        why = "is a folder, not a file" if output.is_dir() else "its folder does not exist"
        raise OptionError(f"{flag} {output}: {why}")
    if any(output.exists() and Path(given).exists() and output.samefile(given) for given in inputs):
        raise OptionError(f"{flag} {output}: would overwrite what is read", advice="Choose another name")


def open_model(path: Path, require_signed: Path | None = None) -> Model:
    """A model file, and a line on stderr that says what was checked of it.

    Raises
    ------
    ArtifactError
        Not a model file, or not signed by the owner of the key `require_signed`.
    """
    model = load(path, require_signed=require_signed)
    note(f"{path}: {checked_words(model)}")
    return model


def checked_words(model: Model) -> str:
    """What of checksum and signature was checked when it was loaded."""
    if model.checked.startswith("signature"):
        return f"{model.checked} holds"
    signed = model.signature and f"its signature by key {model.signature.key} was not checked (--require-signed KEY)"
    return f"checksum holds; {signed or 'not signed, so who wrote it is not known'}"


def load_model(model: Path, data: str, command: str, require_signed: Path | None = None) -> Model:
    """The model of a command that takes MODEL and DATA, in this order.

    Raises
    ------
    ArtifactError
        Not a model file.
    """
    try:
        return open_model(model, require_signed)
    except ArtifactError as error:
        if model.suffix == ".json" or not data.endswith(".json"):
            raise
        raise ArtifactError(
            str(error), advice=f"The model comes first: trueline {command} model.json data.csv"
        ) from None


def leave_out(schema: Schema, drop: tuple[str, ...], names: Sequence[str]) -> Schema:
    """The schema of a model for a file of these columns, of which --drop names some that it does not need.

    Raises
    ------
    ColumnsError
        It needs one of them, or neither it nor the file knows it.
    """
    known = (*names, *schema.dropped, schema.target)
    problems = [Problem("the model needs this column", name) for name in drop if name in schema.names]
    problems += [Problem(f"no such column to drop{did_you_mean(name, names)}", name)
                 for name in drop if name not in (*schema.names, *known)]  # fmt: skip
    if problems:
        raise ColumnsError("--drop", problems=problems)
    wanted = [name for name in drop if name != schema.target]
    return replace(schema, dropped=tuple(dict.fromkeys([*schema.dropped, *wanted])))


@contextmanager
def with_flags(label: str, blanks: str) -> Iterator[None]:
    """What a given model finds in the way of its rows, with the flags that remove it.

    Parameters
    ----------
    label : str
        Of the rows.
    blanks : str
        The flag that leaves out rows with blanks.
    """
    try:
        yield
    except (CellsError, ColumnsError) as error:
        problems = [each if each.fix else replace(each, fix=_fix(each, blanks)) for each in error.problems]
        if problems == list(error.problems):
            raise
        count = f"{len(problems)} problem{'s' * (len(problems) > 1)}"
        raise type(error)(f"{label}: {count}", problems=problems, advice=error.advice) from None


def _fix(problem: Problem, blanks: str) -> str | None:
    if problem.what in ("not a column of the schema", "not in the table"):  # of a model file, of coefficients
        return f"--drop {shlex.quote(problem.column or '')}"
    return blanks if problem.what.startswith("blank") else None
