"""Filters of the list of attempts."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.calls.gate.rules import RULES
from apps.ui.list_tables import FromDay, ListFilter, UntilDay

from .labels import REFUSED
from .models import Attempt, Dialler, Trunk


class AttemptFilter(ListFilter):
    dialler = django_filters.ModelChoiceFilter(label=_("Dialler"), queryset=Dialler.objects.order_by("name"))
    trunk = django_filters.ModelChoiceFilter(label=_("Trunk"), queryset=Trunk.objects.order_by("name"))
    outcome = django_filters.ChoiceFilter(
        label=_("Outcome"), method="by_outcome",
        choices=[("relayed", _("led to the carrier")),
        ("refused", pgettext_lazy("verdict of the gate", "refused"))],
    )  # fmt: skip
    code = django_filters.ChoiceFilter(
        label=_("Refused by"), method="by_code",
        choices=[*REFUSED.items(), *((code, rule.sentence) for code, rule in RULES.items())],
    )  # fmt: skip
    since = FromDay("at")
    until = UntilDay("at")

    class Meta:
        model = Attempt
        fields = ("dialler", "trunk", "outcome", "code", "since", "until")

    def by_outcome(self, attempts: QuerySet[Attempt], name: str, outcome: str) -> QuerySet[Attempt]:
        return attempts.filter(codes=[]) if outcome == "relayed" else attempts.exclude(codes=[])

    def by_code(self, attempts: QuerySet[Attempt], name: str, code: Any) -> QuerySet[Attempt]:
        return attempts.filter(codes__contains=[code])
