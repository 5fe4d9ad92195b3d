"""Ed25519 keys and signatures: who wrote a model file, where a checksum only tells that it is whole."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ArtifactError, OptionError
from ..files import write_new

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["Key", "KeyPair", "Signature", "keygen", "private_key", "public_key", "sign", "verify", "verifying_key"]

LARGEST_KEY = 1 << 16  # bytes
SIGNATURE_BYTES, ID_LETTERS = 64, 16


@dataclass(frozen=True)
class KeyPair:
    """What `keygen` wrote.

    Parameters
    ----------
    id : str
        The first 16 hexadecimal digits of the SHA-256 of the public key.
    private, public : Path
    """

    id: str
    private: Path
    public: Path


@dataclass(frozen=True)
class Signature:
    """A signature in a model file.

    Parameters
    ----------
    key : str
        The id of the key that made it, as the file says.
    value : str
        64 bytes in hexadecimal.
    """

    key: str
    value: str

    def to_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return {"key": self.key, "value": self.value}

    @classmethod
    def from_dict(cls, values: Any) -> Signature | None:
        """What `to_dict` wrote, or null.

        Parameters
        ----------
        values : dict or None

        Raises
        ------
        ArtifactError
            Of another shape.
        """
        if values is None:
            return None
        if not isinstance(values, dict) or set(values) != {"key", "value"}:
            raise ArtifactError(f"signature must be null, or have a key and a value, got {values!r:.100}")
        for name, letters in (("key", ID_LETTERS), ("value", 2 * SIGNATURE_BYTES)):
            text = values[name]
            if not isinstance(text, str) or len(text) != letters or set(text) - set("0123456789abcdef"):
                raise ArtifactError(f"signature: {name} must be {letters} hexadecimal digits, got {text!r:.100}")
        return cls(values["key"], values["value"])


@dataclass(frozen=True)
class Key:
    """A public or private key, and its id.

    Parameters
    ----------
    id : str
    material : Ed25519PublicKey or Ed25519PrivateKey
    source : str
        Where it came from, for messages.
    """

    id: str
    material: Any
    source: str

    @property
    def public_hex(self) -> str:
        """A public key's 32 bytes in hexadecimal, as `verifying_key` takes them."""
        return str(self.material.public_bytes_raw().hex())


def keygen(path: str | os.PathLike[str], *, passphrase: bytes | None = None) -> KeyPair:
    """A new key: the private half in ``path.key``, which only you can read, the public half in ``path.pub``.

    Parameters
    ----------
    path : str or path-like
        Without an ending.
    passphrase : bytes, optional
        Encrypts the private half.

    Raises
    ------
    OptionError
        One of the files is there already: a key is never overwritten.
    OSError
        They cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> pair = keygen(tempfile.mkdtemp() + "/release")
    >>> pair.private.name, oct(pair.private.stat().st_mode & 0o777), pair.public.name
    ('release.key', '0o600', 'release.pub')
    """
    _require_cryptography()
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private, public = (Path(f"{os.fspath(path)}{ending}") for ending in (".key", ".pub"))
    if there := [str(file) for file in (private, public) if os.path.lexists(file)]:
        raise OptionError(f"{' and '.join(there)}: there already, and a key is never overwritten",
                          advice="Choose another name")  # fmt: skip
    made = Ed25519PrivateKey.generate()
    locked = form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
    text = made.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked)
    open_text = made.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    for file, content, mode in ((private, text, 0o600), (public, open_text, 0o644)):
        try:
            write_new(file, content, mode)
        except FileExistsError:
            raise OptionError(f"{file}: there already, and a key is never overwritten") from None
    return KeyPair(_id_of(made.public_key()), private, public)


