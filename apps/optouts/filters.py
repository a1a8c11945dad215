"""Filters of the register; there is no number to filter by."""

import django_filters
from django.utils.translation import gettext_lazy as _

from apps.ui.list_tables import DAY, ListFilter

from .models import OptOut


class OptOutFilter(ListFilter):
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=OptOut.Channel.choices)
    scope = django_filters.ChoiceFilter(label=_("What is refused"), choices=OptOut.Scope.choices)
    since = django_filters.DateFilter(label=_("From"), field_name="created_at", lookup_expr="date__gte", widget=DAY)
    until = django_filters.DateFilter(label=_("Until"), field_name="created_at", lookup_expr="date__lte", widget=DAY)

    class Meta:
        model = OptOut
        fields = ("channel", "scope", "since", "until")
