"""The command line: ``trueline fit | predict | verify | demo``. Heavy imports wait until a command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .. import __version__
from .screen import guarded

__all__ = ["app", "main"]

app = typer.Typer(
    name="trueline", no_args_is_help=True, add_completion=False, rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Linear regression you can verify, attack, defend and ship.\n\n"
    "Start with: [bold]trueline fit data.csv --target y -o model.json[/bold]\n\n"
    "Exit codes: 0 good, 1 a finding at or above --fail-on, 2 wrong use or unreadable input, 3 incomplete.",
)  # fmt: skip

DATA, DESCENT, OUTPUT = "Data", "Gradient descent (any of these chooses it)", "Output"

DataFile = Annotated[Path, typer.Argument(help="CSV or Parquet file with a header.", show_default=False)]
ModelFile = Annotated[Path, typer.Argument(help="A model that `trueline fit -o` wrote.", show_default=False)]
Target = Annotated[str, typer.Option(help="Column to predict.", show_default=False, rich_help_panel=DATA)]
OneHot = Annotated[
    list[str] | None,
    typer.Option(help="Text column to encode as 0/1 columns, its first level left out. Repeat for more.",
                 show_default=False, rich_help_panel=DATA),
]  # fmt: skip
Drop = Annotated[
    list[str] | None,
    typer.Option(help="Column to leave out. Repeat for more.", show_default=False, rich_help_panel=DATA),
]
DropMissing = Annotated[bool, typer.Option("--drop-missing", help="Leave out rows with a blank.", rich_help_panel=DATA)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for machines.", rich_help_panel=OUTPUT)]
RegLambda = Annotated[
    float, typer.Option(help="Penalty reg_lambda/2 x |w|^2 on the mean loss, never on the intercept.",
                        rich_help_panel="Model")
]  # fmt: skip


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


@app.command(epilog="Example: [bold]trueline fit houses.csv --target price --one-hot region --drop id -o model.json[/bold]")
@guarded
def fit(
    data: DataFile,
    target: Target,
    one_hot: OneHot = None,
    drop: Drop = None,
    drop_missing: DropMissing = False,
    test_share: Annotated[
        float, typer.Option(help="Share of rows held out to measure the error on; the saved model is then fitted "
                            "on all rows.", min=0.0, max=0.9, rich_help_panel=DATA)
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="Picks the held-out rows and seeds the descent.", min=0,
                                          rich_help_panel=DATA)] = 0,
    reg_lambda: RegLambda = 0.0,
    intercept: Annotated[bool, typer.Option("--intercept/--no-intercept", rich_help_panel="Model")] = True,
    gd: Annotated[bool, typer.Option("--gd", help="Gradient descent.", rich_help_panel=DESCENT)] = False,
    lr: Annotated[str | None, typer.Option(help="Learning rate, a number or 'auto'.", show_default=False,
                                           rich_help_panel=DESCENT)] = None,
    epochs: Annotated[int | None, typer.Option(help="Reads of the data at most.", show_default="10000", min=1,
                                               rich_help_panel=DESCENT)] = None,
    loss: Annotated[str | None, typer.Option(help="half_mse, mse, huber, mae; huber:2.5 and quantile:0.9 set the "
                                             "parameter.", show_default="half_mse", rich_help_panel=DESCENT)] = None,
    standardize: Annotated[bool, typer.Option("--standardize", help="Scale columns to mean 0, deviation 1 first.",
                                              rich_help_panel=DESCENT)] = False,
    momentum: Annotated[float | None, typer.Option(help="Heavy ball, 0 to below 1.", show_default="0",
                                                   rich_help_panel=DESCENT)] = None,
    tol: Annotated[float | None, typer.Option(help="Stop this close to the optimum; 0 runs all epochs.",
                                              show_default="1e-12", rich_help_panel=DESCENT)] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3, and save nothing, unless converged.",
                                         rich_help_panel=OUTPUT)] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to save the model (JSON).",
                                                show_default=False, rich_help_panel=OUTPUT)] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Fit a line to a table, say how good it is, and save it.

    Least squares in closed form, or gradient descent as soon as one of its options is given. What stands in the way
    of a fit (text, ids, blanks) is listed all at once, with the command that gets past it.
    """
    from .fitting import FitRequest, fit_file

    descent: dict[str, Any] = {
        "lr": lr, "epochs": epochs, "loss": loss, "momentum": momentum, "tol": tol, "standardize": standardize or None,
    }  # fmt: skip
    chosen = {name: value for name, value in descent.items() if value is not None}
    request = FitRequest(
        data, target, tuple(one_hot or ()), tuple(drop or ()), drop_missing, test_share, seed, reg_lambda, intercept,
        chosen if gd or chosen else None, strict, output,
    )  # fmt: skip
    fit_file(request, as_json)


@app.command(epilog="Example: [bold]trueline predict model.json new.csv -o predictions.csv[/bold]")
@guarded
def predict(
    model: ModelFile,
    data: DataFile,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV to write; stdout without it.",
                                                show_default=False, rich_help_panel=OUTPUT)] = None,
    skip_missing: Annotated[bool, typer.Option("--skip-missing", help="Leave the prediction of a row with a blank "
                                               "empty, instead of refusing the file.", rich_help_panel=DATA)] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Predict the rows of a file; columns are matched by name, in any order."""
    from .predicting import predict_file

    predict_file(model, data, output, skip_missing, as_json)


@app.command(epilog="Example: [bold]trueline verify houses.csv --target price --one-hot region --model model.json[/bold]")
@guarded
def verify(
    data: DataFile,
    target: Target,
    model: Annotated[Path | None, typer.Option(help="The model to verify; without it one is fitted.",
                                               show_default=False, rich_help_panel=DATA)] = None,
    one_hot: OneHot = None,
    drop: Drop = None,
    drop_missing: DropMissing = False,
    reg_lambda: RegLambda = 0.0,
    fail_on: Annotated[str, typer.Option(help="Exit with 1 on a finding at or above: info, low, medium, high, "
                                         "critical.", rich_help_panel=OUTPUT)] = "critical",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Is this fit right? Diagnose the rows, check the gradient, compare with the closed form, certify the optimum."""
    from .verifying import VerifyRequest, verify_file

    request = VerifyRequest(data, target, model, tuple(one_hot or ()), tuple(drop or ()), drop_missing, reg_lambda, fail_on)
    verify_file(request, as_json)


@app.command(epilog="Example: [bold]trueline demo --plot demo.png[/bold]")
@guarded
def demo(
    plot: Annotated[Path | None, typer.Option(help="Also draw the lines and the descent, e.g. demo.png.",
                                              show_default=False)] = None,
) -> None:  # fmt: skip
    """The story of one line: fit it, check it, compare it, poison it, defend it."""
    from .story import tell

    tell(plot)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
