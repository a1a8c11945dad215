"""Hegui as the connector sees it: the public API, at one of several addresses."""

import json
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import httpx

SECONDS = httpx.Timeout(10.0, connect=2.0)
UPLOAD_SECONDS = httpx.Timeout(300.0, connect=2.0)
PIECE = 256 * 1024
# A key that is refused, too many requests: somebody repairs it, or it passes. Nothing is thrown away for it.
PASSING = {401, 403, 408, 425, 429}


class Taken(Enum):
    YES = "yes"
    LATER = "later"  # nobody answered, or not now
    NEVER = "never"  # it cannot be used, whenever it is sent


class Hegui:
    """Each request goes to the first address that answers. Never raises for what the network does."""

    def __init__(self, addresses: Sequence[str], key: str, *, verify: bool | str = True) -> None:
        headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
        self._addresses = [address.rstrip("/") + "/api/v1/" for address in addresses]
        self._client = httpx.Client(headers=headers, timeout=SECONDS, verify=verify, limits=httpx.Limits(max_connections=40))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response | None:
        for address in self._addresses:
            try:
                answer = self._client.request(method, address + path, **options)
            except httpx.HTTPError:
                continue
            if answer.status_code < 500:
                return answer
        return None

    def get(self, path: str) -> dict[str, Any] | None:
        answer = self._send("GET", path)
        if answer is None or answer.status_code != 200:
            return None
        try:
            payload: dict[str, Any] = answer.json()
        except json.JSONDecodeError:
            return None
        return payload

    def post(self, path: str, body: dict[str, Any], *, key: str = "") -> tuple[Taken, dict[str, Any]]:
        answer = self._send("POST", path, json=body, headers={"Idempotency-Key": key} if key else {})
        return _taken(answer)

    def put_file(self, path: str, file: Path) -> tuple[Taken, dict[str, Any]]:
        """Send a file as it lies on the disk, in pieces."""
        headers = {"Content-Type": "audio/wav", "Content-Length": str(file.stat().st_size)}
        for address in self._addresses:
            try:
                answer = self._client.put(address + path, content=_pieces(file), headers=headers, timeout=UPLOAD_SECONDS)
            except httpx.HTTPError:
                continue
            if answer.status_code < 500:
                return _taken(answer)
        return Taken.LATER, {}


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            yield piece


def _taken(answer: httpx.Response | None) -> tuple[Taken, dict[str, Any]]:
    if answer is None or answer.status_code in PASSING:
        return Taken.LATER, {}
    try:
        payload = answer.json() if answer.content else {}
    except json.JSONDecodeError:
        return Taken.LATER, {}  # a proxy's page is no answer of Hegui's
    return (Taken.YES if answer.is_success else Taken.NEVER), payload if isinstance(payload, dict) else {}
