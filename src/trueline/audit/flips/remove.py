"""rows_to_flip by removal: search from above, proof from below, and a refit that decides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .fit import ALONE, Fit
from .goal import Aim, Estimate
from .question import Question
from .removal import Search, few_rows
from .removal_exact import exact_sign
from .removal_proof import Proof, prove
from .result import RowsToFlip

__all__ = ["remove"]

Index = NDArray[np.intp]


def remove(question: Question) -> RowsToFlip:
    """The fewest removals found, confirmed by a refit of the remaining rows, and how many it takes at least.

    Parameters
    ----------
    question : Question
    """
    exact = exact_sign(question.design) if question.goal.name != "significance" else None
    sets = [exact] if exact is not None and question.goal.name == "sign" else _searched(question)
    question.progress(1, 3)
    best, after = _confirmed(question, sets)
    proof = Proof(0, "")
    if exact is not None and best is not None:
        proof = Proof(len(exact), "all ways to remove so few, in sorted order" + _for_sign(question))
    elif question.goal.name != "significance":
        proof = _proven(question, None if best is None else len(best))
        if proof.rows is not None:
            better, then = _confirmed(question, [proof.rows])
            best, after = (better, then) if better is not None else (best, after)
    question.progress(2, 3)
    answer = question.answer(
        "remove", None if best is None else len(best), after, proof.least, proven_by=proof.by,
        rows=np.empty(0, dtype=np.intp) if best is None else np.sort(best), predicted=_predicted(question),
        note=_note(question, best),
    )  # fmt: skip
    question.progress(3, 3)
    return answer


def _searched(question: Question) -> list[Index]:
    swaps, work, *_ = question.effort
    search = Search(swaps, work)
    sets = [few_rows(question.design, question.goal, aim, search) for aim in question.goal.aims(question.today)]
    return [rows for rows in sets if rows is not None]


def _confirmed(question: Question, sets: list[Index]) -> tuple[Index | None, Estimate | None]:
    """The smallest set that a refit of the remaining rows confirms."""
    for rows in sorted(sets, key=len):
        then = question.rows.without(rows).estimate(question.goal)
        if then is not None and question.goal.reached(question.today, then):
            return rows, then
    return None, None


def _proven(question: Question, found: int | None) -> Proof:
    """The sign's certificate; a set that the search for it met is one for the sign alone."""
    _, _, work, dense = question.effort
    proof = prove(question.design, found, dense, work)
    return Proof(proof.least, proof.by + _for_sign(question), proof.rows if question.goal.name == "sign" else None)


def _for_sign(question: Question) -> str:
    """A certificate of the sign carries over to all that asks for it."""
    return "" if question.goal.name == "sign" else ", for the sign"


def _predicted(question: Question) -> int | None:
    """First order, without refitting: each removal shifts the gap by its derivative at today's fit."""
    fit, counts = Fit.of(question.design), []
    for aim in question.goal.aims(question.today):
        gap, pushes = _first_order(question, fit, aim)
        total = np.cumsum(np.sort(np.maximum(pushes, 0.0))[::-1])
        if total[-1] > gap:
            counts.append(int(np.argmax(total > gap)) + 1)
    return min(counts, default=None)


def _first_order(question: Question, fit: Fit, aim: Aim) -> tuple[float, NDArray[np.float64]]:
    """The distance of today's fit from the aim, in units of the coefficient, and what each row takes of it."""
    pushes = aim.way * fit.a * fit.r
    if not aim.studentised:
        return float(aim.gap(fit.coef, 0.0, 0.0)), pushes
    crit, error = float(question.goal.crit(fit.df)), question.today.standard_error
    if question.goal.cov == "classical":  # of Σr²·cᵀA⁻¹c/df
        change = (np.square(fit.a) * fit.squares - fit.spread * np.square(fit.r)) / fit.df + error**2 / fit.df
    else:  # of Σa²r²: the row's own term; that the others' change as well is of the same order, and left out
        change = -np.square(fit.a * fit.r)
    return float(aim.gap(fit.coef, error, crit)), pushes - aim.margin * crit * change / (2 * error)


def _note(question: Question, best: Index | None) -> str:
    """What removals make of the coefficient besides flipping it."""
    notes = []
    column, fit = question.rows.X[:, question.rows.feature], Fit.of(question.design)
    values, counts = np.unique(column, return_counts=True)
    away = int(len(column) - counts.max())
    if question.rows.intercept or values[np.argmax(counts)] == 0:
        limit = len(best) if best is not None else len(column)
        if away <= limit:
            notes.append(f"removing the {away} rows where {question.rows.name} is not "
                         f"{values[np.argmax(counts)]:g} leaves nothing to estimate, which is no flip")  # fmt: skip
    alone = int((1 - fit.h <= ALONE).sum())
    if alone:
        notes.append(f"{alone} row{'s' if alone > 1 else ''} alone determine{'' if alone > 1 else 's'} something "
                     "(leverage 1)")  # fmt: skip
    if question.goal.name == "significance":
        notes.append("no certificate for significance: it vanishes before the sign turns")
    return "; ".join(notes)
