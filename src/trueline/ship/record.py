"""What a model file records of how the model came to be: status, settings, versions, errors on rows held out."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..defend.private_least_squares import PrivateLeastSquares
from ..errors import ArtifactError
from ..rows import table
from ..rows.schema import Schema
from .fields import is_finite

__all__ = [
    "ROWS_TELL", "TARGET", "Privacy", "metrics_on", "name_of", "privacy_of", "public_schema", "record_of", "versions",
]  # fmt: skip

Array = NDArray[np.float64]

PACKAGES = ("numpy", "scipy", "scikit-learn", "numba")
ROWS_TELL = {"metrics", "rows", "train_mse", "train_r2", "rank", "condition", "digits", "status", "epochs",
             "forgotten_rows"}  # fmt: skip
KNOWN = ("rank", "condition", "digits", "solver")
TARGET = "target"  # where a model has no schema, its record says what it predicts


@dataclass(frozen=True)
class Privacy:
    """The (ε, δ) under which a model hides each of its rows: then its file must not tell about them either.

    Parameters
    ----------
    epsilon, delta : float
    """

    epsilon: float
    delta: float

    def to_dict(self) -> dict[str, float]:
        """Plain values for JSON."""
        return {"epsilon": float(self.epsilon), "delta": float(self.delta)}

    @classmethod
    def from_dict(cls, values: Any) -> Privacy | None:
        """What `to_dict` wrote, or null.

        Parameters
        ----------
        values : dict or None

        Raises
        ------
        ArtifactError
            Of another shape.
        """
        if values is None:
            return None
        if not isinstance(values, dict) or set(values) != {"epsilon", "delta"}:
            raise ArtifactError(f"privacy must be null, or have epsilon and delta, got {values!r:.100}")
        epsilon, delta = values["epsilon"], values["delta"]
        if not (is_finite(epsilon) and is_finite(delta) and epsilon > 0 and 0 < delta < 1):
            raise ArtifactError(f"privacy: epsilon and delta cannot be {epsilon!r:.50} and {delta!r:.50}")
        return cls(float(epsilon), float(delta))


def privacy_of(model: Any) -> Privacy | None:
    """Of a fitted PrivateLeastSquares; None for any other."""
    return Privacy(model.epsilon, model.delta) if isinstance(model, PrivateLeastSquares) else None


def public_schema(schema: Schema, low: Array | None, high: Array | None) -> Schema:
    """The schema with bounds that are public in place of the ranges and kinds that the rows showed.

    Parameters
    ----------
    schema : Schema
    low, high : ndarray (n_features,), optional
        The bounds of the features; none are known without them.
    """
    columns, at = [], 0
    for column in schema.columns:
        if column.kind != "category":
            column = replace(column, kind="numeric", low=None, high=None)
            if low is not None and high is not None and np.isfinite([low[at], high[at]]).all():
                column = replace(column, low=float(low[at]), high=float(high[at]))
        columns.append(column)
        at += len(column.feature_names)
    return replace(schema, columns=tuple(columns))


def record_of(model: Any) -> dict[str, Any]:
    """What a fitted model tells of its fit, as plain values; null where it tells nothing.

    Parameters
    ----------
    model : any fitted estimator

    Returns
    -------
    dict
        ``status``, ``epochs``, ``lr``, ``seeds`` and ``metrics`` (null until measured), ``versions``; for models of
        trueline also what it knows of ``rank``, ``condition``, ``digits`` and ``solver``.
    """
    if isinstance(model, PrivateLeastSquares):
        return {"versions": versions()}  # all else would have to be paid for
    seed = _plain(getattr(model, "random_state", None))
    record = {
        "status": getattr(getattr(model, "status_", None), "label", None), "epochs": _plain(_count(model)),
        "lr": _plain(getattr(model, "lr", None)), "seeds": {} if seed is None else {"random_state": seed},
        "metrics": None, "versions": versions(),
    }  # fmt: skip
    known = {name: _plain(getattr(model, f"{name}_", None)) for name in KNOWN}
    return record | {name: value for name, value in known.items() if value is not None}


def name_of(y: Any) -> str | None:
    """What y is called: a column of a table, a Series or a frame of one column; None where it has no name.

    Parameters
    ----------
    y : any

    Examples
    --------
    >>> import pyarrow as pa
    >>> name_of("price"), name_of(pa.table({"price": [1.0]})), name_of([1.0])
    ('price', 'price', None)
    """
    if table.is_frame(y):
        names = list(table.eager_frame(y).columns)
        return str(names[0]) if len(names) == 1 else None
    name = y if isinstance(y, str) else getattr(y, "name", None)
    return name if isinstance(name, str) else None


def metrics_on(predictions: Array, y: Array) -> dict[str, Any]:
    """Errors of predictions, in the units of y: of rows that the fit did not see.

    Parameters
    ----------
    predictions, y : ndarray (n_samples,)

    Returns
    -------
    dict
        ``rows``, ``rmse``, ``mae``, and ``r2``: null where y does not vary.

    Examples
    --------
    >>> metrics_on(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    {'rows': 2, 'rmse': 1.4142135623730951, 'mae': 1.0, 'r2': 0.11111111111111116}
    """
    residual = predictions - y
    square, spread = float(np.mean(residual**2)), float(np.var(y))
    return {"rows": len(y), "rmse": float(np.sqrt(square)), "mae": float(np.mean(np.abs(residual))),
            "r2": 1 - square / spread if spread > 0 else None}  # fmt: skip


def versions() -> dict[str, str]:
    """Of Python, trueline, and the libraries that do the arithmetic."""
    from .. import __version__

    return {"python": platform.python_version(), "trueline": __version__} | {name: _version(name) for name in PACKAGES}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def _count(model: Any) -> Any:
    """Passes over the rows; scikit-learn gives one per target where it has several."""
    return np.asarray(getattr(model, "n_iter_", None)).ravel()[0] if hasattr(model, "n_iter_") else None


def _plain(value: Any) -> Any:
    """A whole number, a finite number or text; None for anything else."""
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if np.isfinite(float(value)) else None
    return value if isinstance(value, str) else None
