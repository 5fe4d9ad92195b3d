"""Linear regression you can verify, attack, defend and ship.

Everything behind this door is loaded on first use, so ``import trueline`` costs next to nothing.

Examples
--------
>>> from trueline import LeastSquares
>>> from trueline.rows import datasets
>>> data = datasets.make_linear(noise=0.0)
>>> model = LeastSquares().fit(data.X, data.y)
>>> bool(abs(model.intercept_ - data.intercept) < 1e-12)
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import attack, audit, defend, rows, ship, verify
    from .findings import Finding
    from .maths.moments import Moments
    from .models.cross_validation import LeastSquaresCV
    from .models.huber_regression import HuberRegression
    from .models.least_squares import LeastSquares
    from .models.linear_regression_gd import LinearRegressionGD
    from .models.quantile_regression import QuantileRegression
    from .models.trimmed_least_squares import TrimmedLeastSquares
    from .rows.domain import Domain
    from .rows.schema import Schema

__version__ = "0.1.0"

__all__ = [
    "Domain",
    "Finding",
    "HuberRegression",
    "LeastSquares",
    "LeastSquaresCV",
    "LinearRegressionGD",
    "Moments",
    "QuantileRegression",
    "Schema",
    "TrimmedLeastSquares",
    "__version__",
    "attack",
    "audit",
    "defend",
    "rows",
    "ship",
    "verify",
]

_WHERE = {
    "Domain": ".rows.domain",
    "Finding": ".findings",
    "HuberRegression": ".models.huber_regression",
    "LeastSquares": ".models.least_squares",
    "LeastSquaresCV": ".models.cross_validation",
    "LinearRegressionGD": ".models.linear_regression_gd",
    "Moments": ".maths.moments",
    "QuantileRegression": ".models.quantile_regression",
    "Schema": ".rows.schema",
    "TrimmedLeastSquares": ".models.trimmed_least_squares",
}
_ROOMS = ("attack", "audit", "defend", "rows", "ship", "verify")


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_WHERE[name], __name__), name)
    globals()[name] = value  # found once, then an ordinary attribute
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
