"""Attacks without a search: gross outliers, and rows drawn from the data's own distribution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..models.options import is_number
from ..rows.domain import Domain
from .flip import far_labels
from .poison import Poison
from .scene import Budget, Scene, prepare
from .victim import Victim

__all__ = ["outlier", "statistical", "statistical_rows"]

Array = NDArray[np.float64]


def outlier(X: Any, y: Any, rate: float | None = None, *, size: float = 10.0, **budget: Unpack[Budget]) -> Poison:
    """Add rows that lie `size` standard deviations out, all at one place, against the trend.

    The leverage point of every textbook on robust regression (Rousseeuw and Leroy (1987), §1.1): x out along the
    fitted trend, y out against it. Knows the data; controls added rows.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    rate : float, optional
        Poison / all rows, at most 0.5.
    size : float
        How far out, in standard deviations of each column and of y.
    **budget
        rows, domain, bounds, y_bounds, random_state: see `Budget`. By default nothing bounds an outlier, only whole
        numbers stay whole.

    Raises
    ------
    OptionError
        A size that is not above 0; a budget outside what it may be; every column frozen.
    DataError
        Rows that cannot be used; bounds that exclude all of them.

    Examples
    --------
    >>> poison = outlier(np.arange(5.0).reshape(-1, 1), np.arange(5.0), rows=1)
    >>> poison.rows, poison.labels.round(2)
    (array([[16.]]), array([-12.14]))
    """
    if not is_number(size, above=0):
        raise OptionError(f"size must be above 0 standard deviations, got {size!r}")
    scene = prepare(X, y, rate, **budget)
    if budget.get("domain") is None:
        scene = _opened(scene, budget)
    scene.need_choice()
    slope = Victim.of(scene.X, scene.y, 0.0).clean_fit[:-1]
    away = np.where(slope < 0, -1.0, 1.0)
    place = scene.X.mean(axis=0) + size * scene.X.std(axis=0) * away
    label = scene.domain.project_y([scene.y.mean() - size * scene.y.std()])
    rows = scene.project(np.tile(place, (scene.rows, 1)))
    return Poison(
        rows, np.tile(label, scene.rows), "outlier", "data", "added rows", scene.domain, len(scene.y),
        report={"size": float(size)}, seed=scene.seed, names=scene.names,
    )  # fmt: skip


def _opened(scene: Scene, budget: Any) -> Scene:
    """An outlier lies outside what was observed: bounds that were not given are none."""
    free: dict[str, Any] = {}
    if budget.get("bounds") is None:
        free |= {"low": -np.inf, "high": np.inf}
    if budget.get("y_bounds") is None:
        free |= {"y_low": -np.inf, "y_high": np.inf}
    domain: Domain = replace(scene.domain, **free)
    return replace(scene, domain=domain)


def statistical(X: Any, y: Any, rate: float | None = None, *, corners: bool = True, reg_lambda: float = 0.0,
                **budget: Unpack[Budget]) -> Poison:  # fmt: skip
    """Draw rows from the data's mean and covariance, label them against the model.

    Jagielski, Oprea, Biggio, Liu, Nita-Rotaru and Li (2018), "Manipulating machine learning", §4.3 (StatP): sample a
    normal of the training data's mean and covariance, round to the corners of the domain, and put y at the bound
    farther from what the model says. Knows the model (its answers suffice), the mean and covariance; controls added
    rows.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    rate : float, optional
        Poison / all rows, at most 0.5.
    corners : bool
        Round every feature to its nearer bound, as the paper does; else only clip.
    reg_lambda : float
        Penalty of the model that is asked, on the mean loss.
    **budget
        rows, domain, bounds, y_bounds, random_state: see `Budget`.

    Raises
    ------
    OptionError
        A budget outside what it may be; every column frozen; no bounds to go to.
    DataError
        Rows that cannot be used; bounds that exclude all of them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((50, 2))
    >>> poison = statistical(X, X @ [1.0, 2.0], rate=0.1)
    >>> poison.rows.shape, poison.knows
    ((5, 2), 'model')
    """
    scene = prepare(X, y, rate, **budget)
    scene.need_choice()
    rows = statistical_rows(scene, scene.rows, corners)
    victim = Victim.of(scene.X, scene.y, reg_lambda)
    labels = far_labels(scene, victim.design(rows) @ victim.clean_fit + victim.centre[-1])
    return Poison(
        rows, labels, "statistical", "model", "added rows", scene.domain, len(scene.y), seed=scene.seed,
        names=scene.names,
    )  # fmt: skip


def statistical_rows(scene: Scene, k: int, corners: bool) -> Array:
    """k allowed rows from a normal with the data's mean and covariance.

    Parameters
    ----------
    scene : Scene
    k : int
    corners : bool
        Round to the nearer bound where there is one.
    """
    centre = scene.X.mean(axis=0)
    # X centred, mixed by independent normals, has exactly the data's covariance
    noise = scene.rng.standard_normal((k, len(scene.X))) @ (scene.X - centre) / np.sqrt(len(scene.X))
    rows = centre + noise
    if corners:
        low, high = scene.domain.box(rows.shape[1])
        nearer = np.where(rows - low < high - rows, low, high)
        rows = np.where(np.isfinite(nearer), nearer, rows)
    return scene.project(rows)
