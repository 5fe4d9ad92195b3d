"""`trueline forget`: rows taken out of a saved model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..models.forgetting import ENOUGH_DIGITS
from ..rows import Schema
from ..ship import Model, save
from ..ship.forgetting import Forgotten, forget_rows
from ..ship.spelling import spelled
from .loading import HOW_A_SCHEMA, Table, check_output, leave_out, load_model, open_table, with_flags
from .screen import IncompleteError, print_json, progress, say, table, warned
from .signing import note_signature, signing_key

__all__ = ["ForgetRequest", "forget_file"]

CANNOT_KNOW = (
    "whether these rows were ever in the fit",
    "what copies and backups of the old model, its metrics and its plots still hold",
    "what the data file itself and copies of it hold",
    "how large what was forgotten was, to a power of four: the moments keep that to count their digits",
    "who has both the old and the new file: together they tell what was forgotten, one row exactly",
)


@dataclass(frozen=True)
class ForgetRequest:
    """What was asked for: either an output or `in_place`."""

    model: Path
    data: str
    drop: tuple[str, ...]
    strict: bool
    output: Path | None
    in_place: bool
    require_signed: Path | None = None
    sign_with: Path | None = None


def forget_file(request: ForgetRequest, as_json: bool) -> None:
    """Read the rows by the model's schema, forget them, write the new model, and say what changed.

    Raises
    ------
    OptionError
        No place to write to, or a model that cannot forget.
    DataError
        Rows that cannot have been in the fit, or without which it is not determined.
    IncompleteError
        `strict`, and fewer than 9 digits are left.
    """
    place = _place(request)
    key = signing_key(request.sign_with)
    loaded = load_model(request.model, request.data, "forget", request.require_signed)
    schema = _schema(loaded, request)
    rows, skipped = _read(request.data, schema, request.drop)
    with warned() as texts:
        forgotten = forget_rows(loaded, rows.X, rows.y)
    result = _result(request, loaded, forgotten, rows.n_rows, skipped, texts)
    if request.strict and forgotten.model.training["digits"] < ENOUGH_DIGITS:
        raise IncompleteError(f"{' '.join(texts)} (--strict), so nothing was written", result)
    save(forgotten.model, place, sign_with=key)
    note_signature(loaded, place, key)
    result["saved"] = str(place)
    if as_json:
        print_json(result)
    else:
        _print(result)


def _place(request: ForgetRequest) -> Path:
    if (request.output is None) != request.in_place:
        raise OptionError("say where the new model goes, once",
                          advice="-o new.json, or --in-place to replace the old one")  # fmt: skip
    if request.output is None:
        return request.model
    check_output(request.output, request.model, request.data)
    return request.output


def _schema(loaded: Model, request: ForgetRequest) -> Schema:
    """The columns to read, refused where the model cannot forget; rows with a blank were never in the fit."""
    try:
        loaded.least_squares()
    except OptionError as error:
        raise OptionError(f"{request.model}: {error}") from None
    if loaded.schema is None or loaded.schema.target is None:
        raise OptionError(
            f"{request.model}: does not say which column was its target",
            advice=f"{HOW_A_SCHEMA}, or forget rows in Python",
        )
    return replace(loaded.schema, nulls="drop")


def _read(data: str, schema: Schema, drop: tuple[str, ...]) -> tuple[Table, int]:
    """The rows, and how many were left out for a blank."""
    seen = 0
    with progress(f"reading {Path(data).name}") as on_progress:

        def count(done: int, total: int | None) -> None:
            nonlocal seen
            seen = done
            on_progress(done, total)

        stream = open_table(data, count)
        schema = leave_out(schema, drop, stream.names)
        with with_flags(stream.label, "--skip-missing"):
            X, y = stream.encoded(schema).to_arrays()
    return Table(X, y, schema), seen - len(y)


def _result(
    request: ForgetRequest, loaded: Model, forgotten: Forgotten, n_rows: int, skipped: int, texts: list[str]
) -> dict[str, Any]:  # fmt: skip
    after = forgotten.model
    schema = after.schema
    assert schema is not None
    pairs = zip(schema.feature_names, loaded.coef_.tolist(), after.coef_.tolist(), strict=True)
    return {
        "model": str(request.model), "target": schema.target,
        "rows": {"before": after.training["rows"] + n_rows, "forgotten": n_rows, "after": after.training["rows"]},
        "skipped": skipped, "intercept": {"before": loaded.intercept_, "after": after.intercept_},
        "coefficients": {name: {"before": old, "after": new} for name, old, new in pairs},
        "digits": after.training["digits"], "training": after.training, "refreshed": list(forgotten.refreshed),
        "dropped": list(forgotten.dropped), "ranges": {name: list(reach) for name, reach in forgotten.ranges.items()},
        "cannot_know": list(CANNOT_KNOW), "warnings": texts, "saved": None,
    }  # fmt: skip


def _print(result: dict[str, Any]) -> None:
    rows = result["rows"]
    say(f"{result['model']}: {rows['before']:,} rows, {rows['forgotten']:,} forgotten -> {rows['after']:,} rows, "
        f"{result['digits']:.0f} digits vouched for")  # fmt: skip
    if result["skipped"]:
        many = "rows with a blank were" if result["skipped"] > 1 else "row with a blank was"
        say(f"  {result['skipped']:,} {many} skipped: no such row was ever in the fit.")
    say()
    lines = {"(intercept)": result["intercept"], **result["coefficients"]}
    table([(spelled(name), f"{pair['before']:.8g}", f"{pair['after']:.8g}") for name, pair in lines.items()],
          (f"{result['target']} per unit", "before", "after"))  # fmt: skip
    say()
    say(f"Refreshed: {', '.join(result['refreshed'])}.")
    if result["dropped"]:
        say(f"Dropped, since they remember the forgotten rows: {', '.join(result['dropped'])}.")
    for name, (low, high) in result["ranges"].items():
        say(f"  {spelled(name)}: its smallest or largest value was forgotten, so its range is no longer known; what "
            f"remains lies within {low:g} to {high:g}.")  # fmt: skip
    for text in result["warnings"]:
        say(f"warning: {text}")
    say("What cannot be known:")
    for unknown in CANNOT_KNOW:
        say(f"  {unknown}")
    say(f"Saved {result['saved']}.")
