"""The API's own description: every status that a path can answer with, and bodies from the model's schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...rows.schema import Schema
from .answers import ERROR, TEXT, many, strict
from .open_inference import DATATYPES, OUTPUT
from .refusals import REASONS
from .service import Named
from .settings import Settings

__all__ = ["completed", "infer_body", "predict_body", "responses"]

GUARD = ("no_key", "bad_key", "wrong_scope", "wrong_host", "too_many", "internal")
OPEN = ("wrong_host", "internal")
BODY = ("malformed", "too_slow", "too_large", "wrong_type", "wrong_shape", "wrong_columns", "wrong_cells", "overflow",
        "busy")  # fmt: skip
REFUSAL = {"$ref": "#/components/schemas/Refusal"}


def responses(
    meaning: str, schema: dict[str, Any] | None, *, guarded: bool = True, body: bool = False,
    more: Iterable[str] = (), media: str = "application/json",
) -> dict[int | str, dict[str, Any]]:  # fmt: skip
    """What a path may answer.

    Parameters
    ----------
    meaning : str
        Of 200.
    schema : dict, optional
        Of the answer.
    guarded : bool
        Whether a key may be asked for.
    body : bool
        Whether it reads one.
    more : iterable of str
        Further reasons to refuse.
    media : str

    Examples
    --------
    >>> sorted(responses("alive", None, guarded=False))
    [200, 421, 500]
    """
    reasons = [*(GUARD if guarded else OPEN), *(BODY if body else ()), *more]
    found: dict[int | str, dict[str, Any]] = {
        200: {"description": meaning, "content": {media: {"schema": schema or {}}}}
    }
    for reason in reasons:
        status, said = REASONS[reason].status, f"{reason}: {REASONS[reason].meaning}"
        if status in found:
            found[status]["description"] += f". {said}"
        else:
            found[status] = {"description": said, "content": {"application/json": {"schema": REFUSAL}}}
    return found


def predict_body(schema: Schema, settings: Settings) -> dict[str, Any]:
    """JSON Schema of the body of ``POST /predict``.

    Parameters
    ----------
    schema : Schema
    settings : Settings
    """
    row = {name: value for name, value in schema.json_schema().items() if name != "$schema"}
    length = {"type": "array", "minItems": 1, "maxItems": settings.max_rows}
    cells = {name: {**length, "items": cell} for name, cell in row["properties"].items()}
    as_rows = strict({"rows": {**length, "items": row}})
    as_columns = strict({"columns": {**row, "properties": cells}})
    as_columns["description"] = "All lists as long."
    return {"oneOf": [as_rows, as_columns]}


def infer_body(served: Named, settings: Settings) -> dict[str, Any]:
    """JSON Schema of an inference request of version 2.

    Parameters
    ----------
    served : Named
    settings : Settings
    """
    types = sorted({datatype for column in served.schema.columns for datatype in DATATYPES[column.kind]})
    names: dict[str, Any] = {"enum": list(served.schema.names)} if served.schema.extra == "refuse" else TEXT
    most = settings.max_rows
    tensor = {
        "name": names, "shape": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": most},
                                 "minItems": 1, "maxItems": 2},
        "datatype": {"enum": types}, "data": {"type": "array", "minItems": 1, "maxItems": most},
    }  # fmt: skip
    entry = strict({**tensor, "parameters": {"type": "object"}}, may_lack=("parameters",))
    output = strict({"name": {"const": OUTPUT}, "parameters": {"type": "object"}}, may_lack=("parameters",))
    parts = {"inputs": many(entry, minItems=len(served.schema.columns)), "id": TEXT, "parameters": {"type": "object"},
             "outputs": many(output)}  # fmt: skip
    said = "One tensor for every column, by its name, all of as many rows; its shape is [rows] or [rows, 1]."
    return strict(parts, may_lack=("id", "parameters", "outputs"), description=said)


def completed(document: dict[str, Any], open_paths: Iterable[str]) -> dict[str, Any]:
    """The same description with the shape of refusals, and the two ways to show a key on every path but the open ones.

    Parameters
    ----------
    document : dict
        OpenAPI; changed in place.
    open_paths : iterable of str
    """
    schemes = {"bearer": {"type": "http", "scheme": "bearer"},
               "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}  # fmt: skip
    document["components"] = {"securitySchemes": schemes, "schemas": {"Refusal": ERROR}}
    for path, item in document["paths"].items():
        for operation in item.values() if path not in set(open_paths) else ():
            operation["security"] = [{"bearer": []}, {"header": []}]
    return document
