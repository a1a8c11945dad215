"""A list as the viewer wants it: sorted, a page of it, with the columns they chose and the filters they
saved."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from apps.accounts.request_types import StaffRequest
from apps.core.database.pages import Page, page_of

from .list_tables import ListFilter, ListTable
from .models import ListChoice, SavedFilter
from .services import plain_query


@dataclass(frozen=True)
class SavedQuery:
    name: str
    query: str
    is_chosen: bool


COUNTED = 10_000  # a list is counted so far


@dataclass(frozen=True)
class Listed:
    """What `list.html` shows. `total`: how many rows there are, `COUNTED` + 1 for more than `COUNTED`; None
    where it would cost more than the page."""

    table: ListTable
    page: Page[Any]
    filter: ListFilter | None
    query: str  # what is chosen, without how far the viewer has gone
    saved: list[SavedQuery]
    columns: list[tuple[str, str, bool]]  # those that may be hidden: name, head, whether it is shown
    total: int | None = None

    @property
    def is_chosen_from(self) -> bool:
        """Whether its tools are shown: not over an empty list that nobody has chosen anything of."""
        return bool(self.table.list_name and (self.page.rows or self.query or self.saved))

    @property
    def has_more(self) -> bool:
        return self.total is not None and self.total > COUNTED

    @property
    def context(self) -> dict[str, Any]:
        return {"table": self.table, "page": self.page, "filter": self.filter, "listed": self}


def list_of(
    request: StaffRequest,
    table: type[ListTable],
    rows: QuerySet[Any] | ListFilter,
    *,
    few: bool = False,
    **of_table: Any,
) -> Listed:
    """`rows`, or those that a filter leaves. `few`: see `page_of`; `of_table`: what the table wants to know
    besides its rows."""
    chosen = rows if isinstance(rows, ListFilter) else None
    page = page_of(
        chosen.qs if chosen else rows, request.GET, sort=table.sort_of(request.GET) or table.usual, few=few
    )
    choice = _choice(request, table) if table.list_name else None
    hidden = choice.hidden if choice else []
    made = table(page.rows, request=request, exclude=hidden, **of_table)
    made.sort, made.query = table.sort_of(request.GET), request.GET
    query = plain_query(request.GET.urlencode())
    saved = [SavedQuery(**each, is_chosen=each["query"] == query) for each in choice.saved] if choice else []  # type: ignore[attr-defined]
    heads = table([], **of_table).columns
    columns = [
        (name, heads[name].header, name not in hidden) for name in table.hideable() if heads[name].header
    ]
    total = _total(chosen.qs, page, request) if chosen is not None and not request.GET.get("after") else None
    return Listed(made, page, chosen, query, saved, columns if table.list_name else [], total)


def _total(rows: QuerySet[Any], page: Page[Any], request: StaffRequest) -> int | None:
    """Known where one page holds all; counted where days were chosen, since those are what an index finds in
    a large table."""
    if not page.next_query:
        return len(page.rows)
    return (
        rows.order_by()[: COUNTED + 1].count()
        if request.GET.get("since") or request.GET.get("until")
        else None
    )


def _choice(request: StaffRequest, table: type[ListTable]) -> ListChoice | None:
    """With `saved`, its filters: one query, since every list asks for it."""
    filters = (
        SavedFilter.objects.filter(choice=OuterRef("pk"))
        .order_by("name")
        .values(saved=JSONObject(name="name", query="query"))
    )
    return (
        ListChoice.objects.filter(user=request.user, list_name=table.list_name)
        .annotate(saved=ArraySubquery(filters))
        .first()
    )
