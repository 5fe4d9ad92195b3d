"""extract: the coefficients of a model from its answers alone, and what rounding and limits on queries buy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError
from ..models.options import generator, is_number, is_whole
from .asking import Endpoint
from .extracted import Extraction
from .interrogation import Interrogation

__all__ = ["extract"]

Array = NDArray[np.float64]


def extract(
    predict: Callable[[Array], Any], n_features: int, *, queries: int | None = None, low: ArrayLike = -1.0,
    high: ArrayLike = 1.0, noise: float | None = None, max_queries: int | None = None, random_state: Any = 0,
) -> Extraction:  # fmt: skip
    """Recover a linear model from the answers of a function.

    A line of d columns is known after d + 1 answers, by solving the equations of Tramèr et al. (2016), section 4.1.1;
    rounded or noisy answers need least squares over more (their section 7), and clipped columns questions along each.
    It takes a function, to be tried on a model of one's own.

    Parameters
    ----------
    predict : callable
        From rows (n_rows, n_features) to answers (n_rows,).
    n_features : int
    queries : int, optional
        Answers to fit where d + 1 do not do: through rounding or noise. By default 20·(d + 1).
    low, high : float or array (n_features,)
        The box to ask in, in the units of the data. Nothing outside is asked, or learnt.
    noise : float, optional
        Standard deviation of noise on the answers, in units of y, where it is known. By default it is found from
        answers that lie on a grid, or that differ to one question.
    max_queries : int, optional
        Rows asked about at most, at least d + 1.
    random_state : int, Generator or None

    Returns
    -------
    Extraction

    Raises
    ------
    OptionError
        A box that is empty or open, or fewer questions than d + 1.
    ShapeError, CellsError
        Answers that are not one finite number for each row.

    Examples
    --------
    >>> stolen = extract(lambda X: X @ np.array([2.0, -3.0]) + 0.5, 2)
    >>> stolen.kind, stolen.coef.round(12), round(stolen.intercept, 12)
    ('line', array([ 2., -3.]), 0.5)
    >>> extract(lambda X: np.round(X @ np.array([2.0, -3.0]), 1), 2).kind
    'rounded line'
    """
    box = _box(n_features, low, high)
    count = _counts(n_features, queries, max_queries, noise)
    victim = Interrogation(Endpoint(predict, max_queries), *box, generator(random_state))
    return victim.solve(count, noise)


def _box(n_features: Any, low: ArrayLike, high: ArrayLike) -> tuple[Array, Array]:
    if not is_whole(n_features):
        raise OptionError(f"n_features must be a whole number of at least 1, got {n_features!r}")
    try:
        sides = [np.broadcast_to(np.asarray(side, dtype=np.float64), (int(n_features),)).copy() for side in (low, high)]
    except (TypeError, ValueError):
        sides = [np.zeros(1), np.zeros(1)]
    if not (np.isfinite(sides).all() and (sides[0] < sides[1]).all()):
        raise OptionError(f"low and high must be finite, low below high, one for each of {n_features} columns, got "
                          f"low={low!r:.100}, high={high!r:.100}")  # fmt: skip
    return sides[0], sides[1]


def _counts(n_features: int, queries: int | None, max_queries: int | None, noise: float | None) -> int:
    """How many answers to fit where there is noise."""
    for name, value in (("queries", queries), ("max_queries", max_queries)):
        if value is not None and not (is_whole(value) and value >= n_features + 1):
            raise OptionError(f"{name} must be at least n_features + 1 = {n_features + 1}, got {value!r}",
                              advice="A line of d columns has d + 1 unknowns")  # fmt: skip
    if noise is not None and not is_number(noise, least=0):
        raise OptionError(f"noise must be a standard deviation of at least 0, got {noise!r}")
    return 20 * (n_features + 1) if queries is None else queries
