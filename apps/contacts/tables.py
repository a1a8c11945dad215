"""Lists of data sources."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import DataSource


class SourceTable(ListTable):
    list_name = "sources"
    sortable = by(
        "name",
        "code",
        "origin",
        "state",
        recorded_by="recorded_by__display_name",
        approved_by="approved_by__display_name",
    )

    name = tables.Column(verbose_name=_("name"), linkify=("source", {"pk": tables.A("pk")}))
    state = columns.TemplateColumn(template_name="_state.html", verbose_name=_("state"))

    class Meta:
        model = DataSource
        fields = ("name", "code", "origin", "state", "recorded_by", "approved_by")
        orderable = False
