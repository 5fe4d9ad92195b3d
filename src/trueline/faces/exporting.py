"""`trueline export`: a model as an ONNX graph."""

from __future__ import annotations

from pathlib import Path

from ..ship import to_onnx
from .loading import check_output, open_model
from .screen import print_json, say

__all__ = ["export_file"]


def export_file(path: Path, output: Path, require_signed: Path | None, as_json: bool) -> None:
    """Write the graph and say what its input is.

    Raises
    ------
    ArtifactError
        Not a model file, or not signed by the owner of the key.
    OptionError
        onnx is not installed.
    """
    check_output(output, path)
    model = open_model(path, require_signed)
    content = to_onnx(model, output)
    if as_json:
        print_json({"model": str(path), "saved": str(output), "bytes": len(content), "features": len(model.coef_),
                    "checked": model.checked})  # fmt: skip
        return
    say(f"Wrote {output} ({len(content):,} bytes): input X (n, {len(model.coef_)}), output y (n, 1), both double.")
    if model.schema is not None:
        say("X is what the schema makes of a table (model.schema.apply(frame)): the graph itself matches no names, "
            "encodes no levels and knows no policies.")  # fmt: skip
