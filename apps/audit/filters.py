"""Filters of the trail."""

import django_filters
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.ui.list_tables import FromDay, ListFilter, UntilDay

from .models import AccessEvent


class EventFilter(ListFilter):
    kind = django_filters.ChoiceFilter(label=_("What"), choices=AccessEvent.Kind.choices)
    actor = django_filters.ModelChoiceFilter(label=_("Person"), queryset=User.objects.order_by("username"))
    subject = django_filters.CharFilter(label=pgettext_lazy("what was accessed", "Record"))
    since = FromDay("created_at")
    until = UntilDay("created_at")

    class Meta:
        model = AccessEvent
        fields = ("kind", "actor", "subject", "since", "until")
