"""The trail as a list."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import AccessEvent


class EventTable(ListTable):
    list_name = "trail"
    sortable = by(created_at="pk")

    created_at = columns.DateTimeColumn(
        verbose_name=_("time"), format="Y-m-d H:i:s", attrs={"td": {"class": "text-nowrap"}}
    )
    who = columns.TemplateColumn(
        template_code="{{ record.actor|default:record.client|default:'–' }}",
        verbose_name=pgettext_lazy("who acted", "who"),
        empty_values=(),
    )
    field = columns.ReferenceColumn(verbose_name=_("field"))
    subject = columns.ReferenceColumn(verbose_name=pgettext_lazy("what was accessed", "record"))
    count = tables.Column(verbose_name=_("how many"))
    purpose = columns.ReferenceColumn(verbose_name=_("what for"))
    address = tables.Column(verbose_name=_("from where"))
    proof = columns.TemplateColumn(
        template_name="audit/_proof.html",
        verbose_name=pgettext_lazy("of a row of the access log", "proof"),
        empty_values=(),
    )

    class Meta:
        model = AccessEvent
        fields = ("created_at", "who", "kind", "subject", "field", "count", "purpose", "address", "proof")
        orderable = False
