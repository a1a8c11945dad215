"""The address and scheme of the client: reported by proxies that are trusted, and by nobody else.

Everything behind this middleware, libraries included, sees the client's address in `REMOTE_ADDR` and the
client's scheme, and no header by which a client could claim another.
"""

import ipaddress
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse

CLAIMS = (
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_SSL",
    "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_X_CLIENT_IP", "HTTP_CF_CONNECTING_IP", "HTTP_TRUE_CLIENT_IP",
)  # fmt: skip
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


@lru_cache(maxsize=8)
def networks_of(texts: tuple[str, ...]) -> Networks:
    return tuple(map(ipaddress.ip_network, texts))


@lru_cache(maxsize=4_096)
def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in an entry of X-Forwarded-For (with or without a port); None for what is none. IPv4 within
    IPv6 is IPv4."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


@lru_cache(maxsize=4_096)
def is_within(text: str, networks: Networks) -> bool:
    address = address_of(text)
    return address is not None and any(address in network for network in networks)


def client_address(peer: str, forwarded_for: str, trusted: Networks) -> str:
    """Who asks, as far as trusted proxies report it: the last entry of X-Forwarded-For that is no trusted
    proxy.

    What stands before it was written by somebody who is not trusted. An entry that is no address ends the
    walk at the proxy that wrote it. `peer` is who is connected; when it is no trusted proxy, it is the
    answer.
    """
    known = address_of(peer)
    seen = str(known) if known else peer
    if not is_within(peer, trusted):
        return seen
    for entry in reversed(forwarded_for.split(",") if forwarded_for else []):
        address = address_of(entry)
        if address is None:
            break
        seen = str(address)
        if not is_within(seen, trusted):
            break
    return seen


class BehindProxies:
    """Puts the client's address and scheme where everybody looks for them, and takes away what only claims to
    be them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        trusted = networks_of(tuple(settings.HEGUI_TRUSTED_PROXIES))
        peer = meta.get("REMOTE_ADDR", "")
        if peer:
            meta["REMOTE_ADDR"] = client_address(peer, meta.get("HTTP_X_FORWARDED_FOR", ""), trusted)
        if is_within(peer, trusted):
            if meta.get("HTTP_X_FORWARDED_PROTO", "").strip().lower() == "https":
                meta["wsgi.url_scheme"] = "https"
        else:
            meta.pop("HTTP_X_REQUEST_ID", None)
        for claim in CLAIMS:
            meta.pop(claim, None)
        return self.get_response(request)
