"""Figure: one chart with what stands around it, and the parts that charts are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt

from .drawing import CONFIG

__all__ = [
    "ACCENT",
    "MARK",
    "NAMES",
    "PALETTE",
    "SOFT",
    "Figure",
    "bars_tall",
    "finished",
    "hints",
    "values",
    "zero_line",
]

ACCENT, MARK, SOFT = "var(--accent)", "var(--mark)", "var(--soft)"
PALETTE = [f"var(--c{number})" for number in range(1, 7)]
NAMES = alt.Axis(grid=False, domain=False, ticks=False)


@dataclass(frozen=True)
class Figure:
    """One chart.

    Parameters
    ----------
    title : str
    alt : str
        What it shows, for who cannot see it.
    caption : str
        How to read it.
    spec : dict
        Vega-Lite.
    columns : tuple of str
        Of the table that holds the same numbers.
    rows : list of list
    """

    title: str
    alt: str
    caption: str
    spec: dict[str, Any]
    columns: tuple[str, ...] = ()
    rows: list[list[Any]] = field(default_factory=list)


def values(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    """Rows as the data of a chart; names that others chose stand only in values, never in what Vega evaluates.

    Parameters
    ----------
    rows : sequence of dict
    """
    return alt.InlineData(values=[{name: _short(value) for name, value in row.items()} for row in rows])


def _short(value: Any) -> Any:
    """Seven digits: more than a chart can show."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def hints(**titles: str) -> list[alt.Tooltip]:
    """What a mark says when pointed at: numbers to 4 digits, texts as they are.

    Parameters
    ----------
    **titles : str
        What each field is called; a name that ends in ``_text`` holds text.
    """
    texts = {name: alt.Tooltip(name, type="nominal", title=title) for name, title in titles.items()}
    numbers = {
        name: alt.Tooltip(name, type="quantitative", title=title, format=",.4~g") for name, title in titles.items()
    }
    return [texts[name] if name.endswith("_text") else numbers[name] for name in titles]


def zero_line(axis: str) -> Any:
    """A thin line at 0 on one axis.

    Parameters
    ----------
    axis : str
        "x" or "y".
    """
    line = alt.Chart(values([{"zero": 0}])).mark_rule(color="var(--soft)", strokeDash=[3, 3])
    return line.encode(**{axis: alt.X("zero:Q") if axis == "x" else alt.Y("zero:Q")})


def bars_tall(rows: Sequence[Any]) -> int:
    """How tall a chart of bars is, in px.

    Parameters
    ----------
    rows : sequence
        One for each bar.
    """
    return max(90, 28 * len(rows))


def finished(chart: Any, height: int) -> dict[str, Any]:
    """The chart as Vega-Lite: as wide as its place, the page's colours, and no address.

    Parameters
    ----------
    chart : altair chart
    height : int
        px
    """
    spec: dict[str, Any] = chart.properties(width="container", height=height).to_dict()
    spec.pop("$schema", None)
    spec["config"] = CONFIG
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec
