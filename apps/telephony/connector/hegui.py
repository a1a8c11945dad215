"""Hegui as the connector sees it: the public API, at one of several addresses."""

import time
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import httpx

SECONDS = httpx.Timeout(10.0, connect=2.0)
UPLOAD_SECONDS = httpx.Timeout(300.0, connect=2.0)
PIECE = 256 * 1024
SILENT_SECONDS = 10.0
# What Hegui can never take, if it is Hegui that says so (a problem with a code). All else passes, or somebody
# repairs it.
NEVER = {409, 413, 415, 422}


class Delivery(Enum):
    YES = "yes"
    LATER = "later"  # nobody answered, or not now
    NEVER = "never"  # it cannot be used, whenever it is sent


class Hegui:
    """Each request goes to the first address that answers. Never raises for what the network does."""

    def __init__(self, addresses: Sequence[str], key: str, *, verify: bool | str = True) -> None:
        headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
        self._addresses = [address.rstrip("/") + "/api/v1/" for address in addresses]
        # addresses that did not answer, and until when others are asked before them
        self._silent: dict[str, float] = {}
        self._client = httpx.Client(
            headers=headers, timeout=SECONDS, verify=verify, limits=httpx.Limits(max_connections=40)
        )

    def _in_order(self) -> list[str]:
        """The addresses, those that have just not answered last: one that hangs takes its time-out from each
        request."""
        now = time.monotonic()
        return sorted(self._addresses, key=lambda address: self._silent.get(address, 0.0) > now)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response | None:
        for address in self._in_order():
            try:
                answer = self._client.request(method, address + path, **options)
            except httpx.HTTPError:
                self._silent[address] = time.monotonic() + SILENT_SECONDS
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
        except ValueError:
            return None
        return payload

    def post(self, path: str, body: dict[str, Any], *, key: str = "") -> tuple[Delivery, dict[str, Any]]:
        answer = self._send("POST", path, json=body, headers={"Idempotency-Key": key} if key else {})
        return _taken(answer)

    def put_file(self, path: str, file: Path) -> tuple[Delivery, dict[str, Any]]:
        """Send a file as it lies on the disk, in pieces."""
        headers = {"Content-Type": "audio/wav", "Content-Length": str(file.stat().st_size)}
        for address in self._in_order():
            try:
                answer = self._client.put(
                    address + path, content=_pieces(file), headers=headers, timeout=UPLOAD_SECONDS
                )
            except httpx.HTTPError:
                continue
            if answer.status_code < 500:
                return _taken(answer)
        return Delivery.LATER, {}


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            yield piece


def _taken(answer: httpx.Response | None) -> tuple[Delivery, dict[str, Any]]:
    """A proxy's page, an empty answer, a redirection are no answer of Hegui's. A call that is not found (404)
    may be one of a site that is being restored: it is tried again."""
    if answer is None:
        return Delivery.LATER, {}
    if answer.status_code == 204:
        return Delivery.YES, {}
    try:
        payload = answer.json()
    except ValueError:
        return Delivery.LATER, {}
    if not isinstance(payload, dict):
        return Delivery.LATER, {}
    if answer.is_success and "call" in payload:
        return Delivery.YES, payload
    return (Delivery.NEVER if answer.status_code in NEVER and "code" in payload else Delivery.LATER), payload
