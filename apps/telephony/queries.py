"""Calls under way, what diallers tried, coverage of recordings, calls beside the gateway: each list and its
figure from one query."""

from datetime import datetime, timedelta

from django.db.models import Count, Max, Q, QuerySet

from apps.accounts.models import ApiClient, User
from apps.calls.models import Call
from apps.campaigns import queries as campaigns
from apps.core.calendar import clock

from .models import Attempt, Dialler, Trunk

HOUR = timedelta(hours=1)
UPLOAD_TIME = timedelta(minutes=10)  # a recording may come so long after the end of its call


def live_calls(viewer: User) -> QuerySet[Call]:
    """Calls that a gateway leads now, of the viewer's campaigns."""
    open_now = Call.objects.filter(
        state__in=Call.OPEN, relayed_by__isnull=False, campaign__in=campaigns.campaigns_of(viewer)
    )
    return open_now.select_related(
        "campaign", "line", "agent", "contact", "attempt__trunk", "attempt__dialler"
    ).order_by("-reserved_at")


def to_end(gateway: ApiClient) -> QuerySet[Call]:
    """Calls of the gateway that it has to end."""
    return Call.objects.filter(relayed_by=gateway, state__in=Call.OPEN, end_requested_at__isnull=False)


def attempts(viewer: User) -> QuerySet[Attempt]:
    """What diallers tried. Attempts hold no personal data."""
    return Attempt.objects.select_related("dialler", "trunk", "line", "call").order_by("-at")


def beside_gateway_ever() -> QuerySet[Call]:
    """Calls that were or may have been made without a gateway, of campaigns that demand one."""
    made = Call.objects.filter(
        Call.counted(), handed_over_at__isnull=False, relayed_by__isnull=True, campaign__through_gateway=True
    )
    return made.exclude(state=Call.State.RESERVED)


def beside_gateway(since: datetime, until: datetime) -> QuerySet[Call]:
    """Those of a time."""
    return beside_gateway_ever().filter(reserved_at__gte=since, reserved_at__lt=until)


def coverage(since: datetime, until: datetime) -> QuerySet[Trunk]:
    """The trunks with their connected calls of a time (`connected`) and how many of these have a recording
    (`recorded`)."""
    connected = Q(
        attempts__call__answered_at__gte=since, attempts__call__answered_at__lt=until,
        attempts__call__ended_at__lte=clock.now() - UPLOAD_TIME,
    )  # fmt: skip
    return Trunk.objects.annotate(
        connected=Count("attempts", filter=connected, distinct=True),
        recorded=Count(
            "attempts", filter=connected & Q(attempts__call__recording__isnull=False), distinct=True
        ),
    ).order_by("name")


def diallers(now: datetime) -> QuerySet[Dialler]:
    """The diallers, each with what it tried within the last day: how often (`tried`), how often refused
    (`refused`), when last."""
    day = Q(attempts__at__gt=now - timedelta(days=1))
    refused = day & ~Q(attempts__codes=[])
    return Dialler.objects.select_related("client").annotate(
        tried=Count("attempts", filter=day), refused=Count("attempts", filter=refused),
        last_at=Max("attempts__at")
    ).order_by("name")  # fmt: skip
