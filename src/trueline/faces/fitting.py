"""`trueline fit`: from a data file to a model file."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..maths.descent import Status
from ..maths.losses import Huber, Loss, Quantile, by_name
from ..models.descent_plan import check_options
from ..models.foreign import as_line
from ..models.least_squares import LeastSquares
from ..models.linear_regression_gd import LinearRegressionGD
from ..ship import Model, Snapshot, save
from ..ship.record import metrics_on, record_of
from ..ship.spelling import spelled
from .loading import Table, check_output, read_table
from .screen import IncompleteError, print_json, progress, say, table, warned
from .signing import signing_key

__all__ = ["FitRequest", "fit_file", "parse_loss"]

Array = NDArray[np.float64]
Fitted = LeastSquares | LinearRegressionGD


@dataclass(frozen=True)
class FitRequest:
    """What was asked for; `descent` is None for the closed form."""

    data: str
    target: str
    one_hot: tuple[str, ...]
    drop: tuple[str, ...]
    drop_missing: bool
    test_share: float
    seed: int
    reg_lambda: float
    intercept: bool
    descent: dict[str, Any] | None
    strict: bool
    output: Path | None
    keep_moments: bool = False
    snapshot: bool = True
    reference: bool = True
    sign_with: Path | None = None
    correlations: bool = False


def fit_file(request: FitRequest, as_json: bool) -> None:
    """Read, fit, measure, save, and say so.

    Raises
    ------
    IncompleteError
        `strict`, and descent did not converge.
    """
    check_output(request.output, request.data)
    model, key = _estimator(request), signing_key(request.sign_with)  # wrong options are said before the rows are read
    rows = read_table(request.data, request.target, request.one_hot, request.drop, request.drop_missing)
    held_out = _held_out(rows.n_rows, request.test_share, request.seed)
    trial = None
    with progress("fitting"):
        if held_out.any():
            with warned():  # the final fit's are the ones that matter
                trial = _estimator(request).fit(rows.frame(~held_out), rows.y[~held_out])
        with warned() as texts:
            model.fit(rows.frame(), rows.y)
    result = _result(request, rows, model, trial, held_out, texts)
    converged = getattr(model, "status_", Status.CONVERGED) is Status.CONVERGED
    if request.output is not None and (converged or not request.strict):
        save(
            model, request.output, X=rows.X, y=rows.y, schema=rows.schema, training=result["training"],
            keep_moments=request.keep_moments, reference=request.reference,
            correlations=request.correlations,
            snapshot=request.snapshot and _snapshot(request, rows), sign_with=key,
        )  # fmt: skip
        result |= {"saved": str(request.output), "signed_by": key and key.id}
    if not as_json:
        _print(request, rows, result)
    if request.strict and not converged:
        raise IncompleteError(
            f"not converged ({result['training']['status']}), so nothing was saved (--strict)", result
        )
    if as_json:
        print_json(result)


def parse_loss(text: str) -> Loss:
    """ "huber", "huber:2.5", "quantile:0.9", ... as a loss.

    Raises
    ------
    OptionError
        No such loss, or a parameter that is no number.
    """
    name, colon, parameter = text.partition(":")
    kinds: dict[str, type] = {"huber": Huber, "quantile": Quantile}
    if not colon:
        return by_name(name)
    try:
        loss: Loss = kinds[name](float(parameter))
    except (KeyError, ValueError) as error:
        if isinstance(error, OptionError):
            raise
        raise OptionError(
            f"no loss is called {text!r}", advice="Write half_mse, mse, mae, huber:2.5 or quantile:0.9"
        ) from None
    return loss


def _estimator(request: FitRequest) -> Fitted:
    if request.descent is None:
        return LeastSquares(request.reg_lambda, request.intercept)
    if request.keep_moments:
        raise OptionError(
            "--keep-moments goes with the closed form: where a descent ends does not follow from moments alone, so "
            "no row could be taken out of it again", advice="Leave the options of gradient descent out",
        )  # fmt: skip
    options = dict(request.descent)
    if "loss" in options:
        options["loss"] = parse_loss(options["loss"])
    if options.get("lr", "auto") != "auto":
        try:
            options["lr"] = float(options["lr"])
        except ValueError:
            raise OptionError(f"--lr must be a number or 'auto', got {options['lr']!r}") from None
    model = LinearRegressionGD(
        reg_lambda=request.reg_lambda, fit_intercept=request.intercept, random_state=request.seed, **options
    )
    check_options(model)
    return model


def _held_out(n_rows: int, share: float, seed: int) -> NDArray[np.bool_]:
    """Exactly round(share·n) rows, picked by the seed; none where too few rows would be left to fit on."""
    chosen = np.zeros(n_rows, dtype=bool)
    count = round(share * n_rows)
    if n_rows - count >= 2:
        chosen[np.random.default_rng(seed).permutation(n_rows)[:count]] = True
    return chosen


def _result(
    request: FitRequest, rows: Table, model: Fitted, trial: Fitted | None, held_out: NDArray[np.bool_], texts: list[str]
) -> dict[str, Any]:
    training = record_of(model)
    errors = _errors(model, rows.X, rows.y)
    training |= {"rows": rows.n_rows, "train_mse": errors["rmse"] ** 2, "train_r2": errors["r2"]}
    if trial is not None:
        training["metrics"] = _errors(trial, rows.X[held_out], rows.y[held_out])
        training["seeds"]["held_out"] = request.seed
    return {
        "model": type(model).__name__, "target": request.target, "intercept": model.intercept_,
        "coefficients": dict(zip(rows.schema.feature_names, model.coef_.tolist(), strict=True)),
        "dropped_levels": rows.schema.dropped_levels, "training": training, "warnings": texts,
        "saved": None, "signed_by": None,
    }  # fmt: skip


def _errors(model: Fitted, X: Array, y: Array) -> dict[str, Any]:
    return metrics_on(Model("", as_line(model)).predict(X), y)


def _snapshot(request: FitRequest, rows: Table) -> Snapshot:
    """Of all rows, with the name of their file."""
    schema = rows.schema
    return Snapshot.of(rows.X, rows.y, schema.feature_names, references=schema.dropped_levels,
                       sources=[Path(request.data).name])  # fmt: skip


def _print(request: FitRequest, rows: Table, result: dict[str, Any]) -> None:
    training, n_features = result["training"], len(result["coefficients"])
    say(f"{Path(request.data).name}: {rows.n_rows:,} rows, {n_features} feature{'s' * (n_features != 1)} "
        f"-> {request.target}")  # fmt: skip
    for column, level in result["dropped_levels"].items():
        say(f"  {column}: measured against its level {level!r}, which has no column of its own")
    if training["status"] is not None:
        say(f"{result['model']}: {training['status']} after {training['epochs']:,} epochs")
    else:
        say(f"{result['model']}: {training['solver']}, rank {training['rank']} of {n_features}, "
            f"{training['digits']:.0f} digits vouched for")  # fmt: skip
    say()
    coefficients = {"(intercept)": result["intercept"], **result["coefficients"]}
    table([(spelled(name), f"{value:.8g}") for name, value in coefficients.items()], ("", f"{request.target} per unit"))
    say()
    _print_errors(training)
    for text in result["warnings"]:
        say(f"warning: {text}")
    say(_next(request, result))


def _print_errors(training: dict[str, Any]) -> None:
    metrics = training["metrics"]
    errors = [(f"training ({training['rows']:,} rows)", training["train_mse"], training["train_r2"])]
    if metrics:
        errors.append((f"held out ({metrics['rows']:,} rows)", metrics["rmse"] ** 2, metrics["r2"]))
    table([(name, f"{mse:.6g}", "" if r2 is None else f"{r2:.4f}") for name, mse, r2 in errors], ("", "MSE", "R²"))
    if metrics:
        say("  The held-out error is that of a fit without those rows; the model itself uses all of them.")
    say()


def _next(request: FitRequest, result: dict[str, Any]) -> str:
    saved = result["saved"]
    if saved is None:
        return "Not saved: add -o model.json." if request.output is None else "Not saved: not converged."
    kept = "\nIts moments tell whoever reads it the mean and spread of every column." if request.keep_moments else ""
    looks = [["trueline", command, request.data, "--target", request.target, "--model", saved]
             for command in ("verify", "audit")]  # fmt: skip
    lines = [*map(shlex.join, looks), f"{shlex.join(['trueline', 'predict', saved])} new.csv"]
    signed = f", signed by key {result['signed_by']}" if result["signed_by"] else ""
    return "\n  ".join([f"Saved {saved}{signed}.{kept} Next:", *lines])
