"""One request to somebody else's address: over TLS 1.3, to no address inside the network, without following
anybody, and over within half a minute whatever the other side does.

The name is looked up once, every address that it stands for is judged, and the connection goes to the one
that was judged: a name that answers differently a moment later (DNS rebinding) changes nothing.
"""

import ipaddress
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpcore
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core.errors import BadInput
from apps.core.web.outgoing import Bounded, opened, read_at_most

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
    """Raises `AddressRefused` for what is no https address, holds a password, or names an address inside the
    network.

    Plain http is for a demo's own receiver alone (R4).
    """
    try:
        parts = urlsplit(url)
        is_written_well = url.isascii() and parts.port != 0
    except ValueError:
        is_written_well = False
    if not is_written_well:
        raise AddressRefused(_("This is no web address. A name in other letters is written as xn--…"))
    if parts.scheme != "https" and not (
        settings.DEMO and parts.scheme == "http" and _is_allowed_host(parts.hostname)
    ):
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
    """Whether a host is an address that the settings open (HEGUI_WEBHOOK_NETWORKS): a receiver of one's
    own."""
    try:
        return _is_open(ipaddress.ip_address(host or ""))
    except ValueError:
        return False


def _is_open(address: Address) -> bool:
    return any(address in ipaddress.ip_network(network) for network in settings.HEGUI_WEBHOOK_NETWORKS)


def _may_be_reached(address: Address) -> bool:
    is_public = (
        address.is_global and not address.is_multicast and not any(address in network for network in _INSIDE)
    )
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


class _Judged(Bounded):
    """Connects to an address that was judged, never to a name."""

    def address_of(self, host: str, port: int) -> str:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from None
        return judge(str(each[4][0]) for each in found)


def post(url: str, *, headers: dict[str, str], body: bytes) -> int:
    """The status of the answer; redirects are answers like others. Raises `AddressRefused`, and
    `httpcore.NetworkError`, `httpcore.TimeoutException`, `httpcore.ProtocolError` when there is none."""
    check_url(url)
    with opened(url, headers=headers, body=body, backend=_Judged(ALL_SECONDS), seconds=SECONDS) as answer:
        # It has answered: whatever becomes of what else it says.
        with suppress(httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
            read_at_most(answer, MOST_ANSWER)
        return int(answer.status)
