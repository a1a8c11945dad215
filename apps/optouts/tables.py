"""The register as a list: when, how, by whom; there is no number to show."""

from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core import references
from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .channels import TRAITS
from .models import OptOut


class OptOutTable(ListTable):
    list_name = "opt_outs"
    sortable = by(created_at="pk")

    public_id = tables.Column(verbose_name=_("entry"))
    channel = tables.Column(verbose_name=_("channel"))
    scope = tables.Column(verbose_name=_("what is refused"))
    said_at = columns.DateTimeColumn(verbose_name=_("said at"), format="Y-m-d H:i:s")
    created_at = columns.DateTimeColumn(verbose_name=_("in effect since"), format="Y-m-d H:i:s")
    evidence = tables.Column(verbose_name=pgettext_lazy("consent, opt-out", "evidence"))
    recorded_by = tables.Column(verbose_name=_("recorded by"), empty_values=())

    def render_evidence(self, record: OptOut) -> str:
        """What the site wrote itself, in words; what another system or a person wrote, as it was written."""
        is_own = TRAITS[OptOut.Channel(record.channel)].is_written_by_site
        return (
            references.in_words(record.evidence) if is_own else references.in_words_of_record(record.evidence)
        )

    def render_scope(self, record: OptOut) -> str:
        return f"{record.get_scope_display()} {record.scope_value}".strip()

    def render_recorded_by(self, record: OptOut) -> Any:
        return record.recorded_by or record.client or "–"

    class Meta:
        model = OptOut
        fields = ("public_id", "channel", "scope", "said_at", "created_at", "evidence", "recorded_by")
        orderable = False
