"""Request bodies before Django sees them: those that come in chunks, and those that are large."""

import io
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
SMALL = 16 * 1024  # bytes: what a proxy hands on as a whole, so that reading it takes no time


class Bodies:
    """Reads a body of unknown length before Django, which would take it for none. One above `most` bytes is
    refused with 411: what is large says its length.

    Of large bodies `at_once` are taken at one time and the next is answered 503: however slowly
    they are sent, threads are left for the gate and for refusals.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], *, most: int, at_once: int) -> None:
        self.application = application
        self.most = most
        self.places = threading.BoundedSemaphore(at_once)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and length == "0"
        if not is_chunked and length.isascii() and length.isdigit() and int(length) <= SMALL:
            return self.application(environ, start_response)
        if not self.places.acquire(blocking=False):
            return _problem(
                start_response, 503, "busy", "Many files come in just now. Try again in a moment."
            )
        try:
            if is_chunked:
                body = _read(environ["wsgi.input"], self.most + 1)
                if len(body) > self.most:
                    said = "Send a body of this size with its Content-Length."
                    return _problem(start_response, 411, "length_required", said)
                environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
            return self.application(environ, start_response)
        finally:
            self.places.release()


def _read(stream: Any, most: int) -> bytes:
    """One read may bring less than what is there."""
    pieces, missing = [], most
    while missing and (piece := stream.read(min(missing, 65536))):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _problem(start_response: Callable[..., Any], status: int, code: str, detail: str) -> Iterable[bytes]:
    title = code.replace("_", " ")
    problem = {"type": f"urn:hegui:problem:{code}", "title": title, "status": status, "code": code}
    content = json.dumps({**problem, "detail": detail}).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(content)))]
    start_response(f"{status} {title}", [*headers, ("Retry-After", "2")])
    return [content]
