"""The inbox: what is open and what is done, by kind; done is not read, and can be taken back; nobody settles
another's notices."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.notifications import queries, services
from apps.notifications.models import Notice
from tests.world import World

Browse = Callable[[str], Client]


@pytest.fixture
def three(world: World) -> dict[str, Notice]:
    """One of each kind."""
    Notice.objects.all().delete()
    for code in ("trail_broken", "grant_asked", "grant_decided"):
        services.notify([world.people["compliance"]], code, person="甲", count=1, first="x")
    return {notice.code: notice for notice in Notice.objects.filter(recipient=world.people["compliance"])}


def codes(world: World, **chosen: str) -> set[str]:
    return set(queries.inbox(world.people["compliance"], **chosen).values_list("code", flat=True))


def test_kinds_say_how_much_a_notice_presses(world: World, three: dict[str, Notice]) -> None:
    assert codes(world, kind="urgent") == {"trail_broken"}
    assert codes(world, kind="waits") == {"grant_asked"}
    assert codes(world, kind="news") == {"grant_decided"}
    assert codes(world) == set(three)


def test_read_is_not_done(world: World, three: dict[str, Notice]) -> None:
    services.mark_read(actor=world.people["compliance"])
    assert codes(world) == set(three)
    services.mark_done(actor=world.people["compliance"], notices=[three["grant_asked"].pk])
    assert codes(world) == {"trail_broken", "grant_decided"}
    assert codes(world, show="done") == {"grant_asked"}
    assert codes(world, show="all") == set(three)


def test_done_is_read_and_comes_back(world: World, browse: Browse, three: dict[str, Notice]) -> None:
    client, picked = browse("compliance"), str(three["grant_asked"].pk)
    page = client.post(reverse("inbox_done"), {"pick": [picked]}, follow=True).content.decode()
    assert 'name="undo"' in page
    assert Notice.objects.get(pk=picked).read_at is not None
    client.post(reverse("inbox_done"), {"pick": [picked], "undo": "1"})
    assert codes(world) == set(three)


def test_nobody_settles_what_is_another_s(world: World, browse: Browse, three: dict[str, Notice]) -> None:
    browse("supervisor").post(reverse("inbox_done"), {"pick": [str(each.pk) for each in three.values()]})
    assert codes(world) == set(three)


@pytest.mark.parametrize("query", ["?show=done", "?show=x&kind=y", "?kind=urgent", "?after=x"])
def test_the_page_takes_any_address(browse: Browse, three: dict[str, Notice], query: str) -> None:
    assert browse("compliance").get(reverse("inbox") + query).status_code == 200


def test_nothing_picked_is_said(browse: Browse, three: dict[str, Notice]) -> None:
    page = browse("compliance").post(reverse("inbox_done"), {"pick": ["x"]}, follow=True).content.decode()
    assert "alert-info" in page
