"""A model as an attacker sees it: its line, the names of its columns, and their spread where the model knows it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError
from ..maths.moments import Moments
from ..models.base import LinearModel
from ..models.foreign import Line, as_line
from ..models.gate import column_name
from ..models.options import is_number
from ..rows import table
from ..rows.source import in_memory

__all__ = ["Rows", "columns_of", "known_spread", "labelled_rows", "line_of", "split_count", "spread_of"]

Array = NDArray[np.float64]


class Rows(NamedTuple):
    """X (n_samples, n_features) and y (n_samples,) as finite numbers, and the columns' names where there are any."""

    X: Array
    y: Array
    names: tuple[str, ...] | None

    @property
    def n_features(self) -> int:
        return int(self.X.shape[1])


def line_of(model: Any) -> Line:
    """The line of a fitted model, or of one that was loaded from a file.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, what `ship.load` gives, or a fitted scikit-learn linear model or Pipeline

    Raises
    ------
    OptionError
        It is no fitted linear model of one target.
    """
    line = getattr(model, "line", None)
    return line if isinstance(line, Line) else as_line(model)


def columns_of(model: Any, n_features: int, *others: Any) -> tuple[str, ...]:
    """What to call the columns: the first names given, else the model's, else ``X[:, 0]`` and so on."""
    found: Any = next((names for names in others if names is not None), None)
    for attribute in ("feature_names_in_", "feature_names"):
        found = getattr(model, attribute, None) if found is None else found
    names = None if found is None else tuple(str(name) for name in found)
    if names is not None and len(names) != n_features:
        raise OptionError(f"{len(names)} names were given for {n_features} columns")
    return tuple(column_name(names, j) for j in range(n_features))


def known_spread(model: Any) -> Array | None:
    """Standard deviation of every column in training (n_features,), in its units; None where the model kept none."""
    moments = getattr(model, "moments_", getattr(model, "moments", None))
    if isinstance(moments, Moments):
        return np.asarray(np.sqrt(np.maximum(np.diag(moments.covariance)[:-1], 0.0)))
    if getattr(model, "standardize", False) and getattr(model, "fit_intercept", False):
        return np.asarray(model.sigma_, dtype=np.float64)
    scalers = [step for _, step in getattr(model, "steps", ())[:-1] if not (step is None or isinstance(step, str))]
    if len(scalers) == 1 and type(scalers[0]).__name__ == "StandardScaler" and scalers[0].scale_ is not None:
        return np.asarray(scalers[0].scale_, dtype=np.float64)
    return None


def spread_of(model: Any, sd: ArrayLike | None, n_features: int) -> Array | None:
    """The standard deviations given, or else those that the model knows.

    Raises
    ------
    OptionError
        Not one number of at least 0 for every column.
    """
    if sd is None:
        return known_spread(model)
    given = np.asarray(sd, dtype=np.float64)
    if given.shape != (n_features,) or not (np.isfinite(given) & (given >= 0)).all():
        raise OptionError(f"sd must be {n_features} numbers of at least 0, one per column, got {sd!r:.200}",
                          advice="For example X.std(axis=0)")  # fmt: skip
    return given


def labelled_rows(X: Any, y: Any) -> Rows:
    """X and y through the gate of our own models, held in memory, every cell finite.

    Raises
    ------
    DataError
        Rows that cannot be used: what, which column, which row.
    """
    source = in_memory(LinearModel()._source(X, y, None))
    table.check_finite(source.X, source.names, "X")
    table.check_finite(source.y, what="y")
    names = None if source.names is None else tuple(source.names)
    return Rows(np.array(source.X, dtype=np.float64), source.y, names)


def split_count(splits: Any) -> int:
    """How many random splits: at least 20, since the interval is read off them.

    Raises
    ------
    OptionError
        Fewer, or no whole number.
    """
    if not is_number(splits, least=20) or int(splits) != splits:
        raise OptionError(f"splits must be a whole number of at least 20, got {splits!r}",
                          advice="An interval is read off the splits; 200 is the default")  # fmt: skip
    return int(splits)
