"""`trueline predict`: the rows of a file through a saved model."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..files import write_whole
from ..rows import Schema
from ..rows import open as open_rows
from ..ship import load
from .screen import print_json, progress, say

__all__ = ["predict_file"]


def predict_file(model: Path, data: Path, output: Path | None, skip_missing: bool, as_json: bool) -> None:
    """Predict every row, in the order of the file; rows that are skipped get no value.

    Raises
    ------
    OptionError
        The model was saved without names for its columns.
    DataError
        Columns are missing or extra, levels unknown, cells not numbers.
    """
    loaded = load(model)
    schema = loaded.schema
    if schema is None:
        raise OptionError(f"{model}: has no schema, so a file's columns cannot be matched to it",
                          advice="Fit it with `trueline fit`, or save it with ship.save(..., schema=schema)")  # fmt: skip
    predictions = _predict(loaded, schema, data, skip_missing)
    name = schema.target or "prediction"
    if as_json:
        print_json({"model": str(model), "target": schema.target, "rows": len(predictions), "predictions": predictions})
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name])
    writer.writerows([["" if value is None else repr(value)] for value in predictions])
    if output is None:
        say(text.getvalue().rstrip("\n"))
        return
    write_whole(output, text.getvalue().encode())
    skipped = sum(value is None for value in predictions)
    say(f"{len(predictions):,} rows predicted -> {output}" + (f" ({skipped:,} with blanks left empty)" if skipped else ""))


def _predict(loaded: Any, schema: Schema, data: Path, skip_missing: bool) -> list[float | None]:
    """Piece by piece, so that a large file needs little memory."""
    values: list[float | None] = []
    with progress(f"predicting {data.name}") as on_progress:
        stream = open_rows(data, on_progress=on_progress)
        for piece in schema.features(stream, drop_blanks=skip_missing).pieces():
            answers: NDArray[np.float64] = loaded.predict(piece.X)
            for row, value in zip(piece.rows.tolist(), answers.tolist(), strict=True):
                values.extend([None] * (row - len(values)))
                values.append(value)
    return values
