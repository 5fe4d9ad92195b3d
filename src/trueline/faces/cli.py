"""The command line: ``trueline fit | predict | verify | audit | ...``; heavy imports wait for a command."""

from __future__ import annotations

import io
import sys
from typing import Annotated, Any

import typer

from .. import __version__
from . import options as flag
from . import options_artifact as own
from . import options_ship as ship_flag
from .cli_ship import add_commands
from .once import OnceGroup
from .screen import WRONG_USE, fail, guarded

__all__ = ["app", "json_to_file", "main"]

app = typer.Typer(
    name="trueline", cls=OnceGroup, no_args_is_help=True, add_completion=False, rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Linear regression you can verify, attack, defend and ship.\n\n"
    "Exit codes: 0 good, 1 a finding at or above --fail-on, 2 wrong use or unreadable input, 3 incomplete.",
    epilog="Start with: [bold]trueline demo[/bold], or [bold]trueline fit data.csv --target y -o model.json[/bold]",
)  # fmt: skip


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trueline {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command(
    epilog="Example: [bold]trueline fit houses.csv --target price --one-hot region --drop id -o model.json[/bold]"
)
@guarded
def fit(
    data: flag.DataFile, target: flag.Target, one_hot: flag.OneHot = None, drop: flag.Drop = None,
    drop_missing: flag.DropMissing = False, test_share: flag.TestShare = 0.2, seed: flag.Seed = 0,
    reg_lambda: flag.RegLambda = 0.0, intercept: flag.Intercept = True, gd: flag.Gd = False, lr: flag.Lr = None,
    epochs: flag.Epochs = None, loss: flag.Loss = None, standardize: flag.Standardize = False,
    momentum: flag.Momentum = None, batch_size: flag.BatchSize = None,
    clip_row_gradient: flag.ClipRowGradient = None, clip_features: flag.ClipFeatures = None, tol: flag.Tol = None,
    strict: flag.Strict = False, keep_moments: flag.KeepMoments = False, snapshot: own.Snapshot = True,
    reference: own.Reference = True, correlations: own.Correlations = False, sign_with: own.SignWith = None,
    output: flag.Output = None, as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Fit a line to a table, say how good it is, and save it.

    Least squares in closed form, or gradient descent as soon as one of its options is given. What stands in the way
    of a fit (text, ids, blanks) is listed all at once, with the command that gets past it.
    """
    from .fitting import FitRequest, fit_file

    descent: dict[str, Any] = {
        "lr": lr, "epochs": epochs, "loss": loss, "momentum": momentum, "tol": tol, "standardize": standardize or None,
        "batch_size": batch_size, "clip_row_gradient": clip_row_gradient, "clip_features": clip_features,
    }  # fmt: skip
    chosen = {name: value for name, value in descent.items() if value is not None}
    request = FitRequest(
        data, target, tuple(one_hot or ()), tuple(drop or ()), drop_missing, test_share, seed, reg_lambda, intercept,
        chosen if gd or chosen else None, strict, output, keep_moments, snapshot, reference, sign_with,
        correlations,
    )  # fmt: skip
    fit_file(request, as_json)


@app.command(epilog="Example: [bold]trueline predict model.json new.csv -o predictions.csv[/bold]")
@guarded
def predict(
    model: flag.ModelFile, data: flag.DataFile, drop: flag.Drop = None, skip_missing: flag.SkipMissing = False,
    require_signed: ship_flag.RequireSigned = None, output: flag.Output = None, as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Predict the rows of a file; columns are matched by name.

    Their order does not matter, and the target may be there or not. Predictions come in the order of the rows, as CSV
    on stdout or in the file that -o names. Numbers beyond what training saw are warned of, clipped or refused, as the
    model's schema says (`trueline schema edit`).
    """
    from .predicting import predict_file

    predict_file(model, data, output, tuple(drop or ()), skip_missing, as_json, require_signed)


@app.command(epilog="Example: [bold]trueline verify houses.csv --target price --model model.json[/bold]")
@guarded
def verify(
    data: flag.DataFile, target: flag.Target, model: flag.Theirs = None, one_hot: flag.OneHot = None,
    drop: flag.Drop = None, drop_missing: flag.DropMissing = False, reg_lambda: flag.RegLambda = 0.0,
    require_signed: ship_flag.RequireSigned = None, fail_on: flag.FailOn = "high", as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Is this fit right?

    Diagnose the rows, check the gradient, compare with the closed form, certify the optimum. A model that is not the
    best fit to these rows is a finding of high severity.
    """
    from .verifying import VerifyRequest, verify_file

    request = VerifyRequest(
        data, target, model, tuple(one_hot or ()), tuple(drop or ()), drop_missing, reg_lambda, fail_on, require_signed
    )
    verify_file(request, as_json)


@app.command(epilog="Example: [bold]trueline forget model.json rows.csv -o new.json[/bold]")
@guarded
def forget(
    model: flag.ModelFile, data: flag.DataFile, drop: flag.Drop = None, strict: flag.StrictDigits = False,
    require_signed: ship_flag.RequireSigned = None, sign_with: own.SignWith = None, output: flag.Output = None,
    in_place: flag.InPlace = False, as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Take rows out of a model that `trueline fit --keep-moments` saved.

    DATA holds the rows as they were in training, the target included. The new model is that of the remaining rows,
    equal to a refit to nine digits, or a warning says how many are left. What else in the file remembers the rows is
    refreshed or dropped. That the rows were ever in the fit cannot be known; nor what copies of the old file, the
    data and its backups still hold. Old and new file together tell what was forgotten, a single row exactly.
    """
    from .forgetting import ForgetRequest, forget_file

    request = ForgetRequest(model, data, tuple(drop or ()), strict, output, in_place, require_signed, sign_with)
    forget_file(request, as_json)


@app.command(
    epilog="Example: [bold]trueline attack houses.csv --target price --kind optimize --rate 0.1 -o poison.csv[/bold]"
)
@guarded
def attack(
    data: flag.DataFile, target: flag.Target, kind: flag.AttackKind = "optimize", rate: flag.Rate = 0.1,
    one_hot: flag.OneHot = None, drop: flag.Drop = None, drop_missing: flag.DropMissing = False,
    y_bounds: flag.YBounds = None, at_row: flag.AtRow = None, shift: flag.Shift = None,
    against: flag.Against = "least-squares", reg_lambda: flag.RegLambda = 0.0, seed: flag.AttackSeed = 0,
    output: flag.Output = None, as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Who could move this fit? Poison rows for a table of your own, and the harm they do.

    Rows are made within what the table's columns hold. With -o they are written in its columns, so that they can be
    appended to it, and a .json beside them says what they are.
    """
    from .attacking import AttackRequest, attack_file

    request = AttackRequest(
        data, target, kind, rate, tuple(one_hot or ()), tuple(drop or ()), drop_missing, y_bounds, at_row, shift,
        against, reg_lambda, seed, output,
    )  # fmt: skip
    attack_file(request, as_json)


@app.command(
    epilog="Example: [bold]trueline audit limits.csv --target limit --one-hot region --source broker --html audit.html"
    "[/bold]"
)
@guarded
def audit(
    data: flag.DataFile, target: flag.Target, model: flag.AuditedModel = None, source: flag.SourceColumn = None,
    one_hot: flag.OneHot = None, drop: flag.Drop = None, drop_missing: flag.DropMissing = False,
    sensitive: flag.Sensitive = None, bounds: flag.Bounds = None, tolerance: flag.Tolerance = None,
    attacker_rows: flag.AttackerRows = None, effort: flag.Effort = "normal", seed: flag.AuditSeed = 0,
    fail_on: flag.FailOn = "high", baseline: flag.Baseline = None, suppress: flag.Suppress = None,
    require_signed: ship_flag.RequireSigned = None, html: flag.Html = None, sarif: flag.Sarif = None,
    json_to: flag.JsonTo = None, redact: flag.Redact = False, effects: flag.Effects = None,
    frozen: flag.Frozen = None, rows_to: flag.RowsTo = None, replay: flag.Replayed = None,
    as_json: flag.Json = False,
) -> None:  # fmt: skip
    """What is fragile, by how much, to whom, and what to do?

    Fit or take a model, verify it, attack it, defend it, and say what was found in units of the target: who pulls the
    fit, how few rows turn an effect around, what one row can buy, which defence holds and what it costs.
    """
    from .auditing import AuditRequest, audit_file

    request = AuditRequest(
        data, target, model, tuple(one_hot or ()), tuple(drop or ()), drop_missing, source, sensitive,
        tuple(bounds or ()), tolerance, attacker_rows, effort, seed, html, json_to, sarif, redact, baseline, suppress,
        fail_on, require_signed, tuple(effects or ()), tuple(frozen or ()), rows_to, replay,
    )  # fmt: skip
    audit_file(request, as_json)


@app.command(epilog="Example: [bold]trueline demo --plot demo.png[/bold]")
@guarded
def demo(plot: flag.Plot = None) -> None:
    """The story of one line: fit it, check it, compare it, poison it, defend it."""
    from .story import tell

    tell(plot)


add_commands(app)


def json_to_file(words: list[str]) -> list[str]:
    """``audit ... --json FILE.json`` writes there: typer has no option whose value may be left out."""
    if words[1:2] != ["audit"]:
        return words
    found = list(words)
    for i, word in enumerate(words[:-1]):
        if word == "--json" and words[i + 1].endswith(".json"):
            found[i] = "--json-to"
    return [f"--json-to={word[7:]}" if word.startswith("--json=") else word for word in found]


def main() -> None:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # R² on a terminal that has no ²
    sys.argv = json_to_file(sys.argv)
    if "--json" not in sys.argv:
        app(prog_name="trueline")
    try:
        sys.exit(app(prog_name="trueline", standalone_mode=False))
    except Exception as error:  # commands are guarded, so the words themselves are wrong
        try:
            fail(getattr(error, "format_message", error.__str__)(), WRONG_USE, as_json=True)
        except typer.Exit as leaving:
            sys.exit(leaving.exit_code)


if __name__ == "__main__":
    main()
