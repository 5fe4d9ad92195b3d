"""The flags of the commands that come after `fit`, each with its words in ``--help``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import OUTPUT

__all__ = [
    "TRUST", "Alias", "AllowUnsigned", "AuditJson", "ExpectVersion", "ForceReason", "ModelName", "PullOutput",
    "RegistryUri", "RequireSigned", "RequireSignedFromNow", "VersionReference",
]  # fmt: skip

TRUST, REGISTRY, GATE = "Trust", "Registry", "What is refused"

# fmt: off
RequireSigned = Annotated[Path | None, typer.Option(
    "--require-signed", metavar="KEY", help="Public key (.pub): refuse a model that its owner did not sign. Without it "
    "only the checksum is checked, which tells of damage, not of who wrote the file.", show_default=False,
    rich_help_panel=TRUST)]
RequireSignedFromNow = Annotated[Path | None, typer.Option(
    "--require-signed", metavar="KEY", help="Public key (.pub) that the registry remembers: from now on this alias "
    "means nothing that its owner did not sign.", show_default=False, rich_help_panel=TRUST)]
AllowUnsigned = Annotated[bool, typer.Option(
    "--allow-unsigned", help="Let the registry forget the key that this alias required.", rich_help_panel=TRUST)]
RegistryUri = Annotated[str | None, typer.Option(
    "--registry", metavar="URI", help="A SQLite file (sqlite:///models.db) or the address of an MLflow server.",
    envvar="TRUELINE_REGISTRY", show_default="sqlite:///trueline.db", rich_help_panel=REGISTRY)]
ModelName = Annotated[str, typer.Argument(metavar="NAME", help="Of the model: its versions are NAME@1, NAME@2, ...",
                                          show_default=False)]
VersionReference = Annotated[str, typer.Argument(metavar="NAME@VERSION", help="E.g. flats@3, or flats@champion.",
                                                 show_default=False)]
Alias = Annotated[str, typer.Option("--alias", metavar="ALIAS", help="What is to mean this version.",
                                    rich_help_panel=REGISTRY)]
AuditJson = Annotated[Path | None, typer.Option(
    "--audit", metavar="FILE", help="What `trueline audit --json audit.json` wrote of this model; kept with it.",
    show_default=False, rich_help_panel=GATE)]
ExpectVersion = Annotated[int | None, typer.Option(
    "--expect-version", metavar="NUMBER", help="Only if this is still the newest version; 0 where there must be none.",
    show_default=False, min=0, rich_help_panel=GATE)]
ForceReason = Annotated[str | None, typer.Option(
    "--force", metavar="REASON", help="Register what would be refused: who decided, and why.", show_default=False,
    rich_help_panel=GATE)]
PullOutput = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write the model.",
                                          show_default=False, rich_help_panel=OUTPUT)]
# fmt: on
