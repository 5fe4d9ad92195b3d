"""`trueline attack`: poison for a data file, what it does to a fit, and rows that can be appended."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from .. import attack
from ..attack.poison import Poison
from ..display import plain
from ..errors import OptionError
from ..files import write_whole
from ..models.least_squares import LeastSquares
from ..rows import Schema
from ..rows.domain import Domain
from .loading import Table, check_output, read_table
from .screen import print_json, progress, say, table, warned

__all__ = ["AGAINST", "KINDS", "AttackRequest", "attack_file"]

Array = NDArray[np.float64]

KINDS = ("outlier", "flip", "statistical", "targeted", "optimize", "adaptive")
AGAINST = ("least-squares", "huber", "trimmed", "winsorize", "screen", "sever")


@dataclass(frozen=True)
class AttackRequest:
    """What was asked for; `at_row` counts the rows of the file from 1."""

    data: str
    target: str
    kind: str
    rate: float
    one_hot: tuple[str, ...]
    drop: tuple[str, ...]
    drop_missing: bool
    y_bounds: tuple[float, float] | None
    at_row: int | None
    shift: float | None
    against: str
    reg_lambda: float
    seed: int
    output: Path | None


def attack_file(request: AttackRequest, as_json: bool) -> None:
    """Read, poison, measure, write, and say so.

    Raises
    ------
    OptionError
        An unknown kind, or a flag that it needs or does not take.
    """
    check_output(request.output, request.data)
    _check(request)
    rows = read_table(request.data, request.target, request.one_hot, request.drop, request.drop_missing)
    low, high = request.y_bounds or (float(rows.y.min()), float(rows.y.max()))
    domain = Domain.from_schema(rows.schema, low, high)
    with progress(f"searching for poison ({request.kind})") as on_progress, warned() as texts:
        poison = _poison(request, rows, domain, on_progress)
    result = _result(request, rows, poison, texts)
    if request.output is not None:
        _write(request, rows.schema, poison, result)
    if as_json:
        print_json(result)
    else:
        _print(request, result)


def _check(request: AttackRequest) -> None:
    if request.kind not in KINDS:
        raise OptionError(f"--kind must be one of {', '.join(KINDS)}, got {request.kind!r}")
    if request.against not in AGAINST:
        raise OptionError(f"--against must be one of {', '.join(AGAINST)}, got {request.against!r}")
    aimed = request.at_row is not None or request.shift is not None
    if request.kind == "targeted" and (request.at_row is None or request.shift is None):
        raise OptionError("--kind targeted needs --at-row (whose prediction to move) and --shift (by how much)")
    if request.kind != "targeted" and aimed:
        raise OptionError("--at-row and --shift go with --kind targeted")
    if request.kind != "adaptive" and request.against != "least-squares":
        raise OptionError("--against goes with --kind adaptive, the attack that knows the defence")


def _poison(request: AttackRequest, rows: Table, domain: Domain, on_progress: Callable[..., Any]) -> Poison:
    common: dict[str, Any] = {"rate": request.rate, "domain": domain, "random_state": request.seed}
    frame = rows.frame()
    if request.kind == "targeted":
        assert request.at_row is not None and request.shift is not None  # held by _check
        if request.at_row > rows.n_rows:
            raise OptionError(f"--at-row {request.at_row}: the table has {rows.n_rows} rows")
        return attack.targeted(frame, rows.y, at=rows.X[request.at_row - 1], shift=request.shift,
                               reg_lambda=request.reg_lambda, **common)  # fmt: skip
    if request.kind == "optimize":
        return attack.optimize(frame, rows.y, reg_lambda=request.reg_lambda, on_progress=on_progress, **common)
    if request.kind == "adaptive":
        return attack.adaptive(_defence(request), frame, rows.y, on_progress=on_progress, **common)
    makers: dict[str, Callable[..., Poison]] = {
        "outlier": attack.outlier,
        "flip": attack.flip_labels,
        "statistical": attack.statistical,
    }
    return makers[request.kind](frame, rows.y, **common)


def _defence(request: AttackRequest) -> Any:
    """The victim of an adaptive attack."""
    from sklearn.pipeline import make_pipeline

    from ..defend import Screen, Sever, Winsorize
    from ..models.huber_regression import HuberRegression
    from ..models.trimmed_least_squares import TrimmedLeastSquares

    alone = LeastSquares(request.reg_lambda)
    makers: dict[str, Callable[[], Any]] = {
        "least-squares": lambda: alone, "huber": HuberRegression, "trimmed": TrimmedLeastSquares,
        "winsorize": lambda: make_pipeline(Winsorize(), alone), "screen": lambda: Screen(alone),
        "sever": lambda: Sever(alone),
    }  # fmt: skip
    return makers[request.against]()


def _result(request: AttackRequest, rows: Table, poison: Poison, texts: list[str]) -> dict[str, Any]:
    """What the poison does to the fit that it aims at, measured on the clean rows."""
    victim = _defence(request) if request.kind == "adaptive" else LeastSquares(request.reg_lambda)
    fits = []
    with warned():
        for X, y in ((rows.X, rows.y), poison.apply(rows.X, rows.y)):
            model = clone(victim).fit(X, y)
            fits.append((float(np.mean(np.square(model.predict(rows.X) - rows.y))), model))
    (before, clean), (after, poisoned) = fits
    result: dict[str, Any] = {
        "kind": poison.kind, "knows": poison.knows, "controls": poison.controls, "rows": rows.n_rows,
        "poison_rows": len(poison.labels), "rate": poison.rate, "seed": request.seed, "mse_before": before,
        "mse_after": after, "report": plain(poison.report), "warnings": texts, "saved": None,
    }  # fmt: skip
    if request.at_row is not None:
        at = rows.X[request.at_row - 1][None, :]
        result["prediction_before"], result["prediction_after"] = (float(m.predict(at)[0]) for m in (clean, poisoned))
    return result


def _write(request: AttackRequest, schema: Schema, poison: Poison, result: dict[str, Any]) -> None:
    """The rows as CSV in the columns of the data, and beside them where they come from."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*schema.names, request.target])
    writer.writerows(_decoded(schema, poison))
    content = text.getvalue().encode()
    result["saved"] = str(request.output)
    about = {"made_for": Path(request.data).name, "target": request.target, **result,
             "sha256": hashlib.sha256(content).hexdigest()}  # fmt: skip
    assert request.output is not None
    write_whole(request.output, content)
    write_whole(f"{request.output}.json", (json.dumps(about, indent=1) + "\n").encode())


