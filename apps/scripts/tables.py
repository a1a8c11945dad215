"""Lists of scripts."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.policies.tables import TradeTable
from apps.ui import columns
from apps.ui.list_tables import by

from .models import ScriptVersion


class VersionTable(TradeTable):
    list_name = "scripts"
    sortable = by(
        "state",
        "expires_at",
        script="script__name",
        kind="script__kind",
        trade="script__trade",
        author="author__display_name",
    )

    script = tables.Column(linkify=("script", {"pk": tables.A("pk")}), verbose_name=_("script"))
    number = tables.Column(verbose_name=pgettext_lazy("label", "version"))
    kind = tables.Column(accessor="script__get_kind_display", verbose_name=_("kind of call"))
    trade = tables.Column(accessor="script__trade", verbose_name=_("trade"))
    state = columns.TemplateColumn(template_name="_state.html", verbose_name=_("state"))
    author = tables.Column(verbose_name=_("author"))
    expires_at = columns.DateColumn(verbose_name=_("approved until"))

    class Meta:
        model = ScriptVersion
        fields = ("script", "number", "kind", "trade", "state", "author", "expires_at")
        orderable = False
