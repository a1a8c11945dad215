"""End points, and the deliveries of one."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import Delivery, EndPoint


class EndPointTable(ListTable):
    list_name = "end_points"
    sortable = by("name", "url", "is_active", "waiting", "dead", client="client__name")

    name = tables.Column(verbose_name=_("name"), linkify=("end_point", {"pk": tables.A("pk")}))
    url = tables.Column(verbose_name=_("address"), attrs={"td": {"class": "text-break"}})
    kinds = columns.TemplateColumn(
        template_code="{% load wording %}{{ record.kind_labels|join_items }}", verbose_name=_("events sent")
    )
    waiting = tables.Column(verbose_name=pgettext_lazy("messages, column", "waiting"))
    dead = tables.Column(verbose_name=_("given up"))

    class Meta:
        model = EndPoint
        fields = ("name", "client", "url", "kinds", "is_active", "waiting", "dead")
        orderable = False


class DeliveryTable(ListTable):
    sortable = by("state", "attempts", "next_at", created_at="pk")

    event = tables.Column(
        accessor="event__kind", verbose_name=pgettext_lazy("event sent to another system", "what")
    )
    created_at = columns.DateTimeColumn(verbose_name=_("happened"), format="Y-m-d H:i:s")
    state = columns.TemplateColumn(template_name="_state.html", verbose_name=_("state"))
    next_at = columns.DateTimeColumn(verbose_name=_("next attempt"), format="Y-m-d H:i:s")
    again = columns.TemplateColumn(template_name="webhooks/_again.html", verbose_name="", empty_values=())

    class Meta:
        model = Delivery
        fields = ("event", "created_at", "state", "attempts", "answer", "next_at", "again")
        orderable = False
