"""Charts of one fit: coefficients, influence of rows, the loss on its way down, the Hessian's spectrum."""

from __future__ import annotations

from typing import Any

import altair as alt

from ..saying import amount
from .figure import ACCENT, MARK, NAMES, SOFT, Figure, bars_tall, finished, hints, values, zero_line
from .grid import is_number
from .visible import visible

__all__ = ["coefficients", "influence", "loss", "spectrum"]

Rows = list[dict[str, Any]]
MOST = 40  # bars: more cannot be read
ROUNDING = 1e-14  # an eigenvalue below this share of the largest is 0 but for rounding


def coefficients(rows: Rows, target: str) -> list[Figure]:
    """Coefficients with their intervals, for one standard deviation of each column, so that they share one axis.

    Parameters
    ----------
    rows : list of dict
        feature, effect, low, high (None where there is no interval), per_sd.
    target : str
        What the model predicts.
    """
    data = [_per_sd(row) for row in sorted(rows, key=lambda row: -abs(row["per_sd"]))[:MOST]]
    tips = hints(feature_text="column", per_sd="per standard deviation", effect="coefficient", low="from", high="to")
    known = any(row["start"] is not None for row in data)
    colour = alt.condition("datum.sure", alt.value(ACCENT), alt.value(SOFT)) if known else alt.value(ACCENT)
    base = alt.Chart(values(data)).encode(
        y=alt.Y("feature_text:N", sort=None, title=None, axis=NAMES), color=colour, tooltip=tips
    )
    title = f"{visible(target, 40)} for one standard deviation"
    bars = base.mark_rule(strokeWidth=4, opacity=0.45, strokeCap="round").encode(
        x=alt.X("start:Q", title=title), x2="end:Q"
    )
    points = base.mark_point(filled=True, size=80, opacity=1).encode(x=alt.X("per_sd:Q", title=title))
    unsure = sum(not row["sure"] for row in data)
    grey = "Grey, across the dashed line: the data do not settle the sign." if known else "There are no intervals."
    more = f" Shown are the {MOST} largest of {len(rows)}." if len(rows) > MOST else ""
    figure = Figure(
        "Effects and their 95 % intervals" if known else "Effects",
        f"Effects of {len(data)} columns" + (f"; {unsure} intervals contain 0." if known else ", without intervals."),
        f"{grey} One standard deviation each, so that the columns can be compared.{more}",
        finished(zero_line("x") + bars + points if known else zero_line("x") + points, height=bars_tall(data)),
        ("column", "per standard deviation", "coefficient", "from", "to"),
        [[row[key] for key in ("feature_text", "per_sd", "effect", "low", "high")] for row in data],
    )
    return [figure]


def _per_sd(row: dict[str, Any]) -> dict[str, Any]:
    effect, ends = row["effect"], (row.get("low"), row.get("high"))
    told = {"feature_text": str(row["feature"]), "low": ends[0], "high": ends[1], "effect": effect}
    told["per_sd"] = row["per_sd"]
    if not effect or not all(map(is_number, ends)):
        return {**told, "start": None, "end": None, "sure": False}
    start, end = (limit * row["per_sd"] / effect for limit in (row["low"], row["high"]))
    return {**told, "start": start, "end": end, "sure": start * end > 0}


def influence(rows: Rows, target: str) -> list[Figure]:
    """Leverage against studentised residual; rows that move the fit most are named.

    Parameters
    ----------
    rows : list of dict
        row, leverage, studentized, and label where the row is named.
    target : str
        What the model predicts.
    """
    data = [_point(row) for row in rows]
    marked = [row for row in data if row["named"]]
    for row in _crowded(marked):
        row["label_text"] = ""
    sideways = alt.X("leverage:Q", title="leverage: how unusual the row's inputs are", scale=alt.Scale(padding=24))
    upwards = alt.Y("studentized:Q", title="studentised residual", scale=alt.Scale(padding=14))
    tips = hints(row_text="row", leverage="leverage", studentized="studentised residual")
    base = alt.Chart(values(data)).encode(x=sideways, y=upwards, tooltip=tips)
    dots = base.transform_filter("!datum.named").mark_circle(color=ACCENT, opacity=0.4, size=26)
    named = base.transform_filter("datum.named").mark_circle(color=MARK, opacity=1, size=75)
    names = base.transform_filter("datum.named").mark_text(align="left", dx=8, dy=-6).encode(text="label_text:N")
    three = alt.Chart(values([{"limit": -3}, {"limit": 3}]))
    limits = three.mark_rule(strokeDash=[3, 3], color=SOFT).encode(y="limit:Q")
    figure = Figure(
        "Leverage against residual",
        f"{len(data)} rows by leverage and studentised residual; {len(marked)} that move the fit most are marked.",
        "To the right: rows that could pull, since their inputs are unusual. Far from 0, dashed at 3: rows that "
        f"disagree. Both at once: rows that do pull; the {len(marked)} that move the fit most are red.",
        finished(zero_line("y") + limits + dots + named + names, height=320),
        ("row", "leverage", "studentised residual"),
        [[row["row_text"], row["leverage"], row["studentized"]] for row in marked],
    )
    return [figure]


