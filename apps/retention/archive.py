"""The file of a backup: who can open it, and one encrypted stream behind that.

    HEGUI-BACKUP 1 ↵ | length (4 bytes) | head (JSON) | encrypted chunks of 1 MiB

The head says under which keys the backup's own data key is wrapped (`slots`): a key of the keyring, a
passphrase (scrypt, RFC 7914), a key file. The stream is a tar archive: `manifest.json`, `database/00001`…,
`files/…`, and at the end `sizes.json` with the length of every member: what is authenticated chunk by chunk
is counted as a whole, so everything can be checked without restoring anything. The head is bound into every
chunk: a head put before another stream does not open.
"""

import base64
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.utils.translation import gettext_lazy as _

from apps.core.crypto import cipher, keyring
from apps.core.crypto.chunked import decrypt_chunks, encrypt_chunks, new_key
from apps.core.errors import DecryptionFailed, HeguiError

from .backup_places import BackupPlace, place

Address = str | Path | BackupPlace
MAGIC = b"HEGUI-BACKUP 1\n"
CHUNK = 1024 * 1024
MOST_HEAD, MOST_MANIFEST = 64 * 1024, 512 * 1024 * 1024
SCRYPT = {"n": 2**17, "r": 8, "p": 1}  # OWASP's first choice; 128 MiB, under a second
PIECE = 8 * 1024 * 1024  # of the database's dump, a member each


class BackupRefused(HeguiError):
    code = "backup_refused"
    status = 422


@dataclass(frozen=True)
class Secrets:
    """What opens a backup beside the keyring: a passphrase, a key (32 bytes of a key file), or nothing. Never
    shown."""

    passphrase: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)

    @classmethod
    def of_files(cls, *, passphrase_file: str = "", key_file: str = "") -> "Secrets":
        """Raises `KeyringError` for a file that others can read, `BackupRefused` for one that holds nothing
        usable."""
        passphrase = (
            keyring.read_private_file(Path(passphrase_file)).strip().encode() if passphrase_file else None
        )
        if passphrase is not None and len(passphrase) < 12:
            raise BackupRefused(_("The passphrase has to have at least 12 characters."))
        key = _key_of(keyring.read_private_file(Path(key_file))) if key_file else None
        return cls(passphrase, key)


