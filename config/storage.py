"""Where encrypted files go, from the address in HEGUI_STORAGE_URL."""

from typing import Any
from urllib.parse import SplitResult

from django.core.exceptions import ImproperlyConfigured

from apps.core.crypto.buckets import bucket_at


def stored_files(address: SplitResult) -> dict[str, Any]:
    """Django's STORAGES entry for `file:///folder` or a bucket (`core.crypto.buckets`). Raises
    `ImproperlyConfigured` for anything else."""
    if address.scheme == "file":
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    try:
        bucket = bucket_at(address)
    except ValueError as error:
        raise ImproperlyConfigured(f"HEGUI_STORAGE_URL is a file:// address, or: it {error}.") from None
    return {
        "BACKEND": "apps.core.crypto.bucket_storage.BucketStorage",
        "OPTIONS": {
            "bucket_name": bucket.name,
            "location": bucket.folder,
            "endpoint_url": bucket.endpoint,
            "region_name": bucket.region,
            "default_acl": None,
            # names are never used twice; what is encrypted anew takes the place of the old
            "file_overwrite": True,
            "url_protocol": "https:",
        },
    }
