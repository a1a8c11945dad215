"""Where sealed files go, from the address in HEGUI_STORAGE_URL."""

from typing import Any
from urllib.parse import SplitResult, parse_qsl

from django.core.exceptions import ImproperlyConfigured


def stored_files(address: SplitResult) -> dict[str, Any]:
    """Django's STORAGES entry for `file:///folder` or `s3://bucket/folder?endpoint=https://…&region=…`.

    The bucket's keys come from where boto3 looks for them. Raises `ImproperlyConfigured` for anything else.
    """
    if address.scheme == "file":
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    if address.scheme != "s3" or not address.hostname:
        raise ImproperlyConfigured("HEGUI_STORAGE_URL has to be a file:// address, or s3://bucket/folder.")
    asked = dict(parse_qsl(address.query, strict_parsing=True)) if address.query else {}
    if unknown := sorted(asked.keys() - {"endpoint", "region"}):
        raise ImproperlyConfigured(f"HEGUI_STORAGE_URL does not know {', '.join(unknown)}; it knows endpoint and region.")
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": address.hostname,
            "location": address.path.strip("/"),
            "endpoint_url": asked.get("endpoint"),
            "region_name": asked.get("region"),
            "default_acl": None,
            "file_overwrite": True,  # names are never used twice; what is sealed anew takes the place of the old
            "url_protocol": "https:",
        },
    }
