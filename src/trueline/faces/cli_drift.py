"""`trueline drift`; heavy imports wait for the command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as flag
from . import options_ship as ship_flag
from .options import DATA, OUTPUT
from .screen import guarded

__all__ = ["add_drift_command"]

RATE = "False alarms"

# fmt: off
WatchedModel = Annotated[Path, typer.Argument(metavar="MODEL", help="A model that was saved with its training rows, as "
                                              "`trueline fit -o` does.", show_default=False)]
Labels = Annotated[str | None, typer.Option(
    "--target", metavar="COLUMN", help="Labels of these rows, as far as they are known: then the errors are watched "
    "too. The model's own target is found by itself.", show_default=False, rich_help_panel=DATA)]
Alpha = Annotated[float, typer.Option(metavar="RATE", help="Largest probability of a false alarm.",
                                      rich_help_panel=RATE)]
WindowNumber = Annotated[int | None, typer.Option(
    "--window", metavar="NUMBER", help="Number of this window, from 1: --alpha is then over all windows together.",
    show_default=False, min=1, rich_help_panel=RATE)]
Windows = Annotated[int | None, typer.Option(
    "--windows", metavar="NUMBER", help="How many windows there will be; each gets the same share. Without it there is "
    "no end, and later windows get less.", show_default=False, min=1, rich_help_panel=RATE)]
DriftHtml = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="One page that opens offline.",
                                                show_default=False, rich_help_panel=OUTPUT)]
# fmt: on


def add_drift_command(app: typer.Typer) -> None:
    """Hang the command into the one command line."""
    app.command(epilog="Example: [bold]trueline drift model.json july.parquet --html drift.html[/bold]")(drift)


@guarded
def drift(
    model: WatchedModel, data: flag.DataFile, target: Labels = None, drop: flag.Drop = None, alpha: Alpha = 0.01,
    window: WindowNumber = None, windows: Windows = None, require_signed: ship_flag.RequireSigned = None,
    html: DriftHtml = None, as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Is what comes in still what the model was trained on?

    What the model feels of it comes first, in units of the target; then sizes and p-values, valid at this very number
    of rows and for all columns together. Exit codes: 0 no drift, 1 an alarm, 2 wrong use or unreadable input, 3 not
    enough data, or columns that could not be judged.
    """
    from .drifting import DriftRequest, drift_file

    request = DriftRequest(model, data, target, tuple(drop or ()), alpha, window, windows, require_signed, html)
    drift_file(request, as_json)
