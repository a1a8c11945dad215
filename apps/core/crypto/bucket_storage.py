"""Stored files in a bucket, and how a bucket's errors are shown.

Errors of botocore are no `OSError` and hold addresses and keys: everything that speaks to a bucket does so
inside `translate_errors`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3File, S3Storage
from storages.utils import clean_name

from ..errors import StorageAway
from .buckets import Bucket

# A bucket that does not answer is away within half a minute: nothing that holds a lock waits longer for it.
PATIENCE = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2, "mode": "standard"})


@contextmanager
def translate_errors(away: type[StorageAway] = StorageAway) -> Iterator[None]:
    """What a bucket refuses, as a sentence of ours; that something is not there, as of a file
    (`FileNotFoundError`)."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in {"404", "NoSuchKey"}:
            raise FileNotFoundError(code) from None
        raise away(why=code) from error
    except (BotoCoreError, Boto3Error) as error:
        raise away(why=type(error).__name__) from error


def client_of(bucket: Bucket) -> Any:
    """What speaks to the bucket; to be used inside `translate_errors`."""
    return boto3.client("s3", endpoint_url=bucket.endpoint, region_name=bucket.region, config=PATIENCE)


class _BucketFile(S3File):
    """Its content is fetched when it is read."""

    def _get_file(self) -> Any:
        with translate_errors():
            return super()._get_file()

    file = property(_get_file, S3File._set_file)


class BucketStorage(S3Storage):
    """Stored files in a bucket. Raises `StorageAway` and `FileNotFoundError` instead of botocore's errors."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            client_config=PATIENCE, transfer_config=TransferConfig(use_threads=False), **settings
        )

    def _open(self, name: str, mode: str = "rb") -> Any:
        with translate_errors():
            file = super()._open(name, mode)
        file.__class__ = _BucketFile
        return file

    def _save(self, name: str, content: Any) -> Any:
        with translate_errors():
            return super()._save(name, content)

    def delete(self, name: str) -> None:
        """Also what a bucket with versions keeps behind its mark. A file that is not there is no error; a
        bucket that is not there is."""
        key, client = self._normalize_name(clean_name(name)), self.connection.meta.client
        with translate_errors():
            answer = client.delete_object(Bucket=self.bucket_name, Key=key)
            if "VersionId" not in answer:
                return
            for page in client.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket_name, Prefix=key
            ):
                for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    if version["Key"] == key:
                        client.delete_object(Bucket=self.bucket_name, Key=key, VersionId=version["VersionId"])

    def exists(self, name: str) -> bool:
        with translate_errors():
            if super().exists(name):
                return True
            # A bucket that is not there answers as for a file that is not.
            try:
                self.connection.meta.client.head_bucket(Bucket=self.bucket_name)
            except ClientError as error:
                raise StorageAway(why=f"bucket {error.response.get('Error', {}).get('Code', '')}") from error
            return False

    def listdir(self, path: str) -> Any:
        with translate_errors():
            return super().listdir(path)

    def size(self, name: str) -> int:
        with translate_errors():
            return int(super().size(name))

    def get_modified_time(self, name: str) -> Any:
        with translate_errors():
            return super().get_modified_time(name)
