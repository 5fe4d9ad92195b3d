"""JSON Schema of every answer in JSON: all of its fields, and no others."""

from __future__ import annotations

from typing import Any

from .open_inference import OUTPUT
from .refusals import REASONS

__all__ = ["CARD", "ERROR", "LIVE", "METADATA", "MODEL_READY", "PREDICTIONS", "READY", "SERVER", "STATUS", "TENSORS"]

Schema = dict[str, Any]

TEXT, NUMBER, TRUTH = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
COUNT = {"type": "integer", "minimum": 0}


def strict(properties: dict[str, Schema], *, may_lack: tuple[str, ...] = (), **more: Any) -> Schema:
    """An object of these fields alone."""
    required = [name for name in properties if name not in may_lack]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False, **more}


def many(items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": items, **more}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


FOUND: dict[str, Schema] = {
    "column": {**TEXT, "description": "As it was sent, shortened."},
    "kind": {**TEXT, "description": "missing, extra, range, fraction, unknown (a level), blank, text, overflow, ..."},
    "count": {**COUNT, "description": "Rows that show it."},
    "rows": many({"type": "integer", "minimum": 1}, description="The first few, from 1; none: the whole column."),
    "policy": {"enum": ["refuse", "clip", "warn"], "description": "What becomes of such cells."},
    "value": {**TEXT, "description": "The first such cell; empty where there is none to show."},
    "what": {**TEXT, "description": "In words."},
}  # fmt: skip
PROBLEM = strict(FOUND, may_lack=tuple(name for name in FOUND if name != "what"))
ERROR = strict({"error": strict({"reason": {"enum": list(REASONS)}, "message": TEXT, "problems": many(PROBLEM)})})

PREDICTIONS = strict({"predictions": many(NUMBER, minItems=1), "model": TEXT, "warnings": many(strict(FOUND))})

OUTPUT_TENSOR = strict({
    "name": {"const": OUTPUT}, "shape": many(COUNT, minItems=1, maxItems=1), "datatype": {"const": "FP64"},
    "data": many(NUMBER, minItems=1),
})  # fmt: skip
TENSORS = strict(
    {"model_name": TEXT, "model_version": TEXT, "id": {**TEXT, "description": "As it was sent."},
     "parameters": strict({"warnings": TEXT}), "outputs": many(OUTPUT_TENSOR, minItems=1, maxItems=1)},
    may_lack=("id", "parameters"),
)  # fmt: skip
SIDE = strict({"name": TEXT, "datatype": TEXT, "shape": many({"const": -1}, minItems=1, maxItems=1)})
METADATA = strict({"name": TEXT, "versions": many(TEXT, minItems=1), "platform": TEXT, "inputs": many(SIDE),
                   "outputs": many(SIDE)})  # fmt: skip
SERVER = strict({"name": TEXT, "version": TEXT, "extensions": many(TEXT)})
LIVE = strict({"live": {"const": True}})
READY = strict({"ready": {"const": True}})
MODEL_READY = strict({"name": TEXT, "ready": {"const": True}})

COLUMN = strict({"name": TEXT, "kind": {"enum": ["numeric", "integer", "boolean", "category"]}, "levels": many(TEXT),
                 "low": or_null(NUMBER), "high": or_null(NUMBER), "policy": FOUND["policy"]})  # fmt: skip
CARD = strict({
    "name": TEXT, "version": TEXT, "kind": TEXT, "target": or_null(TEXT), "sha256": or_null(TEXT), "checked": TEXT,
    "rounded_to": or_null({"type": "integer"}), "max_rows": COUNT, "max_body": COUNT,
    "training": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
    "rows": {**or_null(COUNT), "description": "Of training."},
    "coefficients": or_null(many(strict({"feature": TEXT, "value": NUMBER}))), "intercept": or_null(NUMBER),
    "extra": {"enum": ["refuse", "warn"], "description": "What becomes of columns that the model does not know."},
    "columns": many(COLUMN),
})  # fmt: skip

KEY = strict({"id": TEXT, "scopes": many(TEXT, minItems=1), "expires": or_null(TEXT), "note": TEXT})
LIMITS = strict({
    "max_body": COUNT, "max_rows": COUNT, "timeout": NUMBER, "round": or_null({"type": "integer"}),
    "rate": or_null(TEXT), "drift_window": COUNT, "in_flight": COUNT, "drain": NUMBER,
})  # fmt: skip
STATUS = strict({
    "model": TEXT, "sha256": or_null(TEXT), "checked": TEXT, "trueline": TEXT, "uptime_seconds": NUMBER,
    "draining": TRUTH, "settings": LIMITS, "keys": or_null(many(KEY)),
})  # fmt: skip
