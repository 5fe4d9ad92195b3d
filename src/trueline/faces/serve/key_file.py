"""The file of hashed keys: read strictly, changed by one process at a time, noticed when it changes."""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from ...errors import OptionError
from ...files import write_whole
from .keys import SCOPES, Key, KeyRing

__all__ = ["KeyFile", "change_keys", "read_keys"]

FORMAT = 1
NAMES = {entry.name for entry in fields(Key)}


def read_keys(path: Path) -> list[Key]:
    """The keys of a file that `change_keys` wrote.

    Parameters
    ----------
    path : Path

    Raises
    ------
    OptionError
        Not such a file; names it, and the key that is wrong.
    OSError
        It cannot be read.
    """
    try:
        values = json.loads(path.read_bytes().decode())
        entries = values["keys"] if values["format"] == FORMAT else None
    except (ValueError, KeyError, TypeError, RecursionError):
        entries = None
    if not isinstance(entries, list):
        raise OptionError(f"{path}: no file of API keys", advice="trueline apikey new --file writes one")
    keys = [_key(entry, f"{path}: key {place}") for place, entry in enumerate(entries, start=1)]
    if len({key.id for key in keys}) < len(keys):
        raise OptionError(f"{path}: two keys have the same id")
    return keys


def _key(entry: Any, where: str) -> Key:
    good = isinstance(entry, dict) and set(entry) == NAMES and all(
        isinstance(entry[name], str) for name in ("id", "sha256", "created", "note")
    )  # fmt: skip
    if not good or not re.fullmatch("[0-9a-f]{12}", entry["id"]) or not re.fullmatch("[0-9a-f]{64}", entry["sha256"]):
        raise OptionError(f"{where} is damaged")
    scopes = entry["scopes"]
    if not isinstance(scopes, list) or not scopes or not all(scope in SCOPES for scope in scopes):
        raise OptionError(f"{where} ({entry['id']}): scopes must be among {', '.join(SCOPES)}")
    try:
        aware = entry["expires"] is None or datetime.fromisoformat(entry["expires"]).tzinfo is not None
    except (TypeError, ValueError):
        aware = False
    if not aware:
        raise OptionError(f"{where} ({entry['id']}): expires must be null, or a time with its zone")
    return Key(**{**entry, "scopes": tuple(scopes)})


def change_keys(path: Path, change: Callable[[list[Key]], list[Key]]) -> None:
    """Rewrite a file of keys, or begin one, readable by its owner alone; two processes at once wait for each other.

    Parameters
    ----------
    path : Path
    change : callable (list of Key) -> list of Key

    Raises
    ------
    OptionError, OSError
        As `read_keys`.
    """
    with _alone(path):
        keys = change(read_keys(path) if path.exists() else [])
        values = {"format": FORMAT, "keys": [asdict(key) for key in keys]}
        before = os.umask(0o077)
        try:
            write_whole(path, (json.dumps(values, indent=1) + "\n").encode())
        finally:
            os.umask(before)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the folder: the file itself is replaced, and may not exist yet."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


class KeyFile:
    """The keys of a file as they are now: a key taken out of it is refused within a second, without a restart.

    Parameters
    ----------
    path : Path
    on_trouble : callable (str)
        Told when the file can no longer be read; the keys read last stay in force.
    """

    def __init__(self, path: Path, on_trouble: Callable[[str], object] = lambda message: None) -> None:
        self.path, self._on_trouble = path, on_trouble
        self._seen = self._stamp()
        self._ring = KeyRing(read_keys(path))
        self._looked = time.monotonic()

    def ring(self) -> KeyRing:
        """The keys in force."""
        now = time.monotonic()
        if now - self._looked >= 1.0:
            self._looked = now
            self._look()
        return self._ring

    def _look(self) -> None:
        try:
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._ring = KeyRing(read_keys(self.path))
        except (OSError, OptionError) as error:
            self._on_trouble(f"keys as read before stay in force: {error}")

    def _stamp(self) -> tuple[int, int, int]:
        seen = self.path.stat()
        return seen.st_mtime_ns, seen.st_size, seen.st_ino
