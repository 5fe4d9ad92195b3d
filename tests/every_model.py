"""Every way to fit, held against the same faulty rows."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from sklearn.exceptions import ConvergenceWarning

from trueline import HuberRegression, LeastSquares, LinearRegressionGD, QuantileRegression, TrimmedLeastSquares
from trueline.errors import TruelineError

MODELS: dict[str, Any] = {
    "closed form": LeastSquares,
    "compiled": LinearRegressionGD,
    "numpy": lambda **options: LinearRegressionGD(engine="numpy", **options),
    "standardized": lambda **options: LinearRegressionGD(standardize=True, **options),
    "huber": lambda **options: LinearRegressionGD(loss="huber", **options),
    "batches": lambda **options: LinearRegressionGD(batch_size=8, epochs=20, clip_features=(0.1, 0.9), **options),
    "huber regression": HuberRegression,
    "quantile regression": QuantileRegression,
    "trimmed": TrimmedLeastSquares,
}
ROBUST = list(MODELS)[-3:]
DESCENTS = list(MODELS)[1:-3]
RIGHT = ["closed form", "standardized"]  # what promises the right answer whatever the units
every = pytest.mark.parametrize("model", MODELS)
right = pytest.mark.parametrize("model", RIGHT)


def refuses(model: str, X: Any, y: Any, kind: type[Exception], *words: str, weights: Any = None) -> Any:
    """The fit ends in this error, whose message holds these words; nothing else is said."""
    with pytest.raises(kind) as caught:
        MODELS[model]().fit(X, y, weights)
    assert isinstance(caught.value, TruelineError)
    for word in words:
        assert word in str(caught.value), (word, str(caught.value))
    return caught.value


def quiet(model: str, X: Any, y: Any, **options: Any) -> Any:
    """The fit, without its word on convergence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return MODELS[model](**options).fit(X, y)
