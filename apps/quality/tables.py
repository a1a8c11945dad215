"""Lists of recordings and complaints."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.database.pages import Sort
from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import Complaint, Recording
from .rules.listening import clock_time


class RecordingTable(ListTable):
    list_name = "recordings"
    sortable = by("started_at")
    usual = Sort("started_at", "started_at", down=True)  # one that arrives late stands where its call was

    started_at = columns.DateTimeColumn(
        linkify=("recording", {"pk": tables.A("pk")}), verbose_name=_("time of the call")
    )
    campaign = tables.Column(verbose_name=_("campaign"))
    agent = tables.Column(verbose_name=_("agent"), default="–")
    duration_ms = tables.Column(verbose_name=_("length"), default="–")
    flaws = columns.TemplateColumn(
        template_name="quality/_flaws.html", verbose_name=_("flaws"), empty_values=()
    )
    found = columns.TemplateColumn(
        template_name="quality/_found.html", verbose_name=_("found in the words"), empty_values=()
    )

    class Meta:
        model = Recording
        fields = ("started_at", "campaign", "agent", "duration_ms", "flaws", "found")
        orderable = False

    def render_duration_ms(self, value: int) -> str:
        return clock_time(value)


class ComplaintTable(ListTable):
    list_name = "complaints"
    sortable = by(
        "received_at",
        "kind",
        "channel",
        "due_at",
        "state",
        campaign="campaign__name",
        agent="agent__display_name",
        owner="owner__display_name",
    )

    received_at = columns.DateTimeColumn(
        linkify=("complaint", {"pk": tables.A("pk")}),
        verbose_name=pgettext_lazy("label of a time", "received"),
    )
    campaign = tables.Column(verbose_name=_("campaign"))
    agent = tables.Column(verbose_name=_("agent"))
    due_at = columns.TemplateColumn(
        template_name="quality/_due.html", verbose_name=_("to be closed by"), empty_values=()
    )
    state = columns.TemplateColumn(template_name="_state.html", verbose_name=_("state"))

    class Meta:
        model = Complaint
        fields = ("received_at", "kind", "channel", "campaign", "agent", "owner", "due_at", "state")
        orderable = False
