"""`trueline fit`: from a data file to a model file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..maths.descent import Status
from ..maths.losses import Huber, Loss, Quantile, by_name
from ..models.least_squares import LeastSquares
from ..models.linear_regression_gd import LinearRegressionGD
from ..ship import save
from .loading import Table, read_table
from .screen import Incomplete, print_json, say, table, warned

__all__ = ["FitRequest", "fit_file", "parse_loss"]

Array = NDArray[np.float64]
Fitted = LeastSquares | LinearRegressionGD


@dataclass(frozen=True)
class FitRequest:
    """What was asked for; `descent` is None for the closed form."""

    data: Path
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


def fit_file(request: FitRequest, as_json: bool) -> None:
    """Read, fit, measure, save, and say so.

    Raises
    ------
    Incomplete
        `strict`, and descent did not converge.
    """
    rows = read_table(request.data, request.target, request.one_hot, request.drop, request.drop_missing)
    held_out = _held_out(rows.n_rows, request.test_share, request.seed)
    with warned() as trial_warnings:
        trial = _estimator(request).fit(rows.X[~held_out], rows.y[~held_out]) if held_out.any() else None
    del trial_warnings  # the final fit's are the ones that matter
    with warned() as texts:
        model = _estimator(request).fit(rows.X, rows.y)
    result = _result(request, rows, model, trial, held_out, texts)
    converged = getattr(model, "status_", Status.CONVERGED) is Status.CONVERGED
    if request.output is not None and (converged or not request.strict):
        model.feature_names_in_ = np.asarray(rows.schema.feature_names, dtype=object)
        save(model, request.output, schema=rows.schema, training=result["training"])
        result["saved"] = str(request.output)
    print_json(result) if as_json else _print(request, rows, result)
    if request.strict and not converged:
        raise Incomplete(f"not converged ({result['training']['status']}), so nothing was saved (--strict)")


def parse_loss(text: str) -> Loss:
    """ "huber", "huber:2.5", "quantile:0.9", ... as a loss.

    Raises
    ------
    OptionError
        No such loss, or a parameter that is no number.
    """
    name, _, parameter = text.partition(":")
    kinds: dict[str, type] = {"huber": Huber, "quantile": Quantile}
    if not parameter:
        return by_name(name)
    try:
        loss: Loss = kinds[name](float(parameter))
    except (KeyError, ValueError) as error:
        if isinstance(error, OptionError):
            raise
        raise OptionError(f"no loss is called {text!r}", advice="Write half_mse, mse, mae, huber:2.5 or quantile:0.9") from None
    return loss


def _estimator(request: FitRequest) -> Fitted:
    if request.descent is None:
        return LeastSquares(request.reg_lambda, request.intercept)
    options = dict(request.descent)
    if "loss" in options:
        options["loss"] = parse_loss(options["loss"])
    if options.get("lr", "auto") != "auto":
        try:
            options["lr"] = float(options["lr"])
        except ValueError:
            raise OptionError(f"--lr must be a number or 'auto', got {options['lr']!r}") from None
    return LinearRegressionGD(
        reg_lambda=request.reg_lambda, fit_intercept=request.intercept, random_state=request.seed, **options
    )


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
    training: dict[str, Any] = {
        "rows": rows.n_rows, "train_mse": _mse(model, rows.X, rows.y), "train_r2": float(model.score(rows.X, rows.y)),
        "held_out_rows": int(held_out.sum()), "seed": request.seed,
    }  # fmt: skip
    if trial is not None:
        X, y = rows.X[held_out], rows.y[held_out]
        training["held_out_mse"] = _mse(trial, X, y)
        training["held_out_r2"] = float(trial.score(X, y)) if len(y) > 1 else None
    if isinstance(model, LinearRegressionGD):
        training |= {"status": str(model.status_), "epochs": model.n_iter_}
    else:
        training |= {"solver": model.solver_, "rank": model.rank_, "digits": model.digits_,
                     "condition": model.condition_ if np.isfinite(model.condition_) else None}  # fmt: skip
    return {
        "model": type(model).__name__, "target": request.target, "intercept": model.intercept_,
        "coefficients": dict(zip(rows.schema.feature_names, model.coef_.tolist(), strict=True)),
        "dropped_levels": rows.schema.dropped_levels, "training": training, "warnings": texts, "saved": None,
    }  # fmt: skip


def _mse(model: Fitted, X: Array, y: Array) -> float:
    return float(np.mean((model.predict(X) - y) ** 2))


def _print(request: FitRequest, rows: Table, result: dict[str, Any]) -> None:
    training = result["training"]
    say(f"{request.data.name}: {rows.n_rows:,} rows, {len(result['coefficients'])} features -> {request.target}")
    for column, level in result["dropped_levels"].items():
        say(f"  {column}: measured against its level {level!r}, which has no column of its own")
    how = training.get("status")
    if how is None:
        say(f"{result['model']}: {training['solver']}, rank {training['rank']} of {len(result['coefficients'])}, "
            f"{training['digits']:.0f} digits vouched for")  # fmt: skip
    else:
        say(f"{result['model']}: {how} after {training['epochs']:,} epochs")
    say()
    coefficients = {"(intercept)": result["intercept"], **result["coefficients"]}
    table([(name, f"{value:.8g}") for name, value in coefficients.items()], ("", f"{request.target} per unit"))
    say()
    errors = [("all rows", f"{training['train_mse']:.6g}", f"{training['train_r2']:.4f}")]
    if "held_out_mse" in training:
        r2 = training["held_out_r2"]
        errors.append((f"held out ({training['held_out_rows']:,} rows)", f"{training['held_out_mse']:.6g}",
                       "" if r2 is None else f"{r2:.4f}"))  # fmt: skip
    table(errors, ("", "MSE", "R²"))
    if "held_out_mse" in training:
        say("  The held-out error is that of a fit without those rows; the model itself uses all of them.")
    say()
    for text in result["warnings"]:
        say(f"warning: {text}")
    say(_next(request, result))


def _next(request: FitRequest, result: dict[str, Any]) -> str:
    if result["saved"] is None:
        return "Not saved: add -o model.json." if request.output is None else "Not saved: not converged."
    return (f"Saved {result['saved']}. Next:\n"
            f"  trueline verify {request.data} --target {request.target} --model {result['saved']}\n"
            f"  trueline predict {result['saved']} new.csv")  # fmt: skip
