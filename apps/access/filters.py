"""Filters of the list of temporary grants."""

import django_filters
from django.utils.translation import gettext_lazy as _

from apps.core.lists import ListFilter

from .models import TemporaryGrant


class GrantFilter(ListFilter):
    state = django_filters.ChoiceFilter(label=_("State"), choices=TemporaryGrant.State.choices)
    beneficiary = django_filters.CharFilter(label=_("For whom"), field_name="beneficiary__display_name", lookup_expr="icontains")

    class Meta:
        model = TemporaryGrant
        fields = ("state", "beneficiary")
