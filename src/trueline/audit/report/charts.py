"""Which chart a section asks for, and what becomes of it on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..report import charts_attack, charts_fit
from .figure import Figure
from .grid import is_number

__all__ = ["KINDS", "figures_of"]

KINDS: dict[str, Callable[[list[dict[str, Any]], str], list[Figure]]] = {
    "coefficients": charts_fit.coefficients,
    "influence": charts_fit.influence,
    "removal_path": charts_attack.removal_path,
    "damage": charts_attack.damage,
    "levers": charts_attack.levers,
    "loss": charts_fit.loss,
    "spectrum": charts_fit.spectrum,
    "sources": charts_attack.sources,
}

# Numbers that a row of a chart cannot do without.
NUMBERS = {
    "coefficients": ("effect", "per_sd"),
    "influence": ("leverage", "studentized"),
    "removal_path": ("removed", "coef"),
    "damage": ("rate", "damage", "low", "high"),
    "levers": ("step", "gain", "reach"),
    "loss": ("epoch", "loss"),
    "spectrum": ("index", "eigenvalue"),
    "sources": ("rows", "effect"),
}


def figures_of(chart: dict[str, Any] | None, target: str) -> list[Figure]:
    """The figures of a section; none where it has none, or a kind that this version does not know.

    Parameters
    ----------
    chart : dict or None
        kind and data.
    target : str
        What the model predicts.
    """
    kind = (chart or {}).get("kind")
    if not chart or kind not in KINDS:
        return []
    whole = [row for row in chart.get("data") or [] if all(is_number(row.get(name)) for name in NUMBERS[kind])]
    if kind in ("loss", "spectrum"):  # drawn on a logarithmic scale
        whole = [row for row in whole if row[NUMBERS[kind][1]] > 0 or kind == "spectrum"]
    return KINDS[kind](whole, target) if whole else []
