"""One request to somebody else's address: over TLS 1.3, to no address inside the network, without following anybody, and over
within half a minute whatever the other side does.

The name is looked up once, every address that it stands for is judged, and the connection goes to the one that was
judged: a name that answers differently a moment later (DNS rebinding) changes nothing.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core.errors import BadInput
from apps.core.web.outgoing import tls

SECONDS = 10.0  # for each step
ALL_SECONDS = 25.0  # for the whole: a receiver that sends a byte now and then holds no worker
MOST_ANSWER = 64 * 1024
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
# What Python 3.11 takes for global: translators within a network (RFC 8215), addresses of a site (RFC 3879).
_INSIDE = tuple(map(ipaddress.ip_network, ("64:ff9b:1::/48", "fec0::/10")))
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291, 2.5.5.1


class AddressRefused(BadInput):
    code = "address_refused"


def check_url(url: str) -> None:
    """Raises `AddressRefused` for what is no https address, holds a password, or names an address inside the network.

    Plain http is for a demo's own receiver alone (R4).
    """
    try:
        parts = urlsplit(url)
        is_written_well = url.isascii() and parts.port != 0
    except ValueError:
        is_written_well = False
    if not is_written_well:
        raise AddressRefused(_("This is no web address. A name in other letters is written as xn--…"))
    if parts.scheme != "https" and not (settings.DEMO and parts.scheme == "http" and _is_allowed_host(parts.hostname)):
        raise AddressRefused(_("The address has to begin with https://."))
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise AddressRefused(_("The address has a host and a path, no user, password or fragment."))
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        if parts.hostname.rstrip(".").lower() == "localhost" or "." not in parts.hostname:
            raise AddressRefused(_("The address names a host inside the network.")) from None
    else:
        judge([str(literal)])


def _is_allowed_host(host: str | None) -> bool:
    """Whether a host is an address that the settings open (HEGUI_WEBHOOK_NETWORKS): a receiver of one's own."""
    try:
        return _is_open(ipaddress.ip_address(host or ""))
    except ValueError:
        return False


def _is_open(address: Address) -> bool:
    return any(address in ipaddress.ip_network(network) for network in settings.HEGUI_WEBHOOK_NETWORKS)


def _may_be_reached(address: Address) -> bool:
    is_public = address.is_global and not address.is_multicast and not any(address in network for network in _INSIDE)
    return is_public or _is_open(address)


def _carried_by(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses to which a translator or tunnel would carry what is sent to an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address in _TRANSLATED or address in _COMPATIBLE:
        yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.sixtofour:
        yield address.sixtofour
    yield from address.teredo or ()


def judge(addresses: Iterable[str]) -> str:
    """The address to connect to. Raises `AddressRefused` unless every one of them may be reached."""
    chosen = ""
    for text in addresses:
        address = ipaddress.ip_address(text.split("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if not all(_may_be_reached(each) for each in (address, *_carried_by(address))):
            raise AddressRefused(_("The address leads inside the network."))
        chosen = chosen or str(address)
    if not chosen:
        raise AddressRefused(_("The host of the address is not known."))
    return chosen


class _Bounded(httpcore.NetworkStream):
    """A stream on which every step is over at the deadline (of `time.monotonic`), together with all before it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def _left(self, timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise error("the whole took too long")
        return min(left, SECONDS if timeout is None else timeout)

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
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Judged(httpcore.SyncBackend):
    """Connects to an address that was judged, never to a name."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from None
        address = judge(str(each[4][0]) for each in found)
        stream = super().connect_tcp(address, port, timeout, local_address, socket_options)
        return _Bounded(stream, self._deadline)


def post(url: str, *, headers: dict[str, str], body: bytes) -> int:
    """The status of the answer; redirects are answers like others. Raises `AddressRefused`, and `httpcore.NetworkError`,
    `httpcore.TimeoutException`, `httpcore.ProtocolError` when there is none."""
    check_url(url)
    deadline = time.monotonic() + ALL_SECONDS
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
    with (
        httpcore.ConnectionPool(ssl_context=tls(), network_backend=_Judged(deadline), max_connections=1) as pool,
        pool.stream("POST", url, headers=list(headers.items()), content=body, extensions={"timeout": timeouts}) as answer,
    ):
        read = 0
        # It has answered: whatever becomes of what else it says.
        with suppress(httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
            for piece in answer.iter_stream():
                read += len(piece)
                if read > MOST_ANSWER:
                    break
        return int(answer.status)