def private_key(path: str | os.PathLike[str], *, passphrase: bytes | None = None) -> Key:
    """The key to sign with.

    Parameters
    ----------
    path : str or path-like
    passphrase : bytes, optional

    Raises
    ------
    OptionError
        No Ed25519 private key in PEM, a wrong passphrase, or a file that others can read.
    OSError
        It cannot be read.
    """
    _require_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content, mode = _read(path)
    if b"PUBLIC KEY" in content:
        raise OptionError(f"{path}: a public key; a model is signed with the private one",
                          advice="Give the .key file that `trueline keygen` wrote beside it")  # fmt: skip
    if os.name == "posix" and mode & 0o077:
        raise OptionError(f"{path}: others can read this private key (mode {mode & 0o777:o})",
                          advice=f"chmod 600 {path}, and make a new key where they did")  # fmt: skip
    try:
        found: Any = load_pem_private_key(content, passphrase)
    except Exception as error:  # the library raises many kinds
        said = " (TRUELINE_KEY_PASSPHRASE)" if "assword" in str(error) else ""
        raise OptionError(f"{path}: no private key in PEM, or not to be opened: {_brief(error)}{said}") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise OptionError(f"{path}: not an Ed25519 key", advice="trueline keygen makes one")
    return Key(_id_of(found.public_key()), found, os.fspath(path))


def public_key(path: str | os.PathLike[str]) -> Key:
    """The key to check signatures against.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    OptionError
        No Ed25519 public key in PEM.
    OSError
        It cannot be read.
    """
    _require_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    content, _ = _read(path)
    if b"PRIVATE KEY" in content:
        raise OptionError(f"{path}: a private key; a signature is checked with the public one",
                          advice="Give the .pub file, and keep the .key file to yourself")  # fmt: skip
    try:
        found: Any = load_pem_public_key(content)
    except Exception as error:  # the library raises many kinds
        raise OptionError(f"{path}: no public key in PEM: {_brief(error)}") from None
    if not isinstance(found, Ed25519PublicKey):
        raise OptionError(f"{path}: not an Ed25519 key", advice="trueline keygen makes one")
    return Key(_id_of(found), found, os.fspath(path))


def verifying_key(public_hex: str, source: str) -> Key:
    """The public key of 32 bytes in hexadecimal, as a registry keeps it.

    Parameters
    ----------
    public_hex : str
    source : str
        Where they came from, for messages.

    Raises
    ------
    OptionError
        They are no key.
    """
    _require_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        found = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex))
    except ValueError:
        raise OptionError(f"{source}: no public key of 32 bytes in hexadecimal") from None
    return Key(_id_of(found), found, source)


def sign(content: bytes, key: str | os.PathLike[str] | Key) -> Signature:
    """A signature of these bytes.

    Parameters
    ----------
    content : bytes
    key : path of a private key, or what `private_key` gave
    """
    found = key if isinstance(key, Key) else private_key(key)
    secret: Ed25519PrivateKey = found.material
    return Signature(found.id, secret.sign(content).hex())


def verify(content: bytes, signature: Signature | None, key: str | os.PathLike[str] | Key) -> str:
    """The id of the key, once it is certain that its owner signed these bytes.

    Parameters
    ----------
    content : bytes
    signature : Signature or None
    key : path of a public key, or what `public_key` gave

    Raises
    ------
    ArtifactError
        Not signed, by another key, or not these bytes.
    """
    from cryptography.exceptions import InvalidSignature

    found = key if isinstance(key, Key) else public_key(key)
    if signature is None:
        raise ArtifactError(f"not signed, and a signature of key {found.id} is required")
    if signature.key != found.id:
        raise ArtifactError(f"signed by key {signature.key}, and a signature of key {found.id} is required")
    open_key: Ed25519PublicKey = found.material
    try:
        open_key.verify(bytes.fromhex(signature.value), content)
    except InvalidSignature:
        raise ArtifactError(f"its signature by key {found.id} does not hold: changed after it was signed, or "
                            "never signed by that key") from None  # fmt: skip
    return found.id


def _id_of(public: Ed25519PublicKey) -> str:
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:ID_LETTERS]


def _read(path: str | os.PathLike[str]) -> tuple[bytes, int]:
    with open(path, "rb") as stream:
        content = stream.read(LARGEST_KEY + 1)
        mode = os.fstat(stream.fileno()).st_mode
    if len(content) > LARGEST_KEY:
        raise OptionError(f"{path}: too large to be a key")
    return content, mode


def _brief(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:100]


def _require_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise OptionError("signatures need the package cryptography",
                          advice="pip install 'trueline[sign]'") from None  # fmt: skip
