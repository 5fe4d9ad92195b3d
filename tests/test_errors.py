"""Every error says what is in the way and what to do, and is caught by the names people know."""

from __future__ import annotations

import pickle
import re

import pytest

from trueline import errors
from trueline.errors import (
    ArtifactError,
    CellsError,
    DataError,
    DivergenceError,
    NotANumberError,
    OptionError,
    Problem,
    TruelineError,
    TruelineWarning,
)

CLASSES = [getattr(errors, name) for name in errors.__all__ if name != "Problem"]
ERRORS = [kind for kind in CLASSES if issubclass(kind, TruelineError)]
WARNINGS = [kind for kind in CLASSES if issubclass(kind, Warning)]
BLANK = Problem("blank", column="income", row=17, count=3, fix="--drop-missing")
TEXT = Problem("text, not numbers (first 'NEAR BAY')", column="region", row=1, count=1)


def test_each_class_is_an_error_or_a_warning_of_trueline():
    assert set(CLASSES) == set(ERRORS) | set(WARNINGS)
    assert all(issubclass(kind, TruelineWarning) and issubclass(kind, UserWarning) for kind in WARNINGS)


def test_the_tree_in_the_docstring_is_the_tree_in_the_code():
    drawn = drawn_tree()
    assert set(drawn) == {kind.__name__ for kind in CLASSES}
    for name, parent in drawn.items():
        first_base = getattr(errors, name).__bases__[0].__name__
        assert first_base == (parent or {"TruelineError": "Exception", "TruelineWarning": "UserWarning"}[name])


def drawn_tree() -> dict[str, str | None]:
    """Class -> the class it hangs from in the module's docstring; None for the two roots."""
    parents: dict[str, str | None] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").partition("::")[2].splitlines():
        if branch := re.match(r"    ([│├└─ ]*)(\w+)", line):
            depth = len(branch[1]) // 4
            del above[depth:]
            parents[branch[2]] = above[-1] if above else None
            above.append(branch[2])
    return parents


@pytest.mark.parametrize(
    ("kind", "known_as"),
    [
        (DataError, ValueError),
        (CellsError, ValueError),
        (NotANumberError, TypeError),
        (NotANumberError, ValueError),
        (OptionError, ValueError),
        (ArtifactError, ValueError),
        (DivergenceError, ArithmeticError),
    ],
)
def test_errors_are_caught_by_the_name_people_know(kind, known_as):
    with pytest.raises(known_as):
        raise kind("something")
    with pytest.raises(TruelineError):
        raise kind("something")


@pytest.mark.parametrize("kind", ERRORS)
def test_the_advice_ends_the_message_and_is_kept(kind):
    error = kind("lr is too large", advice="Take a smaller one.")
    assert str(error) == "lr is too large. Take a smaller one."
    assert error.advice == "Take a smaller one."
    assert str(kind("lr is too large")) == "lr is too large"
    assert kind("lr is too large").advice == ""


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (BLANK, "income: blank (3 rows, first in row 17)"),
        (TEXT, "region: text, not numbers (first 'NEAR BAY') (1 row, first in row 1)"),
        (Problem("y has 3 rows, X has 4"), "y has 3 rows, X has 4"),
        (Problem("blank", column="X[:, 2]", row=5), "X[:, 2]: blank (first in row 5)"),
        (Problem("blank", count=0), "blank (0 rows)"),
    ],
)
def test_a_problem_says_which_column_where_and_how_often(problem, text):
    assert str(problem) == text


def test_one_problem_stands_on_one_line():
    assert str(CellsError(problems=[BLANK])) == str(BLANK)
    assert str(CellsError("train.csv", problems=[BLANK])) == f"train.csv: {BLANK}"


def test_several_problems_are_all_listed_then_the_advice():
    error = CellsError(problems=iter([BLANK, TEXT]), advice="Drop these rows.")
    assert error.problems == (BLANK, TEXT)
    assert str(error) == f"2 problems:\n  {BLANK}\n  {TEXT}\nDrop these rows."
    assert error.advice == "Drop these rows."
    assert str(CellsError("train.csv", problems=[BLANK, TEXT])).startswith("train.csv:\n  income: blank")


def test_a_question_needs_no_full_stop():
    assert str(OptionError("no column rooom, did you mean room?", advice="See --help")).endswith("room? See --help")


def test_divergence_carries_its_history():
    assert DivergenceError("diverged", history=iter([1.0, 10.0])).history == [1.0, 10.0]
    assert DivergenceError("diverged").history == []


@pytest.mark.parametrize(
    "error",
    [
        OptionError("lr must be positive", advice="Take 0.1."),
        CellsError("train.csv", problems=[BLANK, TEXT], advice="Drop them."),
        DivergenceError("diverged", history=[1.0, 2.0], advice="Take a smaller lr."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_whole_out_of_a_worker_process(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