def _point(row: dict[str, Any]) -> dict[str, Any]:
    label = visible(str(row.get("label") or ""), 30)
    place = {"leverage": row["leverage"], "studentized": row["studentized"]}
    return {"row_text": str(row.get("row", "")), "label_text": label, "named": bool(label), **place}


def _crowded(marked: Rows) -> Rows:
    """Those whose label would lie on another's; the rows that pull most keep theirs."""
    ranked = sorted(marked, key=lambda row: -abs(row["studentized"]) * row["leverage"] ** 0.5)
    wide = 0.22 * max((row["leverage"] for row in marked), default=1.0)
    tall = 0.1 * max((abs(row["studentized"]) for row in marked), default=1.0)
    kept: Rows = []
    for row in ranked:
        near = [other for other in kept if abs(row["leverage"] - other["leverage"]) < wide]
        if not any(abs(row["studentized"] - other["studentized"]) < tall for other in near):
            kept.append(row)
    return [row for row in ranked if row not in kept]


def loss(rows: Rows, target: str) -> list[Figure]:
    """The loss epoch by epoch.

    Parameters
    ----------
    rows : list of dict
        epoch, loss (above 0).
    target : str
        What the model predicts.
    """
    data = [{"epoch": row["epoch"], "loss": row["loss"]} for row in rows]
    height = alt.Y("loss:Q", title=f"loss, squared units of {visible(target, 40)}")
    height = height.scale(type="log", nice=False).axis(tickCount=5, grid=False)
    sideways = alt.X("epoch:Q", title="epoch", scale=alt.Scale(nice=False))
    base = alt.Chart(values(data)).encode(x=sideways, y=height, tooltip=hints(epoch="epoch", loss="loss"))
    first, last = data[0], data[-1]
    figure = Figure(
        "The loss on its way down",
        f"The loss goes from {amount(first['loss'])} to {amount(last['loss'])} in {last['epoch']:,} epochs.",
        "On a logarithmic scale. A curve that is still falling at its right end was stopped too early.",
        finished(base.mark_line(color=ACCENT, strokeWidth=2) + base.mark_point(opacity=0, size=160), height=220),
        ("epoch", "loss"),
        [[row["epoch"], row["loss"]] for row in data],
    )
    return [figure]


def spectrum(rows: Rows, target: str) -> list[Figure]:
    """Eigenvalues of the Hessian, largest first.

    Parameters
    ----------
    rows : list of dict
        index, eigenvalue.
    target : str
        What the model predicts.
    """
    largest = max(row["eigenvalue"] for row in rows)
    data = [{"index": row["index"], "eigenvalue": row["eigenvalue"]} for row in rows
            if row["eigenvalue"] > ROUNDING * largest]  # fmt: skip
    if not data:
        return []
    least = min(row["eigenvalue"] for row in data)
    data = [{**row, "floor": least / 3} for row in data]
    height = alt.Y("eigenvalue:Q", title="curvature of the loss")
    height = height.scale(type="log", nice=False).axis(tickCount=5, grid=False)
    many = len(data) > MOST
    sideways = alt.X("index:Q" if many else "index:O", title="direction, steepest first").axis(labelAngle=0, grid=False)
    tips = hints(index="direction", eigenvalue="eigenvalue")
    base = alt.Chart(values(data)).encode(x=sideways, y=height, tooltip=tips)
    stems = base.mark_rule(color=ACCENT, strokeWidth=2, opacity=0.5).encode(y2="floor:Q")
    dots = base.mark_circle(color=ACCENT, size=20 if many else 80, opacity=1)
    flat, ratio = len(rows) - len(data), amount(largest / least)
    zero = f" {flat} more are 0: these columns determine each other." if flat else ""
    figure = Figure(
        "The Hessian's spectrum",
        f"{len(data)} eigenvalues; the largest is {ratio} times the smallest.{zero}",
        f"The largest is {ratio} times the smallest: the wider the spread, the less the data say about some "
        f"combination of columns, and the longer descent takes.{zero}",
        finished(dots if many else stems + dots, height=220),
        ("direction", "eigenvalue"),
        [[row["index"], row["eigenvalue"]] for row in rows],
    )
    return [figure]
