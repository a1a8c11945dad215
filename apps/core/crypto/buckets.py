"""Addresses of buckets: `s3://bucket/folder?endpoint=https://…&region=…`. Their keys come from where boto3
looks for them."""

from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl


@dataclass(frozen=True)
class Bucket:
    """A bucket, a folder in it ("" for none), and where it is."""

    name: str
    folder: str
    endpoint: str | None
    region: str | None


def bucket_at(address: SplitResult) -> Bucket:
    """Raises `ValueError`, saying what is wrong."""
    if address.scheme != "s3" or not address.hostname:
        raise ValueError("has to be s3://bucket/folder")
    asked = dict(parse_qsl(address.query, strict_parsing=True)) if address.query else {}
    if unknown := sorted(asked.keys() - {"endpoint", "region"}):
        raise ValueError(f"does not know {', '.join(unknown)}; it knows endpoint and region")
    return Bucket(address.hostname, address.path.strip("/"), asked.get("endpoint"), asked.get("region"))
