"""Where a backup lies: a file, or an object of a bucket. Written whole or not at all, read from beginning to
end."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from apps.core.calendar import clock
from apps.core.crypto.bucket_storage import client_of, translate_errors
from apps.core.crypto.buckets import Bucket, bucket_at
from apps.core.errors import BadInput, StorageAway

PART = 32 * 1024 * 1024  # of what goes to a bucket; ten thousand parts at most: 320 GB
FORGOTTEN = timedelta(days=1)  # no backup takes as long: who uploaded it was killed


class PlaceAway(StorageAway):
    code = "place_away"
    sentence = _("The bucket of backups did not do what it was asked to: %(why)s")


class BackupPlace(ABC):
    """One backup's place. `str` is its address, as commands take it."""

    name: str

    @abstractmethod
    def exists(self) -> bool: ...

    @abstractmethod
    def size(self) -> int: ...

    @abstractmethod
    def reading(self) -> Any:
        """A context manager: what can be read from beginning to end. Raises `FileNotFoundError`."""

    @abstractmethod
    def writing(self) -> Any:
        """A context manager: what is written gets its name when the block ends well, and otherwise is
        gone."""

    @abstractmethod
    def delete(self) -> None: ...


class FilePlace(BackupPlace):
    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name

    def __str__(self) -> str:
        return str(self.path)

    def exists(self) -> bool:
        return self.path.exists()

    def size(self) -> int:
        return self.path.stat().st_size

    def reading(self) -> BinaryIO:
        return self.path.open("rb")

    @contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.name}.{os.getpid()}.part")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            draft.replace(self.path)
            _sync_folder(self.path.parent)
        finally:
            draft.unlink(missing_ok=True)

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _translated() -> AbstractContextManager[None]:
    return translate_errors(PlaceAway)


class ObjectPlace(BackupPlace):
    def __init__(self, bucket: Bucket) -> None:
        self._bucket, self._key, self.name = bucket, bucket.folder, bucket.folder.rsplit("/", 1)[-1]

    def __str__(self) -> str:
        return f"s3://{self._bucket.name}/{self._key}"

    @cached_property
    def _client(self) -> Any:
        return client_of(self._bucket)

    @property
    def _named(self) -> dict[str, str]:
        return {"Bucket": self._bucket.name, "Key": self._key}

    def exists(self) -> bool:
        try:
            self.size()
        except FileNotFoundError:
            return False
        return True

    def size(self) -> int:
        with _translated():
            return int(self._client.head_object(**self._named)["ContentLength"])

    @contextmanager
    def reading(self) -> Iterator[BinaryIO]:
        with _translated():
            body = self._client.get_object(**self._named)["Body"]
            try:
                yield cast(BinaryIO, body)
            finally:
                body.close()

    @contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        with _translated():
            upload = _Upload(self._client, self._named)
            try:
                yield cast(BinaryIO, upload)
                upload.finish()
            except BaseException:
                upload.abort()
                raise

    def delete(self) -> None:
        with _translated():
            self._client.delete_object(**self._named)


class _Upload:
    """An object on its way, part by part; it is there once it is finished."""

    def __init__(self, client: Any, named: dict[str, str]) -> None:
        self._client, self._named = client, named
        self._id = client.create_multipart_upload(**named)["UploadId"]
        self._parts: list[dict[str, Any]] = []
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) >= PART:
            self._send(bytes(self._waiting[:PART]))
            del self._waiting[:PART]
        return len(data)

    def writelines(self, pieces: Any) -> None:
        for piece in pieces:
            self.write(piece)

    def _send(self, part: bytes) -> None:
        number = len(self._parts) + 1
        sent = self._client.upload_part(**self._named, UploadId=self._id, PartNumber=number, Body=part)
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def finish(self) -> None:
        self._send(bytes(self._waiting))
        self._client.complete_multipart_upload(
            **self._named, UploadId=self._id, MultipartUpload={"Parts": self._parts}
        )

    def abort(self) -> None:
        self._client.abort_multipart_upload(**self._named, UploadId=self._id)


def place(address: "str | Path | BackupPlace") -> BackupPlace:
    """The place at a path or an `s3://` address. Raises `BadInput`."""
    if isinstance(address, BackupPlace):
        return address
    if not str(address).startswith("s3://"):
        return FilePlace(Path(address))
    try:
        return ObjectPlace(bucket_at(urlsplit(str(address))))
    except ValueError as error:
        raise BadInput(_("The address of a backup %(why)s."), why=error) from None


def within(folder: str | Path, name: str) -> BackupPlace:
    """The place of that name in the folder of backups."""
    if not str(folder).startswith("s3://"):
        return FilePlace(Path(folder) / name)
    address = urlsplit(str(folder))
    return place(address._replace(path=f"{address.path.rstrip('/')}/{name}").geturl())


def is_there(folder: str | Path) -> bool:
    """Whether the folder of backups, or its bucket, can be reached."""
    if not str(folder).startswith("s3://"):
        return Path(folder).exists()
    bucket = bucket_at(urlsplit(str(folder)))
    try:
        with _translated():
            client_of(bucket).head_bucket(Bucket=bucket.name)
    except OSError:
        return False
    return True


def forget_unfinished(folder: str | Path, *, at: datetime | None = None) -> int:
    """Parts that a killed backup left: files, and uploads, which a bucket keeps and charges for. Returns how
    many."""
    if not str(folder).startswith("s3://"):
        before = ((at or clock.now()) - FORGOTTEN).timestamp()
        parts = [part for part in Path(folder).glob(".*.part") if part.stat().st_mtime < before]
        for part in parts:
            part.unlink(missing_ok=True)
        return len(parts)
    bucket = bucket_at(urlsplit(str(folder)))
    with _translated():
        client = client_of(bucket)
        found = client.list_multipart_uploads(Bucket=bucket.name, Prefix=bucket.folder).get("Uploads", [])
        old = [each for each in found if each["Initiated"] < (at or clock.now()) - FORGOTTEN]
        for each in old:
            client.abort_multipart_upload(Bucket=bucket.name, Key=each["Key"], UploadId=each["UploadId"])
    return len(old)
