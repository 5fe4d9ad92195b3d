"""A model as one JSON file, exact to the bit: written whole or not at all, sealed by a checksum."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ColumnsError, OptionError, Problem, ShapeError
from ..files import write_whole
from ..maths.losses import Huber, Loss, Quantile, Squared
from ..maths.moments import Moments
from ..models.foreign import Line, as_line
from ..models.least_squares import LeastSquares
from ..rows import table
from ..rows.arrays import numbers_only
from ..rows.schema import Schema
from .kept_moments import moments_to_dict, moments_to_keep, resume

__all__ = ["FORMAT", "LARGEST_FILE", "LOSSES", "Model", "canonical", "save", "seal"]

FORMAT = 1
LARGEST_FILE = 64 * 2**20  # bytes: a million features, or the moments of two thousand; larger files are not read

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
    moments : Moments, optional
        Of the training rows, where it was saved with them: rows can then be added and forgotten.
    """

    kind: str
    line: Line
    feature_names: tuple[str, ...] | None = None
    schema: Schema | None = None
    training: dict[str, Any] = field(default_factory=dict)
    moments: Moments | None = None

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

    def least_squares(self) -> LeastSquares:
        """The estimator again, for `LeastSquares.forget` and `LeastSquares.partial_fit`; it stands on the moments kept.

        Raises
        ------
        OptionError
            Another kind of model, or one that was saved without its moments.
        """
        return resume(self.kind, self.line, self.moments, self.feature_names, self.schema, self.training)

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
    model: Any, path: str | os.PathLike[str], *, schema: Schema | None = None,
    training: Mapping[str, Any] | None = None, keep_moments: bool = False,
) -> None:  # fmt: skip
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
    keep_moments : bool
        Also write what `LeastSquares.forget` and `LeastSquares.partial_fit` need. It tells whoever reads the file how
        many rows there were, the mean of every column, and how all columns vary together; of very few rows that is
        the rows themselves, and two files tell what was forgotten between them, one row exactly. A loaded model keeps
        its moments in any case.

    Raises
    ------
    OptionError
        Not a fitted linear model, a loss or a number that no file can hold, a schema of other columns, moments asked
        of what has none, or more than a file may hold.
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
    if isinstance(model, Model):
        if keep_moments and model.moments is None:
            raise OptionError(f"{model.kind} was saved without its moments, so there are none to keep")
        model = replace(model, schema=schema or model.schema, training=dict(training or model.training))
    else:
        names = getattr(model, "feature_names_in_", None)
        model = Model(
            type(model).__name__, as_line(model), None if names is None else tuple(str(name) for name in names),
            schema or getattr(model, "schema_", None), dict(training or _record(model)),
            moments_to_keep(model) if keep_moments else None,
        )  # fmt: skip
    _check_columns(model)
    try:
        content = canonical(seal(_to_dict(model)))
    except (TypeError, ValueError) as error:  # NaN, or what JSON does not know
        raise OptionError(f"{model.kind}: cannot be written as JSON ({error})") from None
    if len(content) > LARGEST_FILE:
        raise OptionError(f"{model.kind}: {len(content) >> 20} MB, and a model file holds {LARGEST_FILE >> 20}",
                          advice="Save it without its moments")  # fmt: skip
    write_whole(path, content)


def seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same fields and their checksum, which a reader holds against them."""
    body = {name: value for name, value in values.items() if name != "sha256"}
    return {**body, "sha256": hashlib.sha256(canonical(body)).hexdigest()}


def canonical(values: Mapping[str, Any]) -> bytes:
    """The one way these values are written: a file with other bytes is damaged, or edited by hand."""
    return (json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _check_columns(model: Model) -> None:
    """Names, schema and coefficients must speak of the same columns."""
    for names in (model.feature_names, None if model.schema is None else model.schema.feature_names):
        if names is not None and len(names) != len(model.coef_):
            raise OptionError(f"{model.kind} has {len(model.coef_)} coefficients, and {len(names)} feature names")
    if model.schema is not None and model.feature_names not in (None, model.schema.feature_names):
        raise OptionError(f"{model.kind} was fitted on the columns {', '.join(model.feature_names or ())}, "
                          f"the schema makes {', '.join(model.schema.feature_names)}")  # fmt: skip


def _record(model: Any) -> dict[str, Any]:
    """What is known about the fit, as plain values."""
    record = {name: getattr(model, f"{name}_", None) for name in ("status", "n_iter", "rank", "condition", "solver")}
    known = {name: value.item() if isinstance(value, np.generic) else value for name, value in record.items()}
    known["status"] = getattr(known["status"], "label", None)
    return {name: value for name, value in known.items()
            if isinstance(value, str | int) or (isinstance(value, float) and np.isfinite(value))}  # fmt: skip


def _by_name(frame: Any, names: tuple[str, ...]) -> Any:
    """The frame's columns in the order of training."""
    seen = table.eager_frame(frame)
    missing, extra = [n for n in names if n not in seen.columns], [n for n in seen.columns if n not in names]
    if missing or extra:
        problems = [Problem("missing", name) for name in missing]
        problems += [Problem("not in the model", name) for name in extra]
        raise ColumnsError(problems=problems, advice=f"The model takes {', '.join(names)}")
    return seen.select(list(names)).to_native()


def _to_dict(model: Model) -> dict[str, Any]:
    line = model.line
    low, high = line.scaling.low, line.scaling.high
    return {
        "format": FORMAT, "kind": model.kind, "loss": _loss_to_dict(line.loss),
        "w": line.w.tolist(), "b": float(line.b),
        "mu": line.scaling.mu.tolist(), "sigma": line.scaling.sigma.tolist(),
        "clip_low": None if low is None else _open_ends(low), "clip_high": None if high is None else _open_ends(high),
        "fit_intercept": bool(line.fit_intercept),
        "reg_lambda": None if line.reg_lambda is None else float(line.reg_lambda), "alpha": float(line.alpha),
        "row_bound": float(line.row_bound) if np.isfinite(line.row_bound) else None,
        "feature_names": None if model.feature_names is None else list(model.feature_names),
        "schema": None if model.schema is None else model.schema.to_dict(), "training": model.training,
        "moments": None if model.moments is None else moments_to_dict(model.moments),
    }  # fmt: skip


def _open_ends(bounds: Array) -> list[float | None]:
    """JSON has no infinity: null is a side that is not bounded."""
    return [float(bound) if np.isfinite(bound) else None for bound in bounds]


def _loss_to_dict(loss: Loss) -> dict[str, Any]:
    for name, kind in LOSSES.items():
        if type(loss) is kind:
            return {"name": name} | {key: v if isinstance(v, bool) else float(v) for key, v in vars(loss).items()}
    raise OptionError(f"a model file holds the losses {', '.join(LOSSES)}; {loss!r} is none of them")
