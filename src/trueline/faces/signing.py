"""`trueline keygen`, and the keys that other commands are given."""

from __future__ import annotations

import os
from pathlib import Path

from ..ship import Model, keygen, private_key
from ..ship.signing import Key
from .screen import note, print_json, say

__all__ = ["keygen_files", "note_signature", "signing_key"]

PASSPHRASE = "TRUELINE_KEY_PASSPHRASE"


def keygen_files(name: Path, as_json: bool) -> None:
    """Write a new key pair and say how to use it.

    Raises
    ------
    OptionError
        One of its files is there already.
    """
    secret = _passphrase()
    pair = keygen(name, passphrase=secret)
    if as_json:
        files = {"private": str(pair.private), "public": str(pair.public)}
        print_json({"key": pair.id, **files, "encrypted": bool(secret)})
        return
    locked = f"encrypted by {PASSPHRASE}" if secret else f"not encrypted: set {PASSPHRASE} to have it so"
    say(f"Key {pair.id}")
    say(f"  {pair.private}  signs; readable by you alone, {locked}. Keep it where no model is served.")
    say(f"  {pair.public}  checks; give it to whoever loads your models.")
    say(f"Next:\n  trueline fit data.csv --target y -o model.json --sign-with {pair.private}\n"
        f"  trueline predict model.json new.csv --require-signed {pair.public}")  # fmt: skip


def signing_key(path: Path | None) -> Key | None:
    """The key of --sign-with; a passphrase comes from the environment, never from the command line.

    Raises
    ------
    OptionError
        No private key, or one that others can read.
    """
    return None if path is None else private_key(path, passphrase=_passphrase())


def note_signature(before: Model, place: Path, key: Key | None) -> None:
    """Say that a signature of the old bytes is not one of the new bytes."""
    if key is not None:
        note(f"{place}: signed by key {key.id}")
    elif before.signature is not None:
        note(f"{place}: the signature by key {before.signature.key} is dropped, since it is one of the old file; "
             "--sign-with KEY signs the new one")  # fmt: skip


def _passphrase() -> bytes | None:
    return os.environ.get(PASSPHRASE, "").encode() or None
