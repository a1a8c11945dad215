"""The list of evidence packs."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.quality.models import EvidencePack
from apps.ui import columns
from apps.ui.list_tables import ListTable, by


class PackTable(ListTable):
    list_name = "evidence_packs"
    sortable = by("kind", "recipient", "state", created_at="pk")

    created_at = columns.DateTimeColumn(linkify=("evidence", {"pk": tables.A("pk")}), verbose_name=_("asked"))
    asked_by = tables.Column(verbose_name=pgettext_lazy("share, grant, lift, audit", "asked by"))
    state = columns.TemplateColumn(template_name="_state.html", verbose_name=_("state"))

    class Meta:
        model = EvidencePack
        fields = ("created_at", "kind", "recipient", "reason", "asked_by", "state")
        orderable = False
