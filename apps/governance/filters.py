"""Filters of the lists of governance."""

import django_filters
from django.utils.translation import gettext_lazy as _

from apps.ui.list_tables import ListFilter

from .models import Assessment, Incident


class IncidentFilter(ListFilter):
    state = django_filters.ChoiceFilter(label=_("State"), choices=Incident.State.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind of incident"), choices=Incident.Kind.choices)

    class Meta:
        model = Incident
        fields = ("state", "kind")


class AssessmentFilter(ListFilter):
    state = django_filters.ChoiceFilter(label=_("State"), choices=Assessment.State.choices)
    verdict = django_filters.ChoiceFilter(label=_("Verdict"), choices=Assessment.Verdict.choices)

    class Meta:
        model = Assessment
        fields = ("state", "verdict")
