"""Keyset paging: newest first, by row number. A deep page costs what the first one costs."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import models
from django.http import QueryDict

PAGE = 50
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[Row]
    next_query: str

    @property
    def subject_count(self) -> int:
        return len(self.rows)


def page_of(rows: models.QuerySet[Row], query: QueryDict) -> Page[Row]:
    """The rows after `?before=<row number>`, and the query string of the page that follows."""
    before = query.get("before", "")
    if before.isdigit() and len(before) <= 18:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    if len(found) <= PAGE:
        return Page(found, "")
    found = found[:PAGE]
    following = query.copy()
    following["before"] = str(found[-1].pk)
    return Page(found, following.urlencode())
