"""`trueline predict`: the rows of a file through a saved model."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ..files import write_whole
from ..rows import Schema
from ..ship import Model
from .loading import check_output, leave_out, load_model, open_table, schema_of, with_flags
from .screen import note, print_json, progress, say

__all__ = ["predict_file"]


def predict_file(
    model: Path, data: str, output: Path | None, drop: tuple[str, ...], skip_missing: bool, as_json: bool,
    require_signed: Path | None = None,
) -> None:  # fmt: skip
    """Predict every row, in the order of the file; rows that are skipped get no value.

    Raises
    ------
    OptionError
        The model was saved without names for its columns.
    DataError
        Columns are missing or extra, levels unknown, cells not numbers.
    """
    check_output(output, model, data)
    loaded = load_model(model, data, "predict", require_signed)
    schema = schema_of(loaded, model)
    predictions, notes = _predict(loaded, schema, data, drop, skip_missing)
    for line in notes:
        note(f"warning: {line}")
    skipped = sum(value is None for value in predictions)
    if as_json:
        print_json({"model": str(model), "target": schema.target, "rows": len(predictions), "skipped": skipped,
                    "checked": loaded.checked, "warnings": notes, "predictions": predictions})  # fmt: skip
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


def _predict(
    loaded: Model, schema: Schema, data: str, drop: tuple[str, ...], skip_missing: bool
) -> tuple[list[float | None], list[str]]:
    """Piece by piece, so that a large file needs little memory; and what the policies clipped or warn of."""
    values: list[float | None] = []
    n_rows = 0
    with progress(f"predicting {Path(data).name}") as on_progress:

        def count(done: int, total: int | None) -> None:
            nonlocal n_rows
            n_rows = done
            on_progress(done, total)

        stream = open_table(data, count)
        schema = leave_out(schema, drop, stream.names)
        with with_flags(stream.label, "--skip-missing"):
            rows = schema.features(stream, drop_blanks=skip_missing)
            for piece in rows.pieces():
                for row, value in zip(piece.rows.tolist(), loaded.predict(piece.X).tolist(), strict=True):
                    values.extend([None] * (row - len(values)))
                    values.append(value)
    return values + [None] * (n_rows - len(values)), list(rows.found.notes())
