"""The feed of changes for other systems: in one order, without a gap, whoever else is writing.

Triggers write each change without a position. Positions are given here, under one lock that is held to
the commit, to whatever has been committed by then: who commits late gets a later position, so a reader who
stands at a position has seen all before it. Nothing depends on ids or on the clock.

A program compares without our numbers and without our key: it asks once for the hashes of its own
customers (`hashes_for`), keeps them beside its customers, and finds them again in the feed. The hashes are
made with a key of the client, so those of two clients cannot be joined.
"""

import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.access.services import watch_list
from apps.accounts.models import ApiClient
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core.crypto import blind_index, keyring
from apps.core.errors import BadInput
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected, clear_for_machine

from ..models import OptOut

MOST_CHANGES = 10_000
MOST_NUMBERS = 10_000
_LOCK = 7_203_118  # of the numbering, among advisory locks
_AT_ONCE = 100_000

_NUMBER = """
with fresh as (select id, row_number() over (order by id) as place from optouts_change where position is null
    order by id limit %(most)s)
update optouts_change c set position = (select coalesce(max(position), 0) from optouts_change
    where position is not null) + fresh.place
from fresh where c.id = fresh.id
"""
_READ = """
select c.position, c.kind, c.created_at, coalesce(o.number_hash, l.number_hash, p.number_hash),
    coalesce(o.key_id, l.key_id, p.key_id),
       coalesce(o.scope, p.scope, 'everything'), coalesce(o.scope_value, p.scope_value, ''),
       coalesce(o.said_at, l.consent_given_at, d.created_at), coalesce(o.contact_id, p.contact_id)
from optouts_change c
left join optouts_optout o on o.id = c.opt_out_id
left join optouts_lift l on l.id = c.lift_id
left join optouts_dismissal d on d.id = c.dismissal_id
left join optouts_optout p on p.id = d.opt_out_id
where c.position > %(after)s order by c.position limit %(most)s
"""


@dataclass(frozen=True)
class FeedChange:
    """One change, as the feed tells it."""

    position: int
    kind: str
    recorded_at: datetime
    hash: str
    key: str
    scope: str
    scope_value: str
    said_at: datetime
    number: str | None = None


# Who knows the numbers of contacts; the register does not. A room above says so when it starts.
NUMBERS_OF: list[Callable[[ApiClient, Collection[int]], Mapping[int, Protected]]] = []


@transaction.atomic
def give_positions() -> int:
    """Give positions to what was committed without one. Returns how many; the rest waits for the next
    call."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from optouts_change where position is null)")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(_NUMBER, {"most": _AT_ONCE})
        return int(cursor.rowcount)


def changes(*, client: ApiClient, after: int, most: int = 1_000) -> list[FeedChange]:
    """The changes after a position, oldest first; the last one's position is where to go on."""
    if after < 0 or not 1 <= most <= MOST_CHANGES:
        raise BadInput(
            _("after is a position of the feed, 0 to begin; limit is from 1 to %(most)s."), most=MOST_CHANGES
        )
    give_positions()
    secret = _key_of(client)
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"after": after, "most": most})
        rows = cursor.fetchall()
    numbers = _numbers(client, {row[8] for row in rows if row[8] is not None})
    return [
        FeedChange(
            position,
            kind,
            at,
            _of_client(secret, bytes(number_hash)),
            key,
            scope,
            value,
            said,
            numbers.get(contact_id),
        )
        for position, kind, at, number_hash, key, scope, value, said, contact_id in rows
    ]


def _numbers(client: ApiClient, contacts: set[int]) -> dict[int, str]:
    """The numbers of contacts of the client's campaigns, for a client that may read them; the hand-over is in
    the trail first."""
    if ApiClient.Scope.NUMBERS not in client.scopes or not contacts:
        return {}
    found = {pk: phone for numbers_of in NUMBERS_OF for pk, phone in numbers_of(client, contacts).items()}
    if found:
        record_access(
            kind=AccessEvent.Kind.HANDED_OVER, subject="register", field="contacts.contact.phone",
            purpose="feed of opt-outs",
            client=client, count=len(found),
        )  # fmt: skip
    return {pk: clear_for_machine(phone) for pk, phone in found.items()}


def as_payload(facts: dict[str, Any], client: ApiClient) -> dict[str, Any]:
    """What the webhook `opt_out.recorded` tells a client: the entries as its feed tells them, by the client's
    own hashes."""
    secret = _key_of(client)
    entries = OptOut.objects.filter(pk__in=facts["opt_outs"]).order_by("pk")
    return {
        "opt_outs": [
            {
                "id": entry.public_id,
                "hash": _of_client(secret, bytes(entry.number_hash)),
                "key": entry.key_id,
                "scope": entry.scope,
                "scope_value": entry.scope_value,
                "channel": entry.channel,
                "said_at": entry.said_at.isoformat(),
                "recorded_at": entry.created_at.isoformat(),
            }
            for entry in entries
        ]
    }


def hashes_for(*, client: ApiClient, numbers: Sequence[str]) -> list[dict[str, str] | None]:
    """For each number the client's hashes by the register's key; None for what is no number. In the trail,
    and watched for guesses: beside the feed a hash says whether its number opted out."""
    if not 1 <= len(numbers) <= MOST_NUMBERS:
        raise BadInput(_("From 1 to %(most)s numbers at once."), most=MOST_NUMBERS)
    record_access(
        kind=AccessEvent.Kind.SEARCHED,
        subject="register",
        purpose="hashes for the feed",
        client=client,
        count=len(numbers),
    )
    known = [_number(raw) for raw in numbers]
    watch_list((number for number in known if number), client=client)
    ids, hashed = blind_index.register_hasher()
    secret = _key_of(client)
    return [
        {key: _of_client(secret, each) for key, each in zip(ids, hashed(number), strict=True)}
        if number
        else None
        for number in known
    ]


def _number(raw: str) -> str | None:
    try:
        return phones.normalise(raw)
    except phones.PhoneInvalid:
        return None


def _key_of(client: ApiClient) -> bytes:
    """The client's own key, from the register's first: it stays when the register gets a newer one."""
    return hmac.digest(keyring.keys("register").first, f"feed of client {client.pk}".encode(), "sha256")


def _of_client(secret: bytes, number_hash: bytes) -> str:
    return hmac.digest(secret, number_hash, "sha256").hex()
