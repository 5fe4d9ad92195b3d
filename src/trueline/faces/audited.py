"""The model and the rows that an audit or a check is given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import OptionError
from ..rows import Schema
from ..rows.stream import TableStream
from ..ship import Model
from .loading import leave_out, open_model, open_table, schema_of
from .screen import progress

__all__ = ["columns_of", "model_of", "rows_of"]


def model_of(
    path: Path | None, target: str, one_hot: tuple[str, ...], require_signed: Path | None
) -> tuple[Model | Path | None, Schema | None]:
    """The model of --model, and the columns that it takes where it knows them.

    Raises
    ------
    OptionError
        It says otherwise than the flags.
    """
    if path is None or path.suffix.lower() == ".csv":
        return path, None
    stored = open_model(path, require_signed)
    return stored, columns_of(stored, path, target, one_hot)


def columns_of(stored: Model, path: Path, target: str, one_hot: tuple[str, ...]) -> Schema:
    """The columns that a stored model takes, which flags must not contradict.

    Raises
    ------
    OptionError
        It says otherwise than the flags.
    """
    schema = schema_of(stored, path)
    if one_hot:
        raise OptionError(f"{path} says itself how its columns are encoded", advice="Leave out --one-hot")
    if schema.target not in (None, target):
        raise OptionError(f"{path} predicts {schema.target!r}, not {target!r}",
                          advice=f"Write --target {schema.target!r}")  # fmt: skip
    return schema


def rows_of(
    data: str, schema: Schema | None, drop: tuple[str, ...], drop_missing: bool
) -> tuple[TableStream, Schema | None]:
    """The rows, and the schema of the model as the flags change it."""
    with progress(f"looking at {Path(data).name}") as on_read:
        stream = open_table(data, on_read)
    if schema is None:
        return stream, None
    schema = leave_out(schema, drop, stream.names)
    return stream, replace(schema, nulls="drop" if drop_missing else schema.nulls)
