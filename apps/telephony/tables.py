"""The list of what diallers tried."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import Attempt


class AttemptTable(ListTable):
    list_name = "attempts"
    sortable = by(at="pk")

    at = columns.DateTimeColumn(verbose_name=_("time"))
    dialler = tables.Column(verbose_name=_("dialler"))
    source = tables.Column(verbose_name=_("sent from"))
    line = tables.Column(verbose_name=_("line"))
    trunk = tables.Column(verbose_name=_("trunk"))
    outcome = columns.TemplateColumn(
        template_name="telephony/_outcome.html", verbose_name=_("outcome"), empty_values=()
    )

    class Meta:
        model = Attempt
        fields = ("at", "dialler", "source", "line", "trunk", "outcome")
        orderable = False
