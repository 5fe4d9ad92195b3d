"""PrivateLeastSquares: least squares that hides each row (experimental)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError, ShapeError, TruelineWarning
from ..maths.scaling import Scaling
from ..models.base import LinearModel, all_or_nothing
from ..models.gate import matrix_of, names_of, target_of
from ..models.options import generator
from ..rows import table
from ..rows.domain import Domain
from ..rows.executor import single_threaded_blas
from .gaussian_privacy import privacy_budget, sensitivities

__all__ = ["NoiseScale", "PrivateLeastSquares"]

Array = NDArray[np.float64]

CHANCE = 0.05  # ρ: how often the ridge may be too small for the noise


@dataclass(frozen=True)
class NoiseScale:
    """Standard deviations of the noise, in units where every feature and y lie in [-1, 1].

    Parameters
    ----------
    gram : float
        On every entry of AᵀA, the diagonal too.
    cross : float
        On every entry of Aᵀv.
    smallest : float
        On the smallest eigenvalue of AᵀA.
    """

    gram: float
    cross: float
    smallest: float


class PrivateLeastSquares(LinearModel):
    """Least squares under (ε, δ)-differential privacy by noisy moments and an adaptive ridge: AdaSSP. Experimental.

    Whoever sees the fitted model learns almost the same, with or without any one row: neighbouring tables differ by one
    row added or removed. Features and y are clipped into bounds that you give from what you know, never from these
    rows, and brought to [-1, 1]; to the sums AᵀA (A the rows and a column of ones) and Aᵀv (v the labels) Gaussian
    noise is added, to every entry, and from a noisy smallest eigenvalue follows a ridge that the noise cannot overturn.

    What it does not do. Each `fit` spends (ε, δ) anew: twenty fits of a grid search spend twenty times, and
    choosing the bounds by looking spends without count. Errors name cells that are not numbers: they are not private.
    The noise is float64 from a generator that is not cryptographic, open to Mironov's (2012) attack on least
    significant bits. Time of the fit and memory are not hidden. `n_features_in_` and column names are public.

    Parameters
    ----------
    epsilon : float
        Above 0: odds about any row move by at most e^ε. 1 is usual; 10 hides little.
    delta : float
        Between 0 and 1, well below 1/n: the chance that this fails.
    bounds : (low, high) or Domain
        Of the features, each a number or one per feature, finite, in the units of the data.
    y_bounds : (low, high), optional
        Of y, in its units. Required, unless `bounds` is a Domain that bounds y.
    fit_intercept : bool
        Without it features and y are scaled about zero and the line goes through it.
    random_state : int, Generator or RandomState, optional
        None takes fresh entropy from the operating system in every fit, unlike elsewhere in trueline. Whoever knows a
        fixed seed can subtract the noise: for tests only, and a warning says so.

    Attributes
    ----------
    coef_, intercept_ : ndarray (n_features,), float
        In the units of the data; private. Features that bounds hold fixed get 0.
    noise_scale_ : NoiseScale
        Follows from ε, δ and the number of features alone.
    ridge_ : float
        λ, in units of the scaled AᵀA; private.
    expected_error_ : ndarray (n_features,)
        Standard deviation of each coefficient through the noise, first order, in its units; private, since it
        is computed from the noisy sums. Without the bias of `ridge_` and of clipping, and without sampling error.

    Raises
    ------
    OptionError
        epsilon or delta out of range; bounds that are missing, infinite, crossed, or too many.
    DataError
        Rows that cannot be used.

    Warns
    -----
    TruelineWarning
        `random_state` is given.

    Notes
    -----
    Wang (2018), Revisiting differentially private linear regression, algorithm 2, with two changes that keep
    its guarantee. The three releases are calibrated together and exactly, as one Gaussian mechanism of privacy μ with
    (sensitivity/σ)² = μ²/3 each (Dong, Roth and Su, 2022), instead of each by √log(6/δ)/(ε/3); and
    sensitivities are those of the cube, not of a ball around it. No moments, ranges or row counts are kept: the
    object holds nothing of the rows but what is private. Weights would change how far one row reaches, so `fit` takes
    none.

    Examples
    --------
    >>> X = np.linspace(0, 10, 5000)[:, None]
    >>> y = 3 * X.ravel() + 1
    >>> with warnings.catch_warnings(action="ignore"):
    ...     model = PrivateLeastSquares(1.0, bounds=(0, 10), y_bounds=(0, 40), random_state=0).fit(X, y)
    >>> bool(abs(model.coef_[0] - 3) < 0.2), model.expected_error_.round(2)
    (True, array([0.03]))
    """

    noise_scale_: NoiseScale
    ridge_: float
    expected_error_: Array

    def __init__(
        self, epsilon: float = 1.0, delta: float = 1e-6, *, bounds: Any = None, y_bounds: Any = None,
        fit_intercept: bool = True, random_state: Any = None,
    ) -> None:  # fmt: skip
        self.epsilon = epsilon
        self.delta = delta
        self.bounds = bounds
        self.y_bounds = y_bounds
        self.fit_intercept = fit_intercept
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Clip, sum, add noise, solve.

        Parameters
        ----------
        X : array or frame (n_samples, n_features)
        y : array (n_samples,)

        Returns
        -------
        self
        """
        mu = privacy_budget(self.epsilon, self.delta)
        with all_or_nothing(self):
            matrix, target = self._rows(X, y)
            low, high = self._bounds(matrix.shape[1])
            y_low, y_high = self._y_bounds()
            centre, half = _middle(np.append(low, y_low), np.append(high, y_high), self.fit_intercept)
            moving = half[:-1] > 0
            factor = np.divide(1.0, half[:-1], out=np.zeros(len(moving)), where=moving)
            A = ((np.clip(matrix, low, high) - centre[:-1]) * factor)[:, moving]
            v = (np.clip(target, y_low, y_high) - centre[-1]) / half[-1]
            if self.fit_intercept:
                A = np.column_stack([A, np.ones(len(A))])
            # once more, in the cube itself: rounding must not let a row reach further than the noise is made for
            theta, error = self._release(np.clip(A, -1, 1), np.clip(v, -1, 1), mu)
            self._hold(theta, error, centre, half, moving)
            self.scaling_ = Scaling(np.zeros(len(low)), np.ones(len(low)), np.zeros(len(low), dtype=bool), low, high)
        return self

    def _rows(self, X: Any, y: Any) -> tuple[Array, Array]:
        if y is None:
            raise ShapeError("PrivateLeastSquares requires y to be passed, but the target y is None")
        if isinstance(y, str):
            raise OptionError(f"y={y!r} names a column; a schema would remember ranges of the rows",
                              advice="Pass X and y apart, X with numeric columns")  # fmt: skip
        matrix = matrix_of(self, X, reset=True).astype(np.float64, copy=False)
        target = target_of(y, len(matrix))
        if len(target) != len(matrix):
            raise ShapeError(f"X and y must have equally many rows: X has {len(matrix)}, y has {len(target)}")
        table.check_finite(matrix, names_of(self), "X")
        table.check_finite(target, what="y")
        return matrix, target

    def _bounds(self, n_features: int) -> tuple[Array, Array]:
        """Public bounds of the features."""
        if self.bounds is None:
            raise OptionError("PrivateLeastSquares needs bounds=(low, high) for the features",
                              advice="Take them from what you know of the columns, never from these rows")  # fmt: skip
        domain = self.bounds if isinstance(self.bounds, Domain) else Domain(*_pair("bounds", self.bounds))
        low, high = domain.bounds(n_features)
        with np.errstate(over="ignore", invalid="ignore"):
            finite = np.isfinite(low) & np.isfinite(high) & np.isfinite(high - low)
        if not finite.all():
            raise OptionError("bounds must be finite: noise is measured by how far one row can reach")
        return low, high

    def _y_bounds(self) -> tuple[float, float]:
        """Public bounds of y."""
        given = self.y_bounds
        if given is None and isinstance(self.bounds, Domain):
            given = (self.bounds.y_low, self.bounds.y_high)
        if given is None:
            raise OptionError("PrivateLeastSquares needs y_bounds=(low, high) for y",
                              advice="Take them from what you know of y, never from these rows")  # fmt: skip
        low, high = _pair("y_bounds", given)
        if not (np.ndim(low) == 0 and np.ndim(high) == 0 and np.isfinite([low, high]).all() and low < high):
            raise OptionError(f"y_bounds must be two finite numbers, low < high, got {given!r}")
        return float(low), float(high)

    def _release(self, A: Array, v: Array, mu: float) -> tuple[Array, Array]:
        """θ and its standard deviation from noisy sums of rows in the cube: the only lines that touch them."""
        rng, size = self._generator(), A.shape[1]
        spent = mu / np.sqrt(3)
        scale = NoiseScale(*(reach / spent for reach in sensitivities(size)))
        with single_threaded_blas():
            gram = A.T @ A
            smallest = float(np.linalg.eigvalsh(gram)[0])
            gram, cross = gram + _symmetric(rng, size, scale.gram), A.T @ v + rng.normal(0, scale.cross, size)
            smallest += scale.smallest * (rng.standard_normal() - np.sqrt(np.log(6 / self.delta)))
            norm = scale.gram * np.sqrt(size * np.log(2 * size**2 / CHANCE))  # of the noise, but for a chance of ρ
            self.ridge_, self.noise_scale_ = float(max(0.0, norm - max(smallest, 0.0))), scale
            eigenvalues, V = np.linalg.eigh(gram + self.ridge_ * np.eye(size))
            inverse = (V / np.maximum(eigenvalues, scale.gram)) @ V.T
        theta = inverse @ cross
        return theta, _first_order(inverse, theta, scale)

    def _generator(self) -> np.random.Generator:
        if self.random_state is None:
            return np.random.default_rng()  # fresh entropy: a seed that anyone can guess hides nothing
        warnings.warn("a fixed random_state voids privacy: whoever knows it can subtract the noise. None is safe",
                      TruelineWarning, stacklevel=4)  # fmt: skip
        return generator(self.random_state)

    def _hold(self, theta: Array, error: Array, centre: Array, half: Array, moving: NDArray[np.bool_]) -> None:
        """Back to the units of the data."""
        slopes, unit = int(moving.sum()), half[-1] / half[:-1][moving]
        self.coef_, self.expected_error_ = np.zeros(len(moving)), np.zeros(len(moving))
        self.coef_[moving], self.expected_error_[moving] = theta[:slopes] * unit, error[:slopes] * unit
        offset = float(half[-1] * theta[-1]) if self.fit_intercept else 0.0
        self.intercept_ = float(centre[-1] + offset - self.coef_ @ centre[:-1]) if self.fit_intercept else 0.0


