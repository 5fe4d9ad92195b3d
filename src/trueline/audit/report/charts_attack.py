"""Charts of what an attacker can do: rows taken away, poison added, levers, and who sent the rows."""

from __future__ import annotations

from typing import Any, Literal

import altair as alt

from ..saying import amount
from .figure import ACCENT, MARK, NAMES, PALETTE, SOFT, Figure, bars_tall, finished, hints, values, zero_line
from .visible import visible

__all__ = ["damage", "levers", "removal_path", "sources"]

Rows = list[dict[str, Any]]
MOST = 40  # bars: more cannot be read
PATHS = 4  # features whose removal is drawn
UNDEFENDED = "no defence"  # dashed and grey: what the others are held against
ATTACKERS = {"oblivious": "an attacker who does not know the defence", "adaptive": "an attacker who knows the defence"}


def removal_path(rows: Rows, target: str) -> list[Figure]:
    """How a coefficient moves as rows are removed, and the bracket around the fewest that flip it; one for a feature.

    Parameters
    ----------
    rows : list of dict
        feature, removed, coef, found, certified.
    target : str
        What the model predicts.
    """
    features = list(dict.fromkeys(str(row["feature"]) for row in rows))[:PATHS]
    return [_path(feature, [row for row in rows if str(row["feature"]) == feature]) for feature in features]


def _path(feature: str, rows: Rows) -> Figure:
    data = [{"removed": row["removed"], "coef": row["coef"]} for row in rows]
    name, found, certified = visible(feature, 60), rows[0].get("found"), rows[0].get("certified") or 0
    certified = certified if certified > 1 else 0  # that it takes a row at all needs no proof
    sideways = alt.X("removed:Q", title="rows removed", axis=alt.Axis(tickMinStep=1), scale=alt.Scale(nice=False))
    tips = hints(removed="rows removed", coef="coefficient")
    base = alt.Chart(values(data)).encode(x=sideways, y=alt.Y("coef:Q", title="coefficient, refitted"), tooltip=tips)
    chart = zero_line("y") + base.mark_line(color=ACCENT, strokeWidth=2) + base.mark_point(opacity=0, size=160)
    if found is not None:
        chart = _bracket(certified, found, data[-1]["removed"]) + chart
    proven = f"fewer than {certified:,} cannot, by proof" if certified else "nothing is proven from below"
    many = (
        f"{found:,} removed rows flip it, refitted exactly" if found is not None else "No rows were found that flip it"
    )
    between = " The shaded stretch lies open between the two." if found is not None and certified < found else ""
    return Figure(
        f"Removing rows: the effect of {name}",
        f"The coefficient of {name} against the rows removed. {many}; {proven}.",
        f"{many}; {proven}.{between}",
        finished(chart, height=240),
        ("rows removed", "coefficient"),
        [[row["removed"], row["coef"]] for row in data],
    )


def _bracket(certified: int, found: int, last: float) -> Any:
    """From what is proven to what was found, as a shaded stretch; above each end a word that leans inwards."""
    stretch = alt.Chart(values([{"from": certified, "to": found}])).mark_rect(color=MARK, opacity=0.09)
    ends = [(found, f"found {found:,}", -5)] + ([(certified, f"proven ≥ {certified:,}", -20)] if certified else [])
    edges = alt.Chart(values([{"at": at} for at, _, _ in ends])).mark_rule(color=MARK, strokeWidth=1.5)
    words = []
    for at, word, height in ends:
        lean: Literal["left", "right"] = "left" if at < last / 2 else "right"
        text = alt.Chart(values([{"at": at, "word": word}]))
        marked = text.mark_text(align=lean, baseline="bottom", color=MARK, fontWeight=600)
        words.append(marked.encode(x="at:Q", y=alt.value(height), text="word:N"))
    return alt.layer(stretch.encode(x="from:Q", x2="to:Q"), edges.encode(x="at:Q"), *words)


def damage(rows: Rows, target: str) -> list[Figure]:
    """Error against the rate of poison, a line for each defence with a band over splits; one for a kind of attacker.

    Parameters
    ----------
    rows : list of dict
        defence, attacker ("oblivious" or "adaptive"), rate, damage, low, high.
    target : str
        What the model predicts.
    """
    top = max(row["high"] for row in rows)  # one scale for all of them
    kinds = list(dict.fromkeys(str(row.get("attacker")) for row in rows))
    return [_damage(kind, [row for row in rows if str(row.get("attacker")) == kind], top, target) for kind in kinds]


