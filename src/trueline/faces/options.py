"""The flags that commands share, each with its words in ``--help``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Against", "AtRow", "AttackKind", "AttackSeed", "AttackerRows", "AuditSeed", "AuditedModel", "Baseline",
    "BatchSize", "Bounds", "ClipFeatures", "ClipRowGradient", "DataFile", "Drop", "DropMissing", "Effects", "Effort",
    "Epochs", "FailOn", "Frozen", "Gd", "Html", "InPlace", "Intercept", "Json", "JsonTo", "KeepMoments", "Loss", "Lr",
    "ModelFile", "Momentum", "OneHot", "Output", "Plot", "Rate", "Redact", "RegLambda", "Replayed", "RowsTo", "Sarif",
    "Seed", "Sensitive", "Shift", "SkipMissing", "SourceColumn", "Standardize", "Strict", "StrictDigits", "Suppress",
    "Target", "TestShare", "Theirs", "Tol", "Tolerance", "YBounds",
]  # fmt: skip

DATA, MODEL, DESCENT, OUTPUT = "Data", "Model", "Gradient descent (any of these chooses it)", "Output"
ATTACK, TERMS, GATE = "Attack", "What matters, and of whom", "What fails"

# fmt: off
DataFile = Annotated[str, typer.Argument(metavar="DATA", help="CSV or Parquet file; a CSV's first line names its "
                                         "columns.", show_default=False)]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A model that `trueline fit -o` wrote.",
                                           show_default=False)]
Target = Annotated[str, typer.Option(metavar="COLUMN", help="Column to predict.", show_default=False,
                                     rich_help_panel=DATA)]
OneHot = Annotated[list[str] | None, typer.Option(
    metavar="COLUMN", help="Text column to encode as 0/1 columns, its first level left out. Repeat for more.",
    show_default=False, rich_help_panel=DATA)]
Drop = Annotated[list[str] | None, typer.Option(
    metavar="COLUMN", help="Column to leave out. Repeat for more.", show_default=False, rich_help_panel=DATA)]
DropMissing = Annotated[bool, typer.Option("--drop-missing", help="Leave out rows with a blank.", rich_help_panel=DATA)]
TestShare = Annotated[float, typer.Option(
    metavar="SHARE", help="Share of rows held out to measure the error on, up to 0.9; the saved model is then fitted "
    "on all rows.", min=0.0, max=0.9, rich_help_panel=DATA)]
Seed = Annotated[int, typer.Option(metavar="NUMBER", help="Picks the held-out rows and seeds the descent.", min=0,
                                   rich_help_panel=DATA)]
SkipMissing = Annotated[bool, typer.Option(
    "--skip-missing", help="Leave the prediction of a row with a blank empty, instead of refusing the file.",
    rich_help_panel=DATA)]
Theirs = Annotated[Path | None, typer.Option(
    metavar="FILE", help="The model to verify, on the columns it was trained on; without it one is fitted.",
    show_default=False, rich_help_panel=DATA)]
RegLambda = Annotated[float, typer.Option(
    metavar="NUMBER", help="Penalty reg_lambda/2 x |w|^2 on the mean loss, never on the intercept.", min=0.0,
    rich_help_panel=MODEL)]
Intercept = Annotated[bool, typer.Option("--intercept/--no-intercept", help="Or force the line through zero.",
                                         rich_help_panel=MODEL)]
Gd = Annotated[bool, typer.Option("--gd", help="Descend with the defaults below.", rich_help_panel=DESCENT)]
Lr = Annotated[str | None, typer.Option(metavar="RATE", help="Learning rate, a number or 'auto'.",
                                        show_default="auto", rich_help_panel=DESCENT)]
Epochs = Annotated[int | None, typer.Option(metavar="NUMBER", help="Reads of the data at most.",
                                            show_default="10000", min=1, rich_help_panel=DESCENT)]
Loss = Annotated[str | None, typer.Option(
    metavar="NAME", help="half_mse, mse, huber, mae; huber:2.5 and quantile:0.9 set the parameter.",
    show_default="half_mse", rich_help_panel=DESCENT)]
Standardize = Annotated[bool, typer.Option("--standardize", help="Scale columns to mean 0, deviation 1 first.",
                                           rich_help_panel=DESCENT)]
Momentum = Annotated[float | None, typer.Option(metavar="NUMBER", help="Heavy ball, 0 to below 1.", show_default="0",
                                                rich_help_panel=DESCENT)]
BatchSize = Annotated[int | None, typer.Option(metavar="ROWS", help="Rows per step.", show_default="all rows", min=1,
                                               rich_help_panel=DESCENT)]
ClipRowGradient = Annotated[float | None, typer.Option(
    metavar="NUMBER", help="Largest push of any one row: a defence.", show_default="none", rich_help_panel=DESCENT)]
ClipFeatures = Annotated[tuple[float, float] | None, typer.Option(
    metavar="LOW HIGH", help="Clip columns at two of their quantiles, e.g. 0.01 0.99.", show_default="none",
    rich_help_panel=DESCENT)]
Tol = Annotated[float | None, typer.Option(metavar="NUMBER", help="Stop this close to the optimum; 0 runs all epochs.",
                                           show_default="1e-12", rich_help_panel=DESCENT)]
AttackKind = Annotated[str, typer.Option(
    metavar="KIND", help="outlier, flip, statistical, targeted, optimize, or adaptive.", show_default="optimize",
    rich_help_panel=ATTACK)]
Rate = Annotated[float, typer.Option(metavar="SHARE", help="Poison as a share of all rows, at most 0.5.", min=0.0,
                                     max=0.5, rich_help_panel=ATTACK)]
YBounds = Annotated[tuple[float, float] | None, typer.Option(
    metavar="LOW HIGH", help="What labels may be.", show_default="as observed", rich_help_panel=ATTACK)]
AtRow = Annotated[int | None, typer.Option(metavar="ROW", help="targeted: whose prediction to move, counted from 1.",
                                           show_default=False, min=1, rich_help_panel=ATTACK)]
Shift = Annotated[float | None, typer.Option(metavar="NUMBER", help="targeted: by how much, in units of the target.",
                                             show_default=False, rich_help_panel=ATTACK)]
Against = Annotated[str, typer.Option(
    metavar="DEFENCE", help="adaptive: least-squares, huber, trimmed, winsorize, screen or sever.",
    rich_help_panel=ATTACK)]
AttackSeed = Annotated[int, typer.Option("--seed", metavar="NUMBER", help="The same seed makes the same poison.", min=0,
                                         rich_help_panel=ATTACK)]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 3, and save nothing, unless converged.",
                                      rich_help_panel=OUTPUT)]
FailOn = Annotated[str, typer.Option(metavar="SEVERITY", help="Exit with 1 on a finding at or above: info, low, "
                                     "medium, high, critical.", rich_help_panel=OUTPUT)]
StrictDigits = Annotated[bool, typer.Option(
    "--strict", help="Exit with 3, and write nothing, unless 9 digits of the coefficients can be vouched for.",
    rich_help_panel=OUTPUT)]
KeepMoments = Annotated[bool, typer.Option(
    "--keep-moments", help="Closed form only: also save sums over the rows, so that `trueline forget` can take rows "
    "out later. They reveal every column's mean and spread, and how columns vary together.", rich_help_panel=OUTPUT)]
InPlace = Annotated[bool, typer.Option("--in-place", help="Replace the model file itself.", rich_help_panel=OUTPUT)]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write the result.",
                                             show_default=False, rich_help_panel=OUTPUT)]
Plot = Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw the lines and the descent, e.g. demo.png.",
                                           show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for machines.", rich_help_panel=OUTPUT)]
AuditedModel = Annotated[Path | None, typer.Option(
    "--model", metavar="FILE", help="The model to audit: what `trueline fit -o` wrote, or a CSV of names and "
    "coefficients; without it one is fitted.", show_default=False, rich_help_panel=DATA)]
SourceColumn = Annotated[str | None, typer.Option(
    "--source", metavar="COLUMN", help="Who supplied each row; not a feature.", show_default=False,
    rich_help_panel=DATA)]
Sensitive = Annotated[str | None, typer.Option(
    metavar="FEATURE", help="A feature that the model should not tell about a person.", show_default=False,
    rich_help_panel=TERMS)]
Bounds = Annotated[list[str] | None, typer.Option(
    metavar="COLUMN=LOW:HIGH", help="What your pipeline enforces, the target included. Repeat for more; others are "
    "taken as observed, and what rests on that says so.", show_default=False, rich_help_panel=TERMS)]
Effects = Annotated[list[str] | None, typer.Option(
    "--effect", metavar="COLUMN", help="A column whose effect is what the analysis concludes: how few rows flip it is "
    "counted first. Repeat for more.", show_default=False, rich_help_panel=TERMS)]
Frozen = Annotated[list[str] | None, typer.Option(
    "--frozen", metavar="COLUMN", help="A column that nobody can misreport or choose. Repeat for more.",
    show_default=False, rich_help_panel=TERMS)]
Tolerance = Annotated[float | None, typer.Option(
    metavar="NUMBER", help="A shift of the target below this does not matter, in its units.",
    show_default="a quarter of the usual residual", rich_help_panel=TERMS)]
AttackerRows = Annotated[int | None, typer.Option(
    metavar="ROWS", help="Rows that one attacker is thought to control, at most as many as there are.",
    show_default="1 % of the rows", min=1, rich_help_panel=TERMS)]
Effort = Annotated[str, typer.Option(metavar="EFFORT", help="quick, normal or thorough: work fixed before it starts.",
                                     rich_help_panel=TERMS)]
AuditSeed = Annotated[int, typer.Option("--seed", metavar="NUMBER", help="The same data, seed and effort give the same "
                                        "report.", min=0, rich_help_panel=TERMS)]
Baseline = Annotated[Path | None, typer.Option(
    metavar="FILE", help="The JSON of an earlier audit: only what is new or worse fails.", show_default=False,
    rich_help_panel=GATE)]
Suppress = Annotated[Path | None, typer.Option(
    metavar="FILE", help=r"TOML with [\[suppress]] tables: fingerprint or rule, reason, expires.", show_default=False,
    rich_help_panel=GATE)]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="One page that opens offline.",
                                           show_default=False, rich_help_panel=OUTPUT)]
Sarif = Annotated[Path | None, typer.Option("--sarif", metavar="FILE", help="SARIF 2.1.0, for code hosts.",
                                            show_default=False, rich_help_panel=OUTPUT)]
JsonTo = Annotated[Path | None, typer.Option(
    "--json-to", metavar="FILE", help="The report as JSON; `--json FILE.json` is short for it.", show_default=False,
    rich_help_panel=OUTPUT)]
Redact = Annotated[bool, typer.Option(
    "--redact", help="Leave what the rows hold, and names of suppliers, out of the page, the JSON and the SARIF.",
    rich_help_panel=OUTPUT)]
RowsTo = Annotated[Path | None, typer.Option(
    "--rows-to", metavar="FOLDER", help="Write the rows that findings speak of there, one CSV file a finding, for "
    "--replay.", show_default=False, rich_help_panel=OUTPUT)]
Replayed = Annotated[Path | None, typer.Option(
    "--replay", metavar="FILE", help="No audit: apply the rows of a file that --rows-to wrote, refit, and show what "
    "moves.", show_default=False, rich_help_panel=OUTPUT)]
# fmt: on
