"""rows_to_flip by relabelling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionError
from ...rows.domain import Domain
from .fit import Fit
from .goal import Estimate
from .question import Question
from .relabelling import best_labels, relabel_for_sign, relabel_for_test
from .result import RowsToFlip

__all__ = ["relabel"]

Array = NDArray[np.float64]
Changed = tuple[NDArray[np.intp], Array]


def relabel(question: Question) -> RowsToFlip:
    """The fewest labels found, confirmed by a refit; for the sign no fewer can.

    Parameters
    ----------
    question : Question
    """
    labels, fit, y = label_range(question), Fit.of(question.design), question.rows.y
    least, note = _least(fit, y, labels)
    if question.goal.name == "sign":
        sets = [relabel_for_sign(fit, y, labels)]
    else:
        sets = [relabel_for_test(fit, y, labels, question.goal, aim) for aim in question.goal.aims(question.today)]
    question.progress(1, 2)
    best, after = _confirmed(question, [found for found in sets if found is not None])
    proven = question.goal.name != "significance"
    order = np.argsort(best[0]) if best is not None else np.empty(0, dtype=np.intp)
    rows, new = (best[0][order], best[1][order]) if best is not None else (order, np.empty(0))
    question.progress(2, 2)
    return question.answer(
        "relabel", None if best is None else len(order), after, least if proven else 0, rows=rows, labels=new,
        predicted=_predicted(fit, y, labels) if question.goal.name == "sign" else None,
        proven_by=("the coefficient is linear in the labels" if question.goal.name == "sign"
                   else "the coefficient is linear in the labels, for the sign") if proven else "",
        note=note if proven else "no certificate for significance: it vanishes before the sign turns",
    )  # fmt: skip


def label_range(question: Question) -> tuple[float, float]:
    """Where labels may move: the domain's, y_bounds, or the observed range."""
    y, options = question.rows.y, question.options
    domain = options.get("domain")
    if domain is not None and options.get("y_bounds") is not None:
        raise OptionError("y_bounds is short for a domain: give one or the other")
    given = Domain.of(None, 1, options.get("y_bounds")) if domain is None else domain
    if options.get("y_bounds") is None and np.isinf([given.y_low, given.y_high]).all():
        return float(y.min()), float(y.max())
    return float(given.y_low), float(given.y_high)


def _least(fit: Fit, y: Array, labels: tuple[float, float]) -> tuple[int, str]:
    """No fewer labels turn the sign."""
    total = np.cumsum(np.sort(np.maximum(best_labels(fit, y, labels, 1.0)[1], 0.0))[::-1])
    reach = total >= fit.coef - fit.design.noise
    if not reach.any():
        return len(y) + 1, "not even all labels together turn the sign"
    return int(np.argmax(reach)) + 1, ""


def _predicted(fit: Fit, y: Array, labels: tuple[float, float]) -> int | None:
    """First order is exact here."""
    total = np.cumsum(np.sort(np.maximum(best_labels(fit, y, labels, 1.0)[1], 0.0))[::-1])
    return int(np.argmax(total > fit.coef)) + 1 if total[-1] > fit.coef else None


def _confirmed(question: Question, sets: list[Any]) -> tuple[Changed | None, Estimate | None]:
    for rows, new in sorted(sets, key=lambda found: len(found[0])):
        then = question.rows.relabelled(rows, new).estimate(question.goal)
        if then is not None and question.goal.reached(question.today, then):
            return (rows, new), then
    return None, None
