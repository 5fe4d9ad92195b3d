"""Moments in a model file: exact to the bit, checked at load, and the way back to an estimator that can forget."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, OptionError
from ..maths.losses import Squared
from ..maths.moments import Moments
from ..models.foreign import Line
from ..models.least_squares import LeastSquares
from ..rows.schema import Schema
from .fields import is_finite, is_int

__all__ = ["moments_from_dict", "moments_to_dict", "moments_to_keep", "resume"]

Array = NDArray[np.float64]

FIELDS = {"rows", "weight", "pivot", "total", "scatter", "idle", "log_weight", "peak", "steps"}
SLACK = 1.2  # a pivot that moves a little leaves the peak as it was


def moments_to_keep(model: Any) -> Moments:
    """The moments of a fitted LeastSquares.

    Raises
    ------
    OptionError
        Not one.
    """
    if not isinstance(model, LeastSquares):
        raise OptionError(
            f"{type(model).__name__} keeps no moments to save",
            advice="Rows can be forgotten by LeastSquares, whose fit is determined by sums over the rows",
        )
    return model.moments_


def resume(
    kind: str, line: Line, moments: Moments | None, names: tuple[str, ...] | None, schema: Schema | None,
    training: dict[str, Any],
) -> LeastSquares:  # fmt: skip
    """A fitted LeastSquares from what a file holds of it.

    Raises
    ------
    OptionError
        Another kind of model, or no moments.
    """
    if kind != "LeastSquares":
        raise OptionError(f"a {kind} cannot add or forget rows; LeastSquares can", advice="Fit it again on other rows")
    if moments is None:
        raise OptionError(
            "this model was saved without its moments, so rows can neither be added nor forgotten",
            advice="Fit with --keep-moments; in Python ship.save(model, path, keep_moments=True)",
        )
    model = LeastSquares(float(line.reg_lambda or 0.0), line.fit_intercept)
    model.coef_, model.intercept_, model.scaling_ = line.coef.copy(), line.intercept, line.scaling
    model.moments_, model.n_features_in_ = moments, moments.n_features
    if schema is not None:
        model.schema_ = schema
        names = schema.feature_names
    if names is not None:
        model.feature_names_in_ = np.asarray(names, dtype=object)
    rank, solver = training.get("rank"), training.get("solver")
    model.rank_ = rank if isinstance(rank, int) else moments.n_features
    model.solver_ = solver if isinstance(solver, str) else ""
    for name in ("condition", "digits"):
        value: Any = training.get(name)
        setattr(model, f"{name}_", float(value) if is_finite(value) else float("nan"))
    return model


def moments_to_dict(moments: Moments) -> dict[str, Any]:
    """Plain values; of the scatter the lower triangle, row by row.

    Parameters
    ----------
    moments : Moments
    """
    lower = np.tril_indices(len(moments.pivot))
    return {
        "rows": int(moments.rows), "weight": float(moments.weight), "pivot": moments.pivot.tolist(),
        "total": moments.total.tolist(), "scatter": moments.scatter[lower].tolist(), "idle": int(moments.idle),
        "log_weight": float(moments.log_weight), "peak": moments.peak.tolist(), "steps": int(moments.steps),
    }  # fmt: skip


def moments_from_dict(values: Any, line: Line) -> Moments | None:
    """What `moments_to_dict` wrote, of the rows of this line.

    Parameters
    ----------
    values : dict or None
    line : Line
        Whose moments they are.

    Raises
    ------
    ArtifactError
        Of another shape, not finite, or of no rows that there could be.
    """
    if values is None:
        return None
    if not isinstance(values, dict) or set(values) != FIELDS:
        raise ArtifactError(f"moments must have exactly the fields {sorted(FIELDS)}")
    size = len(line.w) + 1
    lengths = {"pivot": size, "total": size, "scatter": size * (size + 1) // 2, "peak": size + 1}
    pivot, total, lower, peak = (_numbers(values, name, length) for name, length in lengths.items())
    for name in ("rows", "idle", "steps"):
        if not is_int(values[name]) or not 0 <= values[name] < 2**63:
            raise ArtifactError(f"moments: {name} cannot be {values[name]!r:.100}")
    for name in ("weight", "log_weight"):
        if not is_finite(values[name]):
            raise ArtifactError(f"moments: {name} cannot be {values[name]!r:.100}")
    scatter = np.zeros((size, size))
    scatter[np.tril_indices(size)] = lower
    scatter += np.tril(scatter, -1).T
    moments = Moments(values["rows"], float(values["weight"]), pivot, total, scatter,
                      values["idle"], float(values["log_weight"]), peak, values["steps"])  # fmt: skip
    _refuse_impossible(moments, line)
    return moments


def _numbers(values: dict[str, Any], name: str, length: int) -> Array:
    given = values[name]
    if not isinstance(given, list) or len(given) != length or not all(is_finite(value) for value in given):
        raise ArtifactError(f"moments: {name} must be {length} finite numbers")
    return np.array(given, dtype=np.float64)


def _refuse_impossible(moments: Moments, line: Line) -> None:
    """What no rows could have left behind, or not under this model."""
    if not moments.rows > moments.idle or not moments.weight > 0:
        raise ArtifactError("moments: no rows that count")
    if (np.diag(moments.scatter) < 0).any() or (moments.peak < 0).any():
        raise ArtifactError("moments: a sum of squares is negative")
    root = np.sqrt(moments.peak)
    full = np.block([[moments.scatter, moments.total[:, None]], [moments.total, np.array(moments.weight)]])
    if (np.abs(full) > SLACK * np.outer(root, root)).any():
        raise ArtifactError("moments: a sum of products is larger than the squares allow")
    scaling = line.scaling
    plain = not scaling.mu.any() and (scaling.sigma == 1).all() and scaling.low is None
    if line.description != "LeastSquares" or not plain or line.reg_lambda is None or not isinstance(line.loss, Squared):
        raise ArtifactError("moments: only a LeastSquares stands on them")
