"""`trueline show`: what a model file is, and what it tells about its training rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..audit.report.visible import visible_values
from ..ship.showing import describe
from ..ship.spelling import in_words, spelled
from .loading import checked_words, open_model
from .screen import print_json, say, table

__all__ = ["show_file"]

MOST = 30  # coefficients on a screen


def show_file(path: Path, require_signed: Path | None, as_json: bool) -> None:
    """Say what the file is.

    Raises
    ------
    ArtifactError
        Not a model file, or not signed by the owner of the key.
    """
    model = open_model(path, require_signed)
    facts = describe(model)
    if as_json:
        print_json({"model": str(path), **facts})
        return
    shown = visible_values({name: fact for name, fact in facts.items() if name != "features"})
    say(f"{path}: {shown['kind']} -> {shown['target'] or 'y'}, format {facts['format']}, sha256 {facts['sha256']}")
    say(f"Checked: {checked_words(model)}.")
    _print_rows(shown)
    say()
    numbers = {"(intercept)": facts["intercept"], **facts["features"]}
    rows = [(spelled(name), f"{value:.8g}") for name, value in list(numbers.items())[:MOST]]
    table(rows, (f"coefficients, loss {facts['loss']}", "in units of the data"))
    if len(numbers) > MOST:
        say(f"  ... and {len(numbers) - MOST} more (--json lists all)")
    say()
    say("What this file tells about its training rows:")
    for sentence in shown["reveals"]:
        say(f"  - {sentence}")


def _print_rows(facts: dict[str, Any]) -> None:
    data, record = facts["data"], facts["training"]
    if data is not None:
        sources = f" from {', '.join(data['sources'])}" if data["sources"] else ""
        say(f"Trained on {data['rows']:,} rows{sources}, hash {data['hash']}")
    for name, value in record.items():
        if value not in (None, {}, ""):
            say(f"  {name}: {in_words(value)}")
    kept = [name for name in ("reference", "moments") if facts[name]]
    say(f"Also holds: {', '.join(kept) or 'nothing more of its rows'}")
