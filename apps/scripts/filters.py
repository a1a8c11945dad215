"""Filters of the list of scripts."""

import django_filters
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.policies import queries as policies
from apps.ui.list_tables import ListFilter

from .models import SCRIPT_KINDS, ScriptVersion


class VersionFilter(ListFilter):
    name = django_filters.CharFilter(label=_("Name"), field_name="script__name", lookup_expr="icontains")
    state = django_filters.ChoiceFilter(label=_("State"), choices=ScriptVersion.State.choices)
    kind = django_filters.ChoiceFilter(
        label=pgettext_lazy("script, campaign", "Kind of call"),
        field_name="script__kind",
        choices=SCRIPT_KINDS,
    )
    trade = django_filters.ChoiceFilter(
        label=_("Trade"), field_name="script__trade", choices=policies.trade_choices
    )

    class Meta:
        model = ScriptVersion
        fields = ("name", "state", "kind", "trade")
