"""`trueline schema show | edit`: what a model says of its columns, and how strict it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import OptionError
from ..rows import Column, Schema
from ..rows.columns import POLICIES
from ..rows.schema import EXTRA
from ..ship import Model, save
from ..ship.showing import ranges_are
from ..ship.spelling import spelled, spelled_list
from .loading import HOW_A_SCHEMA, check_output, open_model
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
    model = open_model(path, require_signed)
    schema = _schema(model, path)
    if as_json:
        print_json({"model": str(path), "hash": schema.hash, **schema.to_dict(), "row": schema.json_schema()})
    else:
        _print(schema, ranges_are(model))


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
    _check_policies(wanted)
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
    _print(after, ranges_are(model))
    say(f"{len(changed)} column{'' if len(changed) == 1 else 's'} changed. Saved {place}.")


def _check_policies(wanted: dict[str, str]) -> None:
    """Before anything is read: is each a policy of its flag?"""
    for name, value in wanted.items():
        *others, last = EXTRA if name == "extra" else POLICIES[name]
        if value not in (*others, last):
            raise OptionError(f"--{name.replace('_', '-')} must be {', '.join(others)} or {last}, got {value!r}")


def _schema(model: Model, path: Path) -> Schema:
    if model.schema is None:
        raise OptionError(f"{path}: was saved without a schema",
                          advice=HOW_A_SCHEMA)  # fmt: skip
    return model.schema


def _print(schema: Schema, ranges: str) -> None:
    say(f"Schema {schema.hash} -> {spelled(schema.target or 'y', 80)}; columns beyond these: {schema.extra}; "
        "missing columns, blanks and text for numbers: refuse")  # fmt: skip
    rows = [(spelled(column.name), column.kind, _seen(column), getattr(column, column.policy_name))
            for column in schema.columns]  # fmt: skip
    table(rows, ("column", "kind", ranges, "beyond that"))


def _seen(column: Column) -> str:
    if column.levels:
        return spelled_list(column.levels)
    return "not known" if column.low is None else f"{column.low:g} to {column.high:g}"
