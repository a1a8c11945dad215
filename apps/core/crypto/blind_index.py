"""Keyed hashes of phone numbers: equality without the number (HMAC-SHA256, 32 bytes).

Each use has a key of its own, so that tables cannot be joined by whoever has only the tables:
`index` finds a contact, `last4` finds by the last digits, `register` is all that an opt-out
keeps, `ledger` is all that an erasure keeps. All take E.164 text or a `Protected` phone.

Keys of `index` lie over each other: a hash made under the first is hashed again under the second, and so on.
So every row can be brought under a new key, also one whose number nobody knows any more. Which keys the rows
of a database went through stands in that database, and is said here when a connection opens (`stand_under`).
"""

import hmac
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, reduce

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from django.db import connection

from ..errors import KeyringError
from ..privacy.protected import NotCanonical, Protected, clear_for_machine, is_canonical
from . import keyring

Phone = str | Protected


def _digest(purpose: str, data: bytes) -> bytes:
    return hmac.digest(keyring.keys(purpose).current, data, "sha256")


def _bytes(phone: Phone) -> bytes:
    """Raises `NotCanonical`: a number in another form would be hashed as another person."""
    text = clear_for_machine(phone) if isinstance(phone, Protected) else phone
    if not is_canonical(text):
        raise NotCanonical()
    return text.encode()


def _hasher(key: bytes) -> Callable[[bytes], bytes]:
    """`hmac.digest` for whole lists: the key is prepared once, which takes two thirds off."""
    prepared = HMAC(key, SHA256()).copy

    def hashed(data: bytes) -> bytes:
        one = prepared()
        one.update(data)
        return one.finalize()

    return hashed


class _Standing:
    """What the database said when its connection opened; None: it was not asked yet."""

    key_ids: tuple[str, ...] | None = None


def stand_under(key_ids: Sequence[str]) -> None:
    """From here on `index` hashes go through these keys, in their order; none: through the first of the
    keyring."""
    _Standing.key_ids = tuple(key_ids)


def index_keys() -> tuple[str, ...]:
    """The ids of the keys that `index` hashes go through in this process' database."""
    if _Standing.key_ids is None:
        connection.ensure_connection()
    return _Standing.key_ids or (keyring.keys("index").first_id,)


def _index_secrets(key_ids: Sequence[str]) -> list[bytes]:
    known = keyring.keys("index").by_id
    if lacking := [key_id for key_id in key_ids if key_id not in known]:
        raise KeyringError(
            f'The keyring lacks the key "{lacking[0]}" of "index": no number of this database is found '
            "without it."
        )
    return [known[key_id] for key_id in key_ids]


def _index_digest(data: bytes) -> bytes:
    return reduce(lambda under, key: hmac.digest(key, under, "sha256"), _index_secrets(index_keys()), data)


def number_index(phone: Phone) -> bytes:
    return _index_digest(_bytes(phone))


def brought_on(through: Sequence[str], to: Sequence[str]) -> Callable[[bytes], bytes]:
    """What brings an `index` hash that went through some keys under those that came after. Raises
    `KeyringError` when they did not begin the same way, or a key is missing."""
    if tuple(to[: len(through)]) != tuple(through):
        raise KeyringError('Hashes went through other keys of "index" than those of this keyring.')
    return _chained([_hasher(key) for key in _index_secrets(to[len(through) :])])


def _chained(hashers: Sequence[Callable[[bytes], bytes]]) -> Callable[[bytes], bytes]:
    if len(hashers) == 1:
        return hashers[0]
    return lambda data: reduce(lambda under, hasher: hasher(under), hashers, data)


def last4_index(phone: Phone) -> bytes:
    return _digest("last4", _bytes(phone)[-4:])


def last4_indexes(digits: str) -> list[bytes]:
    """Four digits under every key: while keys are rotated, rows may have either."""
    return _under_every_key("last4", digits.encode())


def mask_key() -> bytes:
    """The key under which what a mask shows is hashed, to tell that two questions were for neighbours
    (`access`)."""
    return hmac.digest(keyring.keys("last4").current, b"mask", "sha256")


def last4_table(key_id: str) -> list[bytes]:
    """What every four digits hash to under one key, in their order: by it rows are brought under another
    without their numbers."""
    return _all_last4(keyring.keys("last4").by_id[key_id])


@lru_cache(maxsize=2)
def _all_last4(key: bytes) -> list[bytes]:
    return [hmac.digest(key, b"%04d" % digits, "sha256") for digits in range(10_000)]


def _under_every_key(purpose: str, data: bytes) -> list[bytes]:
    return [hmac.digest(key, data, "sha256") for key in keyring.keys(purpose).by_id.values()]


def indexers() -> tuple[Callable[[Phone], bytes], Callable[[str], bytes]]:
    """`number_index` and `last4_index` for whole lists. The last four digits are ten thousand: each is hashed
    once."""
    index, last4 = (
        _chained([_hasher(key) for key in _index_secrets(index_keys())]),
        _hasher(keyring.keys("last4").current),
    )
    known: dict[str, bytes] = {}

    def of_number(phone: Phone) -> bytes:
        return index(_bytes(phone))

    def of_last4(e164: str) -> bytes:
        digits = e164[-4:]
        if digits not in known:
            known[digits] = last4(digits.encode())
        return known[digits]

    return of_number, of_last4


def list_digest(content: bytes) -> bytes:
    """Tells one handed-in file from another, by its SHA-256: keyed, since a short list could be guessed."""
    return _index_digest(b"list|" + content)


def tag(parts: Iterable[Phone]) -> str:
    """Tells one state of a thing from another (an ETag), values in it included, and says nothing of them."""
    keyed = hmac.new(_index_secrets(index_keys())[-1], b"tag", "sha256")
    for part in parts:
        data = (clear_for_machine(part) if isinstance(part, Protected) else part).encode()
        keyed.update(len(data).to_bytes(4, "big") + data)
    return keyed.hexdigest()[:32]


def register_hash(phone: Phone) -> bytes:
    return _digest("register", _bytes(phone))


def register_hashes(phone: Phone) -> dict[str, bytes]:
    """The number under every key of the register by the key's id, the current one first: the register has no
    numbers, so entries made under an older key stay under it until their number is seen again."""
    keys, data = keyring.keys("register"), _bytes(phone)
    ids = [keys.current_id, *(name for name in keys.by_id if name != keys.current_id)]
    return {name: hmac.digest(keys.by_id[name], data, "sha256") for name in ids}


def register_hashes_of_text(text: str) -> dict[str, bytes]:
    """The hashes that a text got which is no E.164 number: for the repair of what was stored so
    (`retention.repairing_numbers`)."""
    keys = keyring.keys("register")
    return {name: hmac.digest(key, text.encode(), "sha256") for name, key in keys.by_id.items()}


def register_hasher() -> tuple[list[str], Callable[[str], list[bytes]]]:
    """For whole lists: the ids of the register's keys, the current first, and what hashes a number under
    each."""
    keys = keyring.keys("register")
    ids = [keys.current_id, *(name for name in keys.by_id if name != keys.current_id)]
    hashers = [_hasher(keys.by_id[name]) for name in ids]

    def hashed(number: str) -> list[bytes]:
        data = number.encode()
        return [under_key(data) for under_key in hashers]

    return ids, hashed


def ledger_hash(phone: Phone) -> bytes:
    return _digest("ledger", _bytes(phone))


def ledger_hashes(phone: Phone) -> list[bytes]:
    """The number under every key of the ledger: like the register it has no numbers, so old entries stay
    under old keys."""
    return _under_every_key("ledger", _bytes(phone))
