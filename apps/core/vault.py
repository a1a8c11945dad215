"""Small files sealed as a whole (uploads, reports): AES-256-GCM, bound to their own name."""

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from . import cipher


def put(content: bytes, *, folder: str) -> str:
    """Seal and store; returns the name to keep. The name says nothing about the content."""
    name = f"{folder}/{uuid.uuid4().hex}"
    sealed = cipher.seal(content, purpose="files", bound_to=name.encode())
    return default_storage.save(name, ContentFile(sealed))


def get(name: str) -> bytes:
    with default_storage.open(name) as file:
        return cipher.open_sealed(file.read(), purpose="files", bound_to=name.encode())


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
        yield from (f"{folder}{each}" for each in files)


def delete(name: str) -> None:
    """Idempotent: a file that is gone is gone."""
    if name:
        default_storage.delete(name)