def _pair(name: str, bounds: Any) -> tuple[Any, Any]:
    try:
        low, high = bounds
    except (TypeError, ValueError):
        raise OptionError(f"{name} must be (low, high), got {bounds!r}") from None
    return low, high


def _middle(low: Array, high: Array, intercept: bool) -> tuple[Array, Array]:
    """Centre and half width of each interval; about zero without intercept."""
    if intercept:
        return (low + high) / 2, (high - low) / 2
    return np.zeros_like(low), np.maximum(np.abs(low), np.abs(high))


def _symmetric(rng: np.random.Generator, size: int, scale: float) -> Array:
    """Independent noise on and above the diagonal, mirrored below."""
    upper = np.triu(rng.normal(0.0, scale, (size, size)))
    return np.asarray(upper + np.triu(upper, 1).T)


def _first_order(inverse: Array, theta: Array, scale: NoiseScale) -> Array:
    """Standard deviation of A⁻¹(c - Eθ): noise c on the cross products, symmetric noise E on the Gram matrix."""
    outer = np.outer(theta, theta)
    pushed = scale.gram**2 * ((theta @ theta) * np.eye(len(theta)) + outer - np.diag(np.diag(outer)))
    covariance = inverse @ (pushed + scale.cross**2 * np.eye(len(theta))) @ inverse
    return np.asarray(np.sqrt(np.diag(covariance)))
