"""`trueline apikey`: keys for `trueline serve --keys`, shown once and kept as hashes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..errors import OptionError
from .screen import print_json, say
from .serve.key_file import change_keys, read_keys
from .serve.keys import SCOPES, Key, new_key

__all__ = ["list_keys", "make_key", "revoke_key"]

UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def make_key(file: Path, scopes: str, expires: str | None, note: str, as_json: bool) -> None:
    """Add a key to a file, and print it this once.

    Raises
    ------
    OptionError
        No such scope, no such span of time, or a file that holds no keys.
    """
    wanted = [scope.strip() for scope in scopes.split(",")]
    if strange := [scope for scope in wanted if scope not in SCOPES]:
        raise OptionError(f"--scopes: {strange[0]!r} is none of {', '.join(SCOPES)}")
    key, text = new_key(dict.fromkeys(wanted), _until(expires), note)
    change_keys(file, lambda keys: [*keys, key])
    if as_json:
        print_json({"id": key.id, "key": text, "scopes": list(key.scopes), "expires": key.expires, "file": str(file)})
        return
    say(text)
    say(f"\nKey {key.id} may {', '.join(key.scopes)}, {_lasting(key)}. {file} keeps its hash alone: "
        "this is the only time the key is shown.")  # fmt: skip


def list_keys(file: Path, as_json: bool) -> None:
    """What is known of every key, which is all but the key."""
    keys = read_keys(file)
    if as_json:
        print_json({"keys": [{"id": key.id, "scopes": list(key.scopes), "created": key.created,
                              "expires": key.expires, "note": key.note} for key in keys]})  # fmt: skip
        return
    for key in keys:
        say(f"{key.id}  {', '.join(key.scopes)}, {_lasting(key)}{', ' + key.note if key.note else ''}")
    if not keys:
        say(f"{file}: no keys")


def revoke_key(file: Path, id_: str) -> None:
    """Take a key out; running servers notice within a second.

    Raises
    ------
    OptionError
        No such key.
    """
    if id_ not in [key.id for key in read_keys(file)]:
        raise OptionError(f"{file}: no key {id_[:80]!r}", advice="trueline apikey list shows the ids")
    change_keys(file, lambda keys: [key for key in keys if key.id != id_])
    say(f"key {id_} is revoked")


def _until(span: str | None) -> datetime | None:
    if span is None:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,3})([hdw])", span)
    if match is None:
        raise OptionError(f"--expires {span!r}", advice="Write 12h, 90d or 52w")
    return datetime.now(UTC) + timedelta(**{UNITS[match[2]]: int(match[1])})


def _lasting(key: Key) -> str:
    return "without an end" if key.expires is None else f"until {key.expires}"
