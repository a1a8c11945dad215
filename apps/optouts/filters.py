"""Filters of the register; there is no number to filter by."""

import django_filters
from django.utils.translation import gettext_lazy as _

from apps.ui.list_tables import FromDay, ListFilter, UntilDay

from .models import OptOut


class OptOutFilter(ListFilter):
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=OptOut.Channel.choices)
    scope = django_filters.ChoiceFilter(label=_("What is refused"), choices=OptOut.Scope.choices)
    since = FromDay("created_at")
    until = UntilDay("created_at")

    class Meta:
        model = OptOut
        fields = ("channel", "scope", "since", "until")
