"""What the span of a report was about: also what ended since, or stood still when it was measured."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.calls.models import Call
from apps.campaigns.models import Campaign
from apps.sharing.models import Share

from .register import Span


def campaigns_in_use(span: Span) -> QuerySet[Campaign]:
    """Campaigns that called within the span or run."""
    called = span.of(Call.objects.filter(made_at__isnull=False), "made_at").values("campaign")
    return Campaign.objects.filter(Q(state=Campaign.State.RUNNING) | Q(pk__in=called))


def shares_in_force(span: Span) -> QuerySet[Share]:
    """Shares that somebody could read within the span."""
    first_day = timezone.localdate(span.since)
    never = [Share.State.ASKED, Share.State.REFUSED]
    approved = Share.objects.exclude(state__in=never).filter(decided_at__lt=span.until)
    return approved.filter(Q(ended_at=None) | Q(ended_at__gte=span.since), ends_on__gte=first_day)
