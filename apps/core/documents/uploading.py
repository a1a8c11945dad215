"""Uploads and other large intermediate files: in memory while small, encrypted on disk beyond, never in clear
on a disk.

The key of a spool is made for it and lives in this process only: whatever a crash leaves on the disk cannot
be read. The file is encrypted by AES-256 in counter mode, so that it can be read from any place; it is
private to the process that made it, so nobody can alter it meanwhile. What is larger than `MOST_BYTES` is not
kept at all, and to read it is refused with a sentence.
"""

import io
import os
import tempfile
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from .spreadsheets import MOST_BYTES, too_large

IN_MEMORY = 2 * 2**20
_BLOCK = 16


class EncryptedSpool(io.RawIOBase):
    """A temporary file for one process. Written once from its beginning on, read at any place."""

    def __init__(self) -> None:
        self._memory: io.BytesIO | None = io.BytesIO()
        self._disk: Any = None
        self._key = os.urandom(32)
        self._nonce = os.urandom(8)
        self._size = self._place = 0

    def _crypt(self, data: bytes | memoryview, place: int) -> bytes:
        """Encrypt or decrypt what stands at a place of the file."""
        block, skip = divmod(place, _BLOCK)
        stream = Cipher(AES(self._key), CTR(self._nonce + block.to_bytes(8, "big"))).encryptor()
        stream.update(bytes(skip))
        return stream.update(data)

    def write(self, data: Any) -> int:
        """At the end of the file, wherever it was read."""
        piece = bytes(data)
        if self._memory is not None and self._size + len(piece) > IN_MEMORY:
            self._disk = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  (closed with the spool)
            self._disk.write(self._crypt(self._memory.getbuffer(), 0))
            self._memory = None
        if self._memory is not None:
            self._memory.seek(0, os.SEEK_END)
            self._memory.write(piece)
        else:
            self._disk.seek(self._size)
            self._disk.write(self._crypt(piece, self._size))
        self._size += len(piece)
        self._place = self._size
        return len(piece)

    def read(self, size: int | None = -1) -> bytes:
        length = self._size - self._place if size is None or size < 0 else min(size, self._size - self._place)
        if length <= 0:
            return b""
        if self._memory is not None:
            piece = bytes(self._memory.getbuffer()[self._place : self._place + length])
        else:
            piece = self._crypt(os.pread(self._disk.fileno(), length, self._place), self._place)
        self._place += len(piece)
        return piece

    read1 = read

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        return self._place

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        if self._disk is not None:
            self._disk.close()
        self._memory = self._disk = None
        super().close()


class TooLargeFile(io.BytesIO):
    """What stands for a file that was too large to be kept: its size is known, to read it is refused."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._size if whence == os.SEEK_END else super().seek(offset, whence)

    def read(self, size: int | None = -1) -> bytes:
        """Raises `FileRefused`."""
        raise too_large()

    read1 = read


class EncryptingUploadHandler(FileUploadHandler):
    """Takes an upload in piece by piece. One that is too large is read to its end and not kept."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.spool: EncryptedSpool | None = EncryptedSpool()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.spool is not None and start + len(raw_data) > MOST_BYTES:
            self.spool.close()
            self.spool = None
        if self.spool is not None:
            self.spool.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        content: Any = self.spool if self.spool is not None else TooLargeFile(file_size)
        content.seek(0)
        return UploadedFile(
            content, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra
        )

    def upload_interrupted(self) -> None:
        if self.spool is not None:
            self.spool.close()
