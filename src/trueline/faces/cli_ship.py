"""The commands that come after `fit`; heavy imports wait for a command."""

from __future__ import annotations

import typer

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Hang the commands below into the one command line."""
