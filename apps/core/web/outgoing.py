"""What leaves for other systems: over TLS 1.3, to who shows a certificate that the machine trusts (R4), and
over when its time is, whatever the other side does."""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpcore


@cache
def tls() -> ssl.SSLContext:
    """Of every request that Hegui makes by itself. An authority of one's own is trusted where OpenSSL looks
    (`SSL_CERT_FILE`)."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class _Stream(httpcore.NetworkStream):
    """A stream on which every step is over at the deadline (of `time.monotonic`), together with all before
    it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def _left(self, timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise error("the whole took too long")
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class Bounded(httpcore.SyncBackend):
    """Connections all of whose steps are over so many seconds after it was made: who sends a byte now and
    then holds nobody."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds

    def address_of(self, host: str, port: int) -> str:
        """What to connect to for a host. Whoever judges addresses says it here."""
        return host

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        host = self.address_of(host, port)
        left = max(0.001, self._deadline - time.monotonic())
        timeout = left if timeout is None else min(left, timeout)
        return _Stream(
            super().connect_tcp(host, port, timeout, local_address, socket_options), self._deadline
        )


@contextmanager
def opened(
    url: str, *, headers: dict[str, str], body: bytes, backend: Bounded, seconds: float
) -> Iterator[httpcore.Response]:
    """The answer to a POST, not read yet; `seconds`: for each step. Redirects are answers like others.

    Raises `httpcore.NetworkError`, `httpcore.TimeoutException`, `httpcore.ProtocolError` when there is none.
    """
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
    with (
        httpcore.ConnectionPool(ssl_context=tls(), network_backend=backend, max_connections=1) as pool,
        pool.stream(
            "POST", url, headers=list(headers.items()), content=body, extensions={"timeout": timeouts}
        ) as answer,
    ):
        yield answer


def read_at_most(answer: httpcore.Response, most: int) -> bytes:
    """The body, or a little more than `most` of its bytes."""
    body = b""
    for piece in answer.iter_stream():
        body += piece
        if len(body) > most:
            break
    return body


def post(url: str, *, headers: dict[str, str], body: bytes, seconds: float, most: int) -> tuple[int, bytes]:
    """Status and body (as `read_at_most`; 0: none of it is read) of the answer to a POST that is over after
    `seconds`.

    Raises as `opened`.
    """
    with opened(url, headers=headers, body=body, backend=Bounded(seconds), seconds=seconds) as answer:
        return int(answer.status), read_at_most(answer, most) if most else b""


# No answer came, for whatever reason.
NO_ANSWER = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
