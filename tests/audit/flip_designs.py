"""Small designs of every kind that rows_to_flip meets, and the truth about them by trying every set of rows."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np

KINDS = ("normal", "binary", "heavy tails", "dummies", "far out", "collinear", "whole numbers")


def small_design(rng: np.random.Generator, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Five to nine rows, one to three columns; the first column is the one that is asked about."""
    n, d = int(rng.integers(6, 10)), int(rng.integers(1, 4))
    X = rng.normal(size=(n, d))
    y = rng.normal(size=n) + rng.normal() * X[:, 0]
    if kind == "binary":
        X[:, 0] = rng.permutation(np.arange(n) % 2)
    if kind == "heavy tails":
        X, y = rng.standard_t(1, size=(n, d)), rng.standard_t(1, size=n)
    if kind == "dummies":
        levels = rng.integers(0, 3, n)
        X = np.column_stack([X[:, 0], levels == 1, levels == 2]).astype(float)
    if kind == "far out":
        X[0] += 10.0 ** rng.integers(1, 6)
    if kind == "collinear":
        X = np.column_stack([X, X[:, 1:].sum(axis=1), rng.permutation(n)])[:, : d + 2]
        X[:, -1] = 2 * X[:, -2] - 1
    if kind == "whole numbers":
        X, y = rng.integers(-2, 3, (n, d)).astype(float), rng.integers(-2, 3, n).astype(float)
    return X, y


def coefficient(X: np.ndarray, y: np.ndarray, intercept: bool, feature: int = 0) -> float | None:
    """The coefficient by the pseudo-inverse of a singular value decomposition; None where it is not determined."""
    if intercept:
        X, y = X - X.mean(axis=0), y - y.mean()
    size = np.linalg.norm(X, axis=0)
    size[size <= 1e-12 * max(size.max(initial=0.0), 1e-300)] = 1.0
    U, s, Vt = np.linalg.svd(X / size, full_matrices=False)
    alive = s > 1e-9 * max(s.max(initial=0.0), 1e-300)
    row_space = Vt[alive]
    unit = np.zeros(X.shape[1])
    unit[feature] = 1.0
    if np.linalg.norm(unit - row_space.T @ (row_space @ unit)) > 1e-6 or not alive.any():
        return None
    return float(unit / size @ row_space.T @ ((U[:, alive].T @ y) / s[alive]))


def coefficients(X: np.ndarray, y: np.ndarray, kept: np.ndarray, intercept: bool) -> np.ndarray:
    """The first coefficient on each of many sets of rows (sets, n), by pseudo-inverses; NaN where not determined."""
    rows, labels = kept[:, :, None] * X, kept * y
    if intercept:
        size = kept.sum(axis=1)
        rows = kept[:, :, None] * (rows - (rows.sum(axis=1) / size[:, None])[:, None])
        labels = kept * (labels - (labels.sum(axis=1) / size)[:, None])
    length = np.linalg.norm(rows, axis=1)
    length[length <= 1e-12 * np.maximum(np.abs(X).max(axis=0), 1e-300)] = np.inf
    rows = rows / length[:, None]
    inverse = np.linalg.pinv(rows, rcond=1e-9)
    own = np.einsum("sn,snp->sp", inverse[:, 0], rows)
    determined = np.abs(own - np.eye(X.shape[1])[0]).max(axis=1) < 1e-6
    return np.where(determined, np.einsum("sn,sn->s", inverse[:, 0], labels) / length[:, 0], np.nan)


def fewest_removals(X: np.ndarray, y: np.ndarray, intercept: bool, tie: float = 1e-9) -> int | None:
    """The smallest number of rows whose removal turns the sign, by trying every set; None where no set does."""
    n, now = len(y), coefficient(X, y, intercept)
    kept = np.array(list(product([1.0, 0.0], repeat=n)))
    kept = kept[kept.sum(axis=1) >= 2]
    turned = coefficients(X, y, kept, intercept) * np.sign(now) < -tie * abs(now)
    return int((n - kept.sum(axis=1))[turned].min()) if turned.any() else None


def fewest_labels(X: np.ndarray, y: np.ndarray, intercept: bool) -> int | None:
    """The smallest number of labels that turn the sign: linear in y, so every label at an end of the range."""
    now, ends = coefficient(X, y, intercept), (y.min(), y.max())
    for k in range(1, len(y) + 1):
        for rows in combinations(range(len(y)), k):
            for labels in product(ends, repeat=k):
                changed = y.copy()
                changed[list(rows)] = labels
                if coefficient(X, changed, intercept) * np.sign(now) < -1e-9 * abs(now):
                    return k
    return None
