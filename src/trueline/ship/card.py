"""A model card in Markdown: what whoever uses or reviews a model should read first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..audit.report.visible import visible
from .artifact import Model
from .showing import describe, feature_names, ranges_are
from .spelling import in_words, spelled

__all__ = ["model_card"]

MOST_ROWS, MOST_SIGNS = 200, 300  # of a table, and of a name in it


def model_card(model: Model, name: str) -> str:
    """The card of a loaded model.

    What only people know (what it is for, whom it concerns) is left for them to fill in, and said to be missing.

    Parameters
    ----------
    model : Model
    name : str
        What to call it, e.g. the name of its file.

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> from trueline.ship import load, save
    >>> save(LeastSquares().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]), "line.json")
    >>> print(model_card(load("line.json"), "line.json").partition("\\n")[0])
    # Model card: line.json
    """
    facts = describe(model)
    parts = [f"# Model card: {_text(name)}", *_summary(facts), *_purpose(), *_coefficients(facts), *_inputs(model),
             *_training(facts), *_reveals(facts), *_integrity(facts)]  # fmt: skip
    return "\n".join(parts) + "\n"


def _summary(facts: dict[str, Any]) -> Iterator[str]:
    target = _text(facts["target"] or "y")
    many = f"{len(facts['features'])} feature{'s' * (len(facts['features']) != 1)}"
    line = f"A linear regression ({_text(facts['kind'])}) that predicts {target} from {many}"
    private = facts["privacy"]
    hides = f", under ({private['epsilon']:g}, {private['delta']:g})-differential privacy" if private else ""
    yield f"\n{line}{hides}."


def _purpose() -> Iterator[str]:
    yield "\n## Purpose"
    yield "\nTo be filled in by its owner: what it is for, what it must not be used for, whom its predictions concern."


def _coefficients(facts: dict[str, Any]) -> Iterator[str]:
    yield "\n## Coefficients"
    how = f"Loss {facts['loss']}, penalty {in_words(facts['penalty']['reg_lambda'])}"
    extra = [text for flag, text in (("standardized", "features standardised"), ("clipped", "features clipped"))
             if facts[flag]]  # fmt: skip
    yield f"\n{', '.join([how, *extra])}. In the units of the data:\n"
    rows = [(spelled(name, MOST_SIGNS), in_words(value)) for name, value in facts["features"].items()]
    yield from _table(("feature", "coefficient"), [("(intercept)", in_words(facts["intercept"])), *rows[:MOST_ROWS]])
    yield from _more(len(facts["features"]))


def _inputs(model: Model) -> Iterator[str]:
    yield "\n## Inputs"
    if model.schema is None:
        yield from _unknown_inputs(model)
        return
    yield "\nMatched by name. Missing columns, blanks and text where numbers belong are refused always.\n"
    rows = []
    for column in model.schema.columns:
        held = f"{len(column.levels)} levels" if column.levels else "not known"
        if column.low is not None and column.high is not None:
            held = f"{column.low:g} to {column.high:g}"
        beyond = f"{column.policy_name.replace('_', ' ')}: {getattr(column, column.policy_name)}"
        rows.append((spelled(column.name, MOST_SIGNS), column.kind, held, beyond))
    yield from _table(("column", "kind", ranges_are(model), "beyond that"), rows[:MOST_ROWS])
    yield from _more(len(rows))


def _unknown_inputs(model: Model) -> Iterator[str]:
    """Without a schema there are names at most."""
    matched = "by name" if model.feature_names else "by position, since not even their names are known"
    yield (
        f"\nNo schema is known, so kinds, levels and ranges of the columns are not. They are matched {matched}; "
        "categories must come as 0 and 1. Missing columns, blanks and text are refused; a prediction is made of any "
        "number, also far beyond what training saw, without a warning.\n"
    )
    rows = [(spelled(name, MOST_SIGNS), "any number") for name in feature_names(model)]
    yield from _table(("feature", "takes"), rows[:MOST_ROWS])
    yield from _more(len(rows))


def _more(count: int) -> Iterator[str]:
    if count > MOST_ROWS:
        yield f"\n... and {count - MOST_ROWS} more."


def _training(facts: dict[str, Any]) -> Iterator[str]:
    yield "\n## Training"
    data, record = facts["data"], facts["training"]
    if data is not None:
        sources = ", ".join(_text(source) for source in data["sources"]) or "a source that is not recorded"
        yield f"\n{data['rows']:,} rows from {sources}; hash of the rows `{data['hash']}`."
    metrics = record.get("metrics")
    if isinstance(metrics, dict):
        errors = in_words({name: value for name, value in metrics.items() if name != "rows"})
        yield f"\nOn {_text(in_words(metrics.get('rows')))} rows held out from the fit: {_text(errors)}."
    else:
        yield "\nNo errors on held-out rows are recorded: how good its predictions are is not known from this file."
    told = {name: value for name, value in record.items() if name != "metrics" and value not in (None, {})}
    known = [(name, in_words(value)) for name, value in told.items()]
    if known:
        yield ""
        yield from _table(("recorded", "value"), known)


def _reveals(facts: dict[str, Any]) -> Iterator[str]:
    yield "\n## What the file tells about its training rows\n"
    yield from (f"- {_text(sentence)}" for sentence in facts["reveals"])


def _integrity(facts: dict[str, Any]) -> Iterator[str]:
    yield "\n## Integrity"
    signed = facts["signed_by"]
    said = f"It carries a signature by key `{signed}`." if signed else "It is not signed."
    yield f"\nFile of format {facts['format']}, SHA-256 `{facts['sha256']}`. {said}"
    yield f"When this card was made, this was checked: {_text(facts['checked'])}."


def _table(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    headings = list(headings)
    yield f"| {' | '.join(headings)} |"
    yield f"|{' --- |' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(_text(str(cell)) for cell in row)} |"


def _text(text: str) -> str:
    """Text that others chose: nothing in it is markup, nothing in it hides."""
    shown = visible(text, MOST_SIGNS).replace("\n", " ").replace("\t", " ")
    return re.sub(r"([\\`*_\[\]<>|#!&~])", r"\\\1", shown)
