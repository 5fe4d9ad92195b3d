"""`trueline schema show | edit`: what a model says of its columns, and how strict it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..audit.report.visible import visible
from ..errors import OptionError
from ..rows import Column, Schema
from ..ship import Model, save
from .loading import check_output, open_model
from .screen import print_json, say, table
from .signing import note_signature, signing_key

__all__ = ["SchemaEdit", "edit_schema", "show_schema"]


@dataclass(frozen=True)
class SchemaEdit:
    """What was asked for; without `output` the file itself is replaced."""

    model: Path
    columns: tuple[str, ...]
    policies: dict[str, str | None]
    output: Path | None
    require_signed: Path | None
    sign_with: Path | None


def show_schema(path: Path, require_signed: Path | None, as_json: bool) -> None:
    """Every column, and what prediction does beyond it.

    Raises
    ------
    OptionError
        The model was saved without a schema.
    """
    schema = _schema(open_model(path, require_signed), path)
    if as_json:
        print_json({"model": str(path), "hash": schema.hash, **schema.to_dict(), "row": schema.json_schema()})
    else:
        _print(schema)


def edit_schema(request: SchemaEdit, as_json: bool) -> None:
    """Other policies, sealed again.

    Raises
    ------
    OptionError
        Nothing to change, no such policy, or a model without a schema.
    ColumnsError
        No such column, or one that has no such policy.
    """
    wanted = {name: value for name, value in request.policies.items() if value is not None}
    if not wanted:
        raise OptionError("nothing to change", advice="Give --out-of-range, --unknown-level or --extra")
    if request.columns and set(wanted) == {"extra"}:
        raise OptionError("--extra is about columns that the schema does not know", advice="Leave out --column")
    check_output(request.output, request.model)
    key = signing_key(request.sign_with)
    model = open_model(request.model, request.require_signed)
    before = _schema(model, request.model)
    after = before.with_policies(request.columns or None, **wanted)
    place = request.output or request.model
    save(replace(model, schema=after), place, sign_with=key)
    note_signature(model, place, key)
    changed = [column.name for old, column in zip(before.columns, after.columns, strict=True) if old != column]
    if as_json:
        print_json({"model": str(request.model), "saved": str(place), "changed": changed, "hash": after.hash,
                    "extra": after.extra})  # fmt: skip
        return
    _print(after)
    say(f"{len(changed)} column{'' if len(changed) == 1 else 's'} changed. Saved {place}.")


def _schema(model: Model, path: Path) -> Schema:
    if model.schema is None:
        raise OptionError(f"{path}: was saved without a schema",
                          advice="Save it with ship.save(model, path, schema=...)")  # fmt: skip
    return model.schema


def _print(schema: Schema) -> None:
    say(f"Schema {schema.hash} -> {visible(schema.target or 'y', 80)}; columns beyond these: {schema.extra}; "
        "missing columns, blanks and text for numbers: refuse")  # fmt: skip
    rows = [(visible(column.name, 60), column.kind, _seen(column), getattr(column, column.policy_name))
            for column in schema.columns]  # fmt: skip
    table(rows, ("column", "kind", "seen in training", "beyond that"))


def _seen(column: Column) -> str:
    if column.levels:
        return visible(", ".join(column.levels), 60)
    return "not known" if column.low is None else f"{column.low:g} to {column.high:g}"
