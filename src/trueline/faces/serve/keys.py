"""API keys: who may ask, kept as hashes, compared in constant time, never written down."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from .refusals import RefusedError

__all__ = ["SCOPES", "Key", "KeyRing", "new_key"]

SCOPES = ("predict", "metrics", "admin")
SPELLING = re.compile(r"tl_([0-9a-f]{12})_([A-Za-z0-9_-]{43})\Z")
HEADERS = {"WWW-Authenticate": "Bearer"}
NOBODY = hashlib.sha256(b"").hexdigest()  # compared with where the id is unknown, so that both take as long


@dataclass(frozen=True)
class Key:
    """What is kept of a key.

    Parameters
    ----------
    id : str
        Public: stands in logs and messages.
    sha256 : str
        Of the secret part, 256 random bits: nothing can be tried out against it, so no slow hash is needed.
    scopes : tuple of str
        Among `SCOPES`; "admin" may do everything.
    created : str
        ISO 8601, UTC.
    expires : str, optional
        From then on it is refused.
    note : str
        Whose it is.
    """

    id: str
    sha256: str
    scopes: tuple[str, ...]
    created: str
    expires: str | None = None
    note: str = ""

    def allows(self, scope: str) -> bool:
        """May it be used for this?"""
        return scope in self.scopes or "admin" in self.scopes

    def expired(self, now: datetime) -> bool:
        """Is its time over?"""
        return self.expires is not None and now >= datetime.fromisoformat(self.expires)


def new_key(scopes: Iterable[str], expires: datetime | None = None, note: str = "") -> tuple[Key, str]:
    """A new key: what is kept of it, and the text that its owner sends, which nothing keeps.

    Parameters
    ----------
    scopes : iterable of str
    expires : datetime, optional
        Aware of its time zone.
    note : str

    Examples
    --------
    >>> key, text = new_key(["predict"])
    >>> KeyRing([key]).admit({"authorization": f"Bearer {text}"}, "predict") is key
    True
    """
    secret, id_ = secrets.token_urlsafe(32), secrets.token_hex(6)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    until = None if expires is None else expires.astimezone(UTC).isoformat(timespec="seconds")
    return Key(id_, _hash(secret), tuple(scopes), now, until, note), f"tl_{id_}_{secret}"


class KeyRing:
    """The keys that open this server.

    Parameters
    ----------
    keys : iterable of Key
    """

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = {key.id: key for key in keys}

    def __len__(self) -> int:
        return len(self._keys)

    def listed(self) -> list[dict[str, object]]:
        """Every key without its hash: id, scopes, expiry, note."""
        return [{"id": key.id, "scopes": key.scopes, "expires": key.expires, "note": key.note}
                for key in self._keys.values()]  # fmt: skip

    def admit(self, headers: Mapping[str, str], scope: str, now: datetime | None = None) -> Key:
        """The key that a request shows, if it may be used for this.

        Parameters
        ----------
        headers : dict
            Lower-case names; ``authorization: Bearer KEY`` or ``x-api-key: KEY``.
        scope : str
        now : datetime, optional

        Raises
        ------
        RefusedError
            "no_key", "bad_key" or "wrong_scope"; names the id of the key, never its secret.
        """
        kind, _, text = headers.get("authorization", "").partition(" ")
        text = text.strip() if kind.lower() == "bearer" else headers.get("x-api-key", "")
        if not text:
            raise RefusedError("no_key", "send an API key: Authorization: Bearer KEY, or X-API-Key: KEY", (), HEADERS)
        spelled = SPELLING.match(text)
        if spelled is None:
            raise RefusedError("bad_key", "that is not an API key of this server", (), HEADERS)
        id_, secret = spelled.groups()
        key = self._keys.get(id_)
        same = hmac.compare_digest(_hash(secret), NOBODY if key is None else key.sha256)
        if key is None or not same:
            raise RefusedError("bad_key", f"no key {id_} with this secret", (), HEADERS, id_)
        if key.expires is not None and key.expired(now or datetime.now(UTC)):
            raise RefusedError("bad_key", f"key {id_} expired at {key.expires}", (), HEADERS, id_)
        if not key.allows(scope):
            said = f"key {id_} has the scopes {', '.join(key.scopes)}, and not {scope}"
            raise RefusedError("wrong_scope", said, key=id_)
        return key


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
