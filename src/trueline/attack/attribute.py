"""attribute_inference: does a model tell a column of a person that its other columns do not?"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, OptionError, RankWarning, ShapeError, TruelineWarning
from ..models.foreign import Line
from ..models.least_squares import LeastSquares
from ..models.options import generator
from .leakage import AttributeLeakage
from .seen import Rows, columns_of, labelled_rows, line_of, split_count

__all__ = ["attribute_inference"]

Array = NDArray[np.float64]
KNOWS = ("output", "label")


def attribute_inference(
    model: Any, X: ArrayLike, y: ArrayLike, sensitive: int | str, *, knows: str = "output", splits: int = 200,
    random_state: Any = 0,
) -> AttributeLeakage:  # fmt: skip
    """Infer one column from the others and what the model says, against the same without the model.

    The model inversion of Fredrikson et al. (2014), section 3, whose estimate is the most likely value given prior,
    model and error. Here the prior is a regression of the sensitive column on the others, with normal errors, learnt
    from half of the rows, and it is also the baseline without the model. With the output of a line it leads to the
    value itself, unless the coefficient is 0 or the value is clipped; with the label it weighs prior and model by
    their variances.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, what `ship.load` gives, or a fitted scikit-learn linear model or Pipeline
    X, y : array or frame (n_samples, n_features), array (n_samples,)
        Rows of persons: those it was trained on show what it tells about them.
    sensitive : int or str
        The column, by position or name.
    knows : "output" or "label"
        What the attacker has of a person beside the other columns: the model's output with all its digits, or y.
    splits : int
        Random halvings into rows that the attacker learns from, and rows scored.
    random_state : int, Generator or None

    Returns
    -------
    AttributeLeakage

    Raises
    ------
    OptionError
        No such column, no fitted linear model, another `knows`, fewer than 20 splits.
    DataError
        The sensitive column never changes, or is determined by the others.
    ShapeError
        Half of the rows are fewer than the columns plus two.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(80, 3))
    >>> y = X @ [1.0, 2.0, 0.0] + rng.normal(size=80)
    >>> model = LeastSquares().fit(X, y)
    >>> told = attribute_inference(model, X, y, sensitive=1)
    >>> told.found, round(told.gain, 6)
    (True, 1.0)
    """
    splits = split_count(splits)
    if knows not in KNOWS:
        raise OptionError(f"knows must be one of {KNOWS}, got {knows!r}")
    line, source = line_of(model), labelled_rows(X, y)
    line.rows(source.X, source.y)  # as many columns as the model
    names = columns_of(model, source.n_features, source.names)
    column = _position(sensitive, names)
    _check(source, column, names[column])
    rng = generator(random_state)
    n = len(source.y)
    results = []
    for _ in range(splits):
        order = rng.permutation(n)
        results.append(_attack(line, source, column, knows, order[: n // 2], order[n // 2 :]))
    errors, baseline, hits, baseline_hits = np.array(results).T
    return AttributeLeakage(names[column], knows, errors, baseline, hits, baseline_hits, n // 2, n - n // 2)


def _attack(
    line: Line, source: Rows, column: int, knows: str, known: NDArray[np.intp], scored: NDArray[np.intp]
) -> tuple[float, float, float, float]:
    """Errors and hits on the scored rows, with the model and without."""
    rest, truth = np.delete(source.X, column, axis=1), source.X[:, column]
    prior = LeastSquares()
    if rest.shape[1]:
        with warnings.catch_warnings():  # columns of a half that say nothing of their own
            warnings.simplefilter("ignore", TruelineWarning)
            prior.fit(rest[known], truth[known])
        expected = prior.predict(rest)
    else:
        expected = np.full(len(truth), truth[known].mean())
    spread = float(np.square(truth - expected)[known].sum() / max(len(known) - source.n_features, 1))
    outputs = line.scaling.clip(source.X) @ line.coef + line.intercept
    noise = 0.0 if knows == "output" else float(np.square(source.y - outputs)[known].mean())
    said = outputs if knows == "output" else source.y
    estimate = _estimate(line, source.X, column, said, expected, (spread, noise))
    values = np.unique(truth)
    error, hits = _score(estimate[scored], truth[scored], values)
    baseline, baseline_hits = _score(expected[scored], truth[scored], values)
    return error, baseline, hits, baseline_hits


def _score(guess: Array, truth: Array, values: Array) -> tuple[float, float]:
    """Root mean square error; share of rows whose value is the nearer of two, NaN where there are more."""
    error = float(np.sqrt(np.square(guess - truth).mean()))
    if len(values) != 2:
        return error, np.nan
    nearer = values[(np.abs(guess - values[1]) < np.abs(guess - values[0])).astype(int)]
    return error, float((nearer == truth).mean())


def _estimate(line: Line, X: Array, column: int, said: Array, expected: Array, variances: tuple[float, float]) -> Array:
    """Most likely value of the column: x = m + coef·τ²/(coef²τ² + σ²)·(said - f(m)), m and τ² of the prior.

    Where the model clips the column and what it said is at a bound, only that the value is there or beyond is learnt.
    """
    spread, noise = variances
    coef = line.coef[column]
    filled = X.copy()
    low = -np.inf if line.scaling.low is None else line.scaling.low[column]
    high = np.inf if line.scaling.high is None else line.scaling.high[column]
    filled[:, column] = np.clip(expected, low, high)  # the line is followed from inside the bounds
    certainty = coef**2 * spread + noise
    if coef == 0 or certainty == 0:
        return expected
    surprise = said - (line.scaling.clip(filled) @ line.coef + line.intercept)
    value = filled[:, column] + coef * spread / certainty * surprise
    rounding = 1e-9 * np.maximum(1.0, np.abs(value))
    value = np.where(value <= low + rounding, np.minimum(expected, low), value)
    return np.asarray(np.where(value >= high - rounding, np.maximum(expected, high), value))


def _position(sensitive: Any, names: tuple[str, ...]) -> int:
    if isinstance(sensitive, str) and sensitive in names:
        return names.index(sensitive)
    whole = isinstance(sensitive, int | np.integer) and not isinstance(sensitive, bool)
    if whole and -len(names) <= int(sensitive) < len(names):
        return int(sensitive) % len(names)
    raise OptionError(f"sensitive={sensitive!r} is no column", advice=f"Columns are {', '.join(names)[:200]}")


def _check(source: Rows, column: int, name: str) -> None:
    """Refuse rows on which there is nothing to infer, or too few to learn a prior from."""
    values = source.X[:, column]
    if (values == values[0]).all():
        raise DataError(f"{name} never changes, so there is nothing to infer")
    half = len(source.y) // 2
    if half < source.n_features + 2:
        raise ShapeError(f"half of the rows ({half}) are too few to learn {name} from {source.n_features - 1} columns",
                         advice=f"Give at least {2 * (source.n_features + 2)} rows")  # fmt: skip
    rest = np.delete(source.X, column, axis=1)
    if rest.shape[1] == 0:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RankWarning)
        warnings.simplefilter("ignore", TruelineWarning)
        left = values - LeastSquares().fit(rest, values).predict(rest)
    if np.abs(left).max() <= 1e-9 * np.ptp(values):
        raise DataError(f"{name} is determined by the other columns, so everybody knows it without the model",
                        advice="Leave out the columns that determine it")  # fmt: skip
