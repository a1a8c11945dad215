"""Long files encrypted in chunks, read from any place on: recordings (R7).

A stored stream is `2 | the data key, encrypted (core.crypto.cipher) | encrypted chunks
(core.crypto.chunked)`. The data key is the stream's own and is bound to the file's name; the chunks are bound
to the name and to what the stream belongs to. So a stream does not open under another name, for another
owner, cut short, or with chunks that were swapped. Clear bytes are never written to a disk.
"""

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.base import File
from django.core.files.storage import default_storage

from ..errors import DecryptionFailed
from . import chunked, cipher, encrypted_files

MARK = b"\x02"
ENCRYPTED_CHUNK = chunked.CHUNK + chunked.TAG


def _bound_to(name: str, belongs_to: str) -> bytes:
    return f"{name}|{belongs_to}".encode()


class _Pieces(File):
    """What a storage takes in piece by piece: by `chunks()` (folders) or by `read()` (S3)."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__(None, "stream")
        self._pieces, self._waiting = pieces, bytearray()

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        return self._pieces

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    @property
    def closed(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._waiting) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._waiting += piece
        size = len(self._waiting) if size < 0 else size
        taken = bytes(memoryview(self._waiting)[:size])
        del self._waiting[:size]
        return taken


def put(pieces: Iterable[bytes], *, folder: str, belongs_to: str) -> str:
    """Encrypt what comes and store it; returns the name to keep. When `pieces` raises, nothing is left
    behind."""
    name = encrypted_files.new_name(folder)
    key = chunked.new_key()

    def encrypted() -> Iterator[bytes]:
        yield MARK + cipher.encrypt(key, purpose="files", bound_to=name.encode())
        yield from chunked.encrypt_chunks(pieces, key=key, bound_to=_bound_to(name, belongs_to))

    try:
        stored = default_storage.save(name, _Pieces(encrypted()))
        encrypted_files.make_durable(stored)
    except BaseException:
        with suppress(OSError):
            default_storage.delete(name)
        raise
    return stored


def put_hashed(pieces: Iterable[bytes], *, folder: str, belongs_to: str) -> tuple[str, bytes]:
    """The same, with the SHA-256 of the clear bytes."""
    digest = hashlib.sha256()

    def counted() -> Iterator[bytes]:
        for piece in pieces:
            digest.update(piece)
            yield piece

    name = put(counted(), folder=folder, belongs_to=belongs_to)
    return name, digest.digest()


def key_bytes(head: bytes) -> int:
    """How long the encrypted data key at the head of a stored stream is, the mark included."""
    return 1 + 2 + head[2] + cipher.NONCE_BYTES + chunked.KEY_BYTES + chunked.TAG


class DecryptedFile(io.RawIOBase):
    """A stored stream as a clear file that can be read from any place on. Raises `DecryptionFailed` where it
    was altered."""

    def __init__(self, name: str, *, belongs_to: str) -> None:
        self._file = encrypted_files.Ranges(name)
        self._belongs_to, self._place = _bound_to(name, belongs_to), 0
        self._known: tuple[int, bytes] = (-1, b"")
        head = self._file.read(0, 2 + 1 + 32 + cipher.NONCE_BYTES + chunked.KEY_BYTES + chunked.TAG)
        if len(head) < 4 or head[:1] != MARK:
            raise DecryptionFailed()
        self._start = key_bytes(head)
        key = cipher.decrypt(head[1 : self._start], purpose="files", bound_to=name.encode())
        self._aead = AESGCM(key)
        encrypted = self._file.size - self._start
        if encrypted < chunked.TAG:
            raise DecryptionFailed()
        self._chunks = -(-encrypted // ENCRYPTED_CHUNK)
        self.size = encrypted - self._chunks * chunked.TAG
        self._chunk(self._chunks - 1)  # what was cut off shows at once

    def _chunk(self, place: int) -> bytes:
        if place != self._known[0]:
            self._known = (place, next(self._chunks_from(place, 1), b""))
        return self._known[1]

    def _chunks_from(self, first: int, count: int) -> Iterator[bytes]:
        encrypted = self._file.read(self._start + first * ENCRYPTED_CHUNK, count * ENCRYPTED_CHUNK)
        for place in range(first, min(first + count, self._chunks)):
            piece = encrypted[(place - first) * ENCRYPTED_CHUNK : (place - first + 1) * ENCRYPTED_CHUNK]
            try:
                yield self._aead.decrypt(
                    chunked.nonce(place, is_last=place == self._chunks - 1), piece, self._belongs_to
                )
            except (InvalidTag, ValueError):
                raise DecryptionFailed() from None

    def between(self, start: int, end: int) -> Iterator[bytes]:
        """The clear bytes from `start` up to, without, `end`, some chunks at a time."""
        end = min(end, self.size)
        while start < end:
            first = start // chunked.CHUNK
            count = min(16, -(-end // chunked.CHUNK) - first)
            for piece in self._chunks_from(first, count):
                skip = start % chunked.CHUNK
                wanted = piece[skip : skip + end - start]
                start += len(wanted)
                yield wanted

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        if self._place >= self.size:
            return 0
        skip = self._place % chunked.CHUNK
        piece = self._chunk(self._place // chunked.CHUNK)[skip : skip + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def re_encrypt_key(name: str) -> None:
    """Encrypt the data key of a stream under the current key; its chunks are copied as they are."""
    with encrypted_files.Ranges(name) as ranges:
        head = ranges.read(0, 2 + 1 + 32 + cipher.NONCE_BYTES + chunked.KEY_BYTES + chunked.TAG)
        start = key_bytes(head)
        key = cipher.decrypt(head[1:start], purpose="files", bound_to=name.encode())

        def copied() -> Iterator[bytes]:
            yield MARK + cipher.encrypt(key, purpose="files", bound_to=name.encode())
            for place in range(start, ranges.size, 16 * ENCRYPTED_CHUNK):
                yield ranges.read(place, 16 * ENCRYPTED_CHUNK)

        encrypted_files.replace(name, _Pieces(copied()))


def is_stream(name: str) -> bool:
    """Whether a stored file is a stream, or was encrypted as a whole."""
    with encrypted_files.Ranges(name) as ranges:
        return ranges.read(0, 1) == MARK
