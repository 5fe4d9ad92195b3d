"""How few rows change the verdict of a coefficient's test, or make it significant the other way."""

from __future__ import annotations

import warnings
from typing import Any

from ...errors import TruelineError, TruelineWarning
from ..flips.flipping import rows_to_flip
from ..ground import Ground
from ..section import Table

__all__ = ["verdicts"]

ASKED, ROWS = 3, 5_000  # features and rows up to which tests are looked at below "thorough"
GOALS = {"significance": "another verdict", "significant_opposite": "significant the other way"}
WAYS = {"remove": "removed", "relabel": "relabelled", "add": "added within bounds"}


def verdicts(ground: Ground, frame: Any, y: Any, features: list[str]) -> tuple[Table, ...]:
    """One line for each feature and goal; none where the fit has no test.

    Parameters
    ----------
    ground : Ground
    frame : table
        The rows that are counted, in the space of the model.
    y : ndarray (n_rows,)
    features : list of str
        Those that move the output most, first.
    """
    thorough = ground.effort.name == "thorough"
    if ground.penalty > 0 or not ground.squares or ground.effort.name == "quick" or (len(y) > ROWS and not thorough):
        return ()
    asked = features if thorough else features[:ASKED]
    rows: list[list[Any]] = []
    for name in asked:
        for goal, words in GOALS.items():
            rows.append([name, words, *(_fewest(ground, frame, y, (name, goal, by)) for by in WAYS)])
    title = "Rows that change the test of an effect (5 %, classical errors; found, nothing proven)"
    return (Table(title, ("feature", "wanted", *WAYS.values()), rows, ("", "", "rows", "rows", "rows")),)


def _fewest(ground: Ground, frame: Any, y: Any, asked: tuple[str, str, str]) -> int | None:
    name, goal, by = asked
    domain = None if by == "remove" else ground.box
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruelineWarning)
        try:
            return rows_to_flip(
                frame, y, name, goal, by, domain=domain, fit_intercept=ground.line.fit_intercept, effort="quick",
                random_state=ground.seed,
            ).found  # fmt: skip
        except TruelineError:
            return None
