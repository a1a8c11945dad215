"""Filters of the list of data sources."""

import django_filters
from django.utils.translation import gettext_lazy as _

from apps.ui.list_tables import ListFilter

from .models import DataSource


class SourceFilter(ListFilter):
    name = django_filters.CharFilter(label=_("Name"), lookup_expr="icontains")
    state = django_filters.ChoiceFilter(label=_("State"), choices=DataSource.State.choices)
    origin = django_filters.ChoiceFilter(label=_("Origin"), choices=DataSource.Origin.choices)

    class Meta:
        model = DataSource
        fields = ("name", "state", "origin")
