"""How few rows, removed, relabelled or added, change what a coefficient says: found by refitting, bounded by proof."""

from __future__ import annotations

from typing import Any, Unpack

from ...rows.executor import single_threaded_blas
from .add import add
from .question import FlipOptions, question_of
from .relabel import relabel
from .remove import remove
from .result import RowsToFlip

__all__ = ["rows_to_flip"]

ANSWERS = {"remove": remove, "relabel": relabel, "add": add}


def rows_to_flip(X: Any, y: Any, feature: int | str, goal: str = "sign", by: str = "remove",
                 **options: Unpack[FlipOptions]) -> RowsToFlip:  # fmt: skip
    """How few rows change the sign of a coefficient, or the verdict of its test.

    Parameters
    ----------
    X : array or frame (n_samples, n_features)
    y : array (n_samples,), or the name of a column of X
    feature : int or str
        Position or name of the column whose coefficient it is; an intercept is part of the model.
    goal : {"sign", "significance", "significant_opposite"}
        Another sign; another verdict (significant becomes not, or the other way round); another sign that is
        significant.
    by : {"remove", "relabel", "add"}
        What may be done: leave rows out; change labels, within the observed range of y unless a Domain says otherwise;
        add rows of the domain. An observed range is no control: it counts if rows outside it are refused.
    **options
        reg_lambda, fit_intercept, cov, level, domain, bounds, y_bounds, effort, random_state, on_progress: see
        `FlipOptions`.

    Returns
    -------
    RowsToFlip
        `found` rows do, by a refit with `LeastSquares`; no fewer than `certified` can. Between them nothing is known.

    Raises
    ------
    OptionError
        An unknown word or column; a test of a penalised fit.
    DataError
        Rows that cannot be used; a column without a coefficient of its own (it never changes, or others determine it),
        named; a coefficient that is zero to rounding.

    Notes
    -----
    The question, and ordering rows by first order: Broderick, Giordano and Meager (2020). Greedy refitting: Kuschnig,
    Zens and Crespo Cuaresma (2021). Certificates: Moitra and Rohatgi (2022), Freund and Hopkins (2023), Rubinstein and
    Hopkins (2024); ours is derived in `trueline.audit.removal_bounds`. A removal that leaves nothing to estimate is not
    a flip. The sign's certificate carries over to "significant_opposite", which asks for more; never to "significance",
    which is lost earlier.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> data = load_diabetes(as_frame=True)
    >>> print(rows_to_flip(data.data, data.target, "s5", effort="quick"))
    coefficient       s5: 751.3 [413.4, 1089], t = 4.37, from 442 rows
    wanted            another sign, by removing rows
    found             26 rows of 442 (0.059)
    ...
    >>> rows_to_flip(data.data, data.target, "s5", by="add").found
    2
    """
    with single_threaded_blas():
        question = question_of(X, y, feature, goal, by, options)
        return ANSWERS[by](question)
