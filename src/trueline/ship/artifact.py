"""A model as one JSON file, exact to the bit: written whole or not at all, and trusted in nothing when read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ColumnsError, OptionError, Problem, ShapeError
from ..files import write_whole
from ..maths.losses import Huber, Loss, Quantile, Squared
from ..maths.scaling import Scaling
from ..models.foreign import Line, as_line
from ..rows import table
from ..rows.arrays import numbers_only
from ..rows.schema import Schema

__all__ = ["FORMAT", "LOSSES", "Model", "save"]

FORMAT = 1

Array = NDArray[np.float64]

LOSSES: dict[str, type] = {"squared": Squared, "huber": Huber, "quantile": Quantile}


@dataclass(frozen=True, eq=False)
class Model:
    """A model read from a file: ``clip(X) @ coef_ + intercept_``.

    Parameters
    ----------
    kind : str
        The class that fitted it.
    line : Line
        Coefficients, scaling, loss and penalty.
    feature_names : tuple of str, optional
    schema : Schema, optional
        The columns of the training table; other tables are matched to it by name.
    training : dict
        What was recorded about the fit: status, rows, errors.
    """

    kind: str
    line: Line
    feature_names: tuple[str, ...] | None = None
    schema: Schema | None = None
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def coef_(self) -> Array:
        """Coefficients in the units of the data, (n_features,)."""
        return self.line.coef

    @property
    def intercept_(self) -> float:
        """In the units of y."""
        return self.line.intercept

    def predict(self, X: ArrayLike) -> Array:
        """The line at each row.

        Parameters
        ----------
        X : array (n_samples, n_features), or a frame
            A frame's columns are matched by name, encoded by the schema; an array's by position.

        Returns
        -------
        ndarray (n_samples,)
            In the units of y.

        Raises
        ------
        ColumnsError, CellsError, ShapeError
            Columns are missing or extra, levels unknown, cells not finite: all of them are named.
        """
        matrix = self._matrix(X)
        return np.asarray(self.line.scaling.clip(matrix) @ self.coef_ + self.intercept_)

    def _matrix(self, X: Any) -> NDArray[np.floating]:
        if self.schema is not None and (table.is_frame(X) or hasattr(X, "tables")):
            return self.schema.encode(X)[0]
        if table.is_frame(X):
            return table.numeric_matrix(X if self.feature_names is None else _by_name(X, self.feature_names))[1]
        matrix = np.asarray(numbers_only(X, "X"), dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != len(self.coef_):
            raise ShapeError(f"X has shape {matrix.shape}, this model takes (n_samples, {len(self.coef_)})")
        table.check_finite(matrix, self.feature_names, "X")
        return matrix


def save(
    model: Any, path: str | os.PathLike[str], *, schema: Schema | None = None, training: Mapping[str, Any] | None = None
) -> None:
    """Write a fitted model to one JSON file, whole or not at all.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, a fitted scikit-learn linear model, or what `load` gave
    path : str or path-like
        By convention ``model.json``.
    schema : Schema, optional
        Of the training table; the model's own by default, where it was fitted on a table with y given by name.
    training : dict, optional
        Plain values to record about the fit.

    Raises
    ------
    OptionError
        Not a fitted linear model, or a loss that no file can hold.
    OSError
        The file cannot be written; an older one is untouched.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from trueline import LeastSquares
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> save(LeastSquares().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]), path)
    >>> from trueline.ship import load
    >>> load(path).predict([[10.0]])
    array([21.])
    """
    if not isinstance(model, Model):
        names = getattr(model, "feature_names_in_", None)
        model = Model(
            type(model).__name__, as_line(model), None if names is None else tuple(str(name) for name in names),
            schema or getattr(model, "schema_", None), dict(training or _record(model)),
        )  # fmt: skip
    text = json.dumps(_to_dict(model), indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(path, (text + "\n").encode())


def _record(model: Any) -> dict[str, Any]:
    record = {name: getattr(model, f"{name}_", None) for name in ("status", "n_iter", "rank", "condition", "solver")}
    if record["condition"] is not None and not np.isfinite(record["condition"]):
        record["condition"] = None
    return {name: str(value) if name == "status" else value for name, value in record.items() if value is not None}


def _by_name(frame: Any, names: tuple[str, ...]) -> Any:
    """The frame's columns in the order of training."""
    seen = table.eager_frame(frame)
    missing, extra = [n for n in names if n not in seen.columns], [n for n in seen.columns if n not in names]
    if missing or extra:
        problems = [Problem("missing", name) for name in missing] + [Problem("not in the model", name) for name in extra]
        raise ColumnsError(problems=problems, advice=f"The model takes {', '.join(names)}")
    return seen.select(list(names)).to_native()


def _to_dict(model: Model) -> dict[str, Any]:
    line = model.line
    low, high = line.scaling.low, line.scaling.high
    return {
        "format": FORMAT, "kind": model.kind, "loss": _loss_to_dict(line.loss), "w": line.w.tolist(), "b": line.b,
        "mu": line.scaling.mu.tolist(), "sigma": line.scaling.sigma.tolist(),
        "clip_low": None if low is None else _open_ends(low), "clip_high": None if high is None else _open_ends(high),
        "fit_intercept": line.fit_intercept, "reg_lambda": line.reg_lambda, "alpha": line.alpha,
        "row_bound": line.row_bound if np.isfinite(line.row_bound) else None,
        "feature_names": None if model.feature_names is None else list(model.feature_names),
        "schema": None if model.schema is None else model.schema.to_dict(), "training": model.training,
    }  # fmt: skip


def _open_ends(bounds: Array) -> list[float | None]:
    """JSON has no infinity: null is a side that is not bounded."""
    return [float(bound) if np.isfinite(bound) else None for bound in bounds]


def _loss_to_dict(loss: Loss) -> dict[str, Any]:
    for name, kind in LOSSES.items():
        if isinstance(loss, kind):
            return {"name": name, **vars(loss)}
    raise OptionError(f"a model file holds the losses {', '.join(LOSSES)}; {loss!r} is none of them")
