"""A model as an ONNX graph in double precision: clip, one product, one sum."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..files import write_whole
from ..models.foreign import Line, as_line
from .artifact import Model

__all__ = ["to_onnx"]

Array = NDArray[np.float64]

OPSET, IR_VERSION = 17, 9  # old enough for runtimes of 2022
DOUBLE = 11  # onnx.TensorProto.DOUBLE, which a type checker does not find
LARGEST = 2**31 - 1  # bytes: what a protobuf holds


def to_onnx(model: Any, path: str | os.PathLike[str] | None = None) -> bytes:
    """A model as ONNX, within 1e-12 of `predict`: input ``X`` (n, n_features), output ``y`` (n, 1), both double.

    Clipping is part of the graph; centring and scaling are folded into the coefficients, as in `predict`. What a schema
    does before (matching names, one-hot encoding, policies) is not: X holds the encoded features, in the order
    of the graph's metadata entry ``features``.

    Parameters
    ----------
    model : what `load` gave, or any fitted linear model that `save` takes
    path : str or path-like, optional
        Also write it there.

    Returns
    -------
    bytes
        A serialized ``onnx.ModelProto`` that ``onnx.checker`` accepts.

    Raises
    ------
    OptionError
        onnx is not installed, or the model is too large for one protobuf.

    Examples
    --------
    >>> import onnxruntime
    >>> from trueline import LeastSquares
    >>> graph = to_onnx(LeastSquares().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]))
    >>> onnxruntime.InferenceSession(graph).run(["y"], {"X": np.array([[10.0]])})[0].round(9)
    array([[21.]])
    """
    line = model.line if isinstance(model, Model) else as_line(model)
    if 8 * 3 * len(line.coef) > LARGEST:
        raise OptionError(f"{len(line.coef)} features are more than one ONNX file holds")
    content: bytes = _proto(line, _names(model, line), _facts(model)).SerializeToString(deterministic=True)
    if path is not None:
        write_whole(path, content)
    return content


def _proto(line: Line, names: tuple[str, ...], facts: dict[str, str]) -> Any:
    try:
        from onnx import checker, helper
    except ImportError:
        raise OptionError("ONNX needs the package onnx", advice="pip install 'trueline[onnx]'") from None
    nodes, constants, rows = [], {"coef": line.coef[:, None], "intercept": np.array([line.intercept])}, "X"
    for name, kind, bound in (("low", "Max", line.scaling.low), ("high", "Min", line.scaling.high)):
        if bound is not None:  # Clip takes one bound for all columns; Max and Min broadcast
            constants[name] = bound
            nodes.append(helper.make_node(kind, [rows, name], [f"clipped_{name}"]))
            rows = f"clipped_{name}"
    nodes.append(helper.make_node("MatMul", [rows, "coef"], ["product"]))
    nodes.append(helper.make_node("Add", ["product", "intercept"], ["y"]))
    graph = helper.make_graph(
        nodes, "line", [helper.make_tensor_value_info("X", DOUBLE, [None, len(line.coef)])],
        [helper.make_tensor_value_info("y", DOUBLE, [None, 1])],
        [helper.make_tensor(name, DOUBLE, value.shape, value.astype("<f8").tobytes(), raw=True)
         for name, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="trueline",
                              ir_version=IR_VERSION)  # fmt: skip
    helper.set_model_props(model, {"features": "\n".join(names), **facts})
    checker.check_model(model, full_check=True)
    return model


def _names(model: Any, line: Line) -> tuple[str, ...]:
    schema = getattr(model, "schema", None) or getattr(model, "schema_", None)
    names = getattr(model, "feature_names", None) if schema is None else schema.feature_names
    if names is None:
        names = getattr(model, "feature_names_in_", None)
    return tuple(f"x{j}" for j in range(len(line.coef))) if names is None else tuple(str(name) for name in names)


def _facts(model: Any) -> dict[str, str]:
    """Where it came from, so that the graph can be held against the model file."""
    return {"sha256": model.sha256} if isinstance(model, Model) and model.sha256 else {}
