"""Normal equations in doubled precision: numbers are pairs hi + lo, about 32 digits.

Products of rows are cut into slices of a few bits whose sums no rounding touches, whatever order they are added in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CHUNK",
    "UNIT",
    "Pair",
    "add",
    "divide",
    "gram",
    "multiply",
    "pair",
    "product",
    "solve",
    "two_product",
    "two_sum",
]

Array = NDArray[np.float64]
Pair = tuple[Array, Array]  # hi + lo, where |lo| is at most half a unit in the last place of hi

UNIT = 2.0**-98  # relative error of a sum of products, with room for what adding many chunks costs
CHUNK = 2048  # rows at once: 2·BITS + log2(CHUNK) = 53, so sums over a chunk fit in one number
BITS = 21
SLICES = 6  # 126 bits below the largest entry of a column
SPLITTER = 2.0**27 + 1.0


def pair(a: Array) -> Pair:
    """a as a pair."""
    return a, np.zeros_like(a)


def two_sum(a: Array, b: Array) -> Pair:
    """a + b and its rounding error, exactly: Knuth (1998), section 4.2.2, theorem B.

    Examples
    --------
    >>> two_sum(np.array(1.0), np.array(1e-20))
    (np.float64(1.0), np.float64(1e-20))
    """
    s = a + b
    rest = s - a
    return s, (a - (s - rest)) + (b - rest)


def two_product(a: Array, b: Array) -> Pair:
    """a·b and its rounding error, exactly while a and b stay below 1e300: Dekker (1971), section 5."""
    p = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


def _halves(a: Array) -> Pair:
    scaled = SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def add(x: Pair, y: Pair) -> Pair:
    """x + y: Li et al. (2002), algorithm 2.6."""
    s, e = two_sum(x[0], y[0])
    t, f = two_sum(x[1], y[1])
    s, e = two_sum(s, e + t)
    return two_sum(s, e + f)


def multiply(x: Pair, y: Pair) -> Pair:
    """x·y."""
    p, e = two_product(x[0], y[0])
    return two_sum(p, e + (x[0] * y[1] + x[1] * y[0]))


def divide(x: Pair, y: Pair) -> Pair:
    """x/y, by two corrections of the plain quotient."""
    first = x[0] / y[0]
    rest = add(x, _negative(multiply(y, pair(first))))
    second = rest[0] / y[0]
    rest = add(rest, _negative(multiply(y, pair(second))))
    return add(two_sum(first, second), pair(np.asarray(rest[0] / y[0])))


def _negative(x: Pair) -> Pair:
    return -x[0], -x[1]


def gram(X: NDArray[np.floating], y: Array, weights: Array | None, shift: Array, factor: Array) -> Pair:
    """ZᵀΩZ of the rows Z = [1, ([x, y] - shift)·factor].

    Parameters
    ----------
    X : ndarray (rows, n_features)
    y : ndarray (rows,)
    weights : ndarray (rows,) or None
    shift, factor : ndarray (n_features + 1,)
        The factors are powers of two, so that scaling is exact.

    Returns
    -------
    pair of ndarray (n_features + 2, n_features + 2)
    """
    zero = np.zeros((X.shape[1] + 2, X.shape[1] + 2))
    total = zero, zero
    for first in range(0, len(y), CHUNK):
        part = slice(first, first + CHUNK)
        hi, lo = two_sum(np.column_stack([X[part], y[part]]), -shift)
        Z = np.column_stack([np.ones(len(hi)), hi * factor]), np.column_stack([np.zeros(len(hi)), lo * factor])
        V = Z if weights is None else multiply(Z, pair(weights[part][:, None]))
        total = add(total, product(V, Z))
    return total


def product(V: Pair, Z: Pair) -> Pair:
    """VᵀZ of at most `CHUNK` rows: Ozaki, Ogita, Oishi and Rump (2012), algorithm 3.

    Parameters
    ----------
    V, Z : pairs of ndarray (rows, m)

    Returns
    -------
    pair of ndarray (m, m)

    Examples
    --------
    >>> z = np.array([[1.0], [1e-12]])
    >>> product((z, 0 * z), (z, 0 * z))
    (array([[1.]]), array([[1.e-24]]))
    """
    m = V[0].shape[1]
    left = _slices(*V)
    right = left if V is Z else _slices(*Z)
    exact = np.concatenate(left, axis=1).T @ np.concatenate(right, axis=1)
    hi, lo = np.zeros((m, m)), np.zeros((m, m))
    pairs = [(i, j) for i in range(len(left)) for j in range(len(right))]
    for i, j in sorted(pairs, key=sum, reverse=True):  # small ones first
        hi, error = two_sum(hi, exact[i * m : (i + 1) * m, j * m : (j + 1) * m])
        lo += error
    return two_sum(hi, lo)


def _slices(hi: Array, lo: Array) -> list[Array]:
    """Parts that add up to hi + lo, each a multiple of a grid of its column and at most 2**BITS steps of it."""
    largest = np.abs(hi).max(axis=0, initial=0.0)
    grid = np.exp2(np.ceil(np.log2(np.where(largest > 0, largest, 1.0))) - BITS)
    parts = []
    for _ in range(SLICES):
        magic = 1.5 * 2.0**52 * grid
        parts.append((hi + magic) - magic)
        hi, lo = two_sum(hi - parts[-1], lo)
        if not hi.any():
            break
        grid = grid * 2.0**-BITS
    return parts


def solve(A: Pair) -> Pair | None:
    """The u of Gu = c, from the symmetric A = [[G, c], [cᵀ, ·]]; None where G is not positive definite.

    Parameters
    ----------
    A : pair of ndarray (m + 1, m + 1)

    Returns
    -------
    pair of ndarray (m,), or None
    """
    hi, lo = A[0].copy(), A[1].copy()
    m = len(hi) - 1
    for k in range(m):
        if not hi[k, k] > 0:
            return None
        below, right = slice(k + 1, m), slice(k + 1, m + 1)
        ratio = divide((hi[below, k], lo[below, k]), (hi[k, k], lo[k, k]))
        push = multiply((ratio[0][:, None], ratio[1][:, None]), (hi[k, right], lo[k, right]))
        hi[below, right], lo[below, right] = add((hi[below, right], lo[below, right]), _negative(push))
    u = np.zeros(m), np.zeros(m)
    for k in reversed(range(m)):
        left = hi[k, m], lo[k, m]
        for j in range(k + 1, m):
            left = add(left, _negative(multiply((hi[k, j], lo[k, j]), (u[0][j], u[1][j]))))
        u[0][k], u[1][k] = divide(left, (hi[k, k], lo[k, k]))
    return u
