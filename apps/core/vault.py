"""Small files sealed as a whole (uploads, reports): AES-256-GCM, bound to their own name."""

import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

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
        yield from (f"{folder}{each}" for each in files if not each.startswith("."))  # drafts of `seal_anew`


def key_id(name: str) -> str:
    """The id of the key that a file is sealed under. Raises `FileNotFoundError`."""
    with default_storage.open(name) as file:
        return cipher.key_id_of(file.read(2 + 32))


def seal_anew(name: str) -> None:
    """Seal a file under the current key, in its place: a reader sees the old one or the new one, never a half."""
    sealed = cipher.seal(get(name), purpose="files", bound_to=name.encode())
    path = Path(default_storage.path(name))
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(sealed)
    draft.chmod(0o600)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)


def delete(name: str) -> None:
    """Idempotent: a file that is gone is gone."""
    if name:
        default_storage.delete(name)
