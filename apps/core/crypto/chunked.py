"""Long data encrypted in chunks: AES-256-GCM under a data key of its own (R7).

Each chunk is encrypted by itself, its nonce being its place and whether it is the last one (the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015). So what is cut off, swapped, repeated or
appended does not open, and a reader can begin at any chunk. A data key encrypts one stream only: nonces never
repeat under it.
"""

import os
from collections.abc import Callable, Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import DecryptionFailed

KEY_BYTES = 32
CHUNK = 64 * 1024
TAG = 16


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def nonce(place: int, *, is_last: bool) -> bytes:
    """Of the chunk at a place, counted from 0."""
    return place.to_bytes(11, "big") + bytes([is_last])


def encrypt_chunks(
    pieces: Iterable[bytes], *, key: bytes, bound_to: bytes, size: int = CHUNK
) -> Iterator[bytes]:
    """What `pieces` say, in whatever lengths they come, as encrypted chunks of `size` clear bytes; the last
    one is shorter."""
    aead, place, waiting = AESGCM(key), 0, bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) > size:
            yield aead.encrypt(nonce(place, is_last=False), bytes(memoryview(waiting)[:size]), bound_to)
            del waiting[:size]
            place += 1
    yield aead.encrypt(nonce(place, is_last=True), bytes(waiting), bound_to)


def decrypt_chunks(
    read: Callable[[int], bytes], *, key: bytes, bound_to: bytes, size: int = CHUNK
) -> Iterator[bytes]:
    """The clear chunks, in order. `read(n)` gives n bytes, fewer at the end alone. Raises `DecryptionFailed`,
    also when the end is missing: nothing may be acted on before the last chunk has come."""
    aead, place, encrypted = AESGCM(key), 0, read(size + TAG)
    while True:
        after = read(size + TAG) if len(encrypted) == size + TAG else b""
        try:
            yield aead.decrypt(nonce(place, is_last=not after), encrypted, bound_to)
        except (InvalidTag, ValueError):
            raise DecryptionFailed() from None
        if not after:
            return
        encrypted, place = after, place + 1
