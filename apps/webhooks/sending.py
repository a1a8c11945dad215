"""One request to somebody else's address: over TLS 1.3, to no address inside the network, without following anybody.

The name is looked up once, every address that it stands for is judged, and the connection goes to the one that was
judged: a name that answers differently a moment later (DNS rebinding) changes nothing.
"""

import ipaddress
import socket
import ssl
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpcore
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core.errors import BadInput

SECONDS = 10.0
MOST_ANSWER = 64 * 1024


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


def _is_open(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in ipaddress.ip_network(network) for network in settings.HEGUI_WEBHOOK_NETWORKS)


def judge(addresses: Iterable[str]) -> str:
    """The address to connect to. Raises `AddressRefused` unless every one of them may be reached."""
    chosen = ""
    for text in addresses:
        address = ipaddress.ip_address(text.split("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if (not address.is_global or address.is_multicast) and not _is_open(address):
            raise AddressRefused(_("The address leads inside the network."))
        chosen = chosen or str(address)
    if not chosen:
        raise AddressRefused(_("The host of the address is not known."))
    return chosen


class _Judged(httpcore.SyncBackend):
    """Connects to an address that was judged, never to a name."""

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
        return super().connect_tcp(address, port, timeout, local_address, socket_options)


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def post(url: str, *, headers: dict[str, str], body: bytes) -> int:
    """The status of the answer; redirects are answers like others. Raises `AddressRefused`, and `httpcore.NetworkError`,
    `httpcore.TimeoutException`, `httpcore.ProtocolError` when there is none."""
    check_url(url)
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
    with (
        httpcore.ConnectionPool(ssl_context=_tls(), network_backend=_Judged(), max_connections=1) as pool,
        pool.stream("POST", url, headers=list(headers.items()), content=body, extensions={"timeout": timeouts}) as answer,
    ):
        read = 0
        for piece in answer.iter_stream():  # a receiver that never stops speaking is left
            read += len(piece)
            if read > MOST_ANSWER:
                break
        return int(answer.status)
