"""One bundled real data set, and rows that follow a linear truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import OptionError, ShapeError

__all__ = ["Dataset", "LinearDataset", "Seed", "follow", "generator", "load_diabetes", "make_linear"]

Seed = int | np.random.Generator

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Real rows, whose truth nobody knows.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
    y : ndarray (n_samples,)
    names : tuple of str
        Names of the columns of X.
    """

    X: Array
    y: Array
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class LinearDataset:
    """Rows with ``y = X @ coef + intercept + noise``, and that truth.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
    y : ndarray (n_samples,)
    names : tuple of str
        Names of the columns of X.
    coef : ndarray (n_features,)
        The true coefficients, in units of y per unit of the column.
    intercept : float
        The true intercept, in units of y.
    noise : float
        Standard deviation of the noise, in units of y.
    outliers : ndarray of bool (n_samples,)
        Rows that do not follow the truth.
    """

    X: Array
    y: Array
    names: tuple[str, ...]
    coef: Array
    intercept: float
    noise: float
    outliers: NDArray[np.bool_]


def load_diabetes() -> Dataset:
    """Disease progression of 442 patients, in the units it was measured in (from scikit-learn).

    y is a score of progression one year on, 25 to 346, without a unit. Columns: age (years), sex (1 or 2),
    bmi (kg/m²), bp (mean arterial pressure, mmHg), and six blood serum measurements s1 to s6.

    Equals ``sklearn.datasets.load_diabetes(scaled=False)``. Efron, Hastie, Johnstone and Tibshirani (2004).

    Examples
    --------
    >>> diabetes = load_diabetes()
    >>> diabetes.X.shape, diabetes.names[:4]
    ((442, 10), ('age', 'sex', 'bmi', 'bp'))
    """
    from sklearn import datasets

    bundle = datasets.load_diabetes(scaled=False)
    return Dataset(bundle.data, bundle.target, tuple(bundle.feature_names))


def make_linear(
    n_samples: int = 200,
    n_features: int = 2,
    *,
    coef: ArrayLike | None = None,
    intercept: float = 3.0,
    noise: float = 1.0,
    random_state: Seed = 0,
) -> LinearDataset:
    """Standard normal columns, a linear truth, normal noise.

    Parameters
    ----------
    n_samples, n_features : int
        At least 1 each.
    coef : array-like (n_features,), optional
        The true coefficients; drawn from a normal distribution of standard deviation 2 when not given.
    intercept : float
        The true intercept.
    noise : float
        Standard deviation of the noise, in units of y.
    random_state : int or numpy Generator
        A seed gives the same bits every time; a generator is drawn from.

    Examples
    --------
    >>> data = make_linear(100, coef=[2.0, -1.0], noise=0.0)
    >>> bool(np.allclose(data.X @ data.coef + data.intercept, data.y))
    True
    """
    rng = generator(n_samples, random_state)
    if n_features < 1:
        raise OptionError(f"n_features must be at least 1, got {n_features}")
    truth = rng.normal(0, 2, n_features) if coef is None else np.array(coef, dtype=np.float64)
    if truth.shape != (n_features,):
        raise ShapeError(f"coef has shape {truth.shape}, n_features={n_features} needs ({n_features},)")
    return follow(rng, rng.standard_normal((n_samples, n_features)), truth, intercept, noise)


def generator(n_samples: int, random_state: Seed) -> np.random.Generator:
    """The one source of randomness of a data set with so many rows."""
    if n_samples < 1:
        raise OptionError(f"n_samples must be at least 1, got {n_samples}")
    return np.random.default_rng(random_state)


def follow(rng: np.random.Generator, X: Array, coef: Array, intercept: float, noise: float) -> LinearDataset:
    """Rows X with a y that follows this truth."""
    if not 0 <= noise < np.inf:
        raise OptionError(f"noise is a standard deviation in units of y, at least 0; got {noise}")
    # multiply and add up: a product by BLAS may round differently with other threads
    y = np.sum(X * coef, axis=1) + intercept + noise * rng.standard_normal(len(X))
    names = tuple(f"x{j}" for j in range(X.shape[1]))
    return LinearDataset(X, y, names, coef, float(intercept), float(noise), np.zeros(len(X), dtype=np.bool_))
