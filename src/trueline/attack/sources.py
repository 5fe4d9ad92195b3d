"""Who supplied the rows, and what each supplier does, or could do, to the fit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve

from ..errors import DataError, ShapeError
from ..maths.moments import Moments
from ..rows.domain import Domain
from ..rows.executor import single_threaded_blas
from .scene import Scene, prepare
from .victim import Victim

__all__ = ["Sources", "by_source"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sources:
    """One line per source, largest possible effect first.

    Parameters
    ----------
    names : tuple of str (n_sources,)
    rows : ndarray of int (n_sources,)
        How many rows each supplied.
    coef_shift : ndarray (n_sources, n_features)
        Coefficients with its rows minus those without, in the units of the data.
    prediction_shift : ndarray (n_sources,)
        Root mean square, over the other sources' rows, of what its rows change in the predictions, in the units of y.
    could_coef : ndarray (n_sources, n_features)
        Most that as many rows of any kind in the domain could move each coefficient: proven.
    could_prediction : ndarray (n_sources,)
        The same for the root mean square of the predictions: proven.

    Examples
    --------
    >>> X, y = np.arange(8.0).reshape(-1, 1), np.array([0, 1, 2, 3, 4, 5, 6, 17.0])
    >>> print(by_source(X, y, ["a", "b", "b", "b", "a", "a", "a", "c"]))
    source  rows  predictions moved by  could move them by
    ...
    """

    names: tuple[str, ...]
    rows: NDArray[np.intp]
    coef_shift: Array
    prediction_shift: Array
    could_coef: Array
    could_prediction: Array

    def __str__(self) -> str:
        width = max(6, *(len(name) for name in self.names))
        lines = [f"{'source':<{width}}  rows  predictions moved by  could move them by"]
        for values in zip(self.names, self.rows, self.prediction_shift, self.could_prediction, strict=True):
            lines.append("{:<{width}}  {:>4d}  {:>20.4g}  {:>18.4g}".format(*values, width=width))
        return "\n".join(lines)


def by_source(X: Any, y: Any, source: ArrayLike, *, reg_lambda: float = 0.0, domain: Domain | None = None,
              bounds: Any = None, y_bounds: Any = None) -> Sources:  # fmt: skip
    """What each supplier's rows do to the fit, exactly, and the most that as many malicious rows could do.

    Every source's moments are summed once; the fit without a source follows from the merged moments of the others.
    The bound: k rows x_i with residuals |e_i| <= R against the fit to the others move any cᵀβ by
    cᵀ(Σ + X_SᵀX_S)⁻¹X_Sᵀe, whose size is at most ½·R·√k·√(cᵀΣ⁻¹c), since t/(1 + t²) <= ½ for every singular value t
    of X_SΣ^(-½); the root mean square of the predictions on the other n rows moves by at most ½·R·√(k/n). R is the
    largest residual in the domain. Knows the defence or anything else: the bound asks for nothing. Controls a source.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    source : array (n_samples,)
        Who supplied each row: names or numbers.
    reg_lambda : float
        Penalty on the mean loss of all rows.
    domain : Domain, optional
        What a row may be; as observed by default. An observed range is no control: the bound holds if rows outside it
        are refused.
    bounds, y_bounds : (low, high), optional
        Short for a Domain.

    Raises
    ------
    DataError
        Fewer than two sources, blank ones, a length that is not X's.
    OptionError
        A domain without bounds: nothing bounds what a source could do.

    Examples
    --------
    >>> X, y = np.arange(6.0).reshape(-1, 1), np.array([0, 1, 2, 3, 4, 9.0])
    >>> found = by_source(X, y, ["a", "a", "a", "a", "a", "b"])
    >>> found.names, found.rows, found.coef_shift.round(3).ravel()
    (('a', 'b'), array([5, 1]), array([1.571, 0.571]))
    """
    scene = prepare(X, y, rows=1, domain=domain, bounds=bounds, y_bounds=y_bounds)
    scene.need_labels()
    names, codes = _codes(source, len(scene.y))
    counts = np.bincount(codes)
    pivot = np.append(scene.X.mean(axis=0), scene.y.mean())
    with single_threaded_blas():
        parts = [Moments.of(scene.X[codes == s], scene.y[codes == s], pivot=pivot) for s in range(len(names))]
        found = [_effect(part, rest, scene, reg_lambda) for part, rest in _others(parts)]
    columns = [np.array(column) for column in zip(*found, strict=True)]
    order = np.argsort(-columns[3], kind="stable")
    return Sources(tuple(names[i] for i in order), counts[order], *(column[order] for column in columns))


def _effect(part: Moments, rest: Moments, scene: Scene, reg_lambda: float) -> tuple[Array, float, Array, float]:
    """Shifts by a source's own rows, and the bounds for as many others."""
    total = rest.rows + part.rows
    # the penalty of all rows, borne by the others alone: the fit that the source's rows are added to
    alone = Victim.from_moments(rest, reg_lambda * total / rest.rows)
    both = Victim.from_moments(rest.merge(part), reg_lambda)
    coef, b = alone.line(alone.clean_fit)
    new_coef, new_b = both.line(both.clean_fit)
    offset = alone.centre[:-1]
    moved = np.append(new_coef - coef, (new_b + offset @ new_coef) - (b + offset @ coef))
    felt = float(np.sqrt(max(float(moved @ alone.gram @ moved), 0.0) / alone.n))
    factor = cho_factor(alone.gram + alone.n * np.diag(alone.penalty))
    inverse = np.diag(cho_solve(factor, np.eye(len(moved))))[:-1]
    most = 0.5 * scene.largest_residual(coef, b) * np.sqrt(part.rows)
    return moved[:-1], felt, most * np.sqrt(np.maximum(inverse, 0.0)), most / float(np.sqrt(alone.n))


def _others(parts: list[Moments]) -> list[tuple[Moments, Moments]]:
    """Every part beside the merged moments of all others: merging, unlike removing, loses no digits."""
    before = list(accumulate(parts, Moments.merge))
    after = list(accumulate(parts[::-1], Moments.merge))[::-1]
    pairs: list[tuple[Moments, Moments]] = []
    for s, part in enumerate(parts):
        sides = ([before[s - 1]] if s else []) + ([after[s + 1]] if s + 1 < len(parts) else [])
        pairs.append((part, sides[0] if len(sides) == 1 else sides[0].merge(sides[1])))
    return pairs


def _codes(source: ArrayLike, n: int) -> tuple[list[str], NDArray[np.intp]]:
    values = np.asarray(source)
    if values.shape != (n,):
        raise ShapeError(f"source must name the supplier of each of the {n} rows, got shape {values.shape}")
    if any(value is None or value != value or value == "" for value in values.tolist()):
        raise DataError("source has blanks: every row needs a supplier", advice="Call the unknown ones 'unknown'")
    names, codes = np.unique(values.astype(str), return_inverse=True)
    if len(names) < 2:
        raise DataError("all rows are from one source: there are no others to compare with")
    return names.tolist(), codes
