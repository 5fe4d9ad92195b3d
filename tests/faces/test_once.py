"""An option that takes one value is given once, whatever the command; the last one would win in silence."""

from __future__ import annotations

import pytest
import typer.main
from rich.markup import escape
from rich.text import Text
from typer.core import TyperGroup

from trueline.faces.cli import app


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("audit", "flats.csv", "--target", "price", "--target", "age"), "--target"),
        (("audit", "flats.csv", "--target=price", "--target=age"), "--target"),
        (("fit", "--seed", "1", "flats.csv", "--target", "price", "--seed", "2"), "--seed"),
        (("fit", "flats.csv", "--target", "price", "--intercept", "--no-intercept"), "--intercept / --no-intercept"),
        (("predict", "model.json", "flats.csv", "-o", "a.csv", "--output", "b.csv"), "--output"),
        (("attack", "flats.csv", "--target", "price", "--y-bounds", "0", "1", "--y-bounds", "0", "9"), "--y-bounds"),
        (("drift", "model.json", "flats.csv", "--alpha", "0.1", "--alpha", "0.2"), "--alpha"),
        (("apikey", "new", "--file", "a.json", "--file", "b.json"), "--file"),
        (("schema", "edit", "model.json", "--extra", "warn", "--extra", "refuse"), "--extra"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_a_repeat_is_refused(run, words, option):
    refused = run(*words)
    assert refused.code == 2 and f"{option}: given 2 times; give it once" in refused.err


def test_a_repeat_is_refused_in_json_too(run):
    said = run("audit", "flats.csv", "--target", "price", "--target", "age", "--json")
    assert said.code == 2 and "--target: given 2 times" in said.json["error"]


def test_what_may_be_repeated_still_may(run, flats, clean):
    assert run("fit", "flats.csv", "--target", "price", *clean, "--drop", "age").code == 0


def test_other_mistakes_are_told_as_before(run):
    assert "No such command" in run("fti", "flats.csv").err
    assert "No such option" in run("fit", "flats.csv", "--target", "price", "--targe", "age").err
    assert "requires an argument" in run("fit", "flats.csv", "--target").err


def helps(command, name="trueline"):
    """Every text of help, with where it stands."""
    yield name, command.help or ""
    for option in command.params:
        yield f"{name} {option.name}", getattr(option, "help", None) or ""
    if isinstance(command, TyperGroup):
        for below, one in command.commands.items():
            yield from helps(one, f"{name} {below}")


def test_no_help_loses_what_stands_in_brackets():
    """Rich takes ``[word]`` for markup and leaves it out."""
    texts = dict(helps(typer.main.get_command(app)))
    assert len(texts) > 100
    lost = {where: text for where, text in texts.items() if Text.from_markup(text).plain.count("[") != text.count("[")}
    assert not lost
    assert Text.from_markup(escape("[[suppress]]")).plain in Text.from_markup(texts["trueline audit suppress"]).plain
