"""Reads about calls and decisions, each as far as the viewer may see."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Func, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.campaigns import queries as campaigns
from apps.campaigns.models import Campaign, QueueEntry
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.errors import NotFound
from apps.core.web import ids

from .models import Break, Call, Decision, Flag, SpoofingEvent, Ticket


def decisions_of(viewer: User) -> QuerySet[Decision]:
    """Agents see decisions on their own calls, others those of their campaigns."""
    decisions = Decision.objects.select_related("campaign", "agent", "client")
    if viewer.role == Role.AGENT:
        return decisions.filter(agent=viewer)
    return decisions.filter(campaign__in=campaigns.campaigns_of(viewer))


def require_queued(client: ApiClient, *, campaign: str, contact: str) -> None:
    """Raises `NotFound` for a contact that is in no queue of the campaign, or whose campaign is not the
    client's: a program that goes through ids one after the other is given nobody's number."""
    queued = QueueEntry.objects.filter(
        contact=ids.decode("ct", contact), campaign__code=campaign, campaign__clients=client
    )
    if not queued.exists():
        raise NotFound()


def calls_of(viewer: User, contact: Contact) -> QuerySet[Call]:
    calls = Call.objects.filter(contact=contact, campaign__in=campaigns.campaigns_of(viewer))
    return calls.select_related("campaign", "agent", "disposition", "decision").order_by("-reserved_at")


def people_of(campaign: Campaign) -> QuerySet[User]:
    """Who works or runs a campaign: they may own its tickets."""
    return (
        User.objects.filter(is_active=True, campaignuserpermission__content_object=campaign)
        .distinct()
        .order_by("username")
    )


@dataclass(frozen=True)
class AgentDay:
    """What an agent did since midnight."""

    calls: int
    connected: int
    talked: timedelta
    paused: timedelta


def day_of(agent: User, now: datetime) -> AgentDay:
    midnight = clock.start_of_day(timezone.localdate(now))
    mine = Call.objects.filter(agent=agent, reserved_at__gte=midnight, made_at__isnull=False)
    talked = Sum(Coalesce("ended_at", now) - F("answered_at"), filter=Q(answered_at__isnull=False))
    calls = mine.aggregate(calls=Count("pk"), connected=Count("answered_at"), talked=talked)
    breaks = Break.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=midnight), agent=agent)
    paused = sum(((each.ended_at or now) - max(each.started_at, midnight) for each in breaks), timedelta())
    return AgentDay(calls["calls"], calls["connected"], calls["talked"] or timedelta(), paused)


def tickets_of(viewer: User) -> QuerySet[Ticket]:
    """One's own tickets, open ones first, the most urgent on top."""
    tickets = Ticket.objects.filter(owner=viewer).select_related("call__campaign", "call__contact")
    return tickets.order_by(F("closed_at").desc(nulls_first=True), "due_on", "pk")


def spoofing_of(viewer: User) -> QuerySet[SpoofingEvent]:
    events = SpoofingEvent.objects.select_related("campaign", "agent", "client", "decision")
    return events.filter(campaign__in=campaigns.campaigns_of(viewer)).order_by("-pk")


def flags_of(viewer: User) -> QuerySet[Flag]:
    """All for compliance; those of one's department's agents and of one's lines for supervisors."""
    flags = Flag.objects.select_related("line", "agent", "closed_by")
    if viewer.role != Role.COMPLIANCE:
        flags = flags.filter(
            Q(agent__department=viewer.department_id) | Q(line__campaigns__in=campaigns.campaigns_of(viewer))
        ).distinct()
    return flags.order_by(F("closed_at").desc(nulls_first=True), "-pk")


def numbers_of_campaign(campaign: Campaign, since: datetime) -> dict[str, int]:
    """What happened in a campaign since a moment, for its page."""
    decisions = Decision.objects.filter(campaign=campaign, at__gte=since)
    result = Call.objects.filter(campaign=campaign, reserved_at__gte=since).aggregate(
        calls=Count("pk", filter=~Q(state__in=Call.UNUSED)),
        connected=Count("pk", filter=Q(answered_at__isnull=False)),
        opted_out=Count("pk", filter=Q(opted_out_at__isnull=False)),
        complained=Count("pk", filter=Q(disposition__reason="complaint")),
        identity_said=Count("pk", filter=Q(identity_said=True)),
    )
    return {"refused": decisions.filter(allowed=False).count(), **result}


def refusals_of_campaign(campaign: Campaign, since: datetime) -> list[tuple[str, int]]:
    """How often each rule refused, most often first."""
    refused = Decision.objects.filter(campaign=campaign, at__gte=since, allowed=False)
    rows = (
        refused.annotate(code=Func("codes", function="unnest"))
        .values_list("code")
        .annotate(count=Count("pk"))
        .order_by("-count")
    )
    return [(code, count) for code, count in rows]
