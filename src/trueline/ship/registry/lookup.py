"""Find a version in an open registry, and hold its files against what was registered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ...errors import ArtifactError, RegistryConflictError, RegistryError
from ..artifact import Model
from ..loading import loads
from ..sealing import LARGEST_FILE
from ..signing import Key, verifying_key
from .calls import AbsentError
from .gate import LARGEST_AUDIT, Audit, parse_audit
from .names import VersionName
from .store import Store
from .version import SIGNER, Version, follows, standing, version_of

__all__ = ["AUDIT", "MODEL", "Shelf", "check_newest", "keep_or_yield"]

MODEL, AUDIT = "model.json", "audit.json"
SHOWN = 5  # names or numbers in a message


@dataclass(frozen=True)
class Shelf:
    """The versions of one model.

    Parameters
    ----------
    store : Store
    name : str
    aliases : dict of str to str
        The version that each means.
    tags : dict of str to str
        Of the model as a whole.
    """

    store: Store
    name: str
    aliases: dict[str, str]
    tags: dict[str, str]

    @classmethod
    def of(cls, store: Store, name: str) -> Shelf:
        """The shelf of this name.

        Parameters
        ----------
        store : Store
        name : str

        Raises
        ------
        RegistryError
            There is none.
        """
        try:
            found = store.model(name)
        except AbsentError:
            raise RegistryError(f"{name}: {store.place} holds no model of this name",
                                advice=_it_has(store.names())) from None  # fmt: skip
        return cls(store, name, {str(key): str(value) for key, value in found.aliases.items()}, dict(found.tags))

    def find(self, reference: VersionName) -> Version:
        """The version meant.

        Parameters
        ----------
        reference : VersionName

        Raises
        ------
        RegistryError
            There is none, or it is nothing that trueline registered.
        """
        number = reference.version or self.aliases.get(str(reference.alias))
        try:
            if number is not None and self._stands(found := self.store.version(self.name, int(number))):
                return version_of(found, self.aliases)
        except AbsentError:
            pass
        there = [*(self.aliases if reference.alias else ()), *(one.version for one in self._standing()[::-1])]
        raise RegistryError(f"{reference}: {self.store.place} holds no such version", advice=_it_has(there))

    def all(self) -> tuple[Version, ...]:
        """Every version that trueline registered, newest first."""
        told = []
        for one in self._standing()[::-1]:
            try:
                told.append(version_of(one, self.aliases))
            except RegistryError:  # somebody else's
                continue
        return tuple(told)

    def signer(self, alias: str | None) -> Key | None:
        """The key that must have signed what an alias means.

        Parameters
        ----------
        alias : str or None
        """
        told = self.tags.get(f"{SIGNER}{alias}") if alias else None
        return None if told is None else verifying_key(told, f"{self.name}@{alias}")

    def fetch(self, version: Version, require_signed: Any = None) -> tuple[bytes, Model]:
        """The file of a version, and the model it holds.

        Parameters
        ----------
        version : Version
        require_signed : Key or path of a public key, optional

        Raises
        ------
        ArtifactError
            It is gone, damaged, not what was registered, or not signed by that key.
        """
        try:
            content = self.store.get(version.run, MODEL, LARGEST_FILE)
        except AbsentError:
            raise ArtifactError(f"{version.reference}: its file is gone from {self.store.place}", advice="Register it "
                                "again; if a server registered it, name the server") from None  # fmt: skip
        model = loads(content, version.reference, require_signed=require_signed)
        if model.sha256 != version.sha256:
            raise ArtifactError(f"{version.reference}: its file is not the one that was registered "
                                f"(sha256 {model.sha256:.12}, registered {version.sha256:.12})")  # fmt: skip
        return content, model

    def audit(self, version: Version) -> Audit | None:
        """The audit that was registered with a version.

        Parameters
        ----------
        version : Version

        Raises
        ------
        ArtifactError
            It is gone, or another one.
        """
        if not version.audit_sha256:
            return None
        try:
            content = self.store.get(version.run, AUDIT, LARGEST_AUDIT)
        except AbsentError:
            raise ArtifactError(f"{version.reference}: its audit is gone from {self.store.place}") from None
        if hashlib.sha256(content).hexdigest() != version.audit_sha256:
            raise ArtifactError(f"{version.reference}: its audit is not the one that was registered")
        return parse_audit(content, f"{version.reference}: {AUDIT}")

    def _standing(self) -> list[Any]:
        return standing(self.store.versions(self.name))

    def _stands(self, found: Any) -> bool:
        after = follows(found)
        at_once = after is None or int(found.version) == after + 1
        return at_once or any(one.version == found.version for one in self._standing())


def check_newest(store: Store, name: str, expected: int) -> None:
    """Before anything is kept: is this number still the newest?

    Parameters
    ----------
    store : Store
    name : str
    expected : int

    Raises
    ------
    RegistryConflictError
        It is not.
    """
    known = standing(store.versions(name))
    newest = int(known[-1].version) if known else 0
    if newest != expected:
        raise _conflict(name, expected, newest)


def keep_or_yield(store: Store, made: Version, expected: int) -> None:
    """Between looking and registering somebody may have come; then this version goes, and theirs stands.

    Parameters
    ----------
    store : Store
    made : Version
    expected : int

    Raises
    ------
    RegistryConflictError
        Somebody had come.
    """
    if made.version == expected + 1:
        return
    kept = [int(one.version) for one in standing(store.versions(made.name))]
    if made.version not in kept:
        with suppress(RegistryError):  # where it fails, the version stands nowhere all the same
            store.delete(made.name, made.version)
        raise _conflict(made.name, expected, next(number for number in kept if number > expected))


def _conflict(name: str, expected: int, newest: int) -> RegistryConflictError:
    winner = f"{name}@{newest}" if newest else ""
    there = f"{winner} is the newest version" if winner else f"{name} has no version yet"
    return RegistryConflictError(f"{there}, not {expected}: nothing was registered", winner=winner,
                                 advice="Look at it, then register again with its number")  # fmt: skip


def _it_has(known: Sequence[Any]) -> str:
    if not known:
        return "It is empty"
    return f"It has {', '.join(str(one) for one in known[:SHOWN])}{', ...' if len(known) > SHOWN else ''}"
