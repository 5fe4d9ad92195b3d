"""The one way a model file is written, its checksum, and the bytes that a signature covers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["FORMAT", "LARGEST_FILE", "canonical", "is_sealed", "seal", "signed_bytes", "unpacks_to_too_much"]

FORMAT = 1
LARGEST_FILE = 64 * 2**20  # bytes: a million features, or the moments of two thousand; larger files are not read
MOST_VALUES, MOST_GROUPS = 8_000_000, 2_000_000  # which cost a gigabyte at most before the first is looked at
SIGNED = b"a model file of trueline\n"  # so that a signature of something else is none of a model


def seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same fields and their checksum, which a reader holds against them."""
    body = {name: value for name, value in values.items() if name != "sha256"}
    return {**body, "sha256": hashlib.sha256(canonical(body)).hexdigest()}


def is_sealed(values: Mapping[str, Any], content: bytes) -> bool:
    """Are these the canonical bytes of what `seal` gives for these values?"""
    last = f',\n "sha256": "{values["sha256"]}"\n}}\n'.encode()
    if not content.endswith(last) or content != canonical(values):
        return False
    body = content.removesuffix(last) + b"\n}\n"  # canonical too, without writing all numbers once more
    return bool(hashlib.sha256(body).hexdigest() == values["sha256"])


def canonical(values: Mapping[str, Any]) -> bytes:
    """The one way these values are written: a file with other bytes is damaged, or edited by hand."""
    return (json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def unpacks_to_too_much(content: bytes) -> bool:
    """Has this text more values than a model can have? Told without parsing it."""
    return content.count(b",") > MOST_VALUES or content.count(b"[") + content.count(b"{") > MOST_GROUPS


def signed_bytes(values: Mapping[str, Any]) -> bytes:
    """What a signature covers: every field but itself, and the checksum, which follows from the others."""
    body = {name: value for name, value in values.items() if name not in ("signature", "sha256")}
    return SIGNED + canonical(body)