def _key_of(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != keyring.KEY_BYTES:
        raise BackupRefused(
            _("The key file has to hold 32 random bytes in base64 (openssl rand -base64 32).")
        )
    return key


# -- the head


def _slots(data_key: bytes, secrets: Secrets) -> list[dict[str, Any]]:
    """The data key, wrapped for each who may open the backup: for those named, or else for the keyring."""
    slots: list[dict[str, Any]] = []
    for kind, secret in (("passphrase", secrets.passphrase), ("key_file", secrets.key)):
        if secret is not None:
            salt = os.urandom(16)
            wrapped = AESGCM(_derived(kind, secret, salt)).encrypt(bytes(12), data_key, kind.encode())
            slots.append({"kind": kind, "salt": salt.hex(), "wrapped": wrapped.hex()})
    if not slots:
        wrapped = cipher.encrypt(data_key, purpose="backup", bound_to=b"backup")
        slots.append({"kind": "keyring", "key": cipher.key_id_of(wrapped), "wrapped": wrapped.hex()})
    return slots


def _derived(kind: str, secret: bytes, salt: bytes) -> bytes:
    if kind == "passphrase":
        return Scrypt(salt=salt, length=keyring.KEY_BYTES, **SCRYPT).derive(secret)
    return HKDF(algorithm=SHA256(), length=keyring.KEY_BYTES, salt=salt, info=b"hegui backup").derive(secret)


def _unwrapped(slots: list[dict[str, Any]], secrets: Secrets) -> bytes:
    """The data key. Raises `BackupRefused` when none of what is at hand opens it."""
    for slot in slots:
        try:
            wrapped = bytes.fromhex(slot["wrapped"])
            if slot["kind"] == "keyring":
                return cipher.decrypt(wrapped, purpose="backup", bound_to=b"backup")
            secret = secrets.passphrase if slot["kind"] == "passphrase" else secrets.key
            if secret is not None:
                return AESGCM(_derived(slot["kind"], secret, bytes.fromhex(slot["salt"]))).decrypt(
                    bytes(12), wrapped, slot["kind"].encode()
                )
        except (DecryptionFailed, InvalidTag, KeyError, ValueError):
            continue
    wanted = ", ".join(sorted({str(slot.get("kind")) for slot in slots}))
    raise BackupRefused(
        _(
            "This backup does not open with the keys at hand. It was made for: %(wanted)s. Nothing was "
            "changed."
        ),
        wanted=wanted,
    )


def read_head(file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """The head, and its bytes, which are bound into the stream. Raises `BackupRefused` for anything else than
    a backup."""
    if file.read(len(MAGIC)) != MAGIC:
        raise BackupRefused(_("This is no backup of Hegui."))
    length = int.from_bytes(file.read(4), "big")
    raw = file.read(length) if length <= MOST_HEAD else b""
    try:
        head = json.loads(raw)
        if not {"slots", "id"} <= set(head):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise BackupRefused(_("The head of this backup is damaged.")) from None
    return head, raw


# -- writing


class Reader(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


class Archive:
    """A backup being written: members one after the other, their sizes at the end."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.sizes: dict[str, int] = {}

    def add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        self._tar.addfile(member, io.BytesIO(content))
        self.sizes[name] = member.size

    def add_pieces(self, folder: str, source: Reader) -> None:
        """A stream of unknown length as members of 8 MiB."""
        for number in count(1):
            piece = source.read(PIECE)
            self.add(f"{folder}/{number:05}", piece)
            if len(piece) < PIECE:
                return

    def add_file(self, name: str, source: IO[bytes], size: int) -> None:
        """A file of known size, not held in memory."""
        member = tarfile.TarInfo(name)
        member.size = size
        self._tar.addfile(member, source)
        self.sizes[name] = size


class _Encrypting(io.RawIOBase):
    """What tarfile writes to: encrypted as it comes."""

    def __init__(self, out: BinaryIO, key: bytes, bound_to: bytes) -> None:
        self._out, self._waiting = out, bytearray()
        self._encrypted = encrypt_chunks(self._pieces(), key=key, bound_to=bound_to, size=CHUNK)
        self._over = False
        self._written = 0

    def _pieces(self) -> Iterator[bytes]:
        while True:
            piece, self._waiting = bytes(self._waiting), bytearray()
            yield piece
            if self._over and not self._waiting:
                return

    def write(self, data: Any) -> int:
        self._waiting += data
        self._written += len(data)
        while len(self._waiting) > CHUNK:
            self._out.write(next(self._encrypted))
        return len(data)

    def tell(self) -> int:
        return self._written

    def finish(self) -> None:
        self._over = True
        self._out.writelines(self._encrypted)


@contextmanager
def writing(to: Address, *, head: dict[str, Any], secrets: Secrets) -> Iterator[Archive]:
    """A backup at a place, whole or not at all."""
    data_key = new_key()
    raw = json.dumps(head | {"slots": _slots(data_key, secrets)}, sort_keys=True).encode()
    with place(to).writing() as out:
        out.write(MAGIC + len(raw).to_bytes(4, "big") + raw)
        encrypting = _Encrypting(out, data_key, raw)
        with tarfile.TarFile(
            fileobj=encrypting, mode="w", format=tarfile.PAX_FORMAT, copybufsize=CHUNK
        ) as tar:
            archive = Archive(tar)
            yield archive
            archive.add("sizes.json", json.dumps(archive.sizes, sort_keys=True).encode())
        encrypting.finish()


# -- reading


class _Opening(io.RawIOBase):
    """What tarfile reads from: opened chunk by chunk."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._chunks, None)
            if piece is None:
                return 0
            self._left = piece
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


Member = Callable[[str, Reader], None]


def read_archive(at: Address, *, secrets: Secrets, take: Member) -> dict[str, Any]:
    """Hand every member to `take`, in order, and see that none is missing. Returns the head.

    Raises `BackupRefused` for what does not open, is cut off, was changed or has a member too many. Only once
    it returns is what `take` was given known to be whole.
    """
    with place(at).reading() as file:
        head, raw = read_head(file)
        key = _unwrapped(head["slots"], secrets)
        try:
            _read_members(
                io.BufferedReader(
                    _Opening(decrypt_chunks(file.read, key=key, bound_to=raw, size=CHUNK)), CHUNK
                ),
                take,
            )
        except (DecryptionFailed, tarfile.TarError, EOFError):
            raise BackupRefused(
                _("This backup is damaged or was changed: %(name)s. Nothing was changed."),
                name=place(at).name,
            ) from None
    return head


def _read_members(stream: BinaryIO, take: Member) -> None:
    sizes: dict[str, int] = {}
    result: dict[str, int] | None = None
    with tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK) as tar:
        for member in tar:
            source = tar.extractfile(member)
            if source is None or result is not None or member.name in sizes:
                raise tarfile.TarError
            if member.name == "sizes.json":
                result = json.load(source)
                continue
            sizes[member.name] = member.size
            take(member.name, source)
            while source.read(CHUNK):  # what was not taken is authenticated all the same
                pass
    while stream.read(CHUNK):  # the end of the stream is encrypted too
        pass
    if result != sizes:
        raise tarfile.TarError


def verify_archive(at: Address, *, secrets: Secrets) -> dict[str, Any]:
    """Read everything and restore nothing. Returns the manifest."""
    manifest: dict[str, Any] = {}

    def take(name: str, source: Reader) -> None:
        if name == "manifest.json":
            manifest.update(json.loads(source.read(MOST_MANIFEST)))

    head = read_archive(at, secrets=secrets, take=take)
    if manifest.get("id") != head["id"]:
        raise BackupRefused(_("The head of this backup is damaged."))
    return manifest