def _decoded(schema: Schema, poison: Poison) -> list[list[str]]:
    """One-hot columns as the level they stand for."""
    lines = []
    for row, label in zip(poison.rows, poison.labels, strict=True):
        cells, at = [], 0
        for column in schema.columns:
            part = row[at : at + len(column.feature_names)]
            at += len(part)
            cells.append(
                column.levels[int(part.argmax()) + 1 if part.any() else 0] if column.levels else _number(part[0])
            )
        lines.append([*cells, _number(label)])
    return lines


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))


def _print(request: AttackRequest, result: dict[str, Any]) -> None:
    say(f"{Path(request.data).name}: {result['rows']:,} rows; {result['kind']} adds {result['poison_rows']:,} "
        f"({result['rate']:.1%} of all)")  # fmt: skip
    say(f"  its maker knows the {result['knows']} and controls {result['controls']}".replace("the nothing", "nothing"))
    say()
    victim = request.against if request.kind == "adaptive" else "least-squares"
    lines = [("MSE on the clean rows", f"{result['mse_before']:.6g}", f"{result['mse_after']:.6g}",
              f"x {result['mse_after'] / result['mse_before']:.3g}" if result["mse_before"] > 0 else "")]  # fmt: skip
    if "prediction_before" in result:
        before, after = result["prediction_before"], result["prediction_after"]
        name = f"prediction for row {request.at_row}"
        lines.append((name, f"{before:.6g}", f"{after:.6g}", f"{after - before:+.6g}"))
    table(lines, (f"fit by {victim}", "clean", "poisoned", "change"))
    for text in result["warnings"]:
        say(f"warning: {text}")
    say()
    saved = result["saved"]
    if saved is None:
        say("Not saved: add -o poison.csv.")
    else:
        say(f"Saved {saved}, in the columns of the data, and {saved}.json, which says where it comes from.")
