"""What of the register is in force, for whom it may be shown, and how fast a word took effect."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock

from .channels import HEARD_AT_ONCE
from .models import Lift, ListIn, ListRow, Message, OptOut

# Of an entry `o`: not moved on to a newer key, not lifted by fresh consent, not dismissed by a reader. A lift
# ends what was on the register when it was asked for and was said before the consent: a word that arrives
# later was before nobody's eyes, and stands.
IN_FORCE = """(
    not exists (select from optouts_optout moved where moved.moved_from_id = o.id)
    and not exists (select from optouts_lift l
                    where l.number_hash = o.number_hash and l.state = 'approved'
                        and l.consent_given_at > o.said_at
                    and l.created_at >= o.created_at)
    and not exists (select from optouts_dismissal d where d.opt_out_id = o.id))"""


def lifts_of(said_at: Any, recorded_at: Any) -> QuerySet[Lift]:
    """The lifts that end a word of then, as `IN_FORCE` has it; of which number the caller says. Times, or
    columns of an outer query."""
    return Lift.objects.filter(
        state=Lift.State.APPROVED, consent_given_at__gt=said_at, created_at__gte=recorded_at
    )


def refused(hashes: Iterable[bytes], *, purpose: str = "", brand: str = "") -> set[bytes]:
    """Those of the hashes that are on the register in force: for everything, for this purpose, for this
    brand."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select distinct o.number_hash from optouts_optout o where o.number_hash = any(%s)
                and (o.scope = 'everything' or o.scope = 'purpose' and o.scope_value = %s
                    or o.scope = 'brand' and o.scope_value = %s)
                and {IN_FORCE}""",
            [list(hashes), purpose, brand],
        )
        return {bytes(found) for (found,) in cursor.fetchall()}


def entries_in_force(hashes: Iterable[bytes]) -> list[OptOut]:
    """The entries of one number that are in force, newest word first."""
    return list(
        OptOut.objects.raw(
            f"select o.* from optouts_optout o where o.number_hash = any(%s) and {IN_FORCE} order by "
            "o.said_at desc, o.id desc",
            [list(hashes)],
        )
    )


def register(viewer: User) -> QuerySet[OptOut]:
    """Every entry, without the copies that a new key made."""
    if viewer.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        return OptOut.objects.none()
    return OptOut.objects.select_related("recorded_by", "client", "dismissal").filter(moved_from__isnull=True)


def to_judge() -> QuerySet[Message]:
    """Near misses that wait for a person, oldest first."""
    waiting = Message.objects.filter(reading=Message.Reading.NEAR, judged_at__isnull=True)
    return waiting.select_related("client", "opt_out").order_by("created_at")


def unread_rows() -> QuerySet[ListRow]:
    """Rows of lists of refusals in which no number could be read and about which nobody has decided, in their
    order."""
    return ListRow.objects.filter(decided_at__isnull=True).select_related("taken").order_by("taken", "row")


def lists_to_decide() -> QuerySet[ListIn]:
    """Lists that are not done: somebody has to decide about some of their rows. With `waiting`, how many."""
    waiting = Count("unread", filter=Q(unread__decided_at__isnull=True))
    return ListIn.objects.annotate(waiting=waiting).filter(waiting__gt=0).order_by("pk")


def open_lifts() -> QuerySet[Lift]:
    return Lift.objects.filter(state=Lift.State.OPEN).select_related("asked_by").order_by("created_at")


@dataclass(frozen=True)
class Latency:
    """From the word to its effect, over the channels on which it is heard: how many, median, 99 of 100, the
    worst."""

    count: int
    median: timedelta
    p99: timedelta
    worst: timedelta


def latency(days: int = 7, at: datetime | None = None) -> Latency | None:
    """Of the last days; None when nobody opted out."""
    since = (at or clock.now()) - timedelta(days=days)
    with connection.cursor() as cursor:
        cursor.execute(
            """select count(*), percentile_disc(0.5) within group (order by waited),
                percentile_disc(0.99) within group (order by waited),
                      max(waited)
               from (select greatest(created_at - said_at, interval '0') waited from optouts_optout
                     where created_at >= %s and channel = any(%s) and moved_from_id is null) words""",
            [since, [str(channel) for channel in HEARD_AT_ONCE]],
        )
        count, median, p99, worst = cursor.fetchone()
    return Latency(count, median, p99, worst) if count else None
