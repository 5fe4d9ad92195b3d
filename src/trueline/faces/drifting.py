"""`trueline drift`: a file of later rows against what a model file remembers of its training rows."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from ..errors import ColumnsError, OptionError, Problem
from ..rows.stream import TableStream
from ..ship import DriftMonitor, DriftReport
from .loading import check_output, leave_out, load_model, open_table, schema_of
from .screen import INCOMPLETE, print_json, progress, say

__all__ = ["DriftRequest", "drift_file"]


@dataclass(frozen=True)
class DriftRequest:
    """What was asked for, in the words of the flags."""

    model: Path
    data: str
    target: str | None
    drop: tuple[str, ...]
    alpha: float
    window: int | None
    windows: int | None
    require_signed: Path | None
    html: Path | None


def drift_file(request: DriftRequest, as_json: bool) -> None:
    """Check one window, say what was found, and exit with what it means.

    Raises
    ------
    typer.Exit
        With 1: an alarm; with 3: none, but not everything could be judged.
    """
    check_output(request.html, request.model, request.data, flag="--html")
    if request.windows is not None and request.window is None:
        raise OptionError("--windows needs --window, the number of this one", advice="For example --window 1")
    report, extra = _checked(request)
    if request.html is not None:
        report.to_html(request.html)
    if as_json:
        told = {"model_file": str(request.model), "data": request.data, **report.to_dict()}
        print_json({**told, "exit_code": _code(report)})
    else:
        say(str(report))
        if extra:
            say(f"  To leave them out: {shlex.join(part for name in extra for part in ('--drop', name))}")
        if request.html is not None:
            say(f"  written: {request.html}")
    if _code(report):
        raise typer.Exit(_code(report))


def _code(report: DriftReport) -> int:
    return 1 if report.alarm else 0 if report.complete else INCOMPLETE


def _checked(request: DriftRequest) -> tuple[DriftReport, tuple[str, ...]]:
    """The report, and columns that the model does not know."""
    model = load_model(request.model, request.data, "drift", request.require_signed)
    schema = schema_of(model, request.model)
    if model.reference is None:
        advice = "Save it with them: `trueline fit -o` does" if model.privacy is None else (
            f"{model.kind} hides its rows, so its file never does. In Python DriftMonitor(model, reference="
            "Reference.of(model, X, schema=model.schema)) takes rows that may be known")  # fmt: skip
        raise OptionError(f"{request.model}: this model does not remember what its training rows looked like",
                          advice=advice)  # fmt: skip
    if request.target in schema.names:
        raise ColumnsError(f"{request.data}: --target",
                           problems=[Problem("the model predicts from this column", request.target)])  # fmt: skip
    with progress(f"reading {Path(request.data).name}") as on_progress:
        stream = _stream(request, on_progress)
        schema = leave_out(schema, request.drop, stream.names)
        monitor = DriftMonitor(replace(model, schema=schema), request.alpha, windows=request.windows)
        report = monitor.check(stream, request.target, window=request.window)
    known = {*schema.names, *schema.dropped, request.target or schema.target}
    return report, tuple(name for name in stream.names if name not in known)


def _stream(request: DriftRequest, on_progress: Any) -> TableStream:
    stream = open_table(request.data, on_progress)
    if request.target is not None and request.target not in stream.names:
        raise ColumnsError(f"{request.data}: --target", problems=[Problem("no such column", request.target)])
    return stream
