"""Names of models in a registry, and references to one of their versions: ``NAME@3``, ``NAME@champion``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import OptionError

__all__ = ["VersionName", "check_alias", "check_name", "parse_reference"]

# A list of what may be there: no separators, no percent signs to be decoded, nothing that a shell or a terminal reads.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
VERSION = re.compile(r"[1-9][0-9]{0,8}")
TAKEN = re.compile(r"latest|v?[0-9]+", re.IGNORECASE)  # as an alias: MLflow's own words, and what reads as a version
ALLOWED = "Letters, digits, '.', '_' and '-', at most 100, the first a letter or digit, no '..'"


@dataclass(frozen=True)
class VersionName:
    """One version of a model, by number or by alias.

    Parameters
    ----------
    name : str
    version : int, optional
    alias : str, optional
        Exactly one of the two is given.
    """

    name: str
    version: int | None = None
    alias: str | None = None

    def __str__(self) -> str:
        return f"{self.name}@{self.version or self.alias}"


def check_name(name: str) -> str:
    """The same name, refused unless every character is on a list of harmless ones. Nothing is decoded.

    Parameters
    ----------
    name : str

    Raises
    ------
    OptionError
        Empty, longer than 100, or with another character; shown in ASCII.

    Examples
    --------
    >>> check_name("flat-prices")
    'flat-prices'
    >>> check_name("../../x")
    Traceback (most recent call last):
        ...
    trueline.errors.OptionError: '../../x' is not a name for a model. Letters, digits, '.', '_' and '-', ...
    """
    return _checked(name, "a name for a model")


def check_alias(alias: str) -> str:
    """The same alias; a number, ``v1`` and ``latest`` are refused, since they read as a version.

    Parameters
    ----------
    alias : str

    Raises
    ------
    OptionError
        Not a harmless name, or one that reads as a version.
    """
    if isinstance(alias, str) and TAKEN.fullmatch(alias):
        raise OptionError(f"{alias!a:.60} is not an alias", advice="Take a word such as champion or staging")
    return _checked(alias, "an alias")


def parse_reference(text: str) -> VersionName:
    """``NAME@3`` or ``NAME@champion``.

    Parameters
    ----------
    text : str

    Raises
    ------
    OptionError
        Without @, or either side of it is not allowed.

    Examples
    --------
    >>> parse_reference("flats@3")
    VersionName(name='flats', version=3, alias=None)
    >>> parse_reference("flats@champion").alias
    'champion'
    """
    name, at, which = text.partition("@") if isinstance(text, str) else ("", "", "")
    if not at:
        raise OptionError(f"{text!a:.60} names no version of a model", advice="Write NAME@3 or NAME@champion")
    check_name(name)
    if VERSION.fullmatch(which):
        return VersionName(name, int(which))
    if which[:1].isdigit():
        raise OptionError(f"{text!a:.60}: {which!a:.30} is not a version", advice="Versions count from 1: NAME@1")
    return VersionName(name, alias=check_alias(which))


def _checked(text: str, what: str) -> str:
    if not isinstance(text, str) or not NAME.fullmatch(text) or ".." in text:
        raise OptionError(f"{text!a:.60} is not {what}", advice=ALLOWED)
    return text
