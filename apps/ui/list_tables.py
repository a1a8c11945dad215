"""Tables whose columns people sort by and hide, and filters that stand in the address."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

import django_filters
import django_tables2 as tables
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.core.calendar import clock
from apps.core.calendar.form_fields import DayInput
from apps.core.calendar.timestamps import LATEST
from apps.core.database.pages import NEWEST, Sort


def by(*columns: str, **paths: str) -> dict[str, str]:
    """For `sortable`: columns that are called like what holds their values, and others with the path to
    it."""
    return {**{column: column for column in columns}, **paths}


class ListTable(tables.Table):
    """`list_name` is the name of the address at which it stands; "" for one that is a part of another page.

    `sortable`: the columns that the database can sort by, each with the path that holds its values ("pk" for
    the time at which rows were made). No protected value is among them: an order tells what a mask hides.
    """

    list_name: ClassVar[str] = ""
    sortable: ClassVar[Mapping[str, str]] = {}
    usual: ClassVar[Sort] = NEWEST  # how it comes when nobody sorts it
    sort: Sort | None = None  # by what the viewer sorts
    query: QueryDict | None = None  # of the page it is on; without one the columns' heads are no links

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.list_name:
            LISTS[cls.list_name] = cls

    @classmethod
    def sort_of(cls, query: QueryDict) -> Sort | None:
        """`?sort=<column>`, or `-<column>` for the highest first."""
        wanted = query.get("sort", "")
        column = wanted.removeprefix("-")
        return (
            Sort(column, cls.sortable[column], down=wanted.startswith("-"))
            if column in cls.sortable
            else None
        )

    @classmethod
    def hideable(cls) -> list[str]:
        """All columns but the boxes that pick rows and the first after them, which leads to the row's own
        page."""
        return [name for name in cls.base_columns if name != "pick"][1:]

    def may_pick(self, record: Any) -> bool:
        """Whether the viewer may change this row, so also many at once."""
        return False


DAY = DayInput()


class FromDay(django_filters.DateFilter):
    """Rows from the beginning of a day on, in the default zone: a bound that an index knows, not the date of
    every row."""

    def __init__(self, field: str) -> None:
        super().__init__(label=_("From"), field_name=field, lookup_expr="gte", widget=DAY)

    def filter(self, rows: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        return super().filter(rows, clock.start_of_day(value)) if value and value.year > 1 else rows


class UntilDay(django_filters.DateFilter):
    """Rows until the end of a day, in the default zone."""

    def __init__(self, field: str) -> None:
        super().__init__(label=_("Until"), field_name=field, lookup_expr="lt", widget=DAY)

    def filter(self, rows: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        return (
            super().filter(rows, clock.start_of_day(value + timedelta(days=1)))
            if value and value.year < LATEST.year
            else rows
        )


LISTS: dict[str, type[ListTable]] = {}  # by name


class ListFilter(django_filters.FilterSet):
    @property
    def is_used(self) -> bool:
        """Whether anything was chosen, or a page further on is asked for."""
        return any(value for name, value in self.data.items() if name != "sort")
