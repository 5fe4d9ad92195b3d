"""The flags of the commands about one model file, each with its words in ``--help``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import OUTPUT
from .options_ship import TRUST

__all__ = [
    "CardOutput", "Correlations", "Extra", "KeyName", "OnnxOutput", "OutOfRange", "PolicyColumns", "Reference",
    "SealedModel", "SignWith", "Snapshot", "UnknownLevel",
]  # fmt: skip

POLICY = "Policies of prediction"

# fmt: off
SealedModel = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file.", show_default=False)]
SignWith = Annotated[Path | None, typer.Option(
    "--sign-with", metavar="KEY", help="Private key (.key) that `trueline keygen` made; a passphrase comes from "
    "TRUELINE_KEY_PASSPHRASE.", show_default=False, rich_help_panel=TRUST)]
Snapshot = Annotated[bool, typer.Option(
    "--snapshot/--no-snapshot", help="Save a hash of the training rows, by which whoever has them can recognise them.",
    rich_help_panel=OUTPUT)]
Reference = Annotated[bool, typer.Option(
    "--reference/--no-reference", help="Save how each column was distributed, which `trueline drift` needs.",
    rich_help_panel=OUTPUT)]
Correlations = Annotated[bool, typer.Option(
    "--keep-correlations", help="Also save how often every two columns of numbers are high together, so that "
    "`trueline drift` tells when they no longer are.", rich_help_panel=OUTPUT)]
KeyName = Annotated[Path, typer.Argument(metavar="NAME", help="Writes NAME.key, readable by you alone, and NAME.pub.",
                                         show_default=False)]
PolicyColumns = Annotated[list[str] | None, typer.Option(
    "--column", metavar="COLUMN", help="Whose policy to change; all that have one by default. Repeat for more.",
    show_default=False, rich_help_panel=POLICY)]
OutOfRange = Annotated[str | None, typer.Option(
    "--out-of-range", metavar="POLICY", help="Numbers outside of what training saw: warn, clip or refuse.",
    show_default=False, rich_help_panel=POLICY)]
UnknownLevel = Annotated[str | None, typer.Option(
    "--unknown-level", metavar="POLICY", help="Levels that training did not see: refuse, or warn and take them for the "
    "reference level.", show_default=False, rich_help_panel=POLICY)]
Extra = Annotated[str | None, typer.Option(
    "--extra", metavar="POLICY", help="Columns that the schema does not know: refuse or warn.", show_default=False,
    rich_help_panel=POLICY)]
CardOutput = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write the card.",
                                                 show_default="stdout", rich_help_panel=OUTPUT)]
OnnxOutput = Annotated[Path, typer.Option("--output", "-o", metavar="FILE.onnx", help="Where to write the graph.",
                                          show_default=False, rich_help_panel=OUTPUT)]
# fmt: on
