"""Signatures that others can check: Ed25519 under the current key of `seal` (RFC 8032).

A seal names its key and carries the public half, so that whoever was given that half by another way can tell without us that a
document is ours and as it was.
"""

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from . import keyring


def canonical(told: dict[str, Any]) -> bytes:
    """What is signed: JSON with sorted keys, without blanks, UTF-8."""
    return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def seal(told: dict[str, Any]) -> dict[str, str]:
    """The seal of a document: `{"key", "public_key", "signature"}`, the last two in base64."""
    keys = keyring.keys("seal")
    private = Ed25519PrivateKey.from_private_bytes(keys.current)
    public = private.public_key().public_bytes_raw()
    return {
        "key": keys.current_id,
        "public_key": base64.b64encode(public).decode(),
        "signature": base64.b64encode(private.sign(canonical(told))).decode(),
    }


def is_sealed(told: dict[str, Any], sealed: dict[str, str]) -> bool:
    """Whether the document is as it was when it was sealed, by one of our keys."""
    keys = keyring.keys("seal").by_id
    if sealed.get("key") not in keys:
        return False
    public: Ed25519PublicKey = Ed25519PrivateKey.from_private_bytes(keys[sealed["key"]]).public_key()
    try:
        public.verify(base64.b64decode(sealed["signature"], validate=True), canonical(told))
    except (InvalidSignature, ValueError, KeyError):
        return False
    return True
