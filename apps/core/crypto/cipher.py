"""AES-256-GCM with named keys: the only place that encrypts (R7).

An encrypted value is `version (1) | length of key id (1) | key id | nonce (12) | ciphertext and
tag`. What a value belongs to (its column, its file) is bound in as associated data, so a value
moved elsewhere does not open.
"""

import os
from collections.abc import Sequence
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import DecryptionFailed
from . import keyring

VERSION = 1
NONCE_BYTES = 12


@cache
def _aead(key: bytes) -> AESGCM:
    return AESGCM(key)


@cache
def _header(key_id: str) -> bytes:
    name = key_id.encode()
    return bytes((VERSION, len(name))) + name


def encrypt(clear: bytes, *, purpose: str, bound_to: bytes) -> bytes:
    """Encrypt under the current key of `purpose`; only opens with the same `bound_to`."""
    keys = keyring.keys(purpose)
    nonce = os.urandom(NONCE_BYTES)
    return _header(keys.current_id) + nonce + _aead(keys.current).encrypt(nonce, clear, bound_to)


def encrypt_all(clears: Sequence[bytes], *, purpose: str, bound_to: bytes) -> list[bytes]:
    """`encrypt` for a batch of a list, in its order. The nonces are drawn together, which takes a third of
    the time."""
    keys = keyring.keys(purpose)
    header, encrypt, nonces = (
        _header(keys.current_id),
        _aead(keys.current).encrypt,
        os.urandom(NONCE_BYTES * len(clears)),
    )
    return [
        header + (nonce := nonces[at : at + NONCE_BYTES]) + encrypt(nonce, clear, bound_to)
        for at, clear in zip(range(0, len(nonces), NONCE_BYTES), clears, strict=True)
    ]


def key_id_of(encrypted: bytes) -> str:
    """The id of the key that an encrypted value names."""
    return encrypted[2 : 2 + encrypted[1]].decode()


def _key(purpose: str, key_id: str) -> bytes:
    known = keyring.keys(purpose).by_id
    return known[key_id] if key_id in known else keyring.reload()[purpose].by_id[key_id]


def decrypt(encrypted: bytes, *, purpose: str, bound_to: bytes) -> bytes:
    """The clear bytes. Raises `DecryptionFailed`; never hands on what it could not open."""
    if len(encrypted) < 2 or encrypted[0] != VERSION:
        raise DecryptionFailed()
    start = 2 + encrypted[1]
    try:
        key = _key(purpose, encrypted[2:start].decode())
        nonce, body = encrypted[start : start + NONCE_BYTES], encrypted[start + NONCE_BYTES :]
        return _aead(key).decrypt(nonce, body, bound_to)
    except (KeyError, UnicodeDecodeError, InvalidTag, ValueError):
        raise DecryptionFailed() from None