def _damage(kind: str, rows: Rows, top: float, target: str) -> Figure:
    keys = ("rate", "damage", "low", "high")
    data = [{"defence_text": str(row["defence"]), **{key: row[key] for key in keys}} for row in rows]
    names = list(dict.fromkeys(row["defence_text"] for row in data))
    others = [name for name in names if name != UNDEFENDED]
    colours = dict(zip(others, PALETTE * len(names), strict=False))
    scale = alt.Scale(domain=names, range=[colours.get(name, SOFT) for name in names])
    dash = alt.StrokeDash("defence_text:N", scale=alt.Scale(
        domain=names, range=[[1, 0] if name in colours else [5, 4] for name in names]))  # fmt: skip
    narrow = alt.ExprRef("2 + 7 * clamp(floor(width / 420), 0, 1)")  # columns: a phone cuts one line off
    legend = alt.Legend(symbolOpacity=1, symbolStrokeWidth=0, columns=narrow)
    chosen = alt.selection_point(name="chosen", fields=["defence_text"], bind="legend")
    seen = alt.condition(chosen, alt.value(1), alt.value(0.12))
    faint = alt.condition(chosen, alt.value(0.15), alt.value(0.02))
    height = alt.Y("damage:Q", title=f"error, units of {visible(target, 40)}", scale=alt.Scale(domainMax=top))
    sideways = alt.X("rate:Q", title="poison, share of all rows", axis=alt.Axis(format="~%", tickCount=5))
    base = alt.Chart(values(data)).encode(x=sideways, color=alt.Color("defence_text:N", scale=scale, legend=legend))
    shape = alt.Shape("defence_text:N", scale=alt.Scale(domain=names))
    tips = hints(defence_text="defence", rate="poison", damage="error", low="from", high="to")
    chart = alt.layer(
        base.mark_line(strokeWidth=2.2).encode(y=height, opacity=seen, strokeDash=dash),
        base.mark_area().encode(y=alt.Y("low:Q"), y2="high:Q", opacity=faint),
        base.mark_point(filled=True, size=70).encode(y=height, opacity=seen, shape=shape, tooltip=tips),
    ).add_params(chosen)
    against = ATTACKERS.get(kind, "the attacks tried")
    return Figure(
        f"Against {against}",
        f"Error on clean rows against the share of poison, {against}; a line each for {', '.join(names)}.",
        "Root mean squared error on rows that nobody poisoned; at 0 % what each defence costs. Lines: the middle "
        "split, bands: least to most over the splits. Click a name to follow one line.",
        finished(chart, height=270),
        ("defence", "poison", "error", "from", "to"),
        [list(row.values()) for row in data],
    )


def levers(rows: Rows, target: str) -> list[Figure]:
    """What one gains for one's own row by moving one column.

    Parameters
    ----------
    rows : list of dict
        feature, step, gain, reach.
    target : str
        What the model predicts.
    """
    ranked = sorted(rows, key=lambda row: -row["gain"])[:MOST]
    keys = ("step", "gain", "reach")
    data = [{"feature_text": str(row["feature"]), **{key: row[key] for key in keys}} for row in ranked]
    tips = hints(feature_text="column", step="a small change", gain="buys", reach="over its range")
    names = alt.Y("feature_text:N", sort=None, title=None, axis=NAMES)
    base = alt.Chart(values(data)).encode(y=names, tooltip=tips)
    title = f"gain in {visible(target, 40)}"
    reach = base.mark_bar(color=ACCENT, opacity=0.22, height={"band": 0.3}).encode(x=alt.X("reach:Q", title=title))
    gain = base.mark_bar(color=ACCENT, height={"band": 0.62}).encode(x=alt.X("gain:Q", title=title))
    first = f"{visible(data[0]['feature_text'], 60)} buys most, {amount(data[0]['gain'])}"
    figure = Figure(
        "What moving one column buys",
        f"Gain for {len(data)} columns; a small change of {first}.",
        "Thick: what a small change buys, a tenth of the column's range or one step. Thin: over its whole range.",
        finished(reach + gain, height=bars_tall(data)),
        ("column", "a small change", "buys", "over its range"),
        [list(row.values()) for row in data],
    )
    return [figure]


def sources(rows: Rows, target: str) -> list[Figure]:
    """How far each source's rows move the fit, and could.

    Parameters
    ----------
    rows : list of dict
        source, rows, effect, could, dropped, accused.
    target : str
        What the model predicts.
    """
    ranked = sorted(rows, key=lambda row: -abs(row["effect"]))[:MOST]
    keys = ("rows", "effect", "could", "dropped")
    data = [{"source_text": str(row["source"]), **{key: row.get(key) for key in keys}} for row in ranked]
    accused = [visible(str(row["source"]), 60) for row in ranked if row.get("accused")]
    for row, told in zip(ranked, data, strict=True):
        told["accused"] = bool(row.get("accused"))
    tips = hints(source_text="source", rows="rows", dropped="disagree", effect="moves by", could="could at most")
    chart = alt.Chart(values(data)).mark_bar(height={"band": 0.62}, cornerRadiusEnd=2)
    chart = chart.encode(
        x=alt.X("effect:Q", title=f"moves predictions of {visible(target, 40)} by (root mean square)"),
        y=alt.Y("source_text:N", sort=None, title=None, axis=NAMES),
        color=alt.condition("datum.accused", alt.value(MARK), alt.value(ACCENT)),
        tooltip=tips,
    )
    singled = f"Red: {', '.join(accused[:5])}, singled out below." if accused else "None is singled out."
    figure = Figure(
        "One source left out at a time",
        f"Shift of predictions by source, {len(data)} sources. {singled}",
        f"How far predictions move when a source's rows are left out. {singled} A source may move them honestly: "
        "one that knows another kind of customer does.",
        finished(chart, height=bars_tall(data)),
        ("source", "rows", "moves by", "could at most", "disagree", "singled out"),
        [list(row.values()) for row in data],
    )
    return [figure]
