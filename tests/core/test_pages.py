"""Pages of a list, sorted by a column: each row once, in order, whatever is null or equal; and rows that go
in between."""

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from apps.accounts.models import User
from apps.core.database import pages
from apps.core.database.pages import NEWEST, Page, Sort, page_of
from tests.world import World


@pytest.fixture
def people(world: World, monkeypatch: pytest.MonkeyPatch) -> list[User]:
    """Some were never here, some at the same time; two to a page."""
    monkeypatch.setattr(pages, "PAGE", 2)
    found = list(User.objects.order_by("pk"))
    for number, person in enumerate(found):
        person.last_login = None if number % 3 == 0 else datetime(2026, 11, 1 + number % 2, tzinfo=UTC)
        person.save()
    return found


def through(sort: Sort) -> list[int]:
    """The numbers of all rows, page after page."""
    query, found = "", []
    while True:
        page: Page[User] = page_of(User.objects.all(), QueryDict(query), sort=sort)
        found += [person.pk for person in page.rows]
        if not page.next_query:
            return found
        assert len(page.rows) == 2
        query = page.next_query


@pytest.mark.parametrize("path", ["last_login", "role", "department__name", "username", "pk"])
@pytest.mark.parametrize("down", [True, False])
def test_every_row_comes_once_and_in_order(people: list[User], path: str, down: bool) -> None:
    def value(person: User) -> object:
        return person.department.name if path == "department__name" else getattr(person, path)

    with_one = [person for person in people if value(person) is not None]
    without = [person for person in people if value(person) is None]
    ordered = sorted(with_one, key=lambda person: (value(person), person.pk), reverse=down)
    ordered += sorted(without, key=lambda person: person.pk, reverse=down)
    assert through(Sort("any", path, down)) == [person.pk for person in ordered]


def test_the_address_of_a_page_holds_no_value(people: list[User]) -> None:
    page = page_of(User.objects.all(), QueryDict("role=x"), sort=Sort("name", "username", down=False))
    assert page.next_query == f"role=x&after={page.rows[-1].pk}"


def test_a_row_that_is_gone_begins_a_sorted_list_again(people: list[User]) -> None:
    sort = Sort("name", "username", down=False)
    first = page_of(User.objects.all(), QueryDict(""), sort=sort)
    assert page_of(User.objects.all(), QueryDict(f"after={10**9}"), sort=sort).rows == first.rows
    # whoever may not see a row learns nothing of where it stands
    others = User.objects.exclude(pk=first.rows[-1].pk)
    assert (
        page_of(others, QueryDict(first.next_query), sort=sort).rows
        == page_of(others, QueryDict(""), sort=sort).rows
    )


@pytest.mark.parametrize("after", ["", "-1", "x", "1" * 19, "１", "1e3", "²", "1\x00"])
def test_what_is_no_row_number_is_the_first_page(people: list[User], after: str) -> None:
    query = QueryDict("", mutable=True)
    query["after"] = after
    assert page_of(User.objects.all(), query, sort=NEWEST).rows == people[:-3:-1]
