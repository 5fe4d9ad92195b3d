"""The commands that come after `fit`; heavy imports wait for a command."""

from __future__ import annotations

import typer

from .cli_artifact import add_artifact_commands
from .cli_drift import add_drift_command
from .cli_registry import add_registry_commands
from .cli_serve import add_serve_commands

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Hang the commands below into the one command line."""
    add_artifact_commands(app)
    add_drift_command(app)
    add_registry_commands(app)
    add_serve_commands(app)
