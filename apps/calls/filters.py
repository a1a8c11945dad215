"""Filters of the list of decisions."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.campaigns.models import Campaign
from apps.ui.list_tables import FromDay, ListFilter, UntilDay

from .gate.rules import RULES
from .models import Decision


class DecisionFilter(ListFilter):
    campaign = django_filters.ModelChoiceFilter(label=_("Campaign"), queryset=Campaign.objects.none())
    allowed = django_filters.ChoiceFilter(
        label=_("Answer of the gate"),
        choices=[("1", _("allowed")), ("0", pgettext_lazy("verdict of the gate", "refused"))],
    )
    code = django_filters.ChoiceFilter(
        label=_("Refused by"),
        choices=[(code, rule.sentence) for code, rule in RULES.items()],
        method="by_rule",
    )
    since = FromDay("at")
    until = UntilDay("at")

    class Meta:
        model = Decision
        fields = ("campaign", "allowed", "code", "since", "until")

    def by_rule(self, decisions: QuerySet[Decision], name: str, code: Any) -> QuerySet[Decision]:
        return decisions.filter(codes__contains=[code])
