"""The list of contacts: whose they are, filters, pages, the last four digits."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.campaigns import queries
from apps.campaigns.models import QueueEntry
from apps.contacts.models import Contact
from apps.core.database import pages
from tests.world import World

Browse = Callable[[str], Client]


@pytest.fixture
def ten(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Contact]:
    """Ten contacts of the running campaign, the oldest first; three to a page, and the newest four tell what
    is common."""
    monkeypatch.setattr(pages, "PAGE", 3)
    monkeypatch.setattr(queries, "PAGE", 3)
    monkeypatch.setattr(queries, "LOOKED_AT", 4)
    QueueEntry.objects.filter(contact=world.contact).delete()
    return [world.add_contact(f"1390000{number:04}", consent=False) for number in range(10)]


def shown(client: Client, query: str = "") -> list[str]:
    """The contacts of a page, in its order."""
    page = client.get(f"{reverse('contacts')}{query}")
    assert page.status_code == 200
    return re.findall(r'href="/contacts/(ct_\w+)/"', page.content.decode())


def following_pages(client: Client, query: str = "") -> list[list[str]]:
    """Page after page, by the link to older ones."""
    found = []
    while True:
        html = client.get(f"{reverse('contacts')}{query}").content.decode()
        found.append(re.findall(r'href="/contacts/(ct_\w+)/"', html))
        older = re.search(r'href="(\?[^"]*after=\d+[^"]*)"', html)
        if older is None:
            return found
        query = older[1].replace("&amp;", "&")


def ids(contacts: list[Contact]) -> list[str]:
    return [contact.public_id for contact in reversed(contacts)]


def alone(world: World, phone: str) -> Contact:
    """A contact in no campaign."""
    contact = world.add_contact(phone)
    QueueEntry.objects.filter(contact=contact).delete()
    return contact


def tag(contacts: list[Contact], name: str) -> None:
    Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).update(tags=[name])


@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_every_contact_of_the_campaign_comes_once_newest_first(
    ten: list[Contact], browse: Browse, role: str
) -> None:
    found = following_pages(browse(role))
    assert [each for page in found for each in page] == ids(ten)
    assert [len(page) for page in found] == [3, 3, 3, 1]


def test_contacts_of_no_campaign_of_theirs_are_not_shown(
    world: World, ten: list[Contact], browse: Browse
) -> None:
    stranger = alone(world, "13911112222")
    assert stranger.public_id not in [each for page in following_pages(browse("supervisor")) for each in page]
    assert shown(browse("compliance"))[0] == stranger.public_id


@pytest.mark.parametrize(
    "places",
    [range(10), range(2), range(5), range(8, 10), range(0, 10, 2)],
    ids=["common", "rare", "old", "two", "every other"],
)
@pytest.mark.parametrize("role", ["agent", "supervisor", "compliance"])
def test_a_tag_is_found_common_or_rare_page_by_page(
    ten: list[Contact], browse: Browse, role: str, places: range
) -> None:
    tagged = [ten[place] for place in places]
    tag(tagged, "老客户")
    assert [each for page in following_pages(browse(role), "?tag=老客户") for each in page] == ids(tagged)


def test_filters_go_together(world: World, ten: list[Contact], browse: Browse) -> None:
    tag(ten[:6], "老客户")
    for contact in ten[2:]:
        world.consent(contact)
    query = f"?tag=老客户&consent=true&campaign={world.campaign.pk}&source={world.source.pk}"
    assert [each for page in following_pages(browse("supervisor"), query) for each in page] == ids(ten[2:6])


def test_consents_valid_none_and_those_to_be_renewed(
    world: World, ten: list[Contact], browse: Browse
) -> None:
    now = world.at("10:00")
    lasting, ending, renewed, over, withdrawn = ten[:5]
    world.consent(lasting, given_at=now - timedelta(days=30), expires_at=now + timedelta(days=100))
    world.consent(ending, given_at=now - timedelta(days=30), expires_at=now + timedelta(days=29))
    world.consent(renewed, given_at=now - timedelta(days=30), expires_at=now + timedelta(days=29))
    world.consent(renewed, given_at=now - timedelta(days=1), expires_at=now + timedelta(days=300))
    world.consent(over, given_at=now - timedelta(days=30), expires_at=now - timedelta(days=1))
    world.consent(
        withdrawn, given_at=now - timedelta(days=30), expires_at=now + timedelta(days=9), withdrawn_at=now
    )
    supervisor = browse("supervisor")

    def found(wanted: str) -> set[str]:
        return {each for page in following_pages(supervisor, f"?consent={wanted}") for each in page}

    assert found("true") == {lasting.public_id, ending.public_id, renewed.public_id}
    assert found("false") == {contact.public_id for contact in ten[3:]}
    assert found("ending") == {ending.public_id}
    assert len(shown(supervisor, "?consent=nonsense")) == 3  # what is no choice chooses nothing


def test_four_digits_find_whom_they_end_and_nobody_elses(
    world: World, ten: list[Contact], browse: Browse
) -> None:
    same = alone(world, "13922220004")
    url = reverse("contact_search")
    for role, expected in (("agent", {ten[4].public_id}), ("compliance", {ten[4].public_id, same.public_id})):
        html = browse(role).post(url, {"number": " ０００4 "}).content.decode()
        assert set(re.findall(r'href="/contacts/(ct_\w+)/"', html)) == expected
        assert "13900000004" not in html
    assert browse("agent").post(url, {"number": "9876"}).status_code == 302


@pytest.mark.parametrize("who", ["agent", "supervisor", "compliance"])
def test_all_filters_together_cost_no_more_than_twelve_queries(
    world: World, ten: list[Contact], browse: Browse, who: str, django_assert_max_num_queries: Any
) -> None:
    tag(ten, "VIP")
    client = browse(who)
    query = f"?campaign={world.campaign.pk}&source={world.source.pk}&tag=VIP&consent=false"
    query += f"&sort=created_at&after={ten[1].pk}"
    shown(client)  # the first page of a session saves it
    with django_assert_max_num_queries(12):
        assert shown(client, query) == [contact.public_id for contact in ten[2:5]]


def test_the_oldest_come_first_page_by_page(ten: list[Contact], browse: Browse) -> None:
    assert [
        each for page in following_pages(browse("supervisor"), "?sort=created_at") for each in page
    ] == ids(ten)[::-1]


@pytest.mark.parametrize("campaign", ["0", "x", "999999999"])
def test_a_campaign_that_is_not_theirs_shows_nothing_of_it(
    world: World, ten: list[Contact], browse: Browse, campaign: str
) -> None:
    page = browse("supervisor").get(f"{reverse('contacts')}?campaign={campaign}").content.decode()
    assert 'class="invalid-feedback"' in page or "is-invalid" in page
