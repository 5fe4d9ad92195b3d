"""An option that takes one value is given once: the last of several would win, and nobody would be told."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["OnceGroup"]


class OnceGroup(TyperGroup):
    """Commands, those of groups below included, whose options are not repeated unless they say so."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that `args` begin with, once the words after it have been looked at."""
        name, command, rest = super().resolve_command(ctx, args)
        _refuse_repeats(ctx, command, rest)
        return name, command, rest


def _refuse_repeats(above: Any, command: Any, words: list[str]) -> None:
    if isinstance(command, TyperGroup):
        below = command.commands.get(words[0]) if words else None
        if below is not None:
            _refuse_repeats(typer.Context(command, parent=above, info_name=command.name), below, words[1:])
        return
    if command is None:
        return
    # what else is wrong with the words is for the command itself to say
    ctx = typer.Context(command, parent=above, info_name=command.name, resilient_parsing=True)
    _, _, given = command.make_parser(ctx).parse_args(list(words))
    for option in dict.fromkeys(given):
        times = given.count(option)
        if times > 1 and option.param_type_name == "option" and not (option.multiple or option.count):
            names = " / ".join(sorted(option.opts, key=len, reverse=True)[:1] + option.secondary_opts)
            raise typer.BadParameter(f"given {times} times; give it once", ctx=ctx, param_hint=names)
