"""Lists of requests."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import SubjectRequest


class RequestTable(ListTable):
    sortable = by("received_at", "kind", "channel", "due_on", "state", owner="owner__display_name")

    received_at = columns.DateTimeColumn(
        linkify=("request", {"pk": tables.A("pk")}), verbose_name=pgettext_lazy("label of a time", "received")
    )
    due_on = columns.TemplateColumn(
        template_name="rights/_due.html",
        verbose_name=pgettext_lazy("request of a person", "due on"),
        empty_values=(),
    )
    state = columns.TemplateColumn(template_name="rights/_state.html", verbose_name=_("state"))

    class Meta:
        model = SubjectRequest
        fields = ("received_at", "kind", "channel", "owner", "due_on", "state")
        orderable = False
