"""The flags of `trueline serve` and `trueline apikey`, each with its words in ``--help``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Drain", "DriftWindow", "Expires", "Host", "InFlight", "KeyFile", "KeyId", "Keys", "MaxBody", "MaxRows", "Note",
    "OpenToAll", "Port", "RateLimit", "Round", "Scopes", "Served", "Timeout",
]  # fmt: skip

WHERE, CALLERS, LIMITS, ANSWERS = "Where", "Who may ask", "How much one caller may ask for", "What is answered"

# fmt: off
Served = Annotated[str, typer.Argument(metavar="MODEL", help="A model file, or NAME@VERSION of a registry, such as "
                                       "flats@champion.", show_default=False)]
Port = Annotated[int, typer.Option(metavar="NUMBER", help="0 takes any that is free, and says which.", min=0, max=65535,
                                   rich_help_panel=WHERE)]
Host = Annotated[str, typer.Option(
    metavar="ADDRESS", help="Another than this machine's own, such as 0.0.0.0, needs --keys.", rich_help_panel=WHERE)]
Drain = Annotated[float, typer.Option(
    metavar="SECONDS", help="Between SIGTERM and the closing of the door: not ready, still answering.", min=0.0,
    max=600.0, rich_help_panel=WHERE)]
Keys = Annotated[Path | None, typer.Option(
    metavar="FILE", help="API keys, made by `trueline apikey new`; without it everybody who can connect may ask.",
    show_default=False, rich_help_panel=CALLERS)]
OpenToAll = Annotated[bool, typer.Option(
    "--open-to-all", help="Accept that another host without keys lets anybody ask, and learn the model.",
    rich_help_panel=CALLERS)]
RateLimit = Annotated[str | None, typer.Option(
    "--rate", metavar="RATE", help="Requests per key, or per address without keys: 60/minute, 10/second;1000/hour.",
    show_default="none", rich_help_panel=LIMITS)]
MaxRows = Annotated[int, typer.Option(metavar="ROWS", help="Of one request.", min=1, rich_help_panel=LIMITS)]
MaxBody = Annotated[int, typer.Option(metavar="BYTES", help="Of one request.", min=1, rich_help_panel=LIMITS)]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", help="In which a body must have arrived.", min=0.1,
                                        max=600.0, rich_help_panel=LIMITS)]
InFlight = Annotated[int, typer.Option(
    "--in-flight", metavar="REQUESTS", help="Bodies that are read at once; more are told to come back.", min=1,
    rich_help_panel=LIMITS)]
Round = Annotated[int | None, typer.Option(
    "--round", metavar="DIGITS", help="Decimals of an answer, -2 for hundreds: the model is harder to copy from its "
    "answers, and its coefficients are not shown.", show_default="exact", min=-300, max=15, rich_help_panel=ANSWERS)]
DriftWindow = Annotated[int, typer.Option(
    "--drift-window", metavar="ROWS", help="The last rows that /metrics looks for drift in; 0 for none.", min=0,
    max=1_000_000, rich_help_panel=ANSWERS)]
KeyFile = Annotated[Path, typer.Option("--file", metavar="FILE", help="Where the hashes of keys are kept.",
                                       show_default=False)]
Scopes = Annotated[str, typer.Option(metavar="LIST", help="predict, metrics, admin (which may do all), or several "
                                     "joined by commas.")]
Expires = Annotated[str | None, typer.Option(metavar="SPAN", help="12h, 90d or 52w from now.", show_default="never")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Whose key it is.", show_default=False)]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="As `trueline apikey list` shows it.", show_default=False)]
# fmt: on
