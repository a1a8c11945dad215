"""What waits: the list behind a number has as many rows."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from apps.console import navigation
from apps.contacts.models import DataSource
from tests.world import World

WITH_A_FILTER = sorted(navigation.WAITING_ALONE)


@pytest.fixture
def both_kinds(world: World) -> World:
    """Of each list something that waits and something that does not."""
    for number, state in enumerate(
        [DataSource.State.DRAFT, DataSource.State.DRAFT, DataSource.State.REFUSED]
    ):
        source = DataSource.objects.get(pk=world.source.pk)
        source.pk, source.code, source.state, source.approved_by = None, f"copy-{number}", state, None
        source.reason = "x" if state == DataSource.State.REFUSED else ""
        source.save(force_insert=True)
    return world


def rows_of(client: Client, url: str) -> int:
    answer = client.get(url)
    assert answer.status_code == 200
    return len(re.findall(r"<tr", answer.content.decode().partition("<tbody")[2]))


def test_the_number_is_that_of_the_list_behind_it(both_kinds: World, browse: Callable[[str], Client]) -> None:
    client, user = browse("compliance"), both_kinds.people["compliance"]
    waiting = navigation.waiting_for(user)
    entries = {
        entry.link.name: entry for section in navigation.menu(user, "/").sections for entry in section.entries
    }
    assert waiting["sources"] == 2
    assert rows_of(client, entries["sources"].waiting_url) == 2
    assert rows_of(client, entries["sources"].link.url) > 2


@pytest.mark.parametrize("name", WITH_A_FILTER)
def test_the_filter_of_each_is_one_that_its_list_knows(
    world: World, browse: Callable[[str], Client], name: str
) -> None:
    link = next(each for each in navigation.LINKS if each.name == name)
    answer = browse("compliance").get(f"{link.url}?{navigation.WAITING_ALONE[name]}")
    form = answer.context["filter"].form
    assert form.is_valid()
    assert form.cleaned_data["state"]
