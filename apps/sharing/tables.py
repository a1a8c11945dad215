"""Lists of shares."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from apps.core.wording import join_items
from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import Share


class ShareTable(ListTable):
    list_name = "shares"
    sortable = by(
        "form",
        "ends_on",
        "state",
        created_at="pk",
        campaign="campaign__name",
        asked_by="asked_by__display_name",
    )

    created_at = columns.DateTimeColumn(linkify=("share", {"pk": tables.A("pk")}), verbose_name=_("asked"))
    fields = tables.Column(accessor="field_labels", verbose_name=_("fields"))
    state = columns.TemplateColumn(template_name="_state.html", verbose_name=_("state"))

    class Meta:
        model = Share
        fields = ("created_at", "campaign", "fields", "form", "asked_by", "ends_on", "state")
        orderable = False

    def render_fields(self, value: list[str]) -> str:
        return join_items(value)
