"""Keyset paging: newest first, by row number. A deep page costs what the first one costs."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models import F
from django.http import QueryDict

PAGE = 50
Row = TypeVar("Row", bound=models.Model)
# The same order, but by sorting: for the few rows that another index finds, where a planner that takes them for many would walk
# down the row numbers until it has met them.
BY_SORTING = (F("pk") + 0).desc()


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[Row]
    next_query: str

    @property
    def subject_count(self) -> int:
        return len(self.rows)


def before_of(query: QueryDict) -> int | None:
    """`?before=<row number>`: what a page's rows lie below."""
    before = query.get("before", "")
    return int(before) if before.isdigit() and len(before) <= 18 else None


def page_of(rows: models.QuerySet[Row], query: QueryDict, *, order: Any = "-pk") -> Page[Row]:
    """The rows after `?before=<row number>`, and the query string of the page that follows. `order` may be `BY_SORTING`."""
    before = before_of(query)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by(order)[: PAGE + 1])
    if len(found) <= PAGE:
        return Page(found, "")
    found = found[:PAGE]
    following = query.copy()
    following["before"] = str(found[-1].pk)
    return Page(found, following.urlencode())
