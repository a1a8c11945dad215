"""Columns of tables, drawn without what django-tables2 does again for each cell.

It compiles a template that is given as text, runs every context processor for one that is given by name, and
asks for the signature of what draws: half of the time of a page with fifty rows. Here a template is compiled
once and sees the page's own context, and days need none.
"""

import inspect
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any

import django_tables2 as tables
from django.template import Context, Template
from django.template.defaultfilters import date as date_filter
from django.template.loader import get_template
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django_tables2.columns import library

from apps.core import references


def signed(render: Callable[..., str]) -> Callable[..., str]:
    """A column's `render` whose signature is known beforehand: the library asks for it for each cell."""
    render.__signature__ = inspect.signature(render)  # type: ignore[attr-defined]
    return render


@cache
def _compiled(code: str) -> Template:
    return Template(code)


class TemplateColumn(tables.TemplateColumn):
    """`record`, `value` and what the page knows, by a template."""

    @signed
    def render(self, record: Any, table: tables.Table, value: Any, bound_column: Any, **kwargs: Any) -> str:
        if self.template_code:
            template = _compiled(self.template_code)
        else:
            template = get_template(self.template_name).template  # type: ignore[attr-defined]
        context = getattr(table, "context", None) or Context()
        with context.update(
            self.get_context_data(
                record=record, table=table, value=value, bound_column=bound_column, **kwargs
            )
        ):
            return str(template.render(context))


class ReferenceColumn(tables.Column):
    """A code of the trail or of a record in words."""

    @signed
    def render(self, value: str) -> str:
        return references.in_words(value)


class TagsColumn(tables.Column):
    """Words, each a badge (as `_tags.html` draws them)."""

    @signed
    def render(self, value: list[str]) -> str:
        return format_html_join(
            "", '<span class="badge bg-blue-lt me-1">{}</span>', ((tag,) for tag in value)
        )


class PickColumn(tables.Column):
    """A box for each row that the viewer may change together with others (`ListTable.may_pick`); the form is
    called `bulk`."""

    empty_values = ()

    def __init__(self) -> None:
        super().__init__(verbose_name="", accessor="pk")

    @signed
    def render(self, record: Any, table: tables.Table) -> str:
        if not table.may_pick(record):
            return ""
        box = (
            '<input class="form-check-input" type="checkbox" name="pick" value="{}" form="bulk" '
            'aria-label="{}">'
        )
        return format_html(box, record.pk, _("Select this row"))


class _Moment:
    form = ""
    empty_values = (None, "")  # a column of templates has none

    def __init__(self, format: str = "", **kwargs: Any) -> None:
        super().__init__(**{"attrs": {"td": {"class": "text-nowrap"}}, **kwargs})
        self.form = format or self.form

    @signed
    def render(self, value: date) -> str:
        return str(date_filter(localtime(value) if isinstance(value, datetime) else value, self.form))


@library.register
class DateColumn(_Moment, tables.DateColumn):
    """A day, in the viewer's time zone, written as everywhere on pages."""

    form = "Y-m-d"


@library.register
class DateTimeColumn(_Moment, tables.DateTimeColumn):
    """A moment, in the viewer's time zone."""

    form = "Y-m-d H:i"
