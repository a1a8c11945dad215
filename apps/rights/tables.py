"""Lists of requests."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from apps.core import columns

from .models import SubjectRequest


class RequestTable(tables.Table):
    received_at = columns.DateTimeColumn(linkify=("request", {"pk": tables.A("pk")}), verbose_name=_("received"))
    due_on = columns.TemplateColumn(template_name="rights/_due.html", verbose_name=_("due on"), empty_values=())
    state = columns.TemplateColumn(template_name="rights/_state.html", verbose_name=_("state"))

    class Meta:
        model = SubjectRequest
        fields = ("received_at", "kind", "channel", "owner", "due_on", "state")
        orderable = False
