"""Filters of an end point's deliveries."""

import django_filters
from django.utils.translation import gettext_lazy as _

from apps.ui.list_tables import ListFilter

from .models import Delivery, EventKind


class DeliveryFilter(ListFilter):
    state = django_filters.ChoiceFilter(label=_("State"), choices=Delivery.State.choices)
    kind = django_filters.ChoiceFilter(label=_("What"), field_name="event__kind", choices=EventKind.choices)

    class Meta:
        model = Delivery
        fields = ("state", "kind")
