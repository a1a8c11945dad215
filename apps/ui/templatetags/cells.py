"""`{% table_head table %}`, `{% table_body table %}`: a table's row of heads, and its rows.

Heads lead to the same list sorted by their column. Each cell carries the name of its column, which small
screens show beside it. Tags, since a template's own loops take as long for each cell as the cell.
"""

from collections.abc import Iterator

import django_tables2 as tables
from django import template
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ..list_tables import ListTable

register = template.Library()


@register.simple_tag
def table_head(table: tables.Table) -> SafeString:
    ways = {column: (href, is_up) for column, _label, href, is_up in table_sorts(table)}
    heads = (_head(column.header, *ways.get(column.name, ("", None))) for column in table.columns)
    return format_html("<tr>{}</tr>", format_html_join("", "{}", ((head,) for head in heads)))


def _head(words: str, href: str, is_up: bool | None) -> SafeString:
    if not href:
        return format_html('<th scope="col">{}</th>', words)
    if is_up is None:
        return format_html(
            '<th scope="col"><a class="sorts" href="{}">{}<i class="ti ti-selector ms-1" '
            'aria-hidden="true"></i></a></th>',
            href,
            words,
        )
    way, icon = ("ascending", "up") if is_up else ("descending", "down")
    mark = format_html('<i class="ti ti-chevron-{} ms-1" aria-hidden="true"></i>', icon)
    return format_html(
        '<th scope="col" aria-sort="{}"><a class="sorts" href="{}">{}{}</a></th>', way, href, words, mark
    )


@register.simple_tag
def table_sorts(table: tables.Table) -> list[tuple[str, str, str, bool | None]]:
    """Of each column that sorts: its name, its head, where a click leads, and whether the list goes up by it
    now (None: not by it)."""
    return (
        list(_sorts(table, table.query)) if isinstance(table, ListTable) and table.query is not None else []
    )


def _sorts(table: ListTable, now_at: QueryDict) -> Iterator[tuple[str, str, str, bool | None]]:
    now = table.sort or table.usual
    for column in table.columns:
        if path := table.sortable.get(column.name):
            is_by_it = column.name == now.column or (not now.column and path == now.path)
            query = now_at.copy()
            query.pop("after", None)
            up_next = now.down if is_by_it else path != "pk"  # times begin with the latest
            query["sort"] = column.name if up_next else f"-{column.name}"
            yield column.name, column.header, f"?{query.urlencode()}", not now.down if is_by_it else None


@register.simple_tag
def table_body(table: tables.Table) -> SafeString:
    opened = {column.name: _opened(column) for column in table.columns}
    cells = (((opened[column.name], cell) for column, cell in row.items()) for row in table.rows)
    return format_html_join("\n", "<tr>{}</tr>", ((format_html_join("", "{}{}</td>", row),) for row in cells))


def _opened(column: tables.columns.BoundColumn) -> SafeString:
    css = column.attrs["td"]["class"]
    return format_html(
        '<td data-label="{}"{}>', column.header, format_html(' class="{}"', css) if css else ""
    )
