"""Encrypted files, in a folder or in S3-compatible storage. Small ones (uploads, reports) are encrypted here
as a whole, AES-256-GCM, bound to their own name; long ones in `core.crypto.streams`."""

import os
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from . import cipher


def new_name(folder: str) -> str:
    """A name that says nothing about the content."""
    return f"{folder}/{uuid.uuid4().hex}"


def put(content: bytes, *, folder: str) -> str:
    """Encrypt and store; returns the name to keep."""
    name = new_name(folder)
    encrypted = cipher.encrypt(content, purpose="files", bound_to=name.encode())
    return default_storage.save(name, ContentFile(encrypted))


def get(name: str) -> bytes:
    with default_storage.open(name) as file:
        return cipher.decrypt(file.read(), purpose="files", bound_to=name.encode())


def exists(name: str) -> bool:
    return default_storage.exists(name)


def stored_at(name: str) -> datetime:
    """When the file was stored. Raises `FileNotFoundError`."""
    return default_storage.get_modified_time(name)


def names() -> Iterator[str]:
    """Every file that is stored, in no order."""
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            inner, files = default_storage.listdir(folder)
        except FileNotFoundError:  # nothing was stored yet
            continue
        folders += [f"{folder}{each}/" for each in inner]
        yield from (f"{folder}{each}" for each in files if not each.startswith("."))  # drafts of `re_encrypt`


def key_id(name: str) -> str:
    """The id of the key that a file, or the data key of a stream, is encrypted under. Raises
    `FileNotFoundError`."""
    with Ranges(name) as ranges:
        head = ranges.read(0, 1 + 2 + 32)
    return cipher.key_id_of(head if head[:1] == bytes([cipher.VERSION]) else head[1:])


def re_encrypt(name: str) -> None:
    """Encrypt a small file under the current key, in its place."""
    replace(name, ContentFile(cipher.encrypt(get(name), purpose="files", bound_to=name.encode())))


def replace(name: str, content: "File[Any]") -> None:
    """Other content in the place of a file: a reader sees the old one or the new one, never a half."""
    path = path_of(name)
    if path is None:
        default_storage.save(name, content)  # an object is replaced as a whole
        return
    draft = path.with_name(f".{path.name}.new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        for piece in content.chunks():
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)


def forget_connections() -> None:
    """In a forked process: what the parent holds to a storage elsewhere is the parent's."""
    store: Any = default_storage
    if hasattr(store, "_connections"):
        store._connections = threading.local()


def path_of(name: str) -> Path | None:
    """Where a file lies on this machine; None when it lies elsewhere."""
    try:
        return Path(default_storage.path(name))
    except NotImplementedError:
        return None


def make_durable(name: str) -> None:
    """Have a stored file, and its place in the folder, written to the disk. Other storages answer when they
    have it."""
    if path := path_of(name):
        for each in (path, path.parent):
            handle = os.open(each, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


class Ranges:
    """A stored file as it is, encrypted, read at any place. Raises `FileNotFoundError`."""

    def __init__(self, name: str) -> None:
        path = path_of(name)
        self._handle = os.open(path, os.O_RDONLY) if path else -1
        if path:
            self.size = os.fstat(self._handle).st_size
            return
        store: Any = default_storage
        self._client = store.connection.meta.client
        self._object = {"Bucket": store.bucket_name, "Key": f"{store.location}/{name}".lstrip("/")}
        self.size = int(store.size(name))

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start` on; fewer at the end."""
        length = min(length, self.size - start)
        if length <= 0:
            return b""
        if self._handle >= 0:
            return os.pread(self._handle, length, start)
        from .bucket_storage import translate_errors  # only where there is a bucket: boto3 takes long to load

        with translate_errors():
            answer = self._client.get_object(**self._object, Range=f"bytes={start}-{start + length - 1}")
            return bytes(answer["Body"].read())

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> "Ranges":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def delete(name: str) -> None:
    """Idempotent: a file that is gone is gone."""
    if name:
        default_storage.delete(name)
