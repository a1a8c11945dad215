"""Diallers that try without asking, senders that are no dialler, calls that went beside the gateway."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from apps.audit.alarms import AlarmRule, Seen

from . import queries
from .models import Attempt, Gateway

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _refused(now: datetime, limit: int) -> Sequence[Seen]:
    tried = Attempt.objects.filter(at__gt=now - HOUR, at__lte=now, dialler__isnull=False).exclude(codes=[])
    rows = tried.values("dialler__client").annotate(total=Count("pk")).filter(total__gte=limit)
    return [
        Seen(f"client:{row['dialler__client']}", row["total"], client_id=row["dialler__client"])
        for row in rows
    ]


def _strangers(now: datetime, limit: int) -> Sequence[Seen]:
    seen = Gateway.objects.filter(seen_at__gt=now - HOUR, strangers__gte=limit)
    return [
        Seen(f"client:{gateway.client_id}", gateway.strangers, client_id=gateway.client_id)
        for gateway in seen
    ]


def _beside(now: datetime, limit: int) -> Sequence[Seen]:
    rows = (
        queries.beside_gateway(now - DAY, now)
        .values("client")
        .annotate(total=Count("pk"))
        .filter(total__gte=limit)
    )
    return [
        Seen(f"client:{row['client']}", row["total"], client_id=row["client"])
        for row in rows
        if row["client"]
    ]


ATTEMPTS_REFUSED = AlarmRule(
    "attempts_refused", _("A dialler sent %(count)s calls within an hour that the gateway refused."),
    _("calls of a dialler that the gateway refuses within an hour"), 100, _refused,
)  # fmt: skip
UNKNOWN_SENDERS = AlarmRule(
    "unknown_senders",
    _("%(count)s addresses that are no dialler's sent calls to the gateway within an hour."),
    _("addresses that are no dialler's and send calls to the gateway within an hour"), 3, _strangers,
)  # fmt: skip
CALLS_BESIDE = AlarmRule(
    "calls_beside", _("%(count)s calls within a day went beside the gateway, of campaigns that demand it."),
    _("calls beside the gateway within a day, of campaigns that demand it"), 1, _beside,
)  # fmt: skip
