"""Reading without calling: somebody who looks at many more contacts than they ring."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from apps.accounts.roles import Role
from apps.audit.alarms import AlarmRule, Seen
from apps.audit.models import AccessEvent

from .models import Call

SPAN = timedelta(hours=4)
READING = (AccessEvent.Kind.VIEWED, AccessEvent.Kind.DISCLOSED)


def _reads(now: datetime, limit: int) -> Sequence[Seen]:
    events = AccessEvent.objects.filter(
        created_at__gt=now - SPAN, created_at__lte=now, kind__in=READING, subject__startswith="ct_"
    )
    read = (
        events.filter(actor__role=Role.AGENT)
        .values("actor")
        .annotate(total=Count("subject", distinct=True))
        .filter(total__gte=limit)
    )
    calls = Call.objects.filter(
        agent__in=[row["actor"] for row in read], reserved_at__gt=now - SPAN
    ).order_by()
    called = dict(calls.values_list("agent").annotate(Count("number_index", distinct=True)))
    beyond = {row["actor"]: row["total"] - called.get(row["actor"], 0) for row in read}
    return [
        Seen(f"person:{actor}", count, person_id=actor) for actor, count in beyond.items() if count >= limit
    ]


READS_WITHOUT_CALLS = AlarmRule(
    "reads_without_calls", _("Within four hours %(count)s more contacts were looked at than called."),
    _("contacts that an agent looks at within four hours beyond those called"), 30, _reads,
)  # fmt: skip


def _given_back(now: datetime, limit: int) -> Sequence[Seen]:
    """By client: what it was handed within an hour and says that it did not dial."""
    calls = Call.objects.filter(
        state=Call.State.RELEASED, handed_over_at__gt=now - timedelta(hours=1), client__isnull=False
    )
    rows = calls.order_by().values("client").annotate(total=Count("pk")).filter(total__gte=limit)
    return [Seen(f"client:{row['client']}", row["total"], client_id=row["client"]) for row in rows]


CALLS_GIVEN_BACK = AlarmRule(
    "calls_given_back",
    _("Within an hour %(count)s numbers were handed to a dialler that says it did not dial them."),
    _("numbers that a client gives back as not dialled within an hour"), 100, _given_back,
)  # fmt: skip
CLIENT_WALKS = AlarmRule(
    "client_walks",
    _("A key was given %(count)s numbers within an hour, more than the policy of measures allows."),
    _("numbers beyond the policy of measures, each time"), 1, most=1,
)  # fmt: skip
