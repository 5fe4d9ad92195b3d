"""The story of one line: fit it, check it, compare it, poison it, defend it.

Run ``python demo.py``, or ``python demo.py --plot demo.png`` for a picture. Two runs print the same bytes.
"""

import argparse

import numpy as np

from trueline import LinearRegressionGD, attack, verify
from trueline.maths.losses import Huber
from trueline.rows.datasets import make_linear


def sparkline(values, width=60):
    """Values on a log scale as one line of blocks."""
    logs = np.log(np.maximum(values[:: -(-len(values) // width)], 1e-300))
    level = (logs - logs.min()) / (np.ptp(logs) or 1.0)
    return "".join("▁▂▃▄▅▆▇█"[round(7 * x)] for x in level)


def train(X, y, **options):
    """Gradient descent by the loop that `linear_regression_gd.py` shows."""
    return LinearRegressionGD(engine="numpy", tol=1e-9, **options).fit(X, y)


def clean_mse(model, data):
    """MSE on the rows that nobody touched."""
    return float(np.mean((model.predict(data.X) - data.y) ** 2))


def report(name, model, before, data):
    """What the poison did: every parameter, the clean error, and the spread of the errors."""
    old, new = (np.quantile(m.predict(data.X) - data.y, (0.05, 0.25, 0.5, 0.75, 0.95)) for m in (before, model))
    print(f"\n{name}")
    for label, was, now in zip("wb", (*before.coef_, before.intercept_), (*model.coef_, model.intercept_), strict=True):
        print(f"  {label}: {was:+.4f} -> {now:+.4f}   (shift {now - was:+.4f})")
    print(f"  MSE on clean data: {clean_mse(before, data):.4f} -> {clean_mse(model, data):.4f}")
    print("  error quantiles      5%     25%     50%     75%     95%")
    print("    before      " + " ".join(f"{q:+7.2f}" for q in old))
    print("    after       " + " ".join(f"{q:+7.2f}" for q in new))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", metavar="FILE", help="also draw the lines and the descent, e.g. demo.png")
    plot = parser.parse_args(argv).plot

    data = make_linear(200, 1, coef=[2.0], intercept=-1.0, noise=0.5, random_state=0)
    print("200 rows of y = 2x - 1 + noise (standard deviation 0.5)")

    print("\n1. Is the gradient the derivative of the loss?")
    print("  ", verify.check_gradient(LinearRegressionGD(engine="numpy"), data.X, data.y))

    print("\n2. Train")
    model = train(data.X, data.y, lr=0.1)
    print(f"   {model.status_} after {model.n_iter_} epochs, final MSE {clean_mse(model, data):.4f}")
    print("   loss", sparkline(model.loss_history_))
    print("   predictions", np.array2string(model.predict(data.X[:5]), precision=3))
    print("   truth      ", np.array2string(data.y[:5], precision=3))

    print("\n3. Compare with the closed form, np.linalg.pinv")
    print("   " + str(verify.compare_closed_form(model, data.X, data.y)).replace("\n", "\n   "))

    print("\n4. Poison: rows are added, nothing else is touched")
    bounds = {"bounds": (-20, 20), "y_bounds": (-60, 60)}  # what a row may be
    poisons = {
        "one extreme outlier": attack.outlier(data.X, data.y, rows=1, size=12, **bounds),
        "ten rows to lower the prediction at x = 2 by 5": attack.targeted(
            data.X, data.y, rows=10, at=[2.0], shift=-5.0, **bounds
        ),
    }
    for poison in poisons.values():
        print(f"   {poison}; the first at x = {poison.rows[0, 0]:.1f}, y = {poison.labels[0]:.1f}")
    attacks = {name: poison.apply(data.X, data.y) for name, poison in poisons.items()}
    victims = {name: train(*rows, lr=0.1) for name, rows in attacks.items()}
    for name, victim in victims.items():
        report(name, victim, model, data)

    print("\n5. Defend: the same poison against three defences (truth: w = 2, b = -1)")
    defences = {
        "none": {},
        "Huber loss": {"loss": Huber(1.0)},
        "row gradients clipped at 1": {"clip_row_gradient": 1.0},
        "features clipped at 1%, 99%": {"clip_features": (0.01, 0.99)},
    }
    for name, rows in attacks.items():
        print(f"\n{name}\n  {'defence':<29}{'w':>9}{'b':>9}{'MSE on clean data':>20}")
        for defence, options in defences.items():
            kept = train(*rows, **options)
            print(f"  {defence:<29}{kept.coef_[0]:>9.4f}{kept.intercept_:>9.4f}{clean_mse(kept, data):>20.4f}")
    print("\nClipping features softens a far-out x, not wrong labels; bounding each row's pull withstands both.")
    if plot:
        draw(plot, data, model, victims)


def draw(file, data, model, victims):
    """The lines before and after, and the loss surface with the path that descent took."""
    from matplotlib.figure import Figure  # pyplot would want a screen

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.scatter(data.X[:, 0], data.y, s=8, color="0.6", label="clean rows")
    for name, line in {"clean": model, **victims}.items():
        left.plot([-3, 3], line.predict([[-3], [3]]), label=name)
    left.set(xlabel="x", ylabel="y", title="What poison does to the line")
    left.legend()
    path = []
    train(data.X, data.y, lr=0.1, callback=lambda epoch, loss, w, b: path.append((w[0], b)))
    w, b = np.meshgrid(np.linspace(-0.5, 4.5, 80), np.linspace(-3.0, 1.0, 80))
    right.contourf(w, b, np.log(np.mean((w[..., None] * data.X[:, 0] + b[..., None] - data.y) ** 2, axis=-1)), 25)
    right.plot(*zip(*path, strict=True), "o-", color="white", markersize=3, label=f"{len(path) - 1} epochs, lr = 0.1")
    right.set(xlabel="w", ylabel="b", title="Log MSE, and the path of descent")
    right.legend(facecolor="0.2", labelcolor="white")
    figure.savefig(file, dpi=120)
    print(f"\npicture: {file}")


if __name__ == "__main__":
    main()
