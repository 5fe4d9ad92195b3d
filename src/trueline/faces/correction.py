"""The command to paste when flags remove what is in the way, and Python's advice said in flags."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from ..errors import Problem

__all__ = ["corrected", "in_flags"]

FLAGS = {"effects": "--effect", "random_state": "--seed"}  # where the flag is not the parameter's own name
PARAMETERS = (
    "force|standardize|momentum|batch_size|reg_lambda|clip_row_gradient|epochs|lr|tol|loss|sensitive|source|effort|"
    "tolerance|attacker_rows|rate"
)
FIRST = f"{PARAMETERS}|effects|frozen|bounds|clip_features|shift|random_state"  # what a complaint may begin with
PHRASES = (
    (r"\bset reg_lambda\b", "set --reg-lambda"),
    (r"\by_low=(\S+), y_high=(\S+)", r"--y-bounds \1 \2"),
    (r"\by_bounds\b", "--y-bounds"),
    (r"Bounds are in the units of X; Domain\.learn\(X\) gives the observed ones",
     "Bounds are in the units of the column; without --bounds the observed ones are taken"),
    (r"Use rows=1\b", "Raise --rate"),
)  # fmt: skip


def corrected(problems: Iterable[Problem], args: Sequence[str]) -> list[str] | None:
    """The words of `args` with the fix of every problem; None where no problem has one.

    Parameters
    ----------
    problems : iterable of Problem
    args : sequence of str
        What was typed after ``trueline``, the command first.

    Examples
    --------
    >>> blank = Problem("blank", column="rooms", fix="--drop-missing")
    >>> corrected([blank], ["fit", "flats.csv", "--target", "price"])
    ['fit', 'flats.csv', '--target', 'price', '--drop-missing']
    """
    words = list(args)
    added: dict[tuple[str, ...], None] = {}  # an ordered set
    for problem in problems:
        if problem.fix is None:
            continue
        flag, *values = shlex.split(problem.fix)
        words = _without(words, flag, problem.column)
        # a value that begins with a dash must not be taken for an option
        added[(f"{flag}={values[0]}",) if values and values[0].startswith("-") else (flag, *values)] = None
    if not added:
        return None
    flags = [word for option in added for word in option]
    return [words[0], *flags, *words[1:]] if "--" in words else words + flags  # what follows -- is no option


def _without(words: list[str], flag: str, column: str | None) -> list[str]:
    """Leave out what the fix replaces: a wrong target, a column that is to be treated in another way."""
    stale: dict[str, str | None]
    if flag == "--target":
        stale = {"--target": None}
    elif flag in ("--one-hot", "--drop"):
        stale = {"--one-hot": column, "--drop": column}
    else:
        return words
    kept, rest = list[str](), list(words)
    while rest:
        word = rest.pop(0)
        option, joined, value = word.partition("=")
        if option in stale and (joined or rest):
            value = value if joined else rest[0]
            size = 0 if joined else 1
            if stale[option] not in (None, value):
                kept += [word, *rest[:size]]
            del rest[:size]
        else:
            kept.append(word)
    return kept


def in_flags(text: str) -> str:
    """Advice that speaks of parameters, for somebody who has flags.

    Examples
    --------
    >>> in_flags("set standardize=True or momentum=0.9, drop columns or set reg_lambda")
    'set --standardize or --momentum 0.9, drop columns or set --reg-lambda'
    >>> in_flags("sensitive='nope' is no feature"), in_flags("tolerance must be above 0, got -1.0")
    ('--sensitive nope is no feature', '--tolerance must be above 0, got -1.0')
    """
    text = text.replace("fit_intercept=True", "--intercept").replace("fit_intercept=False", "--no-intercept")
    text = re.sub(rf"\b({PARAMETERS})=('[^'\n]*'|\"[^\"\n]*\"|\w[\w.]*\w|\w)", _flag, text)
    text = re.sub(rf"^({FIRST})(?= must\b| takes\b| of\b|:)", lambda found: _named(found[1]), text)
    for python, words in PHRASES:
        text = re.sub(python, words, text)
    return text


def _flag(found: re.Match[str]) -> str:
    flag, value = _named(found[1]), found[2]
    if value[0] in "'\"":
        value = shlex.quote(value[1:-1])
    return flag if value == "True" else f"{flag} {value}"


def _named(parameter: str) -> str:
    return FLAGS.get(parameter, "--" + parameter.replace("_", "-"))
