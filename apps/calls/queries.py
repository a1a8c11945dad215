"""Reads about calls and decisions, each as far as the viewer may see."""

from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns import queries as campaigns
from apps.campaigns.models import QueueEntry
from apps.contacts.models import Contact

from .models import Call, Decision


def decisions_of(viewer: User) -> QuerySet[Decision]:
    """Agents see decisions on their own calls, others those of their campaigns."""
    decisions = Decision.objects.select_related("campaign", "agent", "client")
    if viewer.role == Role.AGENT:
        return decisions.filter(agent=viewer)
    return decisions.filter(campaign__in=campaigns.campaigns_of(viewer))


def calls_of(viewer: User, contact: Contact) -> QuerySet[Call]:
    calls = Call.objects.filter(contact=contact, campaign__in=campaigns.campaigns_of(viewer))
    return calls.select_related("campaign", "agent", "disposition", "decision").order_by("-reserved_at")


def numbers_of_day(viewer: User, since: datetime) -> dict[str, Any]:
    """What happened since a moment in the viewer's campaigns, for the overview."""
    mine = campaigns.campaigns_of(viewer)
    decisions = Decision.objects.filter(campaign__in=mine, at__gte=since)
    calls = Call.objects.filter(campaign__in=mine, reserved_at__gte=since)
    return {
        "allowed": decisions.filter(reserves=True).count(),
        "refused": decisions.filter(allowed=False).count(),
        "connected": calls.filter(answered_at__isnull=False).count(),
        "opted_out": calls.filter(opted_out_at__isnull=False).count(),
        "waiting": QueueEntry.objects.filter(campaign__in=mine, state=QueueEntry.State.WAITING).count(),
        "states": list(mine.values_list("state").annotate(count=Count("pk"))),
    }
