"""Keys of API clients: shown once, kept hashed, in force until their end, exchanged with overlap."""

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.database.prepared_statements import Prepared
from apps.core.errors import BadInput, WrongState

from ..models import ApiClient, KeyAddress, KeyRequest, User
from ..signals import calling_ended
from .people import require_admin
from .second_person import decide

KEY_PREFIX = "hg_"
OVERLAP = timedelta(days=1)
USE_NOTED_EVERY = timedelta(minutes=1)
MOST_NOTED = 10_000


def hash_key(key: str) -> bytes:
    """Keys are 256 random bits, so one SHA-256 is enough to keep them."""
    return hashlib.sha256(key.encode()).digest()


def _new_key() -> str:
    return KEY_PREFIX + secrets.token_urlsafe(32)


@transaction.atomic
def issue_client(
    *,
    name: str,
    owner: User,
    scopes: list[str],
    ends_at: datetime,
    addresses: list[str] | None = None,
    requests_per_second: int = 200,
    actor: User | None = None,
) -> tuple[ApiClient, str]:
    """The client and its key. The key is returned once and never stored; one that receives numbers is in
    force once somebody else agreed, unless it is made on the machine (no actor). `addresses` are networks in
    CIDR form; none means anywhere. Raises `BadInput`, and `NotAllowed` for an actor who is no admin."""
    if actor is not None:
        require_admin(actor)
    if ends_at <= clock.now():
        raise BadInput(_("The end lies in the past."))
    for address in addresses or []:
        try:
            ipaddress.ip_network(address)
        except ValueError:
            raise BadInput(
                _('"%(address)s" is no address range, like 10.1.2.0/24.'), address=address
            ) from None
    key = _new_key()
    client = ApiClient(
        name=name, owner=owner, scopes=scopes, ends_at=ends_at, addresses=addresses or [],
        key_hash=hash_key(key),
        requests_per_second=requests_per_second,
    )  # fmt: skip
    client.full_clean()
    waits = actor is not None and client.hands_out_numbers
    if waits:
        client.key_hash = hash_key(_new_key())  # nobody's
    client.save()
    if actor is not None and waits:
        KeyRequest.objects.create(client=client, key_hash=hash_key(key), asked_by=actor)
    return client, key


@transaction.atomic
def rotate_client(*, actor: User | None, client: ApiClient) -> tuple[ApiClient, str]:
    """A new key; the one before works for a day more, so that nothing stops meanwhile. A key that receives
    numbers is in force once somebody else agreed, and takes the place of one that still waits; `actor` is
    None on the machine."""
    if actor is not None:
        require_admin(actor)
    client = ApiClient.objects.select_for_update().get(pk=client.pk)
    key = _new_key()
    if actor is not None and client.hands_out_numbers:
        client.key_requests.filter(decided_at__isnull=True).update(decided_at=clock.now())
        KeyRequest.objects.create(client=client, key_hash=hash_key(key), asked_by=actor)
    else:
        _exchange(client, hash_key(key))
    return client, key


def _exchange(client: ApiClient, key_hash: bytes) -> None:
    client.previous_key_hash, client.previous_until = client.key_hash, clock.now() + OVERLAP
    client.key_hash = key_hash
    client.save(update_fields=["previous_key_hash", "previous_until", "key_hash"])


@transaction.atomic
def decide_key_request(*, actor: User, asked: KeyRequest, approve: bool) -> KeyRequest:
    """With approval the key is in force. Raises as `decide`, and `WrongState` for a client that has ended."""
    client = ApiClient.objects.select_for_update().get(pk=asked.client_id)
    asked = decide(asked, actor=actor, approve=approve)
    if approve:
        if not client.is_active:
            raise WrongState(_("This API client has ended."))
        _exchange(client, bytes(asked.key_hash))
    return asked


@transaction.atomic
def end_client(*, actor: User, client: ApiClient) -> ApiClient:
    """From now on neither key is one."""
    require_admin(actor)
    client.is_active = False
    client.save(update_fields=["is_active"])
    calling_ended.send(sender=ApiClient, client=client)
    return client


_KNOWN = ("id", "name", "scopes", "addresses", "requests_per_second", "last_used_at")
_OF_KEY = Prepared(
    "client_of_key",
    """
    select client.id, client.name, client.scopes, client.addresses, client.requests_per_second,
        client.last_used_at,
           client.xmin::text || client.ctid::text,
           case when client.key_hash = %(hashed)s then client.ends_at
               else least(client.ends_at, client.previous_until) end
    from accounts_apiclient client join accounts_user owner on owner.id = client.owner_id
    where (client.key_hash = %(hashed)s or client.previous_key_hash = %(hashed)s
        and client.previous_until > %(at)s)
          and client.is_active and client.ends_at > %(at)s and owner.is_active
    """,
)


def client_of_key(key: str, *, at: datetime, address: str | None = None) -> ApiClient | None:
    """The client that `key` belongs to, when it is in force at `at` and may come from `address`.

    Asked on every request: it holds what requests need, the rest is loaded when somebody asks for it.
    """
    hashed = hash_key(key)
    row = _OF_KEY.run({"hashed": hashed, "at": at})
    if row is None:
        return None
    *known, version, until = row
    client = ApiClient.from_db("default", _KNOWN, known)
    if not _may_come_from(client, address):
        return None
    if address is not None:
        _note_address(client.pk, address, at)
    if client.last_used_at is None or client.last_used_at < at - USE_NOTED_EVERY:
        ApiClient.objects.filter(pk=client.pk).update(last_used_at=at)
    else:
        if len(_remembered) >= MOST_NOTED:
            _remembered.clear()
        _remembered[_database(), hashed, address] = _Remembered(
            tuple(known), version, at, min(until, at + USE_NOTED_EVERY)
        )
    return client


@dataclass(frozen=True)
class _Remembered:
    """A client as a process has read it, and until when it may take it for what it was, as long as its row is
    of this version."""

    known: tuple[Any, ...]
    version: str
    since: datetime
    until: datetime


_remembered: dict[tuple[str, bytes, str | None], _Remembered] = {}


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def remembered_client(key: str, *, at: datetime, address: str | None = None) -> ApiClient | None:
    """The client as this process has seen it within the last minute, with its `row_version`; None where it
    has not.

    Whoever takes it has to ask, in the statement that its answer hangs on, whether that version of the row is
    still the one that stands and its owner active: the key may have ended since. Saves the gate a round trip.
    """
    found = _remembered.get((_database(), hash_key(key), address))
    if found is None or not found.since <= at < found.until:
        return None
    client = ApiClient.from_db("default", _KNOWN, found.known)
    client.row_version = found.version
    return client


_noted: set[tuple[str, int, str]] = set()  # what this process has seen: the table is asked once for each


def _note_address(client_id: int, address: str, at: datetime) -> None:
    key = (_database(), client_id, address)
    if key in _noted:
        return
    KeyAddress.objects.bulk_create(
        [KeyAddress(client_id=client_id, address=address, first_at=at, created_at=at)], ignore_conflicts=True
    )
    if len(_noted) >= MOST_NOTED:
        _noted.clear()
    _noted.add(key)


def _may_come_from(client: ApiClient, address: str | None) -> bool:
    if not client.addresses:
        return True
    return address is not None and any(
        ipaddress.ip_address(address) in ipaddress.ip_network(each) for each in client.addresses
    )
