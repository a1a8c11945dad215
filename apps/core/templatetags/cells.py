"""`{% table_body table %}`: the rows of a table, each cell with the name of its column, which small screens show beside it.

A tag, since a template's own loops take as long for each cell as the cell.
"""

import django_tables2 as tables
from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def table_body(table: tables.Table) -> SafeString:
    opened = {column.name: _opened(column) for column in table.columns}
    cells = (((opened[column.name], cell) for column, cell in row.items()) for row in table.rows)
    return format_html_join("\n", "<tr>{}</tr>", ((format_html_join("", "{}{}</td>", row),) for row in cells))


def _opened(column: tables.columns.BoundColumn) -> SafeString:
    css = column.attrs["td"]["class"]
    return format_html('<td data-label="{}"{}>', column.header, format_html(' class="{}"', css) if css else "")
