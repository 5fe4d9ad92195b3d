"""membership_inference: can somebody tell from its errors which rows a model was trained on?"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from sklearn.base import clone

from ..errors import OptionError, ShapeError
from ..models.options import generator
from .leakage import MembershipLeakage
from .seen import labelled_rows, split_count

__all__ = ["membership_inference"]

Array = NDArray[np.float64]
LEAST_ROWS = 16  # four members and four others to choose a threshold on, and as many to be judged on


def membership_inference(
    model: Any, X: ArrayLike, y: ArrayLike, *, splits: int = 200, random_state: Any = 0
) -> MembershipLeakage:
    """Train on random halves of the rows, and attack each model by the size of its errors.

    The attack by a threshold on the loss of Yeom, Giacomelli, Fredrikson and Jha (2018), adversary 2; its advantage is
    their definition 4. The threshold is chosen with known members, as by Shokri, Stronati, Song and Shmatikov (2017),
    and only rows that had no part in choosing it are scored.

    Parameters
    ----------
    model : estimator, or a function that makes one
        With `fit` and `predict`; a clone is fitted to every half.
    X, y : array or frame (n_samples, n_features), array (n_samples,)
        Half of the rows are members, half are not. Rows that occur twice can be both, which hides leakage.
    splits : int
        Models trained and attacked: two for each random halving, one on either half.
    random_state : int, Generator or None

    Returns
    -------
    MembershipLeakage

    Raises
    ------
    OptionError
        Not an estimator, or fewer than 20 splits.
    ShapeError
        Fewer than 16 rows.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(60, 28)), rng.normal(size=60)
    >>> overfit = membership_inference(LinearRegression(), X, y, splits=50)
    >>> overfit.found, overfit.auc > 0.9
    (True, True)
    """
    splits = split_count(splits)
    source = labelled_rows(X, y)
    n = len(source.y)
    if n < LEAST_ROWS:
        raise ShapeError(f"{n} rows are too few to halve twice", advice=f"Give at least {LEAST_ROWS}")
    make = _factory(model)
    rng = generator(random_state)
    apart = np.abs(source.y - source.y.mean())
    results, seen = [], Counter[str]()
    member = np.zeros(n, dtype=bool)
    for split in range(splits):
        if split % 2:
            member = ~member  # the halves exchanged: what a split favours by chance, the next one does not
        else:
            member = np.zeros(n, dtype=bool)
            member[rng.permutation(n)[: n // 2]] = True
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fitted = make().fit(source.X[member], source.y[member])
            loss = np.abs(np.asarray(fitted.predict(source.X), dtype=np.float64).ravel() - source.y)
        seen.update({warning.category.__name__ for warning in caught})
        results.append((_auc(loss, member), _auc(apart, member), _advantage(loss, member, rng)))
    aucs, baselines, advantages = np.array(results).T
    return MembershipLeakage(aucs, baselines, advantages, n // 2, source.n_features, tuple(sorted(seen.items())))


def _factory(model: Any) -> Callable[[], Any]:
    """How to make the next unfitted estimator."""
    if hasattr(model, "fit") and not isinstance(model, type):
        return lambda: clone(model)
    if callable(model) and hasattr(made := model(), "fit"):
        del made
        return model  # type: ignore[no-any-return]
    raise OptionError(f"{model!r:.200} is neither an estimator nor a function that makes one",
                      advice="Pass LeastSquares(), or lambda: Ridge(alpha=2)")  # fmt: skip


def _auc(loss: Array, member: NDArray[np.bool_]) -> float:
    """Chance that a member has the smaller loss, ties counted half (Mann and Whitney)."""
    ranks = rankdata(loss)
    inside, outside = int(member.sum()), int((~member).sum())
    return float(1 - (ranks[member].sum() - inside * (inside + 1) / 2) / (inside * outside))


def _advantage(loss: Array, member: NDArray[np.bool_], rng: np.random.Generator) -> float:
    """A threshold that is best on half of the members and half of the others, scored on the rest."""
    known = np.zeros(len(loss), dtype=bool)
    for rows in (np.flatnonzero(member), np.flatnonzero(~member)):
        known[rng.permutation(rows)[: len(rows) // 2]] = True
    at = np.sort(loss[known])
    inside = np.searchsorted(np.sort(loss[known & member]), at, side="right") / (known & member).sum()
    outside = np.searchsorted(np.sort(loss[known & ~member]), at, side="right") / (known & ~member).sum()
    called = loss <= at[np.argmax(inside - outside)]
    return float(called[~known & member].mean() - called[~known & ~member].mean())
