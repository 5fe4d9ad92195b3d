"""`trueline card`: a model card in Markdown."""

from __future__ import annotations

from pathlib import Path

from ..files import write_whole
from ..ship.card import model_card
from .loading import check_output, open_model
from .screen import say

__all__ = ["card_file"]


def card_file(path: Path, require_signed: Path | None, output: Path | None) -> None:
    """Write the card to a file, or to stdout.

    Raises
    ------
    ArtifactError
        Not a model file, or not signed by the owner of the key.
    """
    check_output(output, path)
    text = model_card(open_model(path, require_signed), path.name)
    if output is None:
        say(text.rstrip("\n"))
        return
    write_whole(output, text.encode())
    say(f"Wrote {output}. What the model is for, only you can say: fill in its purpose.")
