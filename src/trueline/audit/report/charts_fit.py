"""Charts of one fit: coefficients, influence of rows, the loss on its way down, the Hessian's spectrum."""

from __future__ import annotations

from typing import Any

import altair as alt

from ..saying import amount
from .figure import ACCENT, MARK, SOFT, Figure, finished, hints, values, zero_line

__all__ = ["coefficients", "influence", "loss", "spectrum"]

Rows = list[dict[str, Any]]


def coefficients(rows: Rows, target: str) -> Figure:
    """Coefficients with their intervals.

    Parameters
    ----------
    rows : list of dict
        feature, effect, low, high.
    target : str
        What the model predicts.
    """
    data = [{"feature_text": row["feature"], "effect": row["effect"], "low": row["low"], "high": row["high"],
             "sure": row["low"] * row["high"] > 0} for row in rows]  # fmt: skip
    order = alt.Y("feature_text:N", sort=None, title=None, axis=alt.Axis(grid=False, domain=False, ticks=False))
    colour = alt.condition("datum.sure", alt.value(ACCENT), alt.value(SOFT))
    base = alt.Chart(values(data)).encode(y=order, color=colour, tooltip=hints(
        feature_text="column", effect="coefficient", low="from", high="to"))  # fmt: skip
    bars = base.mark_rule(strokeWidth=3, opacity=0.55, strokeCap="round").encode(
        x=alt.X("low:Q", title=f"change of {target} for one unit of the column"), x2="high:Q")  # fmt: skip
    points = base.mark_point(filled=True, size=85, opacity=1).encode(x="effect:Q")
    doubtful = [row["feature_text"] for row in data if not row["sure"]]
    return Figure(
        "Coefficients and their 95 % intervals",
        f"Coefficients of {len(data)} columns with intervals; {len(doubtful)} intervals contain 0.",
        "A bar that crosses the dashed line, drawn in grey, is an effect whose sign the data do not settle.",
        finished(zero_line("x") + bars + points, height=max(90, 28 * len(data))),
        ("column", "coefficient", "from", "to"),
        [[row["feature_text"], row["effect"], row["low"], row["high"]] for row in data],
    )


def influence(rows: Rows, target: str) -> Figure:
    """Leverage against studentised residual; rows with a label are marked.

    Parameters
    ----------
    rows : list of dict
        row, leverage, studentized, and label where it is named.
    target : str
        What the model predicts.
    """
    data = [{"row_text": str(row["row"]), "leverage": row["leverage"], "studentized": row["studentized"],
             "label_text": row.get("label") or ""} for row in rows]  # fmt: skip
    x = alt.X("leverage:Q", title="leverage: how unusual the row's inputs are", scale=alt.Scale(nice=True))
    y = alt.Y("studentized:Q", title=f"studentised residual of {target}")
    tip = hints(row_text="row", leverage="leverage", studentized="studentised residual")
    base = alt.Chart(values(data))
    dots = base.transform_filter("datum.label_text == ''").mark_circle(color=ACCENT, opacity=0.4, size=26)
    named = base.transform_filter("datum.label_text != ''").mark_circle(color=MARK, opacity=1, size=70)
    names = base.transform_filter("datum.label_text != ''").mark_text(align="left", dx=8, dy=-6, limit=110)
    marked = [row for row in data if row["label_text"]]
    limits = alt.Chart(values([{"limit": -3}, {"limit": 3}])).mark_rule(strokeDash=[3, 3], color=SOFT).encode(y="limit:Q")
    return Figure(
        "Rows that pull: leverage against residual",
        f"{len(data)} rows by leverage and studentised residual; {len(marked)} are named.",
        "To the right: rows that could pull; far from 0: rows that disagree; both at once: rows that do pull.",
        finished(zero_line("y") + limits + dots.encode(x=x, y=y, tooltip=tip) + named.encode(x=x, y=y, tooltip=tip)
                 + names.encode(x=x, y=y, text="label_text:N"), height=320),
        ("row", "leverage", "studentised residual"),
        [[row["row_text"], row["leverage"], row["studentized"]] for row in marked],
    )  # fmt: skip


def loss(rows: Rows, target: str) -> Figure:
    """The loss epoch by epoch.

    Parameters
    ----------
    rows : list of dict
        epoch, loss.
    target : str
        What the model predicts.
    """
    data = [{"epoch": row["epoch"], "loss": row["loss"]} for row in rows if row["loss"] > 0]
    base = alt.Chart(values(data)).encode(
        x=alt.X("epoch:Q", title="epoch"),
        y=alt.Y("loss:Q", scale=alt.Scale(type="log", nice=False), title=f"loss, squared units of {target}"),
        tooltip=hints(epoch="epoch", loss="loss"))  # fmt: skip
    first, last = data[0], data[-1]
    return Figure(
        "The loss on its way down",
        f"The loss falls from {amount(first['loss'])} to {amount(last['loss'])} in {last['epoch']:,} epochs.",
        "On a logarithmic scale. A curve that is still falling at its right end was stopped too early.",
        finished(base.mark_line(color=ACCENT, strokeWidth=2) + base.mark_point(opacity=0, size=160), height=220),
        ("epoch", "loss"), [[row["epoch"], row["loss"]] for row in data],
    )  # fmt: skip


def spectrum(rows: Rows, target: str) -> Figure:
    """Eigenvalues of the Hessian, largest first.

    Parameters
    ----------
    rows : list of dict
        index, eigenvalue.
    target : str
        What the model predicts.
    """
    data = [{"index": row["index"], "eigenvalue": row["eigenvalue"]} for row in rows if row["eigenvalue"] > 0]
    for row in data:
        row["floor"] = min(other["eigenvalue"] for other in data) / 3
    base = alt.Chart(values(data)).encode(
        x=alt.X("index:O", title="direction, steepest first", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("eigenvalue:Q", scale=alt.Scale(type="log", nice=False), title="curvature of the loss"),
        tooltip=hints(index="direction", eigenvalue="eigenvalue"))  # fmt: skip
    ratio = amount(data[0]["eigenvalue"] / data[-1]["eigenvalue"])
    return Figure(
        "The Hessian's spectrum",
        f"{len(data)} eigenvalues; the largest is {ratio} times the smallest.",
        f"The largest is {ratio} times the smallest: the wider the spread, the less the data say about some "
        "combination of columns, and the longer descent takes.",
        finished(base.mark_rule(color=ACCENT, strokeWidth=2, opacity=0.5).encode(y2="floor:Q")
                 + base.mark_circle(color=ACCENT, size=80, opacity=1), height=220),
        ("direction", "eigenvalue"), [[row["index"], row["eigenvalue"]] for row in data],
    )  # fmt: skip
