"""Lists of scripts."""

from collections.abc import Mapping
from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from apps.core import columns

from .models import ScriptVersion


class VersionTable(tables.Table):
    script = tables.Column(linkify=("script", {"pk": tables.A("pk")}), verbose_name=_("script"))
    number = tables.Column(verbose_name=_("version"))
    kind = tables.Column(accessor="script__get_kind_display", verbose_name=_("kind of call"))
    trade = tables.Column(accessor="script__trade", verbose_name=_("trade"))
    state = columns.TemplateColumn(template_name="_state.html", verbose_name=_("state"))
    author = tables.Column(verbose_name=_("author"))
    expires_at = columns.DateColumn(verbose_name=_("approved until"))

    def __init__(self, *args: Any, trades: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trades = trades

    def render_trade(self, value: str) -> str:
        return self.trades.get(value, value)

    class Meta:
        model = ScriptVersion
        fields = ("script", "number", "kind", "trade", "state", "author", "expires_at")
        orderable = False
