"""Bodies that come in chunks, without a length beforehand: Django takes them for none."""

import io
import json
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]


class WithLength:
    """Reads a body of unknown length before Django sees the request, so that nothing is taken for empty that
    is not. One above `most` bytes is refused with 411: what is large says its length."""

    def __init__(self, application: Callable[..., Iterable[bytes]], most: int) -> None:
        self.application = application
        self.most = most

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and not environ.get(
            "CONTENT_LENGTH"
        ):
            body = _read(environ["wsgi.input"], self.most + 1)
            if len(body) > self.most:
                return _length_required(start_response)
            environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self.application(environ, start_response)


def _read(stream: Any, most: int) -> bytes:
    """One read may bring less than what is there."""
    pieces, missing = [], most
    while missing and (piece := stream.read(min(missing, 65536))):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _length_required(start_response: Callable[..., Any]) -> Iterable[bytes]:
    problem = {
        "type": "urn:hegui:problem:length_required",
        "title": "length required",
        "status": 411,
        "code": "length_required",
        "detail": "Send a body of this size with its Content-Length.",
    }
    content = json.dumps(problem).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(content)))]
    start_response("411 Length Required", headers)
    return [content]
