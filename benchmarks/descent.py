"""Table 3: gradients, epochs and robust descent, beside one read of X and beside what people use today."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from trueline import LeastSquares, LinearRegressionGD
from trueline.maths.losses import Huber, Loss, Quantile, Squared
from trueline.maths.scaling import Scaling
from trueline.rows.passes import RowsObjective
from trueline.rows.source import ArraySource

from . import limit
from .racing import Contestant, Timing, race
from .speed import LIMIT, line_by_cholesky, rows_that_fit, tall

__all__ = [
    "EPOCHS",
    "HUBER_TOLERANCE",
    "NUMPY",
    "GradientRace",
    "HuberRace",
    "epochs",
    "gradients",
    "huber",
    "huber_line",
]

Array = NDArray[np.floating]

NUMPY = "NumPy X.T @ (X @ w - y)"
EPOCHS = 1000
HUBER_TOLERANCE = 1e-3  # HuberRegressor stops early at its defaults; the errors are shown beside the times

# d loss / d prediction, written once more without trueline
PUSHES: dict[str, tuple[Loss, Callable[[Array], Array]]] = {
    "half_mse": (Squared(), lambda r: r),
    "mse": (Squared(half=False), lambda r: 2 * r),
    "huber": (Huber(1.345), lambda r: np.clip(r, -1.345, 1.345)),
    "mae": (Quantile(0.5), lambda r: 0.5 * np.sign(r)),
    "quantile 0.9": (Quantile(0.9), lambda r: np.where(r > 0, 0.1, -0.9)),
}


@dataclass(frozen=True)
class GradientRace:
    """Timings of one gradient, in float64 or float32."""

    rows: int
    columns: int
    dtype: str
    timings: dict[str, Timing]


@dataclass(frozen=True)
class HuberRace:
    """Huber regression: theirs, ours to the same minimum, and the size of the problem."""

    rows: int
    columns: int
    timings: dict[str, Timing]


def gradients(rows: int, columns: int, dtype: str, repeats: int, budget: float) -> GradientRace:
    """One full gradient of every loss."""
    X, y = tall(rows_that_fit(rows, columns), columns, seed=3)
    X = X.astype(dtype, copy=False)
    w, b = np.linspace(0.5, 1.5, columns), 0.25
    r = X.astype(np.float64, copy=False) @ w + b - y
    limit.read(X)  # compiles
    read = Contestant(LIMIT, partial(limit.read, X), float(X.sum(dtype=np.float64)))
    field = [read, Contestant(NUMPY, partial(_numpy_gradient, X, y.astype(dtype), w.astype(dtype), b),
                              _gradient(X, r), 1e-8 if dtype == "float64" else 1e-3)]  # fmt: skip
    for name, (loss, push) in PUSHES.items():
        objective = RowsObjective(loss, ArraySource(X, y), Scaling.none(columns))
        field.append(
            Contestant(f"trueline, {name}", partial(_trueline_gradient, objective, w, b), _gradient(X, push(r)))
        )
        objective.value_and_gradient(w, b)  # compiles
    return GradientRace(len(X), columns, dtype, race(field, repeats, budget))


def _gradient(X: Array, push: Array) -> Array:
    return np.append(X.T.astype(np.float64, copy=False) @ push, push.sum()) / len(X)


def _numpy_gradient(X: Array, y: Array, w: Array, b: float) -> Array:
    r = X @ w + X.dtype.type(b) - y
    return np.append(X.T @ r, r.sum()) / len(X)


def _trueline_gradient(objective: RowsObjective, w: Array, b: float) -> Array:
    _, dw, db = objective.value_and_gradient(w, b)
    return np.append(dw, db)


def epochs(rows: int, columns: int, repeats: int, budget: float) -> dict[str, Timing]:
    """A thousand epochs from moments, one closed form, both in float32 too, and five epochs of SGDRegressor."""
    X, y = tall(rows_that_fit(rows, columns), columns, seed=4)
    single = X.astype(np.float32)
    truth = line_by_cholesky(X, y)
    truth_single = line_by_cholesky(single, y)
    field = [
        Contestant(LIMIT, partial(limit.read, X), float(X.sum())),
        Contestant("LeastSquares", partial(_fit, LeastSquares(), X, y), truth),
        Contestant("LeastSquares, float32", partial(_fit, LeastSquares(), single, y), truth_single),
        Contestant(f"LinearRegressionGD, {EPOCHS} epochs", partial(_fit, _descent(), X, y), truth),
        Contestant(f"LinearRegressionGD, {EPOCHS} epochs, float32", partial(_fit, _descent(), single, y), truth_single),
        Contestant("SGDRegressor, 5 epochs", partial(_sgd, X, y), truth, tolerance=np.inf),
    ]
    for contestant in field[1:-1]:
        contestant.run()  # compiles
    return race(field, repeats, budget)


def _descent() -> LinearRegressionGD:
    return LinearRegressionGD(epochs=EPOCHS, tol=0.0, standardize=True)


def _fit(model: LeastSquares | LinearRegressionGD, X: Array, y: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "epochs used up" is what was asked for
        model.fit(X, y)
    return np.append(model.intercept_, model.coef_)


def _sgd(X: Array, y: Array) -> Array:
    from sklearn.linear_model import SGDRegressor

    model = SGDRegressor(max_iter=5, tol=None, random_state=0).fit(X, y)
    return np.append(model.intercept_, model.coef_)


def huber(rows: int, columns: int, repeats: int, budget: float) -> HuberRace:
    """HuberRegressor, and descent on the same loss: its threshold is the scale that HuberRegressor found."""
    from sklearn.linear_model import HuberRegressor

    X, y = contaminated(rows, columns)

    def theirs() -> Array:
        model = HuberRegressor(alpha=0.0, max_iter=1000).fit(X, y)
        return np.append(model.intercept_, model.coef_)

    delta = 1.35 * float(HuberRegressor(alpha=0.0, max_iter=1000).fit(X, y).scale_)
    truth = huber_line(X, y, delta)
    ours = LinearRegressionGD(loss=Huber(delta), standardize=True)
    field = [
        Contestant(LIMIT, partial(limit.read, X), float(X.sum())),
        Contestant("HuberRegressor", theirs, truth, HUBER_TOLERANCE),
        Contestant("LinearRegressionGD, huber", partial(_fit, ours, X, y), truth, HUBER_TOLERANCE),
    ]
    return HuberRace(rows, columns, race(field, repeats, budget))


def contaminated(rows: int, columns: int) -> tuple[Array, Array]:
    """Noise of Student's t with 2 degrees of freedom, and one row in twenty far off."""
    X, y = tall(rows, columns, seed=5)
    rng = np.random.default_rng(6)
    y = y + rng.standard_t(2, rows)
    y[rng.random(rows) < 0.05] += 50.0
    return X, y


def huber_line(X: Array, y: Array, delta: float, steps: int = 200) -> Array:
    """The minimum of the Huber loss, by reweighting until nothing moves: slow, plain and right."""
    A = np.column_stack([np.ones(len(X)), X])
    line = line_by_cholesky(X, y)
    for _ in range(steps):
        weights = delta / np.maximum(np.abs(A @ line - y), delta)
        better = np.linalg.solve(A.T @ (A * weights[:, None]), A.T @ (weights * y))
        moved, line = float(np.abs(better - line).max()), better
        if moved < 1e-13 * float(np.abs(line).max()):
            break
    return line
