"""Lists of decisions."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import Decision, SpoofingEvent


class DecisionTable(ListTable):
    list_name = "decisions"
    sortable = by(at="pk")

    at = columns.DateTimeColumn(linkify=("decision", {"pk": tables.A("pk")}), verbose_name=_("time"))
    verdict = columns.TemplateColumn(
        template_name="calls/_verdict.html", verbose_name=_("decision"), empty_values=()
    )
    campaign = tables.Column(verbose_name=_("campaign"))
    asked_by = columns.TemplateColumn(
        template_code="{{ record.agent|default:record.client|default:'–' }}",
        verbose_name=pgettext_lazy("decision of the gate", "asked by"),
        empty_values=(),
    )
    policy = tables.Column(verbose_name=pgettext_lazy("number of the version, column", "policy"))

    class Meta:
        model = Decision
        fields = ("at", "verdict", "campaign", "asked_by", "policy")
        orderable = False


class SpoofingTable(tables.Table):
    created_at = columns.DateTimeColumn(
        linkify=("decision", {"pk": tables.A("decision_id")}), verbose_name=_("time")
    )
    campaign = tables.Column(verbose_name=_("campaign"))
    asked_by = columns.TemplateColumn(
        template_code="{{ record.agent|default:record.client|default:'–' }}",
        verbose_name=pgettext_lazy("decision of the gate", "asked by"),
        empty_values=(),
    )

    class Meta:
        model = SpoofingEvent
        fields = ("created_at", "line_asked", "campaign", "asked_by")
        orderable = False
