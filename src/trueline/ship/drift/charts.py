"""The charts of a drift report; loaded only where a page is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from ...audit.report.figure import ACCENT, MARK, NAMES, SOFT, Figure, bars_tall, finished, hints, values, zero_line
from ...audit.report.visible import visible

if TYPE_CHECKING:
    from .report import Drift, DriftReport

__all__ = ["felt", "shares"]

MOST = 30  # bars: more cannot be read


def felt(report: DriftReport) -> Figure:
    """Each column's part of the shift of the mean prediction.

    Parameters
    ----------
    report : DriftReport
    """
    columns = [each for each in report.features if each.felt is not None][:MOST]
    data = [{"name_text": visible(each.name, 60), "felt": each.felt, "unclipped": each.felt_unclipped,
             "drifted": each.drifted} for each in columns]  # fmt: skip
    title = f"part of the shift, in units of {visible(report.target, 40)}"
    colour = alt.condition("datum.drifted", alt.value(MARK), alt.value(ACCENT))
    base = alt.Chart(values(data)).encode(
        y=alt.Y("name_text:N", sort=None, title=None, axis=NAMES),
        tooltip=hints(name_text="column", felt="felt", unclipped="without clipping"),
    )
    bars = base.mark_bar(height=12).encode(x=alt.X("felt:Q", title=title), color=colour)
    ticks = base.mark_tick(thickness=2, size=18, color=SOFT).encode(x=alt.X("unclipped:Q", title=title))
    rest = len(report.features) - len(columns)
    return Figure(
        "Felt by the model", f"Parts of {len(columns)} columns of the shift of the mean prediction.",
        "Red: the column drifted. The thin line is the part it would have without clipping."
        + (f" Shown are the {len(columns)} largest; {rest} more are in the table." if rest else ""),
        finished(zero_line("x") + bars + ticks, height=bars_tall(data)),
        ("column", "felt", "without clipping"), [[row["name_text"], row["felt"], row["unclipped"]] for row in data],
    )  # fmt: skip


def shares(drift: Drift) -> Figure:
    """Shares of training and of the window in each cell.

    Parameters
    ----------
    drift : Drift
        With rows.
    """
    before, now = max(1, sum(cell[1] for cell in drift.cells)), max(1, sum(cell[2] for cell in drift.cells))
    data: list[dict[str, Any]] = [
        {"cell_text": visible(words, 40), "training": old / before, "window": new / now}
        for words, old, new in drift.cells if old or new
    ]  # fmt: skip
    base = alt.Chart(values(data)).encode(
        y=alt.Y("cell_text:N", sort=None, title=None, axis=NAMES),
        tooltip=hints(cell_text="cell", training="training", window="window"),
    )
    axis = alt.Axis(format=".0%")
    bars = base.mark_bar(height=8, color=SOFT, opacity=0.45).encode(
        x=alt.X("training:Q", title="share of rows", axis=axis)
    )
    dots = base.mark_point(filled=True, size=60, opacity=1, color=MARK if drift.drifted else ACCENT).encode(
        x=alt.X("window:Q", title="share of rows", axis=axis)
    )
    said = "drifted" if drift.drifted else "not judged" if drift.not_judged else "no drift"
    return Figure(
        visible(drift.name, 80), f"Shares of {len(data)} cells, in training and in this window: {said}.",
        f"{said.capitalize()}.",
        finished(bars + dots, height=max(90, 15 * len(data))), ("cell", "training", "window"),
        [[row["cell_text"], row["training"], row["window"]] for row in data],
    )  # fmt: skip
