"""Two pictures: time against rows and against columns, everybody on one sheet of log-log paper."""

from __future__ import annotations

from pathlib import Path

from .speed import LIMIT, Curve

__all__ = ["draw"]

OURS = "trueline LeastSquares"
AXES = {"n": "rows n", "d": "columns d"}
MARKS = "osD^v<>P"


def draw(curve: Curve, path: Path) -> None:
    """One picture of under 100 kB, the slowest named first."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 5.4), dpi=90, layout="constrained")
    others = [name for name in curve.seconds if name not in (LIMIT, OURS)]
    colours = dict(zip(others, plt.get_cmap("tab10").colors[1:], strict=False))
    marks = dict(zip(others, MARKS, strict=False))
    for name, points in sorted(curve.seconds.items(), key=lambda item: -item[1][-1][1]):
        style = {"color": colours.get(name), "marker": marks.get(name), "linewidth": 1.3, "markersize": 4}
        if name == OURS:
            style = {"color": "tab:blue", "marker": "o", "linewidth": 3, "markersize": 6, "zorder": 3}
        if name == LIMIT:
            style = {"color": "black", "linestyle": "--", "linewidth": 1.5}
        axes.plot(*zip(*points, strict=True), label=name, **style)
    axes.set(xscale="log", yscale="log", xlabel=AXES[curve.axis], ylabel="seconds", title=curve.title)
    axes.grid(which="major", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
