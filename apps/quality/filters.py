"""Filters of the lists of recordings and complaints."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns.models import Campaign
from apps.ui.list_tables import FromDay, ListFilter, UntilDay

from . import queries
from .models import Complaint, CorrectiveAction, Recording, Transcript, Violation

NOT_CLOSED = ("not_closed", _("not closed"))


class _OfCampaign(ListFilter):
    """`campaigns`: those that the viewer may choose from."""

    campaign = django_filters.ModelChoiceFilter(label=_("Campaign"), queryset=Campaign.objects.none())

    def __init__(self, *args: Any, campaigns: QuerySet[Campaign], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["campaign"].queryset = campaigns

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.exclude(state="closed") if value == NOT_CLOSED[0] else rows.filter(state=value)


class RecordingFilter(_OfCampaign):
    agent = django_filters.ModelChoiceFilter(
        label=_("Agent"), queryset=User.objects.filter(role=Role.AGENT).order_by("display_name")
    )
    flaw = django_filters.ChoiceFilter(
        label=_("Flaw"), field_name="flaws", choices=Recording.Flaw.choices, method="has_flaw"
    )
    worst = django_filters.ChoiceFilter(
        label=_("Found in the words"),
        choices=[("blocking", _("blocking")), ("advisory", _("advisory"))],
        method="has_finding",
    )
    since = FromDay("started_at")
    until = UntilDay("started_at")

    class Meta:
        model = Recording
        fields = ("campaign", "agent", "flaw", "worst", "since", "until")

    def has_flaw(self, rows: QuerySet[Recording], name: str, value: Any) -> QuerySet[Recording]:
        return rows.filter(flaws__contains=[value])

    def has_finding(self, rows: QuerySet[Recording], name: str, value: Any) -> QuerySet[Recording]:
        return rows.filter(call__in=Transcript.objects.filter(worst=value, call__isnull=False).values("call"))


class ComplaintFilter(_OfCampaign):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=[NOT_CLOSED, *Complaint.State.choices], method="in_state"
    )
    kind = django_filters.ChoiceFilter(label=_("About"), choices=Complaint.Kind.choices)
    channel = django_filters.ChoiceFilter(label=_("Came by"), choices=Complaint.Channel.choices)
    outcome = django_filters.ChoiceFilter(label=_("Outcome"), choices=Complaint.Outcome.choices)
    late = django_filters.ChoiceFilter(label=_("Deadline"), choices=[("1", _("overdue"))], method="is_late")
    since = FromDay("received_at")
    until = UntilDay("received_at")

    class Meta:
        model = Complaint
        fields = ("state", "kind", "channel", "outcome", "late", "campaign", "since", "until")

    def is_late(self, rows: QuerySet[Complaint], name: str, value: Any) -> QuerySet[Complaint]:
        return queries.overdue_complaints(rows)


class ActionFilter(_OfCampaign):
    """The days are those on which the violation was found."""

    state = django_filters.ChoiceFilter(
        label=_("State"), choices=[NOT_CLOSED, *CorrectiveAction.State.choices], method="in_state"
    )
    kind = django_filters.ChoiceFilter(
        label=_("Violation"), field_name="violation__kind", choices=Violation.Kind.choices
    )
    gravity = django_filters.ChoiceFilter(
        label=_("Gravity"), field_name="violation__gravity", choices=Violation.Gravity.choices
    )
    campaign = django_filters.ModelChoiceFilter(
        label=_("Campaign"), field_name="violation__campaign", queryset=Campaign.objects.none()
    )
    late = django_filters.ChoiceFilter(label=_("Deadline"), choices=[("1", _("overdue"))], method="is_late")
    since = FromDay("violation__created_at")
    until = UntilDay("violation__created_at")

    class Meta:
        model = CorrectiveAction
        fields = ("state", "kind", "gravity", "late", "campaign", "since", "until")

    def is_late(self, rows: QuerySet[CorrectiveAction], name: str, value: Any) -> QuerySet[CorrectiveAction]:
        return queries.overdue_actions(rows)
