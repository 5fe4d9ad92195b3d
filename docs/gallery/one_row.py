"""How one row drags a line, and what holds it: draw it with ``python docs/gallery/one_row.py one_row.png``."""

import argparse
import warnings

import numpy as np
from matplotlib.figure import Figure

from trueline import HuberRegression, LeastSquares, LinearRegressionGD, TrimmedLeastSquares
from trueline.rows.datasets import make_linear

FITS = {
    "least squares": LeastSquares(),
    "Huber": HuberRegression(),
    "a quarter trimmed": TrimmedLeastSquares(trim=0.25, random_state=0),
    "row gradients clipped at 1": LinearRegressionGD(clip_row_gradient=1.0, epochs=100_000),
}
ROWS = {
    "One row far off in y": ([0.8], -40.0),
    "The same row far out in x, where Huber bends too": ([12.0], -40.0),
}


def slopes(data, x):
    """The slope of every fit as the label of one row at x goes from its place on the line down to -60."""
    labels = np.linspace(2 * x[0] - 1, -60.0, 25)
    found = {name: [] for name in FITS}
    for label in labels:
        for name, model in FITS.items():
            found[name].append(model.fit(np.vstack([data.X, [x]]), np.append(data.y, label)).coef_[0])
    return labels, found


def draw(file):
    """Above, the lines; below, the slope as the row goes down."""
    data = make_linear(60, 1, coef=[2.0], intercept=-1.0, noise=0.5, random_state=0)
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots(2, 2, sharey="row")
    for column, (title, (x, label)) in enumerate(ROWS.items()):
        lines, path = axes[:, column]
        lines.scatter(data.X[:, 0], data.y, s=12, color="0.6", label="60 rows of y = 2x - 1 + noise")
        lines.scatter(x, [label], color="black", marker="X", s=70, label="one poison row", zorder=3)
        ends = np.array([[-3.0], [13.0]])
        for name, model in FITS.items():
            model.fit(np.vstack([data.X, [x]]), np.append(data.y, label))
            lines.plot(ends[:, 0], model.predict(ends), label=name)
        lines.set(title=title, xlabel="x", ylabel="y")
        labels, found = slopes(data, x)
        for name, values in found.items():
            path.plot(labels, values, label=name)
        path.axhline(2.0, color="0.6", linestyle=":", label="truth")
        path.set(xlabel=f"label of the row at x = {x[0]:g}", ylabel="fitted slope")
        path.invert_xaxis()
    axes[0, 0].legend(fontsize="small", loc="upper left")
    axes[1, 0].legend(fontsize="small", loc="lower left")
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default="one_row.png")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draw(parser.parse_args().file)
