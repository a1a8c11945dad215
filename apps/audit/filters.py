"""Filters of the trail."""

import django_filters
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.ui.list_tables import DAY, ListFilter

from .models import AccessEvent


class EventFilter(ListFilter):
    kind = django_filters.ChoiceFilter(label=_("What"), choices=AccessEvent.Kind.choices)
    actor = django_filters.ModelChoiceFilter(label=_("Person"), queryset=User.objects.order_by("username"))
    subject = django_filters.CharFilter(label=pgettext_lazy("what was accessed", "Record"))
    since = django_filters.DateFilter(label=_("Since"), field_name="created_at", lookup_expr="date__gte", widget=DAY)
    until = django_filters.DateFilter(label=_("Until"), field_name="created_at", lookup_expr="date__lte", widget=DAY)

    class Meta:
        model = AccessEvent
        fields = ("kind", "actor", "subject", "since", "until")
