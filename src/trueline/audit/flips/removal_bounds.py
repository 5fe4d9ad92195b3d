"""What removing any k rows cannot do to a coefficient: proven bounds from leverages, residuals and their products.

Removing S lowers cᵀβ by a_Sᵀ(I - M)⁻¹r_S, with M the matrix H of leverages restricted to S (Belsley, Kuh and Welsch,
1980, eq. 2.46). With L >= λmax(M) and (I - M)⁻¹ = I + M + M(I - M)⁻¹M that is at most

    Σ_S a_i r_i + Σ_S Σ_S a_i H_ij r_j + remainder,   remainder <= min(Q·P·L, ‖M·a_S‖·‖M·r_S‖)/(1 - L),

P² = r_SᵀM·r_S, Q² = a_SᵀM·a_S: by Cauchy and Schwarz in the norms of M(I - M)⁻¹M and of (I - M)⁻¹. S is not known, so
each sum over it is replaced by the k largest of what its rows can have at most. The idea of splitting off the first
order and bounding the rest by the few largest entries is that of Moitra and Rohatgi (2022), Freund and Hopkins (2023)
and Rubinstein and Hopkins (2024), who bound the rest by other means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...maths.largest_sums import largest_row_sums

__all__ = ["Ground", "cheap_bound", "dense_bound", "largest_eigenvalue"]

Array = NDArray[np.float64]

POWERS = 6  # of |M|, to find a v that bounds λmax well


@dataclass(frozen=True, eq=False)
class Ground:
    """A fit as removals see it: what each row does, and the matrix of leverages.

    Parameters
    ----------
    H : ndarray (rows, rows)
        z_i·A⁻¹z_j.
    a, r : ndarray (rows,)
        Each row's part in the coefficient, along its sign; and its residual, in units of y.
    """

    H: Array
    a: Array
    r: Array

    def only(self, rows: NDArray[np.intp]) -> Ground:
        """The part that concerns these rows."""
        return Ground(self.H[np.ix_(rows, rows)], self.a[rows], self.r[rows])

    def without(self, row: int) -> Ground:
        """The other rows, after this one left the fit: Sherman and Morrison (1950)."""
        rest = np.delete(np.arange(len(self.a)), row)
        g = self.H[rest, row]
        part = 1 / (1 - self.H[row, row])
        H = self.H[np.ix_(rest, rest)] + part * np.outer(g, g)
        return Ground(H, self.a[rest] + part * self.a[row] * g, self.r[rest] + part * self.r[row] * g)


def cheap_bound(h: Array, a: Array, r: Array, k: int) -> tuple[float, float]:
    """The most that removing up to k rows lowers the coefficient, without products of rows; and L.

    First order, and ‖Z_Sᵀa_S‖·‖Z_Sᵀr_S‖/(1 - L) for all that follows, each norm at most a sum of k norms. O(n).

    Parameters
    ----------
    h, a, r : ndarray (n_rows,)
        Leverages, parts and residuals.
    k : int
    """
    L = _largest(h, k)
    if L >= 1:
        return float("inf"), L
    root = np.sqrt(np.maximum(h, 0.0))
    rest = _largest(np.abs(a) * root, k) * _largest(np.abs(r) * root, k) / (1 - L)
    return _largest(np.maximum(a * r, 0.0), k) + rest, L


def dense_bound(ground: Ground, k: int, enough: float = np.inf) -> tuple[float, float]:
    """The most that removing up to k rows lowers the coefficient; and L, on which its rounding depends.

    Parameters
    ----------
    ground : Ground
    k : int
    enough : float
        A bound above this is of no use: it may be returned early, as infinite.

    Returns
    -------
    bound, L : float
        Infinite where L is not below 1.
    """
    H, a, r = ground.H, ground.a, ground.r
    head = _largest(np.maximum(a * r + largest_row_sums(H, a, r, k, both=True), 0.0), k)
    if head >= enough:
        return float("inf"), 0.0
    L = largest_eigenvalue(H, k)
    if L >= 1:
        return float("inf"), L
    P2, Q2 = _double_sum(H, r, k), _double_sum(H, a, k)
    rest = min(np.sqrt(P2 * Q2) * L, _norm_of_image(H, a, k) * _norm_of_image(H, r, k))
    return head + rest / (1 - L), L


def largest_eigenvalue(H: Array, k: int) -> float:
    """Above λmax of every k × k principal part M of H: the largest (|M|v)_i/v_i, whatever the positive v.

    Collatz (1942), Wielandt (1950). With each row's k largest terms in the place of those in M, the ratio bounds all M
    at once, and v follows by powers.

    Parameters
    ----------
    H : ndarray (rows, rows)
        Positive semi-definite.
    k : int
    """
    v = np.sqrt(np.maximum(np.diag(H), 0.0)) + 1e-12
    best = _largest(np.diag(H), k)
    for _ in range(POWERS):
        image = largest_row_sums(H, np.ones(len(H)), v, k, magnitudes=True)
        if not image.any():
            return 0.0
        best = min(best, float((image / v).max()))
        v = image + 1e-12 * float(image.max())
    return best


def _double_sum(H: Array, v: Array, k: int) -> float:
    """Above Σ_S Σ_S v_i·H_ij·v_j for |S| <= k: the k largest of each row's own largest sum."""
    return _largest(np.maximum(largest_row_sums(H, v, v, k), 0.0), k)


def _norm_of_image(H: Array, v: Array, k: int) -> float:
    """Above ‖H_SS·v_S‖ for |S| <= k."""
    one = np.ones(len(v))
    most = np.maximum(np.maximum(largest_row_sums(H, one, v, k), largest_row_sums(H, -one, v, k)), 0.0)
    return float(np.sqrt(_largest(np.square(most), k)))


def _largest(values: Array, k: int) -> float:
    """Sum of the k largest."""
    n = len(values)
    return float((values if k >= n else np.partition(values, n - k)[n - k :]).sum())
