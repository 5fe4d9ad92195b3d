"""Which rows, left out, would make a model the least squares fit of the rest? Asked of its gradient, not by refitting.

At the optimum over the kept rows the gradient contributions x̃_i·r_i of these rows sum to the penalty's. Summed along
an order of the rows, they tell for every k at once how far the first or last k are from being what was left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from .subject import Subject

__all__ = ["dropped_rows"]

Array = NDArray[np.float64]
Kept = NDArray[np.bool_]

SEEDS = (0, 1, 42, 123, 2024)
SHARES = (0.1, 0.2, 0.25, 0.3, 0.33, 0.5)


def dropped_rows(subject: Subject) -> Iterator[tuple[str, Kept, int]]:
    """Candidates (in words, rows kept, how many were weighed for it), the best of every kind.

    Parameters
    ----------
    subject : Subject
    """
    pulls = _pulls(subject)
    n = len(pulls)
    least = pulls.shape[1] + 1  # rows that must stay
    for which, of, order, both in _orders(subject):
        for dropped in _along(pulls, order, least, both):
            kept = np.ones(n, dtype=bool)
            kept[dropped] = False
            yield f"the {which}{_left_out(len(dropped), of)}", kept, n
    alone = int(np.argmin(np.square(pulls.sum(axis=0) - pulls).sum(axis=1)))
    kept = np.ones(n, dtype=bool)
    kept[alone] = False
    yield f"row {alone + 1} was left out", kept, n
    _, first = np.unique(np.column_stack([subject.X, subject.y]), axis=0, return_index=True)
    if len(first) < n:
        kept = np.zeros(n, dtype=bool)
        kept[first] = True
        again = n - len(first)
        yield f"{again:,} repeated row{' was' if again == 1 else 's were'} left out", kept, 1
    yield from _held_out(pulls)


def _left_out(k: int, of: str) -> str:
    """``row of smallest age was left out``, ``12 rows of smallest age were left out``."""
    return f"row{of} was left out" if k == 1 else f"{k:,} rows{of} were left out"


def _pulls(subject: Subject) -> Array:
    """ω·(x̃·r + penalty's share) of every row at their coefficients, each coordinate in its own size."""
    theirs, line = subject.theirs, subject.line
    residual = subject.y - subject.X @ theirs.coef - theirs.intercept
    weight = float(subject.weights.sum())
    rows = (subject.X - np.average(subject.X, axis=0, weights=subject.weights) * line.fit_intercept) / subject.size
    shrink = subject.penalty(weight) * theirs.coef * np.square(line.scaling.sigma) / subject.size
    pulls = rows * residual[:, None] - shrink
    if line.fit_intercept:
        pulls = np.column_stack([pulls, residual])
    return np.asarray(pulls * subject.weights[:, None])


def _orders(subject: Subject) -> Iterator[tuple[str, str, NDArray[np.intp], bool]]:
    """Words before and after the rows, these in an order, and whether both ends of it are asked."""
    theirs = subject.theirs
    residual = subject.y - subject.X @ theirs.coef - theirs.intercept
    yield "first ", "", np.arange(len(residual)), False
    yield "last ", "", np.arange(len(residual))[::-1], False
    columns = [*zip(subject.names, subject.X.T, strict=True), ("y", subject.y)]
    for name, values in columns:
        order = np.argsort(values, kind="stable")
        yield "", f" of smallest {name}", order, False
        yield "", f" of largest {name}", order[::-1], False
    away = np.abs(subject.y - np.mean(subject.y))
    yield "", " with y farthest from its mean", np.argsort(-away, kind="stable"), False
    yield "", " of largest residual", np.argsort(-np.abs(residual), kind="stable"), False
    scores = np.abs((subject.X - subject.X.mean(axis=0)) / subject.size).max(axis=1)
    yield "", " with the most extreme column", np.argsort(-scores, kind="stable"), False
    rank = np.argsort(np.argsort(subject.y, kind="stable"), kind="stable")
    tails = np.minimum(rank, len(rank) - 1 - rank)
    yield "", " in both tails of y", np.argsort(tails, kind="stable"), True


def _along(pulls: Array, order: NDArray[np.intp], least: int, pairs: bool) -> Iterator[NDArray[np.intp]]:
    """The k first rows of the order whose absence balances the rest best, as two tries near the smallest sum."""
    rest = pulls.sum(axis=0) - np.cumsum(pulls[order], axis=0)
    allowed = len(order) - least
    if allowed < 1:
        return
    sums = np.square(rest[:allowed]).sum(axis=1)
    if pairs:
        sums[0::2] = np.inf  # as many from either tail
    best = int(np.argmin(sums))
    if np.isfinite(sums[best]):
        yield order[: best + 1]


def _held_out(pulls: Array) -> Iterator[tuple[str, Kept, int]]:
    """The training part of scikit-learn's train_test_split, with the seeds and shares that people use."""
    n, best = len(pulls), (np.inf, "", np.ones(len(pulls), dtype=bool))
    for seed in SEEDS:
        for share in SHARES:
            if n * (1 - share) <= pulls.shape[1] + 1:
                continue
            kept = np.zeros(n, dtype=bool)
            kept[train_test_split(np.arange(n), test_size=share, random_state=seed)[0]] = True
            left = float(np.square(pulls[kept].sum(axis=0)).sum())
            if left < best[0]:
                text = f"only train_test_split(test_size={share}, random_state={seed})'s training part was used"
                best = left, text, kept
    if best[1]:
        yield best[1], best[2], len(SEEDS) * len(SHARES)
