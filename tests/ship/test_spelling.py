"""A name on a screen begins and ends where it seems to, and shows all that it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline.ship.spelling import spelled, spelled_list


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("north", "north"),
        ("San José 北", "San José 北"),
        ("two words", "two words"),
        (" lead", "' lead'"),
        ("trail ", "'trail '"),
        ("", "''"),
        (" ", "' '"),
        ("a\tb\n", r"'a\tb\n'"),
        ("no\u00a0break", r"'no\xa0break'"),
        ("cod\u202eexe", r"'cod\u202eexe'"),
        ("\x1b[2J", r"'\x1b[2J'"),
        (r"a\tb", r"a\tb"),
    ],
)
def test_quotes_stand_where_something_would_not_be_seen(text, shown):
    assert spelled(text) == shown


def test_what_is_long_is_cut():
    assert spelled("a" * 100, 10) == "a" * 9 + "…"
    assert spelled(" " + "a" * 100, 10) == "' " + "a" * 8 + "…'"


def test_levels_in_a_list_are_told_apart():
    assert spelled_list(["a", "b, c", "d "]) == "a, 'b, c', 'd '"
    assert spelled_list(["a" * 50, "b" * 50], 60).endswith("…")


@given(st.text(max_size=20))
def test_nothing_that_is_printed_is_hidden_or_breaks_the_line(text):
    shown = spelled(text, 1000)
    assert shown.isprintable() and shown == shown.strip() and shown
