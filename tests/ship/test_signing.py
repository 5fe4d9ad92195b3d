"""Signatures: only the owner of the key can make one, of these bytes and no others, and keys stay where they are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import numpy as np
import pytest

from trueline import LeastSquares
from trueline.errors import ArtifactError, OptionError
from trueline.ship import keygen, load, loads, private_key, public_key, save
from trueline.ship.sealing import canonical, seal, signed_bytes
from trueline.ship.signing import Signature, sign, verify


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return keygen(folder / "ours"), keygen(folder / "theirs")


@pytest.fixture
def signed(tmp_path, keys):
    X = np.array([[0.0, 1.0], [1.0, 5.0], [2.0, 2.0], [4.0, 3.0]])
    save(LeastSquares().fit(X, X @ [2.0, 1.0] + 3), tmp_path / "m.json", X=X, y=X @ [2.0, 1.0] + 3,
         sign_with=keys[0].private)  # fmt: skip
    return tmp_path / "m.json"


def refused(content, key, match):
    with pytest.raises(ArtifactError, match=match) as error:
        loads(content, "m.json", require_signed=key)
    assert str(error.value).startswith("m.json: ")


def test_every_load_says_what_was_checked(signed, keys, tmp_path):
    ours, theirs = keys
    assert load(signed).checked == "checksum" and load(signed).signature.key == ours.id
    assert load(signed, require_signed=ours.public).checked == f"signature of {ours.id}"
    assert load(signed, require_signed=public_key(ours.public)).checked == f"signature of {ours.id}"
    refused(signed.read_bytes(), theirs.public, f"signed by key {ours.id}, and a signature of key {theirs.id}")
    save(load(signed), tmp_path / "n.json")
    assert load(tmp_path / "n.json").signature is None
    refused((tmp_path / "n.json").read_bytes(), ours.public, "not signed")


def test_whoever_changes_anything_needs_the_key(signed, keys):
    """With the checksum made right again, as an attacker would: no field can be changed, and no signature moved."""
    ours, theirs = keys
    values = json.loads(signed.read_text())
    changes = {"b": 1.0, "kind": "Ridge", "training": {}, "reg_lambda": 0.5, "data": None, "feature_names": ["a", "b"]}
    for name, value in changes.items():
        assert values[name] != value
        refused(canonical(seal({**values, name: value})), ours.public, "does not hold")
    refused(canonical(seal({**values, "signature": None})), ours.public, "not signed")
    relabelled = {"key": theirs.id, "value": values["signature"]["value"]}
    refused(canonical(seal({**values, "signature": relabelled})), theirs.public, "does not hold")
    forged = sign(signed_bytes(values | {"b": 1.0}), theirs.private).to_dict() | {"key": ours.id}
    refused(canonical(seal({**values, "b": 1.0, "signature": forged})), ours.public, "does not hold")
    assert loads(canonical(seal(values)), "m.json", require_signed=ours.public).checked.endswith(ours.id)


def test_a_signature_covers_every_field(signed, keys):
    values = json.loads(signed.read_text())
    for name in values.keys() - {"format", "signature", "sha256"}:
        refused(canonical(seal({**values, name: "changed"})), keys[0].public, "does not hold")


def test_every_flipped_bit_of_a_signature_is_seen_with_and_without_the_key(signed, keys):
    content = signed.read_bytes()
    first = content.index(b'"signature"')
    for at in range(first, len(content)):
        changed = content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]
        for key in (None, keys[0].public):
            with pytest.raises(ArtifactError):
                loads(changed, "m.json", require_signed=key)


@pytest.mark.parametrize(
    "signature",
    [1, [], {}, {"key": "0" * 16}, {"key": "0" * 15, "value": "0" * 128}, {"key": "0" * 16, "value": "0" * 127},
     {"key": "G" * 16, "value": "0" * 128}, {"key": 1, "value": "0" * 128}, {"key": "0" * 16, "value": "A" * 128},
     {"key": "0" * 16, "value": "0" * 128, "more": 1}],
    ids=str,
)  # fmt: skip
def test_a_signature_of_another_shape_is_refused(signed, signature):
    refused(canonical(seal({**json.loads(signed.read_text()), "signature": signature})), None, "signature")


def test_signing_is_of_models_alone(keys):
    """A signature of other bytes by the same key, say of a release, is none of a model."""
    message = canonical({"a": 1})
    assert not signed_bytes({"a": 1}).startswith(message) and signed_bytes({"a": 1}).endswith(message)
    with pytest.raises(ArtifactError, match="does not hold"):
        verify(signed_bytes({"a": 1}), sign(message, keys[0].private), keys[0].public)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to hold it against")
def test_openssl_agrees(signed, keys, tmp_path):
    """Another implementation reads the keys and verifies the signature."""
    values = json.loads(signed.read_text())
    (tmp_path / "message").write_bytes(signed_bytes(values))
    (tmp_path / "sig").write_bytes(bytes.fromhex(values["signature"]["value"]))
    words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(keys[0].public), "-rawin", "-in",
             str(tmp_path / "message"), "-sigfile", str(tmp_path / "sig")]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True)
    if "Can only sign or verify" in done.stderr or "oneshot" in done.stderr:
        pytest.skip("this openssl is too old for Ed25519")
    assert done.returncode == 0, done.stderr


def test_keys_are_never_overwritten_and_the_private_half_is_private(tmp_path):
    old = os.umask(0)
    try:
        pair = keygen(tmp_path / "k")
    finally:
        os.umask(old)
    assert pair.private.stat().st_mode & 0o777 == 0o600
    assert pair.private.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    before = pair.private.read_bytes(), pair.public.read_bytes()
    with pytest.raises(OptionError, match=r"k\.key and .*k\.pub: there already"):
        keygen(tmp_path / "k")
    pair.private.rename(tmp_path / "elsewhere")
    with pytest.raises(OptionError, match=r"k\.pub: there already"):
        keygen(tmp_path / "k")
    assert not (tmp_path / "k.key").exists()
    (tmp_path / "l.key").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OptionError, match="there already"):
        keygen(tmp_path / "l")
    assert not (tmp_path / "nowhere").exists()
    assert ((tmp_path / "elsewhere").read_bytes(), pair.public.read_bytes()) == before


def test_a_key_that_others_can_read_does_not_sign(tmp_path, keys):
    copy = tmp_path / "copy.key"
    copy.write_bytes(keys[0].private.read_bytes())
    copy.chmod(0o640)
    with pytest.raises(OptionError, match=r"copy\.key: others can read .*mode 640.*chmod 600"):
        private_key(copy)
    copy.chmod(0o600)
    assert private_key(copy).id == keys[0].id


def test_a_passphrase_locks_the_private_half(tmp_path):
    pair = keygen(tmp_path / "k", passphrase=b"correct horse")
    assert b"ENCRYPTED" in pair.private.read_bytes()
    assert private_key(pair.private, passphrase=b"correct horse").id == pair.id == public_key(pair.public).id
    for wrong in (None, b"wrong"):
        with pytest.raises(OptionError, match=r"k\.key: "):
            private_key(pair.private, passphrase=wrong)


def test_what_is_no_key_is_said_to_be_none(tmp_path, keys):
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    other = X25519PrivateKey.generate()
    texts = {
        "empty": b"", "text": b"hello", "bytes": bytes(range(256)), "large": b"x" * 70_000,
        "another": other.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()),
        "theirs": other.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo),
    }  # fmt: skip
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
        for read in (private_key, public_key):
            with pytest.raises(OptionError, match=name):
                read(tmp_path / name)
    with pytest.raises(OptionError, match="a private key; a signature is checked with the public one"):
        public_key(keys[0].private)
    with pytest.raises(OptionError, match="a public key; a model is signed with the private one"):
        private_key(keys[0].public)
    with pytest.raises(OptionError, match=r"ours\.pub"):
        os.chmod(keys[0].public, 0o600)
        private_key(keys[0].public)
    with pytest.raises(OSError, match="gone"):
        public_key(tmp_path / "gone")


def test_a_missing_library_is_named(monkeypatch, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(OptionError, match=r"pip install 'trueline\[sign\]'"):
        keygen(tmp_path / "k")


def test_signature_survives_json():
    made = Signature("0" * 16, "1" * 128)
    assert Signature.from_dict(json.loads(json.dumps(made.to_dict()))) == made and Signature.from_dict(None) is None
