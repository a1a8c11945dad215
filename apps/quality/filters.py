"""Filters of the lists of recordings and complaints."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.ui.list_tables import DAY, ListFilter

from .models import Complaint, Recording, Transcript


class RecordingFilter(ListFilter):
    campaign = django_filters.CharFilter(label=_("Campaign"), field_name="campaign__name", lookup_expr="icontains")
    agent = django_filters.CharFilter(label=_("Agent"), field_name="agent__display_name", lookup_expr="icontains")
    flaw = django_filters.ChoiceFilter(label=_("Flaw"), field_name="flaws", choices=Recording.Flaw.choices, method="has_flaw")
    worst = django_filters.ChoiceFilter(
        label=_("Found in the words"), choices=[("blocking", _("blocking")), ("advisory", _("advisory"))], method="has_finding"
    )
    since = django_filters.DateFilter(label=_("From"), field_name="started_at", lookup_expr="date__gte", widget=DAY)
    until = django_filters.DateFilter(label=_("Until"), field_name="started_at", lookup_expr="date__lte", widget=DAY)

    class Meta:
        model = Recording
        fields = ("campaign", "agent", "flaw", "worst", "since", "until")

    def has_flaw(self, rows: QuerySet[Recording], name: str, value: Any) -> QuerySet[Recording]:
        return rows.filter(flaws__contains=[value])

    def has_finding(self, rows: QuerySet[Recording], name: str, value: Any) -> QuerySet[Recording]:
        return rows.filter(call__in=Transcript.objects.filter(worst=value, call__isnull=False).values("call"))


class ComplaintFilter(ListFilter):
    state = django_filters.ChoiceFilter(label=_("State"), choices=Complaint.State.choices)
    kind = django_filters.ChoiceFilter(label=_("About"), choices=Complaint.Kind.choices)
    channel = django_filters.ChoiceFilter(label=_("Came by"), choices=Complaint.Channel.choices)
    outcome = django_filters.ChoiceFilter(label=_("Outcome"), choices=Complaint.Outcome.choices)

    class Meta:
        model = Complaint
        fields = ("state", "kind", "channel", "outcome")
