"""A name is on a list of harmless ones or refused, and nothing in it is decoded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline.errors import OptionError
from trueline.ship.registry.names import check_alias, check_name, parse_reference

HOSTILE = [
    "", " ", ".", "..", "../../x", "..%2f", "%2e%2e", "%252e", "a;..", "a/b", "a\\b", "a\0b", "a\n", "\na", "a b", "-a",
    ".a", "_a", "a..b", "a" * 101, "a" * 10_000, "\u202eflats", "fl\u200bats", "ﬂats", "flats\u0301", "ａ", "a@1",
    "a:1", "'; DROP TABLE registered_models; --", "x' OR '1'='1", "{{7*7}}", "${HOME}", "$(id)", "`id`", "%s", "a%41",
    "models:/a/1", "CON:", "a|b", "a*", "~", "é", "٣",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names_are_refused_and_shown_harmlessly(name):
    for check in (check_name, check_alias, lambda text: parse_reference(f"{text}@1")):
        with pytest.raises(OptionError) as error:
            check(name)
        assert str(error.value).isascii() and str(error.value).isprintable() and len(str(error.value)) < 250


@pytest.mark.parametrize("name", [None, 3, b"flats", ["a"]])
def test_what_is_no_text_is_refused(name):
    for check in (check_name, check_alias, parse_reference):
        with pytest.raises(OptionError):
            check(name)


@pytest.mark.parametrize("name", ["a", "flats", "flat-prices_v2.1", "9", "A" * 100])
def test_plain_names_stay_as_they_are(name):
    assert check_name(name) == name
    assert str(parse_reference(f"{name}@12")) == f"{name}@12"


@given(st.text(max_size=20))
def test_what_is_allowed_holds_nothing_but_what_is_listed(text):
    try:
        check_name(text)
    except OptionError:
        return
    assert text.isascii() and not set(text) & set("/\\%;:@'\" \0\n${}<>|*?~") and ".." not in text


@pytest.mark.parametrize("text", ["flats", "flats@", "@1", "flats@0", "flats@01", "flats@-1", "flats@1.0", "flats@1@2",
                                  "flats@9999999999", "flats@v1", "flats@latest", "flats@LATEST", "flats@٣",
                                  "flats@a/b", "flats@%31", "flats@ 1"])  # fmt: skip
def test_references_that_mean_no_version(text):
    with pytest.raises(OptionError):
        parse_reference(text)


def test_references():
    assert (parse_reference("flats@3").version, parse_reference("flats@3").alias) == (3, None)
    assert (parse_reference("flats@champion").version, parse_reference("flats@champion").alias) == (None, "champion")
