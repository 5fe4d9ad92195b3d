"""`trueline predict`: the rows of a file through a saved model."""

from __future__ import annotations

import csv
import io
import shlex
from dataclasses import replace
from pathlib import Path

from ..errors import ArtifactError, CellsError, ColumnsError, DataError, Problem
from ..files import write_whole
from ..rows import Schema
from ..ship import Model, load
from .loading import check_output, open_table, schema_of
from .screen import print_json, progress, say

__all__ = ["predict_file"]


def predict_file(
    model: Path, data: str, output: Path | None, drop: tuple[str, ...], skip_missing: bool, as_json: bool
) -> None:
    """Predict every row, in the order of the file; rows that are skipped get no value.

    Raises
    ------
    OptionError
        The model was saved without names for its columns.
    DataError
        Columns are missing or extra, levels unknown, cells not numbers.
    """
    check_output(output, model, data)
    loaded = _load(model, data)
    schema = schema_of(loaded, model)
    schema = replace(schema, dropped=tuple(dict.fromkeys([*schema.dropped, *_unused(drop, schema)])))
    predictions = _predict(loaded, schema, data, skip_missing)
    skipped = sum(value is None for value in predictions)
    if as_json:
        print_json({"model": str(model), "target": schema.target, "rows": len(predictions), "skipped": skipped,
                    "predictions": predictions})  # fmt: skip
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([schema.target or "prediction"])
    writer.writerows([["" if value is None else repr(value)] for value in predictions])
    if output is None:
        say(text.getvalue().rstrip("\n"))
        return
    write_whole(output, text.getvalue().encode())
    say(
        f"{len(predictions):,} rows predicted -> {output}"
        + (f" ({skipped:,} with blanks left empty)" if skipped else "")
    )


def _load(model: Path, data: str) -> Model:
    try:
        return load(model)
    except ArtifactError as error:
        if model.suffix == ".json" or not data.endswith(".json"):
            raise
        raise ArtifactError(str(error), advice="The model comes first: trueline predict model.json data.csv") from None


def _unused(drop: tuple[str, ...], schema: Schema) -> tuple[str, ...]:
    """The columns to leave out, none of which the model needs."""
    if needed := [Problem("the model needs this column", name) for name in drop if name in schema.names]:
        raise ColumnsError("--drop", problems=needed)
    return tuple(name for name in drop if name != schema.target)


def _predict(loaded: Model, schema: Schema, data: str, skip_missing: bool) -> list[float | None]:
    """Piece by piece, so that a large file needs little memory."""
    values: list[float | None] = []
    n_rows = 0
    with progress(f"predicting {Path(data).name}") as on_progress:

        def count(done: int, total: int | None) -> None:
            nonlocal n_rows
            n_rows = done
            on_progress(done, total)

        stream = open_table(data, count)
        try:
            for piece in schema.features(stream, drop_blanks=skip_missing).pieces():
                for row, value in zip(piece.rows.tolist(), loaded.predict(piece.X).tolist(), strict=True):
                    values.extend([None] * (row - len(values)))
                    values.append(value)
        except (CellsError, ColumnsError) as error:
            raise _with_fixes(error, stream.label, schema) from None
    return values + [None] * (n_rows - len(values))


def _with_fixes(error: DataError, label: str, schema: Schema) -> DataError:
    """The same problems, with the flags of this command that remove them."""
    problems = [problem if problem.fix else replace(problem, fix=_fix(problem, schema)) for problem in error.problems]
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    return type(error)(f"{label}: {count}", problems=problems, advice=error.advice)


def _fix(problem: Problem, schema: Schema) -> str | None:
    if problem.column is not None and problem.column not in schema.names:
        return f"--drop {shlex.quote(problem.column)}"
    return "--skip-missing" if problem.what.startswith("blank") else None
