"""`MaskedColumn`: a protected value in a table, as far as the viewer may see it."""

from typing import Any

import django_tables2 as tables

from apps.ui.columns import signed

from .rights import shown_to


class MaskedColumn(tables.Column):
    """The mask, a dash for none, nothing without the right to see the mask. The table needs its request."""

    empty_values = ()

    @signed
    def render(self, record: Any, table: tables.Table, bound_column: Any) -> str:
        return shown_to(table.request.user, record, bound_column.name)
