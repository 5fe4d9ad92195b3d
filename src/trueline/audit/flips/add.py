"""rows_to_flip by adding rows of a domain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionError
from ...models.options import generator
from ...rows.domain import Domain
from .addition import Added, add_for_sign, bounded
from .addition_for_test import add_for_test
from .fit import Fit
from .goal import Estimate
from .question import Question
from .result import RowsToFlip
from .unbounded_row import unbounded_row

__all__ = ["add"]

Array = NDArray[np.float64]


def add(question: Question) -> RowsToFlip:
    """The fewest added rows found, confirmed by a refit, and for the sign how many it takes at least.

    Parameters
    ----------
    question : Question
    """
    domain, given = _domain(question)
    rows, goal, today = question.rows, question.goal, question.today
    if not bounded(domain, rows.X.shape[1]):
        return _unbounded(question, domain)
    most = len(rows.y)
    signed = add_for_sign(rows, domain, today, most)
    question.progress(1, 2)
    sets = [(signed.X, signed.y)] if goal.name == "sign" else _for_test(question, domain, most)
    best, after = _confirmed(question, sets)
    question.progress(2, 2)
    proven = goal.name != "significance"
    none = np.empty((0, rows.X.shape[1])), np.empty(0)
    return question.answer(
        "add", None if best is None else len(best[1]), after, signed.least if proven else 0,
        rows=(best or none)[0], labels=(best or none)[1], predicted=_predicted(question, signed) if proven else None,
        proven_by=_PROOF[goal.name],
        note=_note(question, given),
    )  # fmt: skip


def _unbounded(question: Question, domain: Domain) -> RowsToFlip:
    """Something has no bound: one row is enough, or nothing is known but that none is not."""
    rows, goal, today = question.rows, question.goal, question.today
    row = unbounded_row(rows, question.design, domain, goal, today)
    if row is None:
        return question.answer("add", None, None, 1, proven_by="no row, no change", rows=np.empty((0, rows.X.shape[1])),
                               labels=np.empty(0), note="a column or y has no bound, and no single row was found that "
                               "does it; nothing is proven beyond that")  # fmt: skip
    X, y = row[0][None], np.array([row[1]])
    return question.answer("add", 1, rows.beside(X, y).estimate(goal), 1, rows=X, labels=y, predicted=1,
                           proven_by="no row, no change",
                           note="a column or y has no bound: one row far enough out does it")  # fmt: skip


_PROOF = {
    "sign": "the bound of k rows of the domain",
    "significance": "",
    "significant_opposite": "the bound of k rows of the domain, for the sign",
}


def _for_test(question: Question, domain: Domain, most: int) -> list[tuple[Array | None, Array | None]]:
    rng = generator(question.options.get("random_state", 0))
    found = [add_for_test(question.rows, domain, question.goal, aim, question.today, most, rng)
             for aim in question.goal.aims(question.today)]  # fmt: skip
    return [rows for rows in found if rows is not None]


def _domain(question: Question) -> tuple[Domain, bool]:
    """What a row may be, and whether somebody said so; labels within the observed range unless said otherwise."""
    rows, options = question.rows, question.options
    domain, bounds, y_bounds = options.get("domain"), options.get("bounds"), options.get("y_bounds")
    if domain is not None:
        if bounds is not None or y_bounds is not None:
            raise OptionError("bounds and y_bounds are short for a domain: give one or the other")
        domain.check(rows.X, rows.y)
        open_labels = np.isinf([domain.y_low, domain.y_high]).all()
        if open_labels and bounded(replace(domain, y_low=0.0, y_high=0.0), rows.X.shape[1]):
            domain = replace(domain, y_low=float(rows.y.min()), y_high=float(rows.y.max()))
        return domain, True
    learnt = replace(Domain.learn(rows.X, rows.y), names=rows.names)
    short = Domain.of(bounds, rows.X.shape[1], y_bounds)
    if bounds is not None:
        learnt = replace(learnt, low=short.low, high=short.high, integers=())
    if y_bounds is not None:
        learnt = replace(learnt, y_low=short.y_low, y_high=short.y_high)
    learnt.check(rows.X, rows.y)
    return learnt, bounds is not None or y_bounds is not None


def _confirmed(question: Question, sets: list[tuple[Array | None, Array | None]]
               ) -> tuple[tuple[Array, Array] | None, Estimate | None]:  # fmt: skip
    for X, y in sets:
        if X is None or y is None:
            continue
        then = question.rows.beside(X, y).estimate(question.goal)
        if then is not None and question.goal.reached(question.today, then):
            return (X, y), then
    return None, None


def _predicted(question: Question, signed: Added) -> int | None:
    """First order, a·r of the best row found, without what its own leverage takes back."""
    return int(Fit.of(question.design).coef / signed.push) + 1 if signed.push > 0 else None


def _note(question: Question, given: bool) -> str:
    notes = [] if given else ["the domain is what was observed: it holds nobody unless rows outside it are refused"]
    if question.goal.name == "significance":
        notes.append("no certificate for significance")
    return "; ".join(notes)
