"""Keyed hashes of phone numbers: equality without the number (HMAC-SHA256, 32 bytes).

Each use has a key of its own, so that tables cannot be joined by whoever has only the tables:
`index` finds a contact, `last4` finds by the last digits, `register` is all that an opt-out
keeps, `ledger` is all that an erasure keeps. All take E.164 text or a `Protected` phone.
"""

import hmac

from . import keyring
from .protected import Protected, clear_for_machine

Phone = str | Protected


def _digest(purpose: str, data: bytes) -> bytes:
    return hmac.digest(keyring.keys(purpose).current, data, "sha256")


def _bytes(phone: Phone) -> bytes:
    return (clear_for_machine(phone) if isinstance(phone, Protected) else phone).encode()


def number_index(phone: Phone) -> bytes:
    return _digest("index", _bytes(phone))


def last4_index(phone: Phone) -> bytes:
    return _digest("last4", _bytes(phone)[-4:])


def register_hash(phone: Phone) -> bytes:
    return _digest("register", _bytes(phone))


def ledger_hash(phone: Phone) -> bytes:
    return _digest("ledger", _bytes(phone))
