"""Signatures that others can check: Ed25519 under the current key of the keyring's purpose `seal` (RFC 8032).

A signature names its key and carries the public half, so that a reader who was given that half by another way
can check without us that a document is ours and as it was.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from . import keyring


def canonical(payload: dict[str, Any]) -> bytes:
    """What is signed: JSON with sorted keys, without blanks, UTF-8."""
    return json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def moment(at: datetime) -> str:
    """A time as documents say it: in UTC, so that it reads the same however it was stored."""
    return at.astimezone(UTC).isoformat()


def digest(payload: dict[str, Any]) -> bytes:
    """SHA-256 of what is signed: by it one document names another."""
    return hashlib.sha256(canonical(payload)).digest()


def sign(payload: dict[str, Any]) -> tuple[str, bytes]:
    """The id of the key, and the signature (64 bytes)."""
    keys = keyring.keys("seal")
    return keys.current_id, Ed25519PrivateKey.from_private_bytes(keys.current).sign(canonical(payload))


def public_keys() -> dict[str, bytes]:
    """The public half of every key, by its id."""
    private = {
        name: Ed25519PrivateKey.from_private_bytes(key) for name, key in keyring.keys("seal").by_id.items()
    }
    return {name: key.public_key().public_bytes_raw() for name, key in private.items()}


def is_signed(payload: dict[str, Any], *, key: str, signature: bytes, keys: Mapping[str, bytes]) -> bool:
    """Whether the signature is that of one of `keys` (public halves by id) over the document."""
    if key not in keys:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(keys[key]).verify(signature, canonical(payload))
    except (InvalidSignature, ValueError):
        return False
    return True


def signature_of(payload: dict[str, Any]) -> dict[str, str]:
    """The signature of a document: `{"key", "public_key", "signature"}`, the last two in base64."""
    key, signature = sign(payload)
    return {
        "key": key,
        "public_key": base64.b64encode(public_keys()[key]).decode(),
        "signature": base64.b64encode(signature).decode(),
    }


def is_valid(payload: dict[str, Any], signed: dict[str, str]) -> bool:
    """Whether the document is as it was when it was signed, by one of our keys."""
    try:
        signature = base64.b64decode(signed["signature"], validate=True)
    except (ValueError, KeyError):
        return False
    return is_signed(payload, key=signed.get("key", ""), signature=signature, keys=public_keys())
