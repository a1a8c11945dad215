"""Keyset paging: a page goes on after a row that is known by its number, so a deep page costs what the first
one costs.

Rows come by their numbers, the newest first, or by the column that the viewer sorts by. The address of a page
holds the number of the row before it and never a value: what that row holds is read again.
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models import F, Q
from django.http import QueryDict

from ..web import ids

PAGE = 50
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Sort:
    """By which column of a table rows are sorted, by which path that holds its values, and whether the
    highest come first.

    The path "pk" stands for the time at which rows were made.
    """

    column: str
    path: str
    down: bool


NEWEST = Sort("", "pk", down=True)


@dataclass(frozen=True)
class PagePlace:
    """Where a page begins on the way through row numbers: beyond the number `after`, or with the first
    row."""

    after: int | None = None
    down: bool = True

    def beyond(self, path: str = "pk") -> Q:
        """What rows of this page fulfil; `path` leads to the row number."""
        return Q() if self.after is None else Q(**{f"{path}__{'lt' if self.down else 'gt'}": self.after})


START = PagePlace()


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[Row]
    next_query: str


def place_of(query: QueryDict, sort: Sort = NEWEST) -> PagePlace:
    """`?after=<row number>`: what a page's rows come after."""
    return PagePlace(ids.row_number(query.get("after", "")), sort.down)


def page_of(
    rows: models.QuerySet[Row], query: QueryDict, *, sort: Sort = NEWEST, few: bool = False
) -> Page[Row]:
    """The rows after `?after=<row number>`, and the query string of the page that follows.

    `few`: an index finds the rows, so they are to be sorted: a planner that takes them for many would walk
    through the row numbers until it has met them. A row that is not among `rows` any more begins the list
    again.
    """
    place = place_of(query, sort)
    if sort.path == "pk":
        number: Any = F("pk") + 0 if few else F("pk")
        rows = rows.filter(place.beyond()).order_by(number.desc() if sort.down else number.asc())
    else:
        rows = _beyond(rows, place, sort)
    found = list(rows[: PAGE + 1])
    if len(found) <= PAGE:
        return Page(found, "")
    found = found[:PAGE]
    following = query.copy()
    following["after"] = str(found[-1].pk)
    return Page(found, following.urlencode())


def _beyond(rows: models.QuerySet[Row], place: PagePlace, sort: Sort) -> models.QuerySet[Row]:
    """Rows by value, then by number; those without a value last."""
    value = F(sort.path).desc(nulls_last=True) if sort.down else F(sort.path).asc(nulls_last=True)
    ordered = rows.order_by(value, "-pk" if sort.down else "pk")
    of_last = (
        list(rows.filter(pk=place.after).values_list(sort.path, flat=True)[:1])
        if place.after is not None
        else []
    )
    if not of_last:
        return ordered
    without = Q(**{f"{sort.path}__isnull": True})
    if of_last[0] is None:
        return ordered.filter(without & place.beyond())
    further = Q(**{f"{sort.path}__{'lt' if sort.down else 'gt'}": of_last[0]})
    return ordered.filter(further | (Q(**{sort.path: of_last[0]}) & place.beyond()) | without)
