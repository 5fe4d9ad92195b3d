"""JSON as the standard says and no more: no NaN, no key twice, no endless nesting, nothing that costs without end."""

from __future__ import annotations

import codecs
import json
from typing import Any

from pydantic_core import from_json

from .refusals import RefusedError

__all__ = ["parse"]

MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


def parse(body: bytes) -> Any:
    """The values that a body spells.

    Parameters
    ----------
    body : bytes
        UTF-8. Numbers are read to the nearest float64; one beyond it becomes infinite, for the schema to refuse.

    Raises
    ------
    RefusedError
        "malformed": NaN and Infinity, a key given twice, more than 200 levels, more than 4300 digits, half a
        surrogate pair, a byte order mark, whatever else is no JSON.

    Examples
    --------
    >>> parse(b'{"rows": [{"rooms": 3}]}')
    {'rows': [{'rooms': 3}]}
    >>> parse(b'{"rooms": 3, "rooms": 4}')
    Traceback (most recent call last):
        ...
    trueline.faces.serve.refusals.RefusedError: the body gives the key 'rooms' twice in one object
    """
    try:
        values = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise RefusedError("malformed", f"the body is not strict JSON: {_at_first_sight(body) or error}") from None
    # Every key is followed by one colon, so as many colons as keys is proof that no key was lost to a twin. Colons in
    # text, or objects deeper than `_keys` looks, only cost a second and slower look.
    if body.count(b":") != _keys(values):
        _look_for_twins(body)
    return values


def _at_first_sight(body: bytes) -> str | None:
    """What a parser, which looks at one character after the other, would not call by its name."""
    if not body.strip():
        return "it is empty"
    if body.startswith(MARKS):
        return "it begins with a byte order mark; send UTF-8 without one"
    return "it is compressed; send it as it is" if body.startswith(b"\x1f\x8b") else None


def _keys(values: Any) -> int:
    """Keys of the outermost object, and of the objects in it: all of them in any body that is taken."""
    if not isinstance(values, dict):
        return 0
    return len(values) + sum(_inner(value) for value in values.values())


def _inner(value: Any) -> int:
    if type(value) is dict:
        return len(value)
    if type(value) is list and set(map(type, value)) == {dict}:
        return sum(map(len, value))
    return 0


def _look_for_twins(body: bytes) -> None:
    try:
        json.loads(body.decode(), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:  # what one reader takes, the other may not
        raise RefusedError("malformed", f"the body is not strict JSON: {error}") from None


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        twin = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise RefusedError("malformed", f"the body gives the key {twin[:80]!r} twice in one object")
    return values
