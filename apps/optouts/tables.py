"""The register as a list: when, how, by whom; there is no number to show."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from .models import OptOut


class OptOutTable(tables.Table):
    public_id = tables.Column(verbose_name=_("entry"))
    channel = tables.Column(verbose_name=_("channel"))
    said_at = tables.DateTimeColumn(verbose_name=_("said at"))
    created_at = tables.DateTimeColumn(verbose_name=_("in effect since"))
    evidence = tables.Column(verbose_name=_("evidence"))
    recorded_by = tables.Column(verbose_name=_("recorded by"))

    class Meta:
        model = OptOut
        fields = ("public_id", "channel", "said_at", "created_at", "evidence", "recorded_by")
        orderable = False
