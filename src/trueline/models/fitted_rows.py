"""The rows of a fit, given once more: through the gate, and held against what the fit remembers of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, OptionError, Problem, ShapeError
from ..rows import open as open_rows
from ..rows import table
from ..rows.source import ArraySource, Source
from .basis import Array, Basis
from .gate import matrix_of, names_of, target_of, weights_of
from .residuals import rounding

__all__ = ["check_same_rows", "cluster_codes", "fitted_rows"]


def fitted_rows(model: Any, X: Any, y: Any, sample_weight: ArrayLike | None) -> Source:
    """The rows of a fit, given once more in the same form; the model stays as it is.

    Parameters
    ----------
    model : LeastSquares
    X, y, sample_weight : as for `fit`

    Raises
    ------
    DataError
        Rows that cannot be used, or other columns than those of the fit.
    """
    if isinstance(y, str):
        return _named_rows(model, X, y, sample_weight)
    matrix = matrix_of(model, X, reset=False)
    target = target_of(y, len(matrix))
    table.check_finite(target, what="y")
    if len(target) != len(matrix):
        raise ShapeError(f"X and y must have equally many rows: X has {len(matrix)}, y has {len(target)}")
    return ArraySource(matrix, target, weights_of(sample_weight, len(matrix)), names_of(model))


def _named_rows(model: Any, X: Any, target: str, sample_weight: ArrayLike | None) -> Source:
    """The target is a column of a table or stream, as it was in the fit."""
    if sample_weight is not None:
        raise OptionError("sample_weight goes with arrays; pass X, y and sample_weight instead")
    if not hasattr(model, "schema_"):
        raise OptionError(f"y={target!r} names a column, but the model was fitted on arrays: pass X and y apart")
    if target != model.schema_.target:
        raise OptionError(f"y={target!r}, but the model was fitted on {model.schema_.target!r}")
    source: Source = open_rows(X).encoded(model.schema_)
    return source


def check_same_rows(basis: Basis, coef: Array, rows: int, weight: float, squares: float, gradient: Array) -> None:
    """Refuse rows that the model was not fitted on: for its own, residuals and columns are orthogonal.

    Parameters
    ----------
    basis : Basis
    coef : ndarray (n_features,)
    rows, weight : int, float
        How many were read, and Σω.
    squares, gradient : float, ndarray (p,)
        Σωe² and Σωe·q over them.

    Raises
    ------
    DataError
        Another number of rows, another total weight, or a fit that these rows would not have given.
    """
    moments, advice = basis.problem.moments, "Pass the X, y and sample_weight that were fitted"
    if rows != moments.rows:
        raise DataError(f"the model was fitted on {moments.rows} rows, not on these {rows}", advice=advice)
    if not np.isclose(weight, moments.weight, rtol=1e-9):
        raise DataError(f"the model was fitted with weights that add to {moments.weight:.9g}, these to "
                        f"{weight:.9g}", advice=advice)  # fmt: skip
    floor = moments.weight * rounding(basis, coef) ** 2
    if float(gradient @ gradient) > 1e-10 * squares + floor:
        raise DataError("the model was not fitted on these rows: their residuals lean on its columns", advice=advice)


def cluster_codes(groups: ArrayLike, n_rows: int) -> NDArray[np.intp]:
    """The cluster of each row by number, from labels of any kind.

    Parameters
    ----------
    groups : array (n_rows,)
        Numbers, text, or anything else that sorts.
    n_rows : int

    Raises
    ------
    DataError
        Not one label per row, or labels that are missing.
    OptionError
        Labels that cannot be compared.

    Examples
    --------
    >>> cluster_codes(["b", "a", "b"], 3)
    array([1, 0, 1])
    """
    labels = np.asarray(groups)
    if labels.shape != (n_rows,):
        raise ShapeError(f"groups has shape {labels.shape}, expected {(n_rows,)}: one label per row")
    missing = np.fromiter((label is None or label != label for label in labels.tolist()), dtype=bool, count=n_rows)
    if missing.any():
        raise DataError(problems=[Problem("no label", "groups", int(np.argmax(missing)) + 1, int(missing.sum()))],
                        advice="Give every row the cluster it belongs to")  # fmt: skip
    try:
        return np.unique(labels, return_inverse=True)[1].astype(np.intp)
    except TypeError:
        raise OptionError("groups mixes labels that cannot be compared", advice="Use text, or numbers") from None
