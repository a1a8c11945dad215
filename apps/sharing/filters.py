"""Filters of the list of shares."""

import django_filters
from django.utils.translation import gettext_lazy as _

from apps.ui.list_tables import ListFilter

from .models import Share


class ShareFilter(ListFilter):
    state = django_filters.ChoiceFilter(label=_("State"), choices=Share.State.choices)
    campaign = django_filters.CharFilter(
        label=_("Campaign"), field_name="campaign__name", lookup_expr="icontains"
    )

    class Meta:
        model = Share
        fields = ("state", "campaign")
