"""The Open Inference Protocol, version 2: one tensor for every column, matched by name, and one for the answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from ...rows.columns import Column
from .refusals import RefusedError
from .service import Named
from .taken import Taken

__all__ = ["DATATYPES", "OUTPUT", "infer_answer", "model_metadata", "tensor_columns"]

OUTPUT = "predict"
NUMBERS = ("FP64", "FP32", "FP16", "INT64", "INT32", "INT16", "INT8", "UINT64", "UINT32", "UINT16", "UINT8")
DATATYPES = {"numeric": NUMBERS, "integer": NUMBERS, "boolean": ("BOOL", *NUMBERS), "category": ("BYTES",)}
BODY = {"id", "parameters", "inputs", "outputs"}
TENSOR = {"name", "shape", "datatype", "data", "parameters"}
MOST_NAMES = 20  # of columns, in one message


def tensor_columns(body: Any, columns: Iterable[Column]) -> tuple[dict[str, list[Any]], str | None]:
    """The columns that an inference request spells, and its id.

    Parameters
    ----------
    body : Any
        Parsed JSON.
    columns : iterable of Column
        What the model takes; other tensors are left to the schema's policy.

    Raises
    ------
    RefusedError
        "wrong_shape": another structure, a tensor twice, or data that are not as its shape and datatype say.

    Examples
    --------
    >>> tensor = {"name": "rooms", "shape": [2, 1], "datatype": "FP64", "data": [[3.0], [4.0]]}
    >>> tensor_columns({"inputs": [tensor]}, [Column("rooms", "numeric")])
    ({'rooms': [3.0, 4.0]}, None)
    """
    if not isinstance(body, dict) or not set(body) <= BODY or not isinstance(body.get("inputs"), list):
        raise RefusedError("wrong_shape", 'the body must be {"inputs": [...]}, with "id", "parameters" or "outputs"')
    _check_rest(body)
    kinds = {column.name: column.kind for column in columns}
    _check_matrix(body["inputs"], kinds)
    found: dict[str, list[Any]] = {}
    for place, tensor in enumerate(body["inputs"], start=1):
        if not isinstance(tensor, dict) or set(tensor) - {"parameters"} != TENSOR - {"parameters"}:
            raise RefusedError("wrong_shape", f"input {place} must have a name, a shape, a datatype and data")
        name = tensor["name"]
        if not isinstance(name, str) or name in found:
            raise RefusedError("wrong_shape", f"input {place} must have a name of its own")
        found[name] = _cells(tensor, kinds.get(name))
    if len(set(map(len, found.values()))) != 1:
        raise RefusedError("wrong_shape", '"inputs" must have one tensor for each column, all of as many rows')
    return found, body.get("id")


def _check_matrix(inputs: list[Any], kinds: Mapping[str, str]) -> None:
    """One tensor of all columns side by side, as other servers take it, says nothing about which is which."""
    only = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], dict) else {}
    shape = only.get("shape")
    if isinstance(shape, list) and len(shape) == 2 and shape[1] != 1 and only.get("name") not in tuple(kinds):
        names = ", ".join(list(kinds)[:MOST_NAMES]) + (", ..." if len(kinds) > MOST_NAMES else "")
        said = "columns are matched by name, never by position: send one tensor of shape [rows] for each of"
        raise RefusedError("wrong_shape", f"{said} {names}")


def _check_rest(body: dict[str, Any]) -> None:
    if not isinstance(body.get("id", ""), str) or not isinstance(body.get("parameters", {}), dict):
        raise RefusedError("wrong_shape", '"id" must be text and "parameters" an object')
    outputs = body.get("outputs", [])
    if not isinstance(outputs, list) or not all(map(_is_output, outputs)):
        raise RefusedError("wrong_shape", f'the one output is {{"name": "{OUTPUT}"}}')


def _is_output(entry: Any) -> bool:
    good = isinstance(entry, dict) and set(entry) <= {"name", "parameters"} and entry.get("name") == OUTPUT
    return good and isinstance(entry.get("parameters", {}), dict)


def _cells(tensor: dict[str, Any], kind: str | None) -> list[Any]:
    name, shape, datatype, data = (tensor[part] for part in ("name", "shape", "datatype", "data"))
    where = f"input {name[:80]!r}"
    if not isinstance(tensor.get("parameters", {}), dict):
        raise RefusedError("wrong_shape", f"{where}: parameters must be an object")
    sizes = isinstance(shape, list) and set(map(type, shape)) == {int}
    if not sizes or len(shape) > 2 or shape[0] < 1 or prod(shape[1:]) != 1:
        raise RefusedError("wrong_shape", f"{where}: shape must be [rows] or [rows, 1]")
    if kind is not None and datatype not in DATATYPES[kind]:
        raise RefusedError("wrong_shape", f"{where}: datatype must be among {', '.join(DATATYPES[kind])}")
    if not isinstance(data, list):
        raise RefusedError("wrong_shape", f"{where}: data must be a list")
    if data and set(map(type, data)) == {list}:
        if len(shape) != 2 or set(map(len, data)) != {1}:
            raise RefusedError("wrong_shape", f"{where}: data must be as long as its shape says")
        data = [cells[0] for cells in data]
    if len(data) != shape[0]:
        raise RefusedError("wrong_shape", f"{where}: shape says {shape[0]} rows, and data has {len(data)}")
    return data


def infer_answer(served: Named, values: list[float], taken: Taken, id_: str | None) -> bytes:
    """The body of an answer to an inference request; warnings stand in its parameters, as text."""
    said = "; ".join(f"{warning['column']}: {warning['what']}" for warning in taken.warnings)
    answer: dict[str, Any] = {"model_name": served.name, "model_version": served.version}
    answer |= {} if id_ is None else {"id": id_}
    answer |= {"parameters": {"warnings": said}} if said else {}
    answer["outputs"] = [{"name": OUTPUT, "shape": [len(values)], "datatype": "FP64", "data": values}]
    return json.dumps(answer).encode()


def model_metadata(served: Named) -> dict[str, Any]:
    """What ``/v2/models/NAME`` says."""
    inputs = [{"name": column.name, "datatype": DATATYPES[column.kind][0], "shape": [-1]}
              for column in served.schema.columns]  # fmt: skip
    return {
        "name": served.name, "versions": [served.version], "platform": "trueline",
        "inputs": inputs, "outputs": [{"name": OUTPUT, "datatype": "FP64", "shape": [-1]}],
    }  # fmt: skip
